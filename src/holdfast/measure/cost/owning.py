"""What own or rented machines cost at a demand, and the rate from which they are cheaper than a hosted model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.hardware import (
    Entry,
    Hardware,
    compute_fixed_usd_per_hour,
    compute_power_usd_per_hour,
)

Array = NDArray[np.float64]
SECONDS_PER_HOUR = 3600.0
_ROUNDING = 1e-9  # of a replica: a rate that is a replica's highest to the last bit needs no second one


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """One machine: `fixed` and `entries` in draws, and the highest rate of all its replicas together."""

    fixed: Array
    entries: Mapping[Entry, Array]
    replicas: int
    rate_max: Array

    def compute_usd_per_hour(self, utilisation: Array) -> Array:
        """An hour of it at a utilisation."""
        return self.fixed + compute_power_usd_per_hour(self.entries, utilisation)


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """The machines that a demand needs: all are on at all hours."""

    replicas: Array
    machines: Array
    utilisation: Array
    usd_per_hour: Array


def make_machine(hardware: Hardware, entries: Mapping[Entry, Array], capacity: Array) -> Machine:
    """A machine whose replicas each carry `capacity` requests per second."""
    return Machine(compute_fixed_usd_per_hour(entries), entries, hardware.replicas, capacity * hardware.replicas)


def compute_fleet(machine: Machine, mean: Array, peak: Array) -> Fleet:
    """k = ceil(peak / highest rate of a replica) replicas, on as few machines as hold them; `mean` requests per second
    keep them busy. Where nothing can be carried the cost is infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        replicas = np.maximum(np.ceil(peak * machine.replicas / machine.rate_max - _ROUNDING), 1.0)
        machines = np.ceil(replicas / machine.replicas)
        utilisation = mean / (machines * machine.rate_max)
        usd = machines * machine.compute_usd_per_hour(utilisation)
    return Fleet(replicas, machines, utilisation, np.where(np.isfinite(machines), usd, np.inf))


def compute_usd_per_request(fleet: Fleet, mean: Array) -> Array:
    """c = C_hour k / (3600 λ)."""
    return fleet.usd_per_hour / (SECONDS_PER_HOUR * mean)


def compute_usd_per_request_when_full(machine: Machine) -> Array:
    """The least that a request can cost within the objective: a machine that always has as much as it can carry."""
    with np.errstate(divide="ignore"):
        return machine.compute_usd_per_hour(np.ones(())) / (SECONDS_PER_HOUR * machine.rate_max)


def compute_break_even(machine: Machine, hosted_usd: Array) -> Array:
    """λ_be: the rate at which one machine costs what a hosted model does; infinite where there is none.

    The electricity rises with the rate in proportion, so λ_be = (F + idle) / (3600 c - (loaded - idle) / λ_max).
    """
    idle = machine.compute_usd_per_hour(np.zeros(()))
    loaded = machine.compute_usd_per_hour(np.ones(()))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = SECONDS_PER_HOUR * hosted_usd - (loaded - idle) / machine.rate_max
        return np.where(slope > 0, idle / slope, np.inf)


def compute_break_even_without_capacity(machine: Machine, hosted_usd: Array) -> Array:
    """λ_be where the highest rate is not known: with the loaded power at all hours, so rather too high."""
    loaded = machine.compute_usd_per_hour(np.ones(()))
    with np.errstate(divide="ignore"):
        return loaded / (SECONDS_PER_HOUR * hosted_usd)
