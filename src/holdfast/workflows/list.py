"""`holdfast list`: the copies that a vault holds, with their state, their size and when they were last verified."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.records.vault import CopyState
from holdfast.vault.catalogue.revisions import DROPPED, FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.copy_sizes import CopySize, measure_copies, measure_copy
from holdfast.vault.opening import Vault
from holdfast.workflows.readiness import Smoked, read_smokes, say_ready
from holdfast.workflows.vaults import VaultAsked, open_vault


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A copy; sizes in bytes. `frees` is what dropping it would free, `verified_at` None when a part never was.

    `ready` says in a word whether it runs, by its last smoke test; `smoke` is that test.
    """

    model: str
    revision: str
    state: CopyState
    size: int
    stored: int
    frees: int
    kept_at: str | None
    verified_at: str | None
    manifest: str
    ready: str
    smoke: Smoked | None


@dataclass(frozen=True, slots=True)
class CopyList:
    """All copies of a vault."""

    vault: str
    copies: tuple[CopyRow, ...]


def run_list(asked: VaultAsked, name: str = "") -> CopyList:
    """The copies, of one model or of all."""
    with open_vault(asked) as vault:
        return CopyList(vault.location, tuple(list_copies(vault, name)))


def list_copies(vault: Vault, name: str = "") -> Iterator[CopyRow]:
    """Every copy that was not dropped."""
    rows = [row for row in iterate_revisions(vault.database, name) if row.state != DROPPED]
    if name:
        yield from (tell_copy(vault, row) for row in rows)
        return
    sizes, smokes = measure_copies(vault.database), read_smokes(vault)
    yield from (_tell(row, sizes.get(row.id, CopySize()), smokes.get(row.manifest)) for row in rows)


def tell_copy(vault: Vault, row: RevisionRow) -> CopyRow:
    """One copy."""
    return _tell(row, measure_copy(vault.database, row.id), read_smokes(vault, row.model).get(row.manifest))


def _tell(row: RevisionRow, size: CopySize, smoked: Smoked | None) -> CopyRow:
    state = get_state(row, frozenset([row.id] if size.is_hurt else []))
    return CopyRow(
        model=row.name,
        revision=row.revision,
        state=state,
        size=size.size,
        stored=size.stored,
        frees=size.own,
        kept_at=row.kept_at,
        verified_at=tell_time(size.verified_at),
        manifest=row.manifest,
        ready=say_ready(state, smoked),
        smoke=smoked,
    )


def get_state(row: RevisionRow, hurt: frozenset[int]) -> CopyState:
    """A copy's state in the words of the glossary."""
    if row.state == FROZEN:
        return CopyState.FROZEN
    if row.state != KEPT:
        return CopyState.VERIFYING
    return CopyState.DAMAGED if row.id in hurt else CopyState.KEPT


def find_hurt_revisions(vault: Vault) -> frozenset[int]:
    """The numbers of copies with an object that no whole pack holds, as far as verification has told."""
    return frozenset(number for number, size in measure_copies(vault.database).items() if size.is_hurt)


def tell_time(seconds: int | None) -> str | None:
    """A moment as people read it, None for never."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
