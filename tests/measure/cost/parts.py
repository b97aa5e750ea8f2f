"""Candidates for tests: a machine and a hosted model whose numbers are exact unless a test says otherwise."""

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.measure.cost.candidates import Candidate
from holdfast.measure.cost.hardware import Entry, Hardware
from holdfast.measure.cost.workload import Capacity, Lengths, Right
from holdfast.records.measurement import Range, TokenPrice

EXACT = {
    Entry.CAPITAL: 12_000.0,
    Entry.LIFE: 4.0,
    Entry.INTEREST: 0.06,
    Entry.RESIDUAL_SHARE: 0.2,
    Entry.POWER_IDLE: 150.0,
    Entry.POWER_LOADED: 700.0,
    Entry.PUE: 1.4,
    Entry.ELECTRICITY: 0.12,
    Entry.COLOCATION: 90.0,
    Entry.OPERATIONS: 200.0,
    Entry.SOFTWARE: 15.0,
}
PRICE = TokenPrice(input=0.5, output=2.0, cached=0.05, per_request=0.0001, as_of="2026-11-01", source="a test")
CARRIES = Capacity((2.0,))
ALIKE = Lengths.of([(400, 100, 250)] * 20)


def make_hardware(changed: Mapping[Entry, Range | float] | None = None, replicas: int = 1) -> Hardware:
    """The machine of EXACT, with entries changed."""
    values: dict[Entry, Range | float] = {**EXACT, **(changed or {})}
    entries = {name: one if isinstance(one, Range) else Range(one, one, one) for name, one in values.items()}
    return Hardware("box", "2026-11-26", MappingProxyType(entries), replicas)


def make_owned(
    hardware: Hardware | None = None, capacity: Capacity | None = CARRIES, right: Right | None = None
) -> Candidate:
    """A candidate on own hardware."""
    return Candidate("own", hardware or make_hardware(), ALIKE, right, capacity)


def make_hosted(price: TokenPrice = PRICE, lengths: Lengths | None = ALIKE, right: Right | None = None) -> Candidate:
    """A hosted candidate."""
    return Candidate("hosted", price, lengths, right)
