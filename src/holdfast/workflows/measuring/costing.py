"""The figures of cost, from what a run file holds: prices, machines, lengths, right answers, highest good rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from pydantic import TypeAdapter

from holdfast.measure.cost.candidates import Candidate
from holdfast.measure.cost.costs import Costs
from holdfast.measure.cost.hardware import Hardware
from holdfast.measure.cost.simulation import Settings, simulate_costs
from holdfast.measure.cost.workload import Capacity, Demand, count_right, read_lengths
from holdfast.measure.results.file import RunFile
from holdfast.records.canonical_json import to_plain
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Endpoint, Fault, Phase, Sample
from holdfast.workflows.measuring.asked import CostAsked
from holdfast.workflows.measuring.money import Money

_HARDWARE: Final = TypeAdapter(Hardware)
_DRAWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Costing:
    """What the figures of cost rest on that was not measured. `demand` is in requests per second; `reasons` say why an
    endpoint has no cost."""

    demand: Demand | None
    wrong_usd: float | None
    reasons: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]]
    draws: int = _DRAWS


def check_demand(asked: CostAsked) -> None:
    """UsageError where a machine is described and nobody says how much it has to do."""
    owned = [name for name, money in asked.money.items() if money.hardware is not None]
    if owned and asked.demand is None:
        raise UsageError(
            "what a request costs on a machine depends on how many there are",
            where=", ".join(owned),
            next_step="Say how many requests a second you serve: --demand 0.5.",
        )


def make_costing(asked: CostAsked) -> Costing:
    """As it goes into the run file."""
    reasons = {name: money.reason for name, money in asked.money.items() if money.reason}
    notes = {name: money.notes for name, money in asked.money.items() if money.notes}
    return Costing(asked.demand, asked.wrong_usd, reasons, notes)


def plain_hardware(money: Mapping[str, Money]) -> dict[str, Mapping[str, object]]:
    """The machines as they go into the run file, by endpoint."""
    return {
        name: cast("Mapping[str, object]", to_plain(one.hardware))
        for name, one in money.items()
        if one.hardware is not None
    }


def compute_costs(run: RunFile, capacities: Mapping[str, Capacity]) -> Costs | None:
    """What each endpoint costs; None where nothing is known of any."""
    header = run.header
    if not header.prices and not header.hardware:
        return None
    costing = TypeAdapter(Costing).validate_python(header.costing)
    candidates = [_make_candidate(run, endpoint, costing, capacities) for endpoint in header.endpoints]
    settings = Settings(seed=header.seed, draws=costing.draws, wrong_usd=costing.wrong_usd)
    return simulate_costs(candidates, costing.demand or Demand((1.0,)), settings)


def _make_candidate(
    run: RunFile, endpoint: Endpoint, costing: Costing, capacities: Mapping[str, Capacity]
) -> Candidate:
    name, header = endpoint.name, run.header
    hardware = header.hardware.get(name)
    cost = _HARDWARE.validate_python(hardware) if hardware is not None else header.prices.get(name)
    answers = [answer for answer in run.answers if answer.endpoint == name]
    samples = [sample for sample in run.samples if sample.endpoint == name and _counts(sample)]
    return Candidate(
        name=name,
        cost=cost,
        lengths=read_lengths(samples) if samples else None,
        right=count_right(answers) if answers else None,
        capacity=capacities.get(name),
        reason=costing.reasons.get(name, ""),
    )


def _counts(sample: Sample) -> bool:
    return sample.phase is Phase.STEADY and sample.fault is Fault.NONE
