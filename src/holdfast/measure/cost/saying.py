"""In words: what is not known of a candidate, and what its cost rests on without having been measured."""

from holdfast.measure.cost.candidates import Candidate, Drawn
from holdfast.measure.cost.hardware import Hardware
from holdfast.records.measurement import Range, TokenPrice


def say_unknown(drawn: Drawn, wrong_usd: float | None) -> tuple[str, ...]:
    """A sentence for each thing that cannot be said, with what would say it."""
    candidate = drawn.candidate
    said: list[str] = []
    if candidate.cost is None:
        said.append("no cost: " + (candidate.reason or "neither a price nor hardware was given"))
    if candidate.lengths is None or not len(candidate.lengths):
        said.append("no cost per token or request of a hosted model: no request's tokens were counted")
    if isinstance(candidate.cost, Hardware) and drawn.find_fleet() is None:
        said.append("no cost at this demand, no feasibility: the highest rate within the objective was not measured")
    if drawn.find("share of right answers") is None:
        said.append("no cost per right answer: no answers were judged")
    elif wrong_usd is None:
        said.append("no expected total cost: the price of a wrong answer was not stated")
    return tuple(said)


def say_assumed(candidate: Candidate) -> tuple[str, ...]:
    """A sentence for each number that was not measured or stated by the team, with its source."""
    said: list[str] = []
    if isinstance(candidate.cost, Hardware):
        said += _say_hardware(candidate.cost)
    elif isinstance(candidate.cost, TokenPrice):
        said.append(
            f"price of {candidate.cost.as_of or 'an unknown day'}, by {candidate.cost.source or 'nobody named'}"
        )
    if candidate.lengths is not None and candidate.lengths.uncounted:
        said.append(f"{candidate.lengths.uncounted:,} requests are left out: their tokens were not counted")
    if candidate.right is not None and candidate.right.unknown:
        said.append(f"{candidate.right.unknown:,} answers are left out: they could not be judged")
    return (*said, *_say_capacity(candidate))


def _say_hardware(hardware: Hardware) -> list[str]:
    said = [f"hardware {hardware.name} as of {hardware.as_of or 'an unknown day'}"]
    for entry in hardware.defaults:
        value = hardware.entries[entry]
        said.append(f"{entry} is not stated: {_say_range(value)}, by {value.source}")
    said += [f"{entry} is not stated: counted as nothing" for entry in hardware.left_out]
    return [*said, *hardware.notes]


def _say_range(value: Range) -> str:
    return f"{value.low:g} to {value.high:g}, likeliest {value.mode:g}"


def _say_capacity(candidate: Candidate) -> list[str]:
    capacity = candidate.capacity
    if not isinstance(candidate.cost, Hardware) or capacity is None or not capacity.is_known:
        return []
    if len(capacity.runs) == 1:
        return ["the highest rate was measured in one run: how much runs differ is not known"]
    estimate = capacity.estimate
    if not capacity.runs and estimate is not None and not estimate.is_known:
        return ["the highest rate has no interval: it is taken as exact"]
    return []
