"""A way to have the work done, with all that its cost depends on drawn at random and named: its drivers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.charging import compute_charges
from holdfast.measure.cost.draws import Draws
from holdfast.measure.cost.hardware import Entry, Hardware
from holdfast.measure.cost.owning import Fleet, Machine, compute_fleet, compute_usd_per_request, make_machine
from holdfast.measure.cost.workload import Capacity, Demand, Lengths, Right
from holdfast.records.measurement import TokenPrice

Array = NDArray[np.float64]
Drivers = Mapping[str, Array]
DEMAND = "demand"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An endpoint with what it costs and what was measured of it. What is None is not known; `reason` says why there
    is no cost."""

    name: str
    cost: TokenPrice | Hardware | None
    lengths: Lengths | None = None
    right: Right | None = None
    capacity: Capacity | None = None
    reason: str = ""

    def name_driver(self, what: str) -> str:
        """The name of one of its drivers. Entries of a machine belong to the machine: two candidates may share it."""
        owner = self.cost.name if isinstance(self.cost, Hardware) and what in set(Entry) else self.name
        return f"{owner}: {what}"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A candidate with the draws of its drivers, under a demand."""

    candidate: Candidate
    demand: Demand
    drivers: Drivers

    def find(self, what: str, of: Drivers | None = None) -> Array | None:
        """The draws of one driver; None where the candidate has none such."""
        return (self.drivers if of is None else of).get(self.candidate.name_driver(what))

    def find_usd_per_request(self, of: Drivers | None = None) -> Array | None:
        """What a request costs, in each draw (or for other values of the drivers); None where that is not known."""
        if isinstance(self.candidate.cost, Hardware):
            fleet = self.find_fleet(of)
            return None if fleet is None else compute_usd_per_request(fleet, self._get_mean(of))
        paid_in, paid_out = self.find("input charge", of), self.find("output charge", of)
        return None if paid_in is None or paid_out is None else paid_in + paid_out

    def find_fleet(self, of: Drivers | None = None) -> Fleet | None:
        """The machines that the demand needs; None where the highest rate is not known or nothing is owned."""
        machine = self.find_machine(of)
        if machine is None or self.find("highest rate", of) is None:
            return None
        mean = self._get_mean(of)
        return compute_fleet(machine, mean, mean * (self.demand.peak_per_s / self.demand.mean_per_s))

    def find_machine(self, of: Drivers | None = None) -> Machine | None:
        """One machine; its highest rate is infinite where it is not known. None for a hosted model."""
        hardware = self.candidate.cost
        if not isinstance(hardware, Hardware):
            return None
        drawn = ((entry, self.find(entry, of)) for entry in hardware.entries)
        capacity = self.find("highest rate", of)
        entries = {entry: values for entry, values in drawn if values is not None}
        return make_machine(hardware, entries, np.array(np.inf) if capacity is None else capacity)

    def under(self, factor: float) -> "Drawn":
        """The same under the demand times a factor."""
        rates = tuple(rate * factor for rate in self.demand.rates_per_s)
        return replace(self, demand=replace(self.demand, rates_per_s=rates))

    def _get_mean(self, of: Drivers | None) -> Array:
        return self.demand.mean_per_s * (self.drivers if of is None else of)[DEMAND]


def draw_candidate(candidate: Candidate, demand: Demand, draws: Draws) -> Drawn:
    """Draw all that a candidate's cost, quality and tokens depend on."""
    drivers = {DEMAND: draws.draw_range(DEMAND, demand.scale)}
    if candidate.right is not None and candidate.right.total:
        name = candidate.name_driver("share of right answers")
        drivers[name] = draws.draw_share(name, candidate.right)
    if candidate.lengths is not None and len(candidate.lengths):
        drivers |= _draw_lengths(candidate, candidate.lengths, draws)
    if isinstance(candidate.cost, Hardware):
        drivers |= _draw_machine(candidate, candidate.cost, draws)
    return Drawn(candidate, demand, drivers)


def _draw_lengths(candidate: Candidate, lengths: Lengths, draws: Draws) -> dict[str, Array]:
    """Mean tokens, and mean charges where there is a price: requests are drawn whole, so that all go together."""
    columns = {"input tokens": lengths.input, "output tokens": lengths.output}
    if isinstance(candidate.cost, TokenPrice):
        charge = compute_charges(candidate.cost, (lengths.input, lengths.cached, lengths.output))
        columns |= {"input charge": charge.input, "output charge": charge.output}
    means = draws.draw_means("requests", np.column_stack(list(columns.values())))
    return {candidate.name_driver(name): means[:, number] for number, name in enumerate(columns)}


def _draw_machine(candidate: Candidate, hardware: Hardware, draws: Draws) -> dict[str, Array]:
    names = {entry: candidate.name_driver(entry) for entry in hardware.entries}
    drivers = {name: draws.draw_range(name, hardware.entries[entry]) for entry, name in names.items()}
    if candidate.capacity is not None and candidate.capacity.is_known:
        name = candidate.name_driver("highest rate")
        drivers[name] = draws.draw_capacity(name, candidate.capacity)
    return drivers
