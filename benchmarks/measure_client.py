"""How far off the client is: what it reports beside the log of a server whose truth is known, on one clock.

Closed loops of streams of 64 tokens (the first after 100 ms, then one every 10 ms), and open loops of 16-token answers.
The truth of each row is its own server's log. With `--peers DIR` guidellm and AIPerf offer the same loads, from virtual
environments `DIR/guidellm` and `DIR/aiperf`. Other work on the processors makes rows worse whose client is ordinary.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.measure_peers import PEERS, Offered, Reported
from benchmarks.vault_running import describe_machine
from numpy.typing import NDArray

from holdfast.measure.load.calibrating import Intended, make_plan
from holdfast.measure.load.overhead import find_errors
from holdfast.measure.load.plans import LoadResult
from holdfast.measure.load.running import run_load
from holdfast.measure.mock.log import MockLog
from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.starting import start_mock
from holdfast.records.measurement import Arrivals, Load, Phase, Sample

Array = NDArray[np.float64]
TTFT_S, GAP_S, PROMPT_TOKENS, WARMUP_S, LATE_MS = 0.1, 0.01, 32, 2.0, 2.0
BIN_S = 0.025  # ten arrivals at 400/s: in a minute bins enough to know a dispersion to ± 0.06
P50_MAX_MS, P99_MAX_MS, RATE_OFF_MAX, CPU_MAX_US, IN_TIME_MIN, DISPERSION_OFF_MAX = 1.0, 5.0, 0.01, 15.0, 0.995, 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a load, and whether the client runs before ordinary work."""

    offered: Offered
    is_urgent: bool = True
    has_goals: bool = False

    @property
    def name(self) -> str:
        """As the table has it."""
        return "holdfast" if self.is_urgent else "holdfast, ordinary priority"


STREAMS, RATES = (1, 16, 64, 128, 256), (20.0, 100.0, 400.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A run and its server's log."""

    result: LoadResult
    log: MockLog

    @property
    def steady(self) -> list[Sample]:
        """What is reported on."""
        return [one for one in self.result.samples if one.phase is Phase.STEADY and one.first_token_ns is not None]

    @property
    def cpu_us(self) -> float:
        """The client's processor time for each token, reading included."""
        tokens = sum(len(sample.chunk_ns) for sample in self.result.samples)
        return sum(one.cpu_ns + one.reading_ns for one in self.result.efforts) / tokens / 1e3

    @property
    def waited_share(self) -> float:
        """Of the time, the part that the client was kept from a processor."""
        return max((one.waited_ns or 0) / one.wall_ns for one in self.result.efforts)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Arrivals as the server saw them: a Poisson process has a dispersion and a gap CV of 1, and no correlation."""

    rate_per_s: float
    dispersion: float
    gap_cv: float
    lag_1: float

    def __str__(self) -> str:
        return f"{self.rate_per_s:.1f} | {self.dispersion:.2f} | {self.gap_cv:.2f} | {self.lag_1:+.2f}"


def main() -> None:
    """Both tables; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12, help="of a closed loop, and of a peer's open loop")
    parser.add_argument("--open-seconds", type=float, default=60)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", choices=["closed", "open"])
    parser.add_argument("--quick", action="store_true", help="only the rows that have goals")
    asked = parser.parse_args()
    print(describe_machine())
    streams, rates = (STREAMS[-1:], RATES[-1:]) if asked.quick else (STREAMS, RATES)
    reached: list[bool] = []
    if asked.only != "open":
        reached += show_closed([Offered(streams=one, seconds=asked.seconds) for one in streams], asked.peers)
    if asked.only != "closed":
        reached += show_open([Offered(rate_per_s=one, seconds=asked.open_seconds) for one in rates], asked)
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")
    sys.exit(0 if all(reached) else 1)


def show_closed(loads: list[Offered], peers: Path | None) -> list[bool]:
    """Streams that are always under way."""
    print("\nClosed loop; TTFT in ms, p50 / p99; tokens/s in the steady part (a peer's: in the whole run)\n")
    show_head("streams | client | TTFT reported | true | tokens/s reported | true | of ideal | gap off p99 ms")
    reached = [report_closed(case, measure(case)) for case in list_cases(loads)]
    show_peers(loads, peers, report_closed_peer)
    print(
        f"\ngoals at {STREAMS[-1]}: p50 within {P50_MAX_MS:g} ms and p99 within {P99_MAX_MS:g} ms of the truth, ",
        end="",
    )
    print(f"rate within {RATE_OFF_MAX:.0%}, CPU ≤ {CPU_MAX_US:g} µs per token")
    return reached


def show_open(loads: list[Offered], asked: argparse.Namespace) -> list[bool]:
    """Requests that come when they are due."""
    print(f"\nOpen loop, Poisson; TTFT in ms, p50 / p99; dispersion of arrivals in bins of {BIN_S * 1e3:g} ms\n")
    show_head(
        "rate/s | client | TTFT reported | true | sent ≤ 2 ms late | late ms | rate seen | dispersion | gap CV | lag 1"
    )
    reached = [report_open(case, measure(case)) for case in list_cases(loads)]
    show_peers([one.shorten(asked.seconds) for one in loads], asked.peers, report_open_peer)
    print(f"\ngoals at {RATES[-1]:g}/s: {IN_TIME_MIN:.1%} sent in time, dispersion 1.0 ± {DISPERSION_OFF_MAX}")
    return reached


def show_head(columns: str) -> None:
    """Of a table: its columns, and those of both."""
    line = f"| {columns} | CPU µs/token | kept waiting |"
    print(f"{line}\n{'|---' * (line.count('|') - 1)}|")


def list_cases(loads: list[Offered]) -> list[Case]:
    """Each load by an urgent client, and the highest by an ordinary one too."""
    return [*(Case(one, has_goals=one is loads[-1]) for one in loads), Case(loads[-1], is_urgent=False)]


def measure(case: Case) -> Seen:
    """Run one case."""
    offered = case.offered
    arrivals = Arrivals.CLOSED if offered.streams else Arrivals.POISSON
    load = Load(arrivals, offered.streams or 1, offered.rate_per_s, (), offered.seconds, warmup_s=WARMUP_S)
    intended = Intended(load, TTFT_S, GAP_S, PROMPT_TOKENS, offered.tokens, is_urgent=case.is_urgent)
    with start_mock(make_spec(is_realtime=case.is_urgent)) as mock:
        result = run_load(make_plan(intended, mock.url, "benchmark"))
        return Seen(result, mock.read_log())


def make_spec(*, is_realtime: bool) -> MockSpec:
    """The server of every row."""
    return MockSpec(Distribution(mean=TTFT_S), Distribution(mean=GAP_S), is_realtime=is_realtime)


def report_closed(case: Case, seen: Seen) -> bool:
    """Print a row. Whether it reaches the goals."""
    reported, true = find_first_tokens(seen)
    said, sent = compute_rates(seen)
    gap_ms = float(np.percentile(np.abs(find_errors(seen.result.samples, seen.log).gap), 99)) * 1e3
    streams = case.offered.streams
    print(
        f"| {streams} | {case.name} | {pair(reported)} | {pair(true)} | {said:.0f} | {sent:.0f} "
        f"| {said / compute_ideal(case.offered):.1%} | {gap_ms:.2f} | {seen.cpu_us:.1f} | {seen.waited_share:.2%} |",
        flush=True,
    )
    off = np.abs(np.percentile(reported, [50, 99]) - np.percentile(true, [50, 99]))
    is_true = bool(off[0] <= P50_MAX_MS and off[1] <= P99_MAX_MS and abs(said / sent - 1) <= RATE_OFF_MAX)
    return not case.has_goals or (is_true and seen.cpu_us <= CPU_MAX_US)


def report_open(case: Case, seen: Seen) -> bool:
    """Print a row. Whether it reaches the goals."""
    reported, true = find_first_tokens(seen)
    late = np.array([(one.sent_ns or 0) - one.scheduled_ns for one in seen.steady]) / 1e6
    in_time = float(np.mean(late <= LATE_MS))
    window = seen.result.windows[0]
    arrivals = describe_arrivals(seen.log.requests["first_byte_ns"], window.steady_ns, window.end_ns)
    print(
        f"| {case.offered.rate_per_s:g} | {case.name} | {pair(reported)} | {pair(true)} | {in_time:.2%} "
        f"| {pair(late)} | {arrivals} | {seen.cpu_us:.1f} | {seen.waited_share:.2%} |",
        flush=True,
    )
    is_poisson = abs(arrivals.dispersion - 1) <= DISPERSION_OFF_MAX
    return not case.has_goals or (in_time >= IN_TIME_MIN and is_poisson)


def find_first_tokens(seen: Seen) -> tuple[Array, Array]:
    """Milliseconds to the first token of the steady requests: as reported, and as the server logged."""
    rows = {int(number): row for row, number in enumerate(seen.log.requests["sample"])}
    requests = seen.log.requests[[rows[one.number] for one in seen.steady]]
    reported = [(one.first_token_ns or 0) - (one.sent_ns or 0) for one in seen.steady]
    return np.array(reported) / 1e6, find_true(requests)


def find_true(requests: NDArray[np.void]) -> Array:
    """Milliseconds from arrival to the first send."""
    true: Array = (requests["first_send_ns"] - requests["read_ns"]) / 1e6
    return true


def compute_rates(seen: Seen) -> tuple[float, float]:
    """Tokens a second in the steady window: as the client stamped them, and as the server sent them."""
    window = seen.result.windows[0]
    span_s = (window.end_ns - window.steady_ns) / 1e9
    stamps = np.concatenate([np.array(sample.chunk_ns) for sample in seen.result.samples])
    said, sent = (
        float(np.sum((one >= window.steady_ns) & (one < window.end_ns))) / span_s
        for one in (stamps, seen.log.tokens["send_ns"])
    )
    return said, sent


def compute_ideal(offered: Offered) -> float:
    """Tokens a second of a closed loop whose client takes no time."""
    return offered.streams * offered.tokens / (TTFT_S + GAP_S * (offered.tokens - 1))


def describe_arrivals(arrivals_ns: NDArray[np.int64], start_ns: int, end_ns: int) -> Pattern:
    """Of those between two moments."""
    seconds = np.sort(arrivals_ns[(arrivals_ns >= start_ns) & (arrivals_ns < end_ns)] - start_ns) / 1e9
    span_s = (end_ns - start_ns) / 1e9
    counts = np.histogram(seconds, bins=int(span_s / BIN_S), range=(0, span_s))[0]
    gaps = np.diff(seconds)
    return Pattern(
        seconds.size / span_s,
        float(counts.var(ddof=1) / counts.mean()),
        float(gaps.std() / gaps.mean()),
        float(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]),
    )


def show_peers(
    loads: Iterable[Offered], folder: Path | None, report: Callable[[str, Offered, Reported, MockLog], None]
) -> None:
    """The rows of others, where they are installed."""
    for name, run in PEERS.items():
        environment = folder / name if folder is not None else None
        if environment is None or not environment.is_dir():
            continue
        for offered in loads:
            with start_mock(make_spec(is_realtime=False)) as mock:
                reported = run(environment, mock.url, offered)
                report(name, offered, reported, mock.read_log())


def report_closed_peer(name: str, offered: Offered, reported: Reported, log: MockLog) -> None:
    """A peer's row. Its rate is over its whole run, as is the server's."""
    sends = log.tokens["send_ns"]
    sent = sends.size / ((sends.max() - log.requests["read_ns"].min()) / 1e9)
    print(
        f"| {offered.streams} | {name} | {reported} | {pair(find_true(log.requests))} | {reported.tokens_per_s:.0f} "
        f"| {sent:.0f} | {reported.tokens_per_s / compute_ideal(offered):.1%} | – | – | – |",
        flush=True,
    )


def report_open_peer(name: str, offered: Offered, reported: Reported, log: MockLog) -> None:
    """A peer's row: its first second is not looked at."""
    arrivals = log.requests["first_byte_ns"]
    start_ns = int(arrivals.min()) + 1_000_000_000
    pattern = describe_arrivals(arrivals, start_ns, start_ns + round((offered.seconds - 1) * 1e9))
    print(
        f"| {offered.rate_per_s:g} | {name} | {reported} | {pair(find_true(log.requests))} "
        f"| – | – | {pattern} | – | – |",
        flush=True,
    )


def pair(values: Array) -> str:
    """p50 and p99."""
    p50, p99 = np.percentile(values, [50, 99])
    return f"{p50:.2f} / {p99:.2f}"


if __name__ == "__main__":
    main()
