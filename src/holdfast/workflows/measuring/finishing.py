"""What is done when all was asked: the client is calibrated, figures are computed, and the file is written."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final, cast

from holdfast.measure.load.calibrating import Intended, Usability, calibrate
from holdfast.measure.results.file import RunFile, encode_run
from holdfast.measure.results.header import JsonObject
from holdfast.measure.summary.knee import weigh
from holdfast.records.canonical_json import to_plain
from holdfast.records.measurement import Arrivals, Endpoint, Fault, Phase, Sample
from holdfast.workflows.measuring.asked import MeasureAsked
from holdfast.workflows.measuring.costing import make_costing, plain_hardware
from holdfast.workflows.measuring.figures import compute_figures
from holdfast.workflows.measuring.running import Step
from holdfast.workflows.writing import write_bytes

_CALIBRATION_S: Final = 25.0
_SHORT_S: Final = 0.05
_SHORT_GAP_S: Final = 0.01
_TOKENS: Final = 24
_SMALL: Final = 8  # requests at a time: fewer must be short, or there are too few for a 99th percentile


def finish_run(run: RunFile, asked: MeasureAsked, out: Path, tell: Callable[[Step], None]) -> RunFile:
    """The run with calibrations and figures, written to `out`. Raises OutputError."""
    header = dataclasses.replace(
        run.header,
        costing=cast("JsonObject", to_plain(make_costing(asked.cost))),
        hardware=plain_hardware(asked.cost.money),
        calibrations=tuple(_calibrate(run, asked, tell)),
    )
    run = dataclasses.replace(run, header=header)
    run = dataclasses.replace(run, header=dataclasses.replace(header, figures=compute_figures(run)))
    write_bytes(out, encode_run(run), what="the run file")
    return run


def _calibrate(run: RunFile, asked: MeasureAsked, tell: Callable[[Step], None]) -> list[JsonObject]:
    """The client at each endpoint's highest load: first at short answers, which ask more of it than any that came;
    then, where it is not usable so, at answers as they were."""
    found: list[JsonObject] = []
    if not (asked.load.is_calibrated and run.samples and run.header.is_whole):
        return found
    for endpoint in asked.endpoints:
        intended = _find_intended(run.samples, endpoint, asked)
        if intended is None:
            continue
        tell(Step("calibrating the client", endpoint.name, 0, 0))
        hard = _harden(intended)
        salt = f"calibration-{run.header.started_at}-{endpoint.name}"
        calibration = calibrate(hard, salt)
        if calibration.verdict is Usability.NOT_USABLE:
            calibration = calibrate(intended, f"{salt}-again")
        found.append({"endpoint": endpoint.name, **cast("JsonObject", to_plain(calibration))})
    return found


def _find_intended(samples: Sequence[Sample], endpoint: Endpoint, asked: MeasureAsked) -> Intended | None:
    """The endpoint's highest load, and about what it did under it; None where nothing came back."""
    loads = asked.load.loads
    level = max(range(len(loads)), key=lambda number: weigh(loads[number]))
    whole = [
        one
        for one in samples
        if one.endpoint == endpoint.name and one.level == level and one.phase is Phase.STEADY
        if one.fault is Fault.NONE and one.sent_ns is not None and one.first_token_ns is not None and one.chunk_ns
    ]
    if not whole:
        return None
    gaps = [(one.chunk_ns[-1] - one.chunk_ns[0]) / (len(one.chunk_ns) - 1) for one in whole if len(one.chunk_ns) > 1]
    load = loads[level]
    return Intended(
        dataclasses.replace(load, duration_s=_CALIBRATION_S, requests=0, warmup_s=1.0, cooldown_s=1.0),
        ttft_s=median(one.first_token_ns - one.sent_ns for one in whole) / 1e9,  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
        gap_s=median(gaps) / 1e9 if gaps else 0.0,
        answer_tokens=max(2, round(median(len(one.chunk_ns) for one in whole))),
        api=endpoint.api,
        workers=asked.load.workers,
    )


def _harden(intended: Intended) -> Intended:
    """The same load with answers that are at least as quick, and short enough that some hundred come."""
    is_small = intended.load.arrivals is Arrivals.CLOSED and intended.load.concurrency < _SMALL
    return dataclasses.replace(
        intended,
        ttft_s=min(intended.ttft_s, _SHORT_S / 2 if is_small else _SHORT_S),
        gap_s=min(intended.gap_s, _SHORT_GAP_S),
        answer_tokens=min(intended.answer_tokens, _TOKENS // 6 if is_small else _TOKENS),
    )
