"""What comes out of a simulation: one record per candidate and per pair, with curves and bars for plots.

A probability or a price that is not known is None; each record says in words what it does not know, and why.
"""

from dataclasses import dataclass

from holdfast.records.measurement import Estimate


@dataclass(frozen=True, slots=True)
class CandidateCosts:
    """US dollars per request, at the demand. The three prices per million are the whole cost over the tokens of one
    kind: they are not to be added. `usd_total` counts wrong answers at the price of being wrong. The fleet's numbers
    are of own machines alone. `front`: how likely nothing else is both cheaper and better."""

    name: str
    is_hosted: bool
    usd_per_request: Estimate
    usd_per_request_when_full: Estimate
    usd_per_million_input: Estimate
    usd_per_million_output: Estimate
    usd_per_million_tokens: Estimate
    usd_per_hour: Estimate
    share_right: Estimate
    usd_per_correct: Estimate
    usd_total: Estimate
    replicas: Estimate
    machines: Estimate
    utilisation: Estimate
    front: float | None
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely owning is cheaper at a mean rate."""

    rate_per_s: float
    cheaper: float


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The rate from which one machine is cheaper than a hosted model, as a share of its highest rate too. `feasible`:
    how likely the machine can carry that rate (at its daily peak); `never`: how likely no rate is high enough.
    `chances`: how likely owning is cheaper at each rate of the curves, with as many machines as it needs."""

    owned: str
    hosted: str
    rate_per_s: Estimate
    utilisation: Estimate
    feasible: float | None
    never: float
    chances: tuple[Chance, ...] = ()


@dataclass(frozen=True, slots=True)
class PairCosts:
    """Two candidates. `cheaper`: how likely a request costs less at the first; `better`: with the price of wrong
    answers. `flips`: how likely one of them is cheaper and the other righter, so that the price of a wrong answer
    decides; `flip_usd`: that price, among those draws; `saving_usd`: the second's cost of a request less the first's.
    """

    first: str
    second: str
    cheaper: float | None
    better: float | None
    saving_usd: Estimate
    flips: float | None
    flip_usd: Estimate
    break_even: BreakEven | None


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate among cost and quality, with both intervals."""

    name: str
    usd_per_request: Estimate
    share_right: Estimate
    front: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a request costs at a mean rate; `utilisation` of the machines is None for a hosted model."""

    rate_per_s: float
    usd_per_request: Estimate
    utilisation: Estimate | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Cost of a request against the mean rate."""

    name: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """What one driver does to a result while all others are at their medians: it goes from `low` to `high`, its
    interval, and the result from `at_low` to `at_high` (None: not finite)."""

    driver: str
    low: float
    high: float
    at_low: float | None
    at_high: float | None
    swing: float | None


@dataclass(frozen=True, slots=True)
class Tornado:
    """What matters, most first. `base` is the result with all drivers at their medians."""

    of: str
    base: float | None
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """All of it, with what it rests on."""

    candidates: tuple[CandidateCosts, ...]
    pairs: tuple[PairCosts, ...]
    points: tuple[Point, ...]
    curves: tuple[Curve, ...]
    tornados: tuple[Tornado, ...]
    rate_per_s: float
    peak_per_s: float
    wrong_usd: float | None
    draws: int
    seed: int
    confidence: float
