"""Which models of a report the vault holds, and at which revision. Makes no vault, and costs nothing without one.

A copy counts only once it was verified; a vault that cannot be read is unknown, not none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.records.model import Kind, Pin
from holdfast.records.report import HeldCopy, ModelRow
from holdfast.records.use import Confidence, Use
from holdfast.workflows.folders import vault_folder
from holdfast.workflows.kept_names import find_kept_name

OTHER: Final = "other revision"
UNKNOWN: Final = "unknown"
READY: Final = "ready"
_WORST_FIRST: Final = ("damaged", "frozen", "kept", READY)
_SHOWN: Final = 12


def tell_copies(rows: Sequence[ModelRow], environ: Mapping[str, str]) -> tuple[ModelRow, ...]:
    """The rows with what the vault holds of them; as they were when there is no vault."""
    location = environ.get("HOLDFAST_VAULT") or str(vault_folder(environ))
    if not _may_be_vault(location):
        return tuple(rows)
    try:
        held = _read_copies(location, environ, {row.model for row in rows if _is_weights(row)})
    except HoldfastError as error:
        why = f"the vault at {location} cannot be read: {error.what}"
        return tuple(replace(row, copy=UNKNOWN, copy_says=why) if _is_weights(row) else row for row in rows)
    return tuple(_tell(row, held.get(row.model, ())) if _is_weights(row) else row for row in rows)


def _may_be_vault(location: str) -> bool:
    """Whether a vault may lie there: a bucket is asked, a folder is looked at."""
    scheme, separator, rest = location.partition("://")
    if separator and scheme.lower() != "file":
        return True
    return (Path(rest if separator else location).expanduser() / "vault.json").is_file()


def _is_weights(row: ModelRow) -> bool:
    return row.kind is Kind.WEIGHTS and row.uses[0].confidence is not Confidence.UNRESOLVED


def _read_copies(location: str, environ: Mapping[str, str], models: Collection[str]) -> dict[str, tuple[HeldCopy, ...]]:
    """The verified copies of these models by their canonical names, the newest first."""
    from holdfast.vault.catalogue.revisions import DROPPED, iterate_revisions
    from holdfast.workflows.list import find_hurt_revisions, get_state
    from holdfast.workflows.readiness import is_ready, read_smokes
    from holdfast.workflows.vaults import VaultAsked, open_vault

    found: dict[str, tuple[HeldCopy, ...]] = {}
    with open_vault(VaultAsked(location, environ)) as vault:
        every = ((row, str(find_kept_name(row.name))) for row in iterate_revisions(vault.database))
        held = [(row, name) for row, name in every if name in models and row.state != DROPPED]
        hurt = find_hurt_revisions(vault) if held else frozenset[int]()
        smokes = read_smokes(vault) if held else {}
        for row, name in held:
            state = get_state(row, hurt)
            said = READY if is_ready(state, smokes.get(row.manifest)) else state.value
            if said in _WORST_FIRST:
                found[name] = (*found.get(name, ()), HeldCopy(row.revision, said))
    return found


def _tell(row: ModelRow, held: tuple[HeldCopy, ...]) -> ModelRow:
    if not held:
        return row
    pinned = _list_pinned(row.uses)
    matches = {revision: _find(held, revision) for revision in pinned}
    missing = [revision for revision, copy in matches.items() if copy is None]
    if missing:
        says = f"{_join(missing)}, which is pinned, is not held; held: {', '.join(map(_say, held))}"
        return replace(row, copy=OTHER, copies=held, copy_says=says)
    meant = [copy for copy in matches.values() if copy is not None] or [_choose_best(held)]
    state = min((copy.state for copy in meant), key=_WORST_FIRST.index)
    moving = ", and a name that may move is used" if len(pinned) < len({use.revision for use in row.uses}) else ""
    return replace(row, copy=state, copies=held, copy_says=f"{', '.join(map(_say, meant))}{moving}")


def _list_pinned(uses: Sequence[Use]) -> list[str]:
    exact = (use.revision.value for use in uses if use.revision.pin is Pin.EXACT and use.revision.value)
    return list(dict.fromkeys(exact))


def _find(held: Iterable[HeldCopy], revision: str) -> HeldCopy | None:
    return next((copy for copy in held if copy.revision == revision), None)


def _choose_best(held: Sequence[HeldCopy]) -> HeldCopy:
    """What a moving name would be served from: the newest of those in the best state."""
    return max(held, key=lambda copy: _WORST_FIRST.index(copy.state.replace(READY, "kept")))


def _say(copy: HeldCopy) -> str:
    return f"{copy.state} at {copy.revision[:_SHOWN]}"


def _join(revisions: Sequence[str]) -> str:
    return ", ".join(revision[:_SHOWN] for revision in revisions)
