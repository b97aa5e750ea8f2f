"""A machine read from the team's TOML or JSON file. What it leaves out is told: a default with its dated source, or
counted as nothing and named."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from holdfast.measure.cost.documents import Table, read_document
from holdfast.measure.cost.hardware import Entry, Hardware
from holdfast.records.measurement import Range

REPLICAS_MAX: Final = 4096
DEFAULTS: Final[Mapping[Entry, Range]] = MappingProxyType(
    {
        Entry.LIFE: Range(3, 4, 5, "papers and investors, as seen in 2026: 3 to 5 years; likeliest is their middle"),
        Entry.PUE: Range(1.3, 1.58, 1.58, "Uptime Institute's average of 1.58 (2023); new large sites 1.3 or less"),
        Entry.ELECTRICITY: Range(0.06, 0.15, 0.15, "arXiv 2509.18101 (2025): $0.06 to 0.15, and it uses 0.15"),
    }
)
_TOP: Final = ("name", "as_of", "replicas", "own", "rent")
_SHARED: Final = (Entry.OPERATIONS, Entry.SOFTWARE)
_POWER: Final = (Entry.POWER_IDLE, Entry.POWER_LOADED, Entry.PUE, Entry.ELECTRICITY)
_OWN: Final = (
    *(Entry.CAPITAL, Entry.LIFE, Entry.RESIDUAL, Entry.RESIDUAL_SHARE, Entry.INTEREST),
    *(*_POWER, Entry.COLOCATION, *_SHARED),
)
_RENT: Final = (Entry.RENT, *_POWER, Entry.COLOCATION, *_SHARED)
_HIGHEST: Final[Mapping[Entry, float]] = MappingProxyType(
    {Entry.RESIDUAL_SHARE: 1.0, Entry.INTEREST: 1.0, Entry.PUE: 5.0, Entry.LIFE: 100.0}
)
_LOWEST: Final[Mapping[Entry, float]] = MappingProxyType({Entry.LIFE: 0.1, Entry.PUE: 1.0})


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the file states, and whether the machine is owned."""

    table: Table
    entries: Mapping[Entry, Range]
    is_owned: bool


def read_hardware_file(path: Path) -> Hardware:
    """The machine that the file describes. Raises MissingPath, UnreadableFile and MalformedFile with the entry."""
    top = read_document(path)
    top.check_names(_TOP)
    stated = _read_stated(top)
    _check_power(stated)
    entries, defaults = _add_defaults(stated)
    return Hardware(
        name=top.find_text("name") or path.stem,
        as_of=top.find_day("as_of"),
        entries=MappingProxyType(entries),
        replicas=_read_replicas(top),
        defaults=defaults,
        left_out=_find_left_out(entries, stated),
        notes=tuple(_find_notes(entries, top)),
    )


def _read_stated(top: Table) -> _Stated:
    kinds = [name for name in ("own", "rent") if name in top.entries]
    if len(kinds) != 1:
        raise top.make_error("own", "or `rent`: exactly one of the two tables is needed", "Write [own] or [rent].")
    inner = top.entries[kinds[0]]
    if not isinstance(inner, dict):
        raise top.make_error(kinds[0], "is not a table", f"Write [{kinds[0]}] above its entries.")
    table = Table(f"{top.where}: {kinds[0]}", {str(key): value for key, value in inner.items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    known = _OWN if kinds[0] == "own" else _RENT
    table.check_names(known)
    entries = {entry: value for entry in known if (value := table.find_range(entry)) is not None}
    for entry, value in entries.items():
        _check_bounds(table, entry, value)
    needed = Entry.CAPITAL if kinds[0] == "own" else Entry.RENT
    if needed not in entries:
        raise table.make_error(needed, "is missing", "State it as a number or as {low, mode, high, source}.")
    return _Stated(table, entries, kinds[0] == "own")


def _check_bounds(table: Table, entry: Entry, value: Range) -> None:
    low, high = _LOWEST.get(entry, 0.0), _HIGHEST.get(entry)
    if value.low < low or (high is not None and value.high > high):
        bounds = f"at least {low:g}" + (f" and at most {high:g}" if high is not None else "")
        raise table.make_error(entry, f"must be {bounds}")


def _check_power(stated: _Stated) -> None:
    idle, loaded = stated.entries.get(Entry.POWER_IDLE), stated.entries.get(Entry.POWER_LOADED)
    if idle is not None and loaded is None:
        raise stated.table.make_error(Entry.POWER_LOADED, "is missing, and `power_idle_w` is there")
    if idle is not None and loaded is not None and idle.high > loaded.low:
        raise stated.table.make_error(Entry.POWER_IDLE, "reaches above the lowest `power_loaded_w`")
    if Entry.RESIDUAL in stated.entries and Entry.RESIDUAL_SHARE in stated.entries:
        raise stated.table.make_error(Entry.RESIDUAL, "and `residual_share` are both stated", "State one of them.")


def _add_defaults(stated: _Stated) -> tuple[dict[Entry, Range], tuple[Entry, ...]]:
    needed = [Entry.LIFE] if stated.is_owned else []
    if Entry.POWER_LOADED in stated.entries:
        needed += [Entry.PUE, Entry.ELECTRICITY]
    missing = tuple(entry for entry in needed if entry not in stated.entries)
    return {**stated.entries, **{entry: DEFAULTS[entry] for entry in missing}}, missing


def _find_left_out(entries: Mapping[Entry, Range], stated: _Stated) -> tuple[Entry, ...]:
    """What could have been stated and counts as nothing. Whoever rents by the hour pays electricity with it."""
    asked = [*_SHARED]
    if stated.is_owned:
        asked += [Entry.INTEREST, Entry.POWER_LOADED, Entry.COLOCATION]
        asked += [] if Entry.RESIDUAL in entries else [Entry.RESIDUAL_SHARE]
    return tuple(entry for entry in Entry if entry in asked and entry not in entries)


def _find_notes(entries: Mapping[Entry, Range], top: Table) -> list[str]:
    notes: list[str] = []
    if Entry.POWER_LOADED in entries and Entry.POWER_IDLE not in entries:
        notes.append("power_idle_w is not stated: the loaded power is taken for all hours")
    if not top.find_day("as_of"):
        notes.append("the file does not say of which day its numbers are")
    return notes


def _read_replicas(top: Table) -> int:
    number = top.find_number("replicas")
    if number is None:
        return 1
    if number != int(number) or not 1 <= number <= REPLICAS_MAX:
        raise top.make_error("replicas", f"must be a whole number from 1 to {REPLICAS_MAX}")
    return int(number)
