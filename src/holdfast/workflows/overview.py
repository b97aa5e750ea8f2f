"""What a vault holds, for people who want to use it: each model with its copies, and how often it was served."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.vault.opening import Vault
from holdfast.workflows.auditing import Served, Tally
from holdfast.workflows.list import CopyRow, list_copies
from holdfast.workflows.readiness import is_ready

_SHOWN_TIME: Final = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model and its copies, the newest first. `served` is None when the log could not be read."""

    name: str
    copies: tuple[CopyRow, ...]
    served: Served | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All models, in order of their names. `notes` say what could not be found out."""

    models: tuple[HeldModel, ...]
    notes: tuple[str, ...] = ()

    @property
    def copies(self) -> tuple[CopyRow, ...]:
        """All copies."""
        return tuple(copy for model in self.models for copy in model.copies)


def read_overview(vault: Vault, tally: Tally) -> Overview:
    """What is held now. The log is read on from where `tally` was."""
    found: dict[str, list[CopyRow]] = {}
    for row in list_copies(vault):
        found.setdefault(row.model, []).append(row)
    served, notes = _read_served(vault, tally)
    models = [
        HeldModel(name, tuple(found[name]), None if served is None else served.get(name, Served()))
        for name in sorted(found, key=str.lower)
    ]
    return Overview(tuple(models), notes)


def _read_served(vault: Vault, tally: Tally) -> tuple[Mapping[str, Served] | None, tuple[str, ...]]:
    try:
        return tally.read(vault), ()
    except HoldfastError as error:
        return None, (f"How often models were served is not known: {error.what}",)


def count_ready(copies: Iterable[CopyRow]) -> int:
    """How many are whole and passed their smoke test."""
    return sum(is_ready(copy.state, copy.smoke) for copy in copies)


def find_oldest(copies: Iterable[CopyRow]) -> datetime | None:
    """When the copy that waits longest was last read and compared; None without copies. One that never was since it was
    kept counts from then."""
    moments = [moment for copy in copies if (moment := _get_moment(copy)) is not None]
    return min(moments, default=None)


def _get_moment(copy: CopyRow) -> datetime | None:
    if copy.verified_at:
        return datetime.strptime(copy.verified_at, _SHOWN_TIME).replace(tzinfo=UTC)
    return datetime.fromisoformat(copy.kept_at) if copy.kept_at else None
