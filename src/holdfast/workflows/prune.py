"""`holdfast prune`: free what no kept copy needs, in two phases, with a grace period between them."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.vault_log import LogVerb
from holdfast.vault.pruning import GRACE_S, PrunePlan, carry_out, plan_prune
from holdfast.workflows.vaults import Event, VaultAsked, holding, log_event, open_vault

Report = Callable[[int, int], None]
_DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class PruneAsked:
    """`grace_days` is how long something must have been marked before it is removed."""

    vault: VaultAsked
    dry_run: bool = False
    grace_days: float = GRACE_S / _DAY_S


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was (or, on a dry run, would be) done; sizes in bytes."""

    dry_run: bool
    marked: int
    unmarked: int
    removed: tuple[str, ...]
    rewritten: tuple[str, ...]
    freed: int
    waiting: int
    grace_days: float
    notes: tuple[str, ...]


def run_prune(asked: PruneAsked, report: Report) -> Pruned:
    """Plan, and unless it is a dry run carry the plan out."""
    with open_vault(asked.vault) as vault, holding(vault, "prune"):
        plan = plan_prune(vault, int(asked.grace_days * _DAY_S))
        note = ""
        if not asked.dry_run:
            carry_out(vault, plan, report)
            outcome = f"{len(plan.remove)} packs removed, {len(plan.rewrite)} written anew, {plan.freed} bytes freed"
            note = log_event(vault, Event(LogVerb.PRUNE, vault.id, "", outcome), asked.vault.environ)
        return _tell(asked, plan, note)


def _tell(asked: PruneAsked, plan: PrunePlan, note: str) -> Pruned:
    return Pruned(
        dry_run=asked.dry_run,
        marked=len(plan.mark),
        unmarked=len(plan.unmark),
        removed=tuple(pack.key for pack in plan.remove),
        rewritten=tuple(pack.key for pack in plan.rewrite),
        freed=plan.freed,
        waiting=plan.waiting,
        grace_days=asked.grace_days,
        notes=(note,) if note else (),
    )
