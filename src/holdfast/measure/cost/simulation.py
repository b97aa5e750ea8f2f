"""One Monte Carlo for all that a team asks of costs: every uncertain number is drawn, and each result is a median with
an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.candidates import Candidate, Drawn, Drivers, draw_candidate
from holdfast.measure.cost.comparing import Terms, compare_pair
from holdfast.measure.cost.costs import CandidateCosts, Costs, Point, Tornado
from holdfast.measure.cost.curves import choose_rates, make_curves
from holdfast.measure.cost.draws import Draws, compute_estimate, make_unknown
from holdfast.measure.cost.front import compute_front
from holdfast.measure.cost.hardware import Hardware
from holdfast.measure.cost.owning import compute_usd_per_request_when_full
from holdfast.measure.cost.saying import say_assumed, say_unknown
from holdfast.measure.cost.tornado import make_tornado
from holdfast.measure.cost.workload import Demand
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Estimate

Array = NDArray[np.float64]
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Settings:
    """How a simulation is run. `wrong_usd`: what a wrong answer costs (None: not stated)."""

    seed: int
    draws: int = 20_000
    confidence: float = 0.9
    wrong_usd: float | None = None
    curve_points: int = 61


def simulate_costs(candidates: Sequence[Candidate], demand: Demand, settings: Settings) -> Costs:
    """What each candidate costs under the demand, and each pair compared. Raises UsageError for a demand of nothing
    or two candidates of one name."""
    _check(candidates, demand)
    draws = Draws(settings.seed, settings.draws)
    drawn = [draw_candidate(candidate, demand, draws) for candidate in candidates]
    points = _make_points(drawn, settings.confidence)
    rates = choose_rates(drawn, settings.curve_points)
    terms = Terms(settings.wrong_usd, settings.confidence, tuple(rates))
    fronts = {point.name: point.front for point in points}
    return Costs(
        candidates=tuple(_sum_up(one, terms, fronts.get(one.candidate.name)) for one in drawn),
        pairs=tuple(compare_pair(first, second, terms) for first, second in combinations(drawn, 2)),
        points=points,
        curves=make_curves(drawn, rates, settings.confidence),
        tornados=tuple(_make_tornados(drawn, settings.confidence)),
        rate_per_s=demand.mean_per_s,
        peak_per_s=demand.peak_per_s,
        wrong_usd=settings.wrong_usd,
        draws=settings.draws,
        seed=settings.seed,
        confidence=settings.confidence,
    )


def _check(candidates: Sequence[Candidate], demand: Demand) -> None:
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise UsageError("two candidates have one name", where=", ".join(names), next_step="Name each once.")
    rates = demand.rates_per_s
    if not rates or min(rates) < 0 or not 0 < demand.mean_per_s < np.inf or demand.scale.low <= 0:
        what = "the demand must be finite, not negative and more than nothing"
        raise UsageError(what, next_step="State requests per second, once or for each hour.")
    if demand.peak_factor < 1:
        raise UsageError("a peak is at least the mean", next_step="State a peak factor of 1 or more.")


def _sum_up(drawn: Drawn, terms: Terms, front: float | None) -> CandidateCosts:
    usd, fleet, machine = drawn.find_usd_per_request(), drawn.find_fleet(), drawn.find_machine()
    share = drawn.find("share of right answers")
    tokens_in, tokens_out = drawn.find("input tokens"), drawn.find("output tokens")
    full = compute_usd_per_request_when_full(machine) if machine is not None and fleet is not None else usd
    total = None if usd is None or share is None else usd + (terms.wrong_usd or 0.0) * (1 - share)

    def say(draws: Array | None) -> Estimate:
        return make_unknown(terms.confidence) if draws is None else compute_estimate(draws, terms.confidence)

    return CandidateCosts(
        name=drawn.candidate.name,
        is_hosted=machine is None,
        usd_per_request=say(usd),
        usd_per_request_when_full=say(full),
        usd_per_million_input=say(_divide(usd, tokens_in, MILLION)),
        usd_per_million_output=say(_divide(usd, tokens_out, MILLION)),
        usd_per_million_tokens=say(_divide(usd, _add(tokens_in, tokens_out), MILLION)),
        usd_per_hour=say(_compute_usd_per_hour(drawn, usd)),
        share_right=say(share),
        usd_per_correct=say(_divide(usd, share)),
        usd_total=say(None if terms.wrong_usd is None else total),
        replicas=say(None if fleet is None else fleet.replicas),
        machines=say(None if fleet is None else fleet.machines),
        utilisation=say(None if fleet is None else fleet.utilisation),
        front=front,
        unknown=say_unknown(drawn, terms.wrong_usd),
        assumed=say_assumed(drawn.candidate),
    )


def _compute_usd_per_hour(drawn: Drawn, usd: Array | None) -> Array | None:
    fleet = drawn.find_fleet()
    if fleet is not None:
        return fleet.usd_per_hour
    return None if usd is None else usd * drawn.demand.mean_per_s * 3600


def _add(first: Array | None, second: Array | None) -> Array | None:
    return None if first is None or second is None else first + second


def _divide(usd: Array | None, by: Array | None, per: float = 1.0) -> Array | None:
    if usd is None or by is None:
        return None
    with np.errstate(divide="ignore"):
        return usd * per / by


def _make_points(drawn: Sequence[Drawn], confidence: float) -> tuple[Point, ...]:
    """The candidates whose cost and quality are both known."""
    pairs = [(one, one.find_usd_per_request(), one.find("share of right answers")) for one in drawn]
    known = [(one, usd, share) for one, usd, share in pairs if usd is not None and share is not None]
    if not known:
        return ()
    fronts = compute_front([usd for _, usd, _ in known], [share for _, _, share in known])
    return tuple(
        Point(one.candidate.name, compute_estimate(usd, confidence), compute_estimate(share, confidence), front)
        for (one, usd, share), front in zip(known, fronts, strict=True)
    )


def _make_tornados(drawn: Sequence[Drawn], confidence: float) -> list[Tornado]:
    """What a request costs at each, and what it saves to own: for each pair of own machines and a hosted model."""
    known = [one for one in drawn if one.find_usd_per_request() is not None]
    tornados = [make_tornado(one.candidate.name, one.drivers, partial(_compute_usd, one), confidence) for one in known]
    owned = [one for one in known if isinstance(one.candidate.cost, Hardware)]
    hosted = [one for one in known if not isinstance(one.candidate.cost, Hardware)]
    for mine, other in product(owned, hosted):
        name = f"{other.candidate.name} less {mine.candidate.name}"
        compute = partial(_compute_saving, mine, other)
        tornados.append(make_tornado(name, {**mine.drivers, **other.drivers}, compute, confidence))
    return tornados


def _compute_usd(drawn: Drawn, of: Drivers) -> Array:
    usd = drawn.find_usd_per_request(of)
    assert usd is not None
    return usd


def _compute_saving(mine: Drawn, other: Drawn, of: Drivers) -> Array:
    return _compute_usd(other, of) - _compute_usd(mine, of)
