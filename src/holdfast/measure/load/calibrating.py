"""Calibration: the client measures a server whose truth is known, at the intended load on this machine, and says how
far off it is, and whether that is little enough. Unknown is one of the answers."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import numpy as np

from holdfast.measure.load.effort import Effort
from holdfast.measure.load.overhead import Errors, estimate_mean, estimate_quantile, find_errors
from holdfast.measure.load.plans import LoadPlan, LoadResult
from holdfast.measure.load.prompts import Lengths, Made, Shape, make_prompts
from holdfast.measure.load.running import Watching, run_load
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Api, Arrivals, Endpoint, Estimate, Fault, Load, Phase

_HALVINGS_MAX: Final = 4
_PROMPTS: Final = 16


class Usability(StrEnum):
    """What a calibration says of the client at a load."""

    USABLE = "usable"
    NOT_USABLE = "not usable"
    UNKNOWN = "could not tell"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far off the client may be: seconds; and shares of one. `late_s`: sent no later than this, but for
    `late_share` of the requests (in an open loop). `stretch`: of requests' durations, and so of a closed loop's rate;
    an open loop's rate is its schedule's, and there the bounds in seconds hold.
    """

    ttft_p50_s: float = 0.001
    ttft_p99_s: float = 0.005
    gap_p99_s: float = 0.005
    late_s: float = 0.002
    late_share: float = 0.005
    stretch: float = 0.01


@dataclass(frozen=True, slots=True)
class Intended:
    """The load that is to be calibrated for, and about what the endpoint does under it."""

    load: Load
    ttft_s: float = 0.1
    gap_s: float = 0.01
    prompt_tokens: int = 64
    answer_tokens: int = 64
    api: Api = Api.CHAT
    workers: int = 1
    is_urgent: bool = True


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the client added at a load, as estimates in seconds; `late` is the share of requests that were sent later
    than allowed, `stretch` by how much requests seemed longer than they were (0.01: one percent). `core_share`,
    `waited_share`: of one processor's time, the part that the busiest worker used, and the part that it was kept from
    it. `usable_at` is a lower load at which the client is usable, where this one is too high and one was looked for."""

    verdict: Usability
    reasons: tuple[str, ...]
    load: Load
    requests: int
    tokens_per_s: float
    ttft_p50: Estimate
    ttft_p99: Estimate
    gap_p99: Estimate
    receive_p50: Estimate
    late: Estimate
    stretch: Estimate
    cpu_s_per_token: float | None
    core_share: float
    waited_share: float | None
    was_urgent: bool
    server: str
    unmatched: int = 0
    usable_at: Load | None = None
    allowance: Allowance = field(default_factory=Allowance)

    @property
    def summary(self) -> str:
        """One line: `client overhead at this load: TTFT +0.9 ms [0.7, 1.2]; usable`."""
        one = self.ttft_p50
        if one.value is None or one.low is None or one.high is None:
            return f"client overhead at this load: unknown; {self.verdict}"
        return (
            f"client overhead at this load: TTFT {one.value * 1e3:+.2f} ms "
            f"[{one.low * 1e3:.2f}, {one.high * 1e3:.2f}]; {self.verdict}"
        )


def calibrate(
    intended: Intended, salt: str, allowance: Allowance | None = None, watching: Watching | None = None
) -> Calibration:
    """Run the intended load against the ground-truth server. ConfigurationError for an impossible load."""
    from holdfast.measure.mock.spec import Distribution, MockSpec
    from holdfast.measure.mock.starting import start_mock

    if intended.api is Api.EMBEDDINGS:
        raise ConfigurationError("embeddings are not streamed", next_step="Calibrate for one of the others.")
    ttft, gap = Distribution(mean=intended.ttft_s), Distribution(mean=intended.gap_s)
    spec = MockSpec(ttft, gap, is_realtime=True)  # a late server would pass for a late client
    with start_mock(spec) as mock:
        result = run_load(make_plan(intended, mock.url, salt), watching)
        log = mock.read_log()
    errors = find_errors(result.samples, log)
    return judge(_Seen(intended.load, result, errors, mock.version), allowance or Allowance())


def calibrate_down(
    intended: Intended, salt: str, allowance: Allowance | None = None, watching: Watching | None = None
) -> Calibration:
    """Calibrate; where the client is not usable, halve the load until it is, and say where."""
    first = calibrate(intended, salt, allowance, watching)
    load = intended.load
    for number in range(_HALVINGS_MAX):
        if first.verdict is not Usability.NOT_USABLE or _is_least(load):
            return first
        load = _halve(load)
        lower = calibrate(replace(intended, load=load), f"{salt}/{number}", allowance, watching)
        if lower.verdict is Usability.USABLE:
            return replace(first, usable_at=load)
    return first


def make_plan(intended: Intended, url: str, salt: str) -> LoadPlan:
    """The load as it is offered to a server of ours."""
    made = Made(
        _PROMPTS,
        Lengths(Shape.CONSTANT, intended.prompt_tokens),
        Lengths(Shape.CONSTANT, intended.answer_tokens),
        seed=0,
    )
    endpoint = Endpoint("calibration", url, "holdfast-mock", intended.api)
    return LoadPlan(
        endpoint,
        make_prompts(made),
        (intended.load,),
        salt,
        workers=intended.workers,
        is_ours=True,
        is_urgent=intended.is_urgent,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of it."""

    load: Load
    result: LoadResult
    errors: Errors
    server: str


def judge(seen: _Seen, allowance: Allowance) -> Calibration:
    """Usable: every error's interval is within what is allowed; not usable: one is wholly beyond it."""
    random, errors = np.random.default_rng(0), seen.errors
    late = (errors.late > allowance.late_s).astype(np.float64)
    found = {
        "ttft_p50": estimate_quantile(errors.ttft, 0.5, random),
        "ttft_p99": estimate_quantile(errors.ttft, 0.99, random),
        "gap_p99": estimate_quantile(np.abs(errors.gap), 0.99, random),
        "receive_p50": estimate_quantile(errors.receive, 0.5, random),
        "late": estimate_mean(late, random),
        "stretch": estimate_mean(errors.stretch - 1, random),
    }
    verdict, reasons = _judge(seen, found, allowance)
    efforts, tokens = seen.result.efforts, sum(len(one.chunk_ns) for one in seen.result.samples)
    waits = [one.waited_ns / one.wall_ns for one in efforts if one.waited_ns is not None]
    return Calibration(
        verdict,
        reasons,
        seen.load,
        requests=int(errors.ttft.size),
        tokens_per_s=_compute_rate(seen.result),
        ttft_p50=found["ttft_p50"],
        ttft_p99=found["ttft_p99"],
        gap_p99=found["gap_p99"],
        receive_p50=found["receive_p50"],
        late=found["late"],
        stretch=found["stretch"],
        cpu_s_per_token=_compute_cpu(efforts, tokens),
        core_share=max((one.cpu_ns / one.wall_ns for one in efforts), default=0.0),
        waited_share=max(waits, default=None),
        was_urgent=bool(efforts) and all(one.was_urgent for one in efforts),
        server=seen.server,
        unmatched=errors.unmatched,
        allowance=allowance,
    )


def _judge(seen: _Seen, found: dict[str, Estimate], allowance: Allowance) -> tuple[Usability, tuple[str, ...]]:
    limits = {
        "ttft_p50": allowance.ttft_p50_s,
        "ttft_p99": allowance.ttft_p99_s,
        "gap_p99": allowance.gap_p99_s,
    }
    if seen.load.arrivals is Arrivals.CLOSED:
        limits["stretch"] = allowance.stretch
    else:
        limits["late"] = allowance.late_share
    beyond = [_say_beyond(name, found[name], limit) for name, limit in limits.items() if _is_beyond(found[name], limit)]
    if beyond:
        return Usability.NOT_USABLE, tuple(beyond)
    failed = sum(one.fault is not Fault.NONE for one in seen.result.samples if one.phase is Phase.STEADY)
    doubts = [
        _say_doubt(name, found[name], limit) for name, limit in limits.items() if not _is_within(found[name], limit)
    ]
    if seen.errors.unmatched or failed:
        doubts.append(f"{seen.errors.unmatched + failed} requests cannot be compared")
    return (Usability.UNKNOWN if doubts else Usability.USABLE), tuple(doubts)


def _is_beyond(one: Estimate, limit: float) -> bool:
    return one.low is not None and one.low > limit


def _is_within(one: Estimate, limit: float) -> bool:
    return one.high is not None and one.high <= limit


def _say_beyond(name: str, one: Estimate, limit: float) -> str:
    return f"{name} is {one.value:.4g} [{one.low:.4g}, {one.high:.4g}], more than {limit:g}"


def _say_doubt(name: str, one: Estimate, limit: float) -> str:
    if one.value is None:
        return f"{name}: {one.missing} more samples are needed"
    return f"{name} is {one.value:.4g} [{one.low:.4g}, {one.high:.4g}], on both sides of {limit:g}"


def _compute_cpu(efforts: tuple[Effort, ...], tokens: int) -> float | None:
    return sum(one.cpu_ns + one.reading_ns for one in efforts) / tokens / 1e9 if tokens else None


def _compute_rate(result: LoadResult) -> float:
    """Tokens a second in the steady window."""
    window = result.windows[0]
    stamps = np.concatenate([np.array(one.chunk_ns, np.int64) for one in result.samples] or [np.zeros(0, np.int64)])
    inside = int(np.count_nonzero((stamps >= window.steady_ns) & (stamps < window.end_ns)))
    span_s = (window.end_ns - window.steady_ns) / 1e9
    return inside / span_s if span_s > 0 else 0.0


def _halve(load: Load) -> Load:
    if load.arrivals is Arrivals.REPLAY:
        return replace(load, offsets_s=load.offsets_s[::2])
    return replace(load, concurrency=max(1, load.concurrency // 2), rate_per_s=load.rate_per_s / 2)


def _is_least(load: Load) -> bool:
    return load.concurrency <= 1 if load.arrivals is Arrivals.CLOSED else False
