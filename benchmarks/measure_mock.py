"""How late the mock is, by its own log: 256 streams of 100 tokens a second, read and thrown away by one client.

The truth is what was sent, not what was due: this shows how far the two are apart, what a send costs, and that lateness
does not add up. Compiled and in Python, with and without real-time priority, streams apart and in step. Goals are set
for the compiled server with real-time priority; where that is not allowed they measure the machine's other work too.
"""

import argparse
import os
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.vault_running import describe_machine
from numpy.typing import NDArray

from holdfast.measure.mock.log import MockLog
from holdfast.measure.mock.spec import Distribution, MockSpec, Shape
from holdfast.measure.mock.starting import Mock, start_mock

TTFT_S, GAP_S, TOKENS = 0.1, 0.01, 200
RATE_SHARE_MIN, MEDIAN_MAX_MS, P99_MAX_MS, DRIFT_MAX_MS = 0.99, 0.1, 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    name: str
    has_goals: bool = False
    prefer_plain: bool = False
    is_realtime: bool = False
    in_step: bool = False


CASES = (
    Case("compiled"),
    Case("compiled, real-time", has_goals=True, is_realtime=True),
    Case("compiled, in step", in_step=True),
    Case("in Python", prefer_plain=True),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a case's log says. Times in milliseconds, but for `cpu_us`, the server's processor time per event."""

    rate_share: float
    lateness: NDArray[np.float64]
    sending: NDArray[np.float64]
    drift: float
    cpu_us: float
    events: int


def main() -> None:
    """The table; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--streams", type=int, default=256)
    asked = parser.parse_args()
    print(describe_machine())
    print(f"load average before: {os.getloadavg()[0]:.1f} (others' work on the same processors makes every row later)")
    print(f"{asked.streams} streams, {1 / GAP_S:.0f} tokens/s each, {asked.seconds:g} s; lateness and sends in ms\n")
    print("| server | of ideal rate | late: mean | p50 | p99 | p99.9 | most | send: p50 | p99 | drift | CPU µs/event |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    reached = [report(case, measure(case, asked.streams, asked.seconds)) for case in CASES]
    print(f"\ngoals for {', '.join(case.name for case in CASES if case.has_goals)}: ", end="")
    print(f"rate ≥ {RATE_SHARE_MIN:.0%}, p50 ≤ {MEDIAN_MAX_MS} ms, p99 ≤ {P99_MAX_MS} ms, drift ≤ {DRIFT_MAX_MS} ms")
    print(f"load average after: {os.getloadavg()[0]:.1f}")
    sys.exit(0 if all(reached) else 1)


def measure(case: Case, streams: int, seconds: float) -> Seen:
    """Run one case."""
    ttft = Distribution(mean=TTFT_S) if case.in_step else Distribution(Shape.GAMMA, mean=TTFT_S, cv=0.3)
    spec = MockSpec(ttft_s=ttft, gap_s=Distribution(mean=GAP_S), is_realtime=case.is_realtime)
    with start_mock(spec, prefer_plain=case.prefer_plain) as mock, connecting(mock, streams) as clients:
        before_s = read_cpu_s(mock.pid)
        read_for(clients, seconds)
        cpu_s = read_cpu_s(mock.pid) - before_s
        log = mock.read_log()
    return summarise(log, streams, cpu_s)


def summarise(log: MockLog, streams: int, cpu_s: float) -> Seen:
    """A stream is ideal when its tokens come a gap apart, and its next request follows at once."""
    rows = log.tokens
    lateness = log.compute_lateness_ns() / 1e6
    wall_s = (rows["send_ns"].max() - log.requests["read_ns"].min()) / 1e9
    ideal = streams * TOKENS / (TTFT_S + (TOKENS - 1) * GAP_S)
    second = (rows["send_ns"] - rows["send_ns"].min()) // 1_000_000_000
    drift = np.median(lateness[second == second.max() - 1]) - np.median(lateness[second == 1])
    sending = (rows["after_ns"] - rows["send_ns"]) / 1e6
    return Seen(rows.size / wall_s / ideal, lateness, sending, float(drift), cpu_s / rows.size * 1e6, rows.size)


def report(case: Case, seen: Seen) -> bool:
    """Print a row. Whether it reaches the goals."""
    p50, p99, p999 = np.percentile(seen.lateness, [50, 99, 99.9])
    send50, send99 = np.percentile(seen.sending, [50, 99])
    print(
        f"| {case.name} | {seen.rate_share:.1%} | {seen.lateness.mean():.3f} | {p50:.3f} | {p99:.2f} | {p999:.2f} "
        f"| {seen.lateness.max():.1f} | {send50:.3f} | {send99:.3f} | {seen.drift:+.3f} | {seen.cpu_us:.1f} |",
        flush=True,
    )
    if not case.has_goals:
        return True
    return (
        seen.rate_share >= RATE_SHARE_MIN
        and p50 <= MEDIAN_MAX_MS
        and p99 <= P99_MAX_MS
        and abs(seen.drift) <= DRIFT_MAX_MS
    )


@contextmanager
def connecting(mock: Mock, streams: int) -> Iterator[list[socket.socket]]:
    """Connections that are open and idle."""
    port = int(mock.url.rpartition(":")[2].partition("/")[0])
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(streams)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def read_for(clients: list[socket.socket], seconds: float) -> None:
    """Ask on every connection, throw the answer away, ask again."""
    body = b'{"stream":true,"messages":[{"role":"user","content":"go"}],"max_tokens":%d}' % TOKENS
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    end, selector = time.monotonic() + seconds, selectors.DefaultSelector()
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client, selectors.EVENT_READ)
        client.sendall(request)
    while time.monotonic() < end:
        for key, _ in selector.select(0.1):
            assert isinstance(key.fileobj, socket.socket)
            if key.fileobj.recv(1 << 16).endswith(b"0\r\n\r\n"):
                key.fileobj.sendall(request)
    selector.close()


def read_cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
