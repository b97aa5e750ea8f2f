"""Two candidates against each other: which is cheaper, at what price of a wrong answer that turns, and from what rate
owning pays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.candidates import Drawn
from holdfast.measure.cost.costs import BreakEven, PairCosts
from holdfast.measure.cost.curves import make_chances
from holdfast.measure.cost.draws import compute_estimate, make_unknown
from holdfast.measure.cost.owning import compute_break_even, compute_break_even_without_capacity

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """The price of a wrong answer in US dollars (None: not stated), the confidence of intervals, and the rates at which
    chances are told."""

    wrong_usd: float | None
    confidence: float
    rates: tuple[float, ...] = ()


def compare_pair(first: Drawn, second: Drawn, terms: Terms) -> PairCosts:
    """Compare two candidates draw by draw, so that what they share does not blur the difference."""
    costs = first.find_usd_per_request(), second.find_usd_per_request()
    shares = first.find("share of right answers"), second.find("share of right answers")
    unknown = make_unknown(terms.confidence)
    cheaper = better = flips = None
    saving = flip = unknown
    if costs[0] is not None and costs[1] is not None:
        cheaper = _compute_share(costs[0] < costs[1])
        saving = compute_estimate(costs[1] - costs[0], terms.confidence)
        if shares[0] is not None and shares[1] is not None:
            flip_usd = compute_flip_usd((costs[0], costs[1]), (shares[0], shares[1]))
            flips = _compute_share(flip_usd > 0)
            flip = compute_estimate(flip_usd[flip_usd > 0], terms.confidence) if flips else unknown
            better = _compute_better((costs[0], costs[1]), (shares[0], shares[1]), terms.wrong_usd)
    names = first.candidate.name, second.candidate.name
    return PairCosts(*names, cheaper, better, saving, flips, flip, find_break_even(first, second, terms))


def compute_flip_usd(costs: tuple[Array, Array], shares: tuple[Array, Array]) -> Array:
    """κ* = (c2 - c1) / (p2 - p1): the price of a wrong answer at which both cost the same in total. Where it is not
    above zero, one of the two is at least as cheap and as right, whatever the price; 0 stands for that."""
    with np.errstate(divide="ignore", invalid="ignore"):
        flip = (costs[1] - costs[0]) / (shares[1] - shares[0])
    return np.where(np.isfinite(flip), np.maximum(flip, 0.0), 0.0)


def _compute_better(costs: tuple[Array, Array], shares: tuple[Array, Array], wrong_usd: float | None) -> float | None:
    if wrong_usd is None:
        return None
    totals = [cost + wrong_usd * (1 - share) for cost, share in zip(costs, shares, strict=True)]
    return _compute_share(totals[0] < totals[1])


def find_break_even(first: Drawn, second: Drawn, terms: Terms) -> BreakEven | None:
    """The break-even rate of the one that is owned or rented; None where both or neither are, or the hosted cost is
    not known."""
    owned, hosted = (first, second) if first.find_machine() is not None else (second, first)
    machine, usd = owned.find_machine(), hosted.find_usd_per_request()
    if machine is None or usd is None or hosted.find_machine() is not None:
        return None
    names, confidence = (owned.candidate.name, hosted.candidate.name), terms.confidence
    if owned.find("highest rate") is None:
        rate = np.broadcast_to(compute_break_even_without_capacity(machine, usd), usd.shape)
        never = _compute_share(~np.isfinite(rate))
        return BreakEven(*names, compute_estimate(rate, confidence), make_unknown(confidence), None, never)
    rate = np.broadcast_to(compute_break_even(machine, usd), usd.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        utilisation = np.where(np.isfinite(rate), rate / machine.rate_max, np.inf)
    peak = owned.demand.peak_per_s / owned.demand.mean_per_s
    return BreakEven(
        *names,
        compute_estimate(rate, confidence),
        compute_estimate(utilisation, confidence),
        _compute_share(utilisation * peak <= 1.0),
        _compute_share(~np.isfinite(rate)),
        make_chances(owned, hosted, terms.rates),
    )


def _compute_share(holds: NDArray[np.bool_]) -> float:
    return float(np.mean(holds))
