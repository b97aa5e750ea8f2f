"""Cost of a request against the rate: own machines in steps, a hosted model level."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.candidates import Drawn
from holdfast.measure.cost.costs import Chance, Curve, CurvePoint
from holdfast.measure.cost.draws import compute_estimate

Array = NDArray[np.float64]


def make_curves(drawn: Sequence[Drawn], rates: Sequence[float], confidence: float) -> tuple[Curve, ...]:
    """A curve for each candidate whose cost is known, all at the same rates."""
    known = [one for one in drawn if one.find_usd_per_request() is not None]
    return tuple(Curve(one.candidate.name, tuple(_make_points(one, rates, confidence))) for one in known)


def make_chances(owned: Drawn, hosted: Drawn, rates: Sequence[float]) -> tuple[Chance, ...]:
    """How likely owning is cheaper at each rate; empty where either cost is not known."""
    usd = hosted.find_usd_per_request()
    chances: list[Chance] = []
    for rate in rates:
        mine = owned.under(rate / owned.demand.mean_per_s).find_usd_per_request()
        if mine is not None and usd is not None:
            chances.append(Chance(rate, float(np.mean(mine < usd))))
    return tuple(chances)


def choose_rates(drawn: Sequence[Drawn], points: int) -> list[float]:
    """From a hundredth of the lowest rate of interest to four times the highest, evenly in proportion."""
    machines = [machine for one in drawn if (machine := one.find_machine()) is not None]
    full = [float(np.median(machine.rate_max)) for machine in machines]
    marks = [mark for mark in (*full, *(one.demand.mean_per_s for one in drawn)) if 0 < mark < np.inf]
    return [float(rate) for rate in np.geomspace(min(marks) / 100, max(marks) * 4, points)] if marks else []


def _make_points(drawn: Drawn, rates: Sequence[float], confidence: float) -> list[CurvePoint]:
    usd = drawn.find_usd_per_request()
    assert usd is not None
    if drawn.find_machine() is None:
        level = compute_estimate(usd, confidence)
        return [CurvePoint(rate, level, None) for rate in rates]
    return [_make_point(drawn.under(rate / drawn.demand.mean_per_s), rate, confidence) for rate in rates]


def _make_point(drawn: Drawn, rate: float, confidence: float) -> CurvePoint:
    usd, fleet = drawn.find_usd_per_request(), drawn.find_fleet()
    assert usd is not None
    assert fleet is not None
    return CurvePoint(rate, compute_estimate(usd, confidence), compute_estimate(fleet.utilisation, confidence))
