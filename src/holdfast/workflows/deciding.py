"""What freeze, thaw and drop share: who decided what about which copies, written to the journal and the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import FrozenCopy, HoldfastError, UnknownName, UsageError, VaultError
from holdfast.records.vault import Decision
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import DROPPED, FROZEN, KEPT, RevisionRow, iterate_revisions, read_decisions
from holdfast.vault.journal import decide
from holdfast.vault.opening import Vault
from holdfast.workflows.vaults import (
    Event,
    VaultAsked,
    find_revision,
    holding,
    log_event,
    open_vault,
    split_model,
    tell_who,
)

_NEEDED: Final = {LogVerb.FREEZE: KEPT, LogVerb.THAW: FROZEN, LogVerb.DROP: KEPT}
"""The state that a copy must be in for a decision."""


@dataclass(frozen=True, slots=True)
class DecideAsked:
    """What is decided about a model. `by` is empty for the user; `everywhere` means all its revisions that fit."""

    vault: VaultAsked
    model: str
    by: str = ""
    why: str = ""
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was recorded; `notes` say what went wrong beside it."""

    verb: str
    model: str
    revision: str
    by: str
    why: str
    at: str
    manifest: str
    notes: tuple[str, ...]


def run_decision(asked: DecideAsked, verb: LogVerb) -> list[Decided]:
    """Decide about one copy or all of a model's. Raises before the first is decided when one cannot be."""
    if not asked.why.strip():
        raise UsageError("a decision needs a reason", where="--why", next_step="Say why: --why TEXT. It is recorded.")
    with open_vault(asked.vault) as vault, holding(vault, "journal"):
        rows = _choose_rows(vault, asked, verb)
        for row in rows:
            check_decidable(vault, row, verb)
        return [record(vault, asked, row, verb) for row in rows]


def record(vault: Vault, asked: DecideAsked, row: RevisionRow, verb: LogVerb) -> Decided:
    """Write one decision to the journal, then to the log. The caller holds the journal."""
    by = asked.by or tell_who(asked.vault.environ)
    made = decide(vault, verb.value, row.model, by, asked.why, row.manifest)
    event = Event(verb, row.model, asked.why, _OUTCOMES[verb], row.manifest, by)
    fault = log_event(vault, event, asked.vault.environ)
    notes = (fault,) if fault else ()
    return Decided(verb.value, row.name, row.revision, by, asked.why, made.at, row.manifest, notes)


_OUTCOMES: Final = {LogVerb.FREEZE: "frozen", LogVerb.THAW: "thawed", LogVerb.DROP: "dropped"}


def check_decidable(vault: Vault, row: RevisionRow, verb: LogVerb) -> None:
    """Raises FrozenCopy or VaultError when a copy's state does not allow the decision."""
    if row.state != _NEEDED[verb]:
        raise _explain(vault, row, verb)


def _explain(vault: Vault, row: RevisionRow, verb: LogVerb) -> HoldfastError:
    if row.state == FROZEN:
        frozen = say_frozen(vault, row)
        if verb is LogVerb.DROP:
            return FrozenCopy(
                f"{frozen}; a frozen copy is not dropped, so that its record stays with its bytes",
                where=vault.location,
                next_step=f"Whoever may decide it thaws it first: holdfast thaw {row.model} --by NAME --why TEXT",
            )
        return VaultError(f"{frozen}; it is frozen already", where=vault.location, next_step="Nothing was changed.")
    if row.state == KEPT:
        return VaultError(f"{row.model} is not frozen", where=vault.location, next_step="Nothing was changed.")
    return VaultError(
        f"{row.model} was never verified: keeping it did not finish",
        where=vault.location,
        next_step="Run the same `holdfast keep` again.",
    )


def say_frozen(vault: Vault, row: RevisionRow) -> str:
    """Who froze a copy, when and why, in words."""
    last = find_last(vault, row.model, LogVerb.FREEZE)
    return f"{row.model} was frozen by {last.by} at {last.at}: {last.why}" if last else f"{row.model} is frozen"


def find_last(vault: Vault, model: str, verb: LogVerb) -> Decision | None:
    """The newest decision of a kind about `name@revision`."""
    decisions = reversed(read_decisions(vault.database, model))
    return next((one for one in decisions if one.verb == verb.value), None)


def _choose_rows(vault: Vault, asked: DecideAsked, verb: LogVerb) -> list[RevisionRow]:
    if not asked.everywhere:
        return [find_revision(vault, asked.model)]
    name, revision = split_model(asked.model)
    if revision:
        raise UsageError(
            f"{asked.model} names one revision, and --all-revisions means all", next_step=f"Name {name} alone."
        )
    known = list(_list_known(vault, name))
    if not known:
        find_revision(vault, asked.model)  # raises with the nearest names
    fitting = [row for row in known if row.state == _NEEDED[verb]]
    frozen = [row for row in known if row.state == FROZEN] if verb is LogVerb.DROP else []
    if not fitting and not frozen:
        raise UnknownName(
            f"no revision of {name} is {_NEEDED[verb]}",
            where=vault.location,
            next_step=f"They are: {', '.join(f'{row.revision} {row.state}' for row in known)}.",
        )
    return [*frozen, *fitting]


def _list_known(vault: Vault, name: str) -> Iterator[RevisionRow]:
    return (row for row in iterate_revisions(vault.database, name) if row.state != DROPPED)
