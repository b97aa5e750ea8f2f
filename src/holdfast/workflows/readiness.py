"""Which copies are ready: what their last smoke test found. A journal entry `smoke` holds it as canonical JSON."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.smoke import SmokeOutcome, SmokeResult
from holdfast.records.vault import CopyState, Decision, ObjectId
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import RevisionRow, read_decisions
from holdfast.vault.journal import decide
from holdfast.vault.opening import Vault
from holdfast.workflows.vaults import Event, VaultAsked, holding, log_event, tell_who

SMOKE: Final = "smoke"


@dataclass(frozen=True, slots=True)
class Smoked:
    """A smoke test that was recorded: by whom, when (ISO 8601, UTC), and what it found."""

    by: str
    at: str
    result: SmokeResult


def record_smoke(vault: Vault, row: RevisionRow, result: SmokeResult, asked: VaultAsked) -> tuple[Smoked, str]:
    """Write a result to the journal and the log; what was recorded, and what went wrong with the log, if anything."""
    by = tell_who(asked.environ)
    with holding(vault, "journal"):
        made = decide(vault, SMOKE, row.model, by, encode_canonical(result), row.manifest)
    outcome = f"{result.outcome}: {result.reason}" if result.reason else result.outcome.value
    event = Event(LogVerb.SMOKE, row.model, f"{result.engine}, {result.isolation}", outcome[:1000], row.manifest, by)
    return Smoked(by, made.at, result), log_event(vault, event, asked.environ)


def read_smokes(vault: Vault, model: str = "") -> dict[ObjectId, Smoked]:
    """The last smoke test of each manifest, of one `name@revision` or of all; what cannot be read is left out."""
    return dict(_iterate_smokes(read_decisions(vault.database, model)))


def _iterate_smokes(decisions: list[Decision]) -> Iterator[tuple[ObjectId, Smoked]]:
    for one in decisions:
        if one.verb == SMOKE and one.manifest is not None and (result := find_result(one.why)) is not None:
            yield one.manifest, Smoked(one.by, one.at, result)


def find_result(text: str) -> SmokeResult | None:
    """The result in a journal entry; None when it is none that this version reads."""
    try:
        return _make_reader().validate_json(text)
    except ValidationError:
        return None


@functools.cache
def _make_reader() -> TypeAdapter[SmokeResult]:
    return TypeAdapter(SmokeResult)


def is_ready(state: CopyState, smoked: Smoked | None) -> bool:
    """Whether a copy is whole and passed its last smoke test."""
    return state is CopyState.KEPT and smoked is not None and smoked.result.outcome is SmokeOutcome.PASSED


def say_ready(state: CopyState, smoked: Smoked | None) -> str:
    """In a word or two, for a column."""
    if smoked is None:
        return "not tested"
    if not is_ready(state, smoked):
        return smoked.result.outcome.value if state is CopyState.KEPT else f"no: {state}"
    return "ready" if smoked.result.is_offline_proven else "ready, not proven offline"


def say_smoked(smoked: Smoked) -> str:
    """In a sentence: what was run where, and what came of it."""
    return f"smoke test {_say_result(smoked.result)}, at {smoked.at}"


def say_why(decision: Decision) -> str:
    """Why something was decided, as people read it."""
    result = find_result(decision.why) if decision.verb == SMOKE else None
    return decision.why if result is None else _say_result(result)


def _say_result(result: SmokeResult) -> str:
    found = result.checked if result.outcome is SmokeOutcome.PASSED else result.reason
    return f"{result.outcome} with {result.version or result.engine}, {result.isolation}: {found}"
