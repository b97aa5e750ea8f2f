"""The client's own error is computed from a log, and judged: usable, not usable, or could not tell."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from holdfast.measure.load.calibrating import Allowance, Intended, Usability, _Seen, calibrate, judge
from holdfast.measure.load.effort import Effort
from holdfast.measure.load.overhead import Errors, estimate_mean, estimate_quantile, find_errors
from holdfast.measure.load.plans import LoadResult
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Api, Arrivals, Fault, Load, Phase, Sample, Window

MS = 1_000_000


@dataclass
class WrittenLog:
    requests: NDArray[np.void]
    tokens: NDArray[np.void]


def make_case(ttft_error_ns: int = 700_000, count: int = 3) -> tuple[list[Sample], WrittenLog]:
    """Requests a second apart, answered after 100 ms with 4 tokens 10 ms apart; the client sees the first so much too
    late, and the others 0.1 ms."""
    samples: list[Sample] = []
    requests = np.zeros(count, [("sample", "<i8"), ("read_ns", "<i8")])
    tokens = np.zeros(4 * count, [("request", "<u4"), ("send_ns", "<i8")])
    for number in range(count):
        read_ns = 1_000 * MS * (number + 1)
        sends = [read_ns + 100 * MS + 10 * MS * token for token in range(4)]
        requests[number] = (number, read_ns)
        for token, send_ns in enumerate(sends):
            tokens[token * count + number] = (number, send_ns)  # as they are sent: one of each request in turn
        seen = (sends[0] + ttft_error_ns - 50_000, *(send_ns + MS // 10 for send_ns in sends[1:]))
        samples.append(
            Sample(
                "it", 0, 0, number, 0, Phase.STEADY, read_ns - 2 * MS, read_ns - 50_000, seen[0], seen[0], seen[0],
                seen[-1], seen[-1], seen,
            )
        )  # fmt: skip
    return samples, WrittenLog(requests, tokens)


def test_errors_are_what_the_client_added() -> None:
    errors = find_errors(*make_case())
    assert errors.ttft == pytest.approx([0.0007] * 3)
    assert errors.gap == pytest.approx([-0.00055, 0, 0] * 3, abs=1e-12)
    assert errors.receive[:4] == pytest.approx([0.00065, 0.0001, 0.0001, 0.0001])
    assert errors.late == pytest.approx([0.00195] * 3)
    assert errors.stretch == pytest.approx([(130 + 2 + 0.1) / 130] * 3)
    assert errors.unmatched == 0


def test_what_the_log_does_not_know_is_counted_and_not_compared() -> None:
    samples, log = make_case()
    strange = [replace(samples[0], number=99), replace(samples[1], chunk_ns=samples[1].chunk_ns[:2])]
    ignored = [replace(samples[0], phase=Phase.WARMUP), replace(samples[0], fault=Fault.RESET)]
    errors = find_errors([*strange, *ignored, samples[2]], log)
    assert (errors.ttft.size, errors.unmatched) == (1, 2)


def test_an_interval_of_independent_values_is_about_the_classical_one() -> None:
    random = np.random.default_rng(1)
    values = random.normal(5, 1, 4000)
    mean = estimate_mean(values, random)
    assert mean.low is not None
    assert mean.high is not None
    assert mean.high - mean.low == pytest.approx(2 * 1.96 / np.sqrt(4000), rel=0.25)
    p99 = estimate_quantile(values, 0.99, random)
    assert p99.value == pytest.approx(np.quantile(values, 0.99))
    assert p99.low is not None
    assert p99.high is not None
    assert p99.low < stats.norm.ppf(0.99, 5, 1) < p99.high


def test_too_few_values_give_no_number_and_say_how_many_are_missing() -> None:
    one = estimate_quantile(np.ones(300), 0.99, np.random.default_rng(0))
    assert (one.value, one.missing) == (None, 68)


def judge_errors(ttft: float, count: int = 400, late: float = 0.0, unmatched: int = 0) -> tuple[Usability, str]:
    noise = np.random.default_rng(2).uniform(0.9, 1.1, count)
    errors = Errors(ttft * noise, 1e-5 * noise, 1e-5 * noise, late * noise, 1 + 1e-4 * noise, unmatched)
    result = LoadResult((), (), (Window(0, 0, 0, 0, MS, MS),), (Effort(0, 0, MS, MS // 10, 0, MS // 50, 0, 1, 1),))
    load = Load(Arrivals.POISSON, rate_per_s=10, duration_s=1)
    calibration = judge(_Seen(load, result, errors, "native"), Allowance())
    assert calibration.core_share == pytest.approx(0.1)
    assert calibration.waited_share == pytest.approx(0.02)
    return calibration.verdict, " ".join(calibration.reasons)


def test_a_client_is_usable_when_every_interval_is_within_what_is_allowed() -> None:
    assert judge_errors(0.0003) == (Usability.USABLE, "")


def test_a_client_is_not_usable_when_one_is_wholly_beyond_it() -> None:
    verdict, why = judge_errors(0.002)
    assert verdict is Usability.NOT_USABLE
    assert why.startswith("ttft_p50 is 0.001994 [")
    assert judge_errors(0.0003, late=0.01)[0] is Usability.NOT_USABLE


def test_otherwise_it_cannot_tell() -> None:
    assert judge_errors(0.001)[0] is Usability.UNKNOWN
    verdict, why = judge_errors(0.0003, count=100)
    assert verdict is Usability.UNKNOWN
    assert why.startswith("ttft_p99: 268 more samples are needed")
    assert judge_errors(0.0003, unmatched=1) == (Usability.UNKNOWN, "1 requests cannot be compared")


def test_a_calibration_compares_every_request_with_what_the_server_logged() -> None:
    load = Load(Arrivals.POISSON, rate_per_s=100, requests=60, warmup_s=0.1)
    calibration = calibrate(Intended(load, 0.01, 0.001, 8, 5, is_urgent=False), "salt")
    assert (calibration.requests, calibration.unmatched) == (60, 0)
    assert calibration.verdict is not Usability.USABLE  # sixty are too few for a p99
    assert calibration.ttft_p50.value is not None
    assert calibration.ttft_p50.value > 0
    assert calibration.receive_p50.value is not None
    assert calibration.receive_p50.value > 0
    assert "client overhead at this load: TTFT +" in calibration.summary
    with pytest.raises(ConfigurationError, match="not streamed"):
        calibrate(Intended(load, api=Api.EMBEDDINGS), "salt")
