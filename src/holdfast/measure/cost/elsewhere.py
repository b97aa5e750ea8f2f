"""What would this month have cost elsewhere? A bill priced anew: at other prices, or on machines of one's own.

What cannot be priced is listed with what it was, and is left out of both sides of the comparison.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.bills.bill import Bill, BillRow, add_usd, group_by_provider
from holdfast.measure.cost.candidates import Candidate, draw_candidate
from holdfast.measure.cost.draws import Draws, compute_estimate, make_unknown
from holdfast.measure.cost.hardware import Hardware
from holdfast.measure.cost.price_asked import PriceFound
from holdfast.measure.cost.saying import say_assumed
from holdfast.measure.cost.simulation import Settings
from holdfast.measure.cost.workload import Capacity, Demand, Lengths
from holdfast.records.measurement import Estimate, PriceTier, TokenPrice

Array = NDArray[np.float64]
MILLION = 1e6
SECONDS_PER_DAY = 86_400
DAYS_MAX = 3_660
ALIKE = 1.25  # lengths that differ by more than this make a measured highest rate doubtful


@dataclass(frozen=True, slots=True)
class HostedPlace:
    """A provider, by what it asks for a row of the bill: the same model there, or another in its stead."""

    name: str
    price_of: Callable[[BillRow], PriceFound]


@dataclass(frozen=True, slots=True, eq=False)
class OwnPlace:
    """Machines with the highest rate that was measured on them, and the lengths it was measured with. `peak_factor`:
    the busiest moment over the busiest hour (or day) that the bill tells; None: not stated."""

    name: str
    hardware: Hardware
    capacity: Capacity | None
    lengths: Lengths | None = None
    peak_factor: float | None = None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Rows of one model, or of one item that is not tokens, that could not be priced, and why."""

    what: str
    reason: str
    input: int
    output: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class PlaceCosts:
    """What the bill would have cost in one place. `paid_usd` is what was paid for the same rows, `saving_usd` that less
    this, `cheaper` how likely it is above nothing; None where it is not known."""

    name: str
    usd: Estimate
    paid_usd: float | None
    saving_usd: Estimate
    cheaper: float | None
    machines: Estimate
    unpriced: tuple[Unpriced, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BillElsewhere:
    """A bill and its costs in each place."""

    paid_usd: float | None
    days: int
    requests: int | None
    places: tuple[PlaceCosts, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Priced:
    """The rows of a bill that a place can price, with the least, likeliest and most they cost there."""

    rows: list[BillRow] = field(default_factory=list)
    low: float = 0.0
    value: float = 0.0
    high: float = 0.0
    notes: dict[str, None] = field(default_factory=dict)
    unpriced: list[tuple[BillRow, str]] = field(default_factory=list)


def price_elsewhere(bill: Bill, places: Sequence[HostedPlace | OwnPlace], settings: Settings) -> BillElsewhere:
    """The bill's cost in each place, with what could not be priced."""
    costs = [
        _price_hosted(bill, place, settings) if isinstance(place, HostedPlace) else _price_own(bill, place, settings)
        for place in places
    ]
    return BillElsewhere(bill.paid_usd, bill.days, _count_requests(bill.usage), tuple(costs), bill.notes)


def compute_row_usd(row: BillRow, rate: TokenPrice | PriceTier, per_request: float) -> float:
    """What a row costs at one price: cached and written input at theirs, reasoning as output."""
    cached, written = row.cached or 0, row.cache_write or 0
    plain = (row.input or 0) - cached - written
    cached_usd = rate.input if rate.cached is None else rate.cached
    write_usd = rate.input if rate.cache_write is None else rate.cache_write
    tokens = plain * rate.input + cached * cached_usd + written * write_usd + (row.output or 0) * rate.output
    return tokens / MILLION + per_request * (row.requests or 0)


def _price_hosted(bill: Bill, place: HostedPlace, settings: Settings) -> PlaceCosts:
    priced = _Priced()
    for row in bill.usage:
        _add_row(priced, row, place.price_of(row))
    if any(row.cached for row in priced.rows):
        priced.notes["input read from a cache is taken to be read from one there too"] = None
    if not priced.rows:
        return _say_unknown(bill, place.name, priced, settings)
    paid = _find_paid(bill, priced.rows)
    method = "prices; low and high by the tiers that requests may be in"
    usd = _make_exact((priced.low, priced.value, priced.high), settings, method)
    saving = make_unknown(settings.confidence)
    if paid is not None:
        saving = _make_exact((paid - priced.high, paid - priced.value, paid - priced.low), settings, method)
    return PlaceCosts(
        name=place.name,
        usd=usd,
        paid_usd=paid,
        saving_usd=saving,
        cheaper=_judge(paid, priced),
        machines=make_unknown(settings.confidence),
        unpriced=_sum_unpriced(bill, priced),
        notes=tuple(priced.notes),
    )


def _add_row(priced: _Priced, row: BillRow, found: PriceFound) -> None:
    price = found.price
    if price is None:
        priced.unpriced.append((row, found.reason or "no price is known"))
        return
    if price.per_request and row.requests is None:
        priced.unpriced.append((row, "the price counts requests, and the export does not tell them"))
        return
    priced.rows.append(row)
    priced.notes.update(dict.fromkeys(found.notes))
    if row.cached is None:
        priced.notes["cached input is not told: all input is counted at the full price"] = None
    rates: list[TokenPrice | PriceTier] = [price, *price.tiers]
    costs = [compute_row_usd(row, rate, price.per_request) for rate in rates]
    if price.tiers:
        priced.notes["the price rises with a request's length, which the export does not tell"] = None
    priced.low += min(costs)
    priced.high += max(costs)
    priced.value += compute_row_usd(row, _find_likely_tier(price, row), price.per_request)


def _find_likely_tier(price: TokenPrice, row: BillRow) -> TokenPrice | PriceTier:
    """The tier of a request of mean length."""
    mean = (row.input or 0) / row.requests if row.requests else 0.0
    reached = [tier for tier in price.tiers if mean > tier.above]
    return reached[-1] if reached else price


def _judge(paid: float | None, priced: _Priced) -> float | None:
    """1 or 0 where the tiers leave no doubt."""
    if paid is None or priced.low < paid <= priced.high:
        return None
    return 1.0 if priced.high < paid else 0.0


def _price_own(bill: Bill, place: OwnPlace, settings: Settings) -> PlaceCosts:
    """Machines for all of the bill's use: they are paid for every hour of it, and carry its busiest."""
    priced = _Priced(rows=list(bill.usage))
    requests = _find_requests(priced, place)
    reason = _find_obstacle(bill, place, requests)
    if requests is None or reason:
        priced = _Priced(unpriced=[(row, reason) for row in bill.usage])
        return _say_unknown(bill, place.name, priced, settings)
    demand = _make_demand(bill, priced, requests, place.peak_factor)
    candidate = Candidate(place.name, place.hardware, place.lengths, capacity=place.capacity)
    fleet = draw_candidate(candidate, demand, Draws(settings.seed, settings.draws)).find_fleet()
    assert fleet is not None
    usd = np.broadcast_to(fleet.usd_per_hour * bill.days * 24, settings.draws)
    paid = _find_paid(bill, priced.rows)
    _note_lengths(priced, requests, place.lengths)
    unknown = make_unknown(settings.confidence)
    return PlaceCosts(
        name=place.name,
        usd=compute_estimate(usd, settings.confidence),
        paid_usd=paid,
        saving_usd=unknown if paid is None else compute_estimate(paid - usd, settings.confidence),
        cheaper=None if paid is None else float(np.mean(usd < paid)),
        machines=compute_estimate(np.broadcast_to(fleet.machines, settings.draws), settings.confidence),
        unpriced=_sum_unpriced(bill, priced),
        notes=(*priced.notes, *say_assumed(candidate)),
    )


def _find_obstacle(bill: Bill, place: OwnPlace, requests: float | None) -> str:
    """Why machines cannot be sized for the bill; empty where they can."""
    if requests is None:
        return "no requests are told"
    if place.capacity is None or not place.capacity.is_known:
        return "the highest rate was not measured"
    return "" if bill.days <= DAYS_MAX else f"the bill reaches over {bill.days:,} days"


def _find_requests(priced: _Priced, place: OwnPlace) -> float | None:
    """The bill's requests; where it does not tell them, as many as its output is worth in measured ones."""
    told = _count_requests(priced.rows)
    if told is not None:
        return float(told) or None
    if place.lengths is None or not len(place.lengths) or not place.lengths.output.mean():
        return None
    priced.notes["requests are not told: as many as its output tokens make at the measured length"] = None
    return sum(row.output or 0 for row in priced.rows) / float(place.lengths.output.mean()) or None


def _count_requests(rows: Sequence[BillRow]) -> int | None:
    counts = [row.requests for row in rows]
    return None if not counts or None in counts else sum(count or 0 for count in counts)


def _make_demand(bill: Bill, priced: _Priced, requests: float, peak_factor: float | None) -> Demand:
    """The rate of each hour of the bill's time, or of each day where it tells no hours."""
    hourly = all(row.hour is not None for row in priced.rows)
    first = min(row.day for row in bill.rows)
    slots = np.zeros(bill.days * (24 if hourly else 1))
    told = _count_requests(priced.rows) is not None
    for row in priced.rows:
        day = (row.day - first).days
        slots[day * 24 + (row.hour or 0) if hourly else day] += (row.requests if told else row.output) or 0
    slots *= requests / slots.sum()
    if peak_factor is None:
        span = "hour" if hourly else "day"
        priced.notes[f"machines are sized for the mean of the busiest {span}: its own peak was not stated"] = None
    seconds = 3600 if hourly else SECONDS_PER_DAY
    return Demand(tuple(float(count) / seconds for count in slots), peak_factor or 1.0)


def _note_lengths(priced: _Priced, requests: float, lengths: Lengths | None) -> None:
    """A highest rate holds for requests like those it was measured with."""
    if lengths is None or not len(lengths):
        priced.notes["the lengths that the highest rate was measured with are not known"] = None
        return
    for name, measured in (("input", lengths.input), ("output", lengths.output)):
        billed = sum(int(getattr(row, name) or 0) for row in priced.rows) / requests
        mean = float(measured.mean())
        if not mean / ALIKE <= billed <= mean * ALIKE:
            what = f"the bill has {billed:,.0f} {name} tokens a request, the highest rate was measured with {mean:,.0f}"
            priced.notes[f"{what}: it may not hold"] = None


def _find_paid(bill: Bill, rows: Sequence[BillRow]) -> float | None:
    """What was paid for these rows: by themselves, or by a provider's rows of money where all its use is among them."""
    total = 0.0
    all_of, money_of = group_by_provider(bill.usage), group_by_provider(row for row in bill.rows if not row.has_tokens)
    for provider, mine in group_by_provider(rows).items():
        money = money_of.get(provider)
        if money and len(mine) < len(all_of[provider]):
            return None
        paid = add_usd([row for row in money if not row.item] if money else mine)
        if paid is None:
            return None
        total += paid
    return total


def _sum_unpriced(bill: Bill, priced: _Priced) -> tuple[Unpriced, ...]:
    """One entry for each model and reason, and for each item that is not tokens."""
    grouped: dict[tuple[str, str], list[BillRow]] = defaultdict(list)
    for row, reason in priced.unpriced:
        grouped[row.model or "(no model named)", reason].append(row)
    for row in bill.rows:
        if row.item:
            grouped[row.item, "not paid by tokens"].append(row)
    return tuple(_make_unpriced(key, rows) for key, rows in sorted(grouped.items()))


def _make_unpriced(key: tuple[str, str], rows: Sequence[BillRow]) -> Unpriced:
    tokens_in, tokens_out = sum(row.input or 0 for row in rows), sum(row.output or 0 for row in rows)
    return Unpriced(*key, tokens_in, tokens_out, add_usd(rows))


def _say_unknown(bill: Bill, name: str, priced: _Priced, settings: Settings) -> PlaceCosts:
    unknown = make_unknown(settings.confidence)
    notes = dict(priced.notes)
    if not bill.usage:
        notes["the export tells what was paid and not what was used: add the export of use"] = None
    return PlaceCosts(name, unknown, None, unknown, None, unknown, _sum_unpriced(bill, priced), tuple(notes))


def _make_exact(values: tuple[float, float, float], settings: Settings, method: str) -> Estimate:
    low, value, high = values
    return Estimate(value, low, high, 1, confidence=settings.confidence, method=method)
