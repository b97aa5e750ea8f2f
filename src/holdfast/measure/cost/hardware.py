"""A machine that carries copies of the measured server, and what an hour of it costs, owned or rented.

Formulas work on arrays of draws and on single numbers alike. Annuities: CRF = r(1+r)^N / ((1+r)^N - 1) spreads what was
paid at the start, SFF = r / ((1+r)^N - 1) what comes back at the end, N in years.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Range

Array = NDArray[np.float64]
HOURS_PER_YEAR: Final = 8760.0
HOURS_PER_MONTH: Final = HOURS_PER_YEAR / 12


class Entry(StrEnum):
    """What may be stated of a machine. All are per machine, and watts are those at the wall."""

    CAPITAL = "capital_usd"
    LIFE = "life_years"
    RESIDUAL = "residual_usd"
    RESIDUAL_SHARE = "residual_share"
    INTEREST = "interest_rate"
    RENT = "rent_usd_per_hour"
    POWER_IDLE = "power_idle_w"
    POWER_LOADED = "power_loaded_w"
    PUE = "pue"
    ELECTRICITY = "electricity_usd_per_kwh"
    COLOCATION = "colocation_usd_per_month"
    OPERATIONS = "operations_usd_per_month"
    SOFTWARE = "software_usd_per_month"


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine with the ranges of its entries. `defaults` are the entries whose value is not the team's but a default,
    `left_out` those that are counted as nothing because nobody stated them. `replicas`: copies of the server on it."""

    name: str
    as_of: str
    entries: Mapping[Entry, Range]
    replicas: int = 1
    defaults: tuple[Entry, ...] = ()
    left_out: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_rented(self) -> bool:
        """Whether it is paid by the hour and belongs to somebody else."""
        return Entry.RENT in self.entries


def compute_crf(rate: Array, years: Array) -> Array:
    """The capital recovery factor: the yearly payment for one dollar paid now. At no interest it is 1/N."""
    is_free = rate < 1e-12
    growth = years * np.log1p(np.where(is_free, 1.0, rate))
    return np.where(is_free, 1 / years, rate / -np.expm1(-growth))


def compute_sff(rate: Array, years: Array) -> Array:
    """The sinking fund factor: the yearly payment that is worth one dollar after N years. At no interest it is 1/N."""
    is_free = rate < 1e-12
    growth = years * np.log1p(np.where(is_free, 1.0, rate))
    return np.where(is_free, 1 / years, rate / np.expm1(growth))


def compute_fixed_usd_per_hour(of: Mapping[Entry, Array]) -> Array:
    """What an hour of one machine costs whether or not it computes: all but its electricity. An entry that `of` lacks
    counts as nothing."""
    nothing = np.zeros(())
    monthly = sum((of.get(name, nothing) for name in (Entry.COLOCATION, Entry.OPERATIONS, Entry.SOFTWARE)), nothing)
    hourly = of.get(Entry.RENT, nothing) + monthly / HOURS_PER_MONTH
    capital = of.get(Entry.CAPITAL)
    if capital is None:
        return hourly
    rate, years = of.get(Entry.INTEREST, nothing), of[Entry.LIFE]
    residual = of.get(Entry.RESIDUAL, nothing) + capital * of.get(Entry.RESIDUAL_SHARE, nothing)
    yearly = capital * compute_crf(rate, years) - residual * compute_sff(rate, years)
    return hourly + yearly / HOURS_PER_YEAR


def compute_power_usd_per_hour(of: Mapping[Entry, Array], utilisation: Array) -> Array:
    """What the electricity of one machine costs in an hour at a utilisation from 0 to 1. Between idle and loaded its
    power is taken to rise in proportion."""
    loaded = of.get(Entry.POWER_LOADED)
    if loaded is None:
        return np.zeros(())
    idle = of.get(Entry.POWER_IDLE, loaded)
    watts = idle + (loaded - idle) * utilisation
    return watts / 1000 * of.get(Entry.PUE, np.ones(())) * of[Entry.ELECTRICITY]
