"""What a run file says that one replica carries, for whoever prices something else on it."""

from dataclasses import dataclass
from pathlib import Path

from holdfast.measure.cost.workload import Capacity, Lengths, read_lengths
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Fault, Phase
from holdfast.workflows.measuring.figures import find_figures, make_capacities
from holdfast.workflows.measuring.opening import read_run


@dataclass(frozen=True, slots=True)
class MeasuredCapacity:
    """The highest good rate of an endpoint, and the lengths that it was measured with."""

    endpoint: str
    capacity: Capacity
    lengths: Lengths


def read_measured(path: Path) -> MeasuredCapacity:
    """Of the only endpoint of a run file that has a knee. Raises what reading it raises, and UsageError where none or
    several have one."""
    run = read_run(path)
    capacities = make_capacities(find_figures(run).knees)
    if len(capacities) != 1:
        names = ", ".join(capacities) or "no endpoint"
        raise UsageError(
            f"one highest good rate is needed, and the file has those of {names}",
            where=str(path),
            next_step="Measure one endpoint with --slo and several loads, or give --rate-max.",
        )
    name, capacity = next(iter(capacities.items()))
    whole = [
        one for one in run.samples if one.endpoint == name and one.phase is Phase.STEADY and one.fault is Fault.NONE
    ]
    return MeasuredCapacity(name, capacity, read_lengths(whole))
