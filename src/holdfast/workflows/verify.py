"""`holdfast verify`: read the vault from its medium, all or a share of it, and name whatever is not as written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.records.errors import HoldfastError
from holdfast.records.vault import Damage
from holdfast.records.vault_log import LogVerb
from holdfast.vault.git_objects import find_damaged
from holdfast.vault.log.log import VaultLog
from holdfast.vault.opening import Vault
from holdfast.vault.verifying import Verified, VerifyPlan, begin_round, end_round, find_round, verify_packs
from holdfast.workflows.vaults import Event, VaultAsked, log_event, open_vault

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class VerifyAsked:
    """How much is read: `sample` is a share (0.05 for 5 %), `resume` goes on with the verification of everything that
    was interrupted last, `rate` is bytes a second, 0 for as fast as it goes."""

    vault: VaultAsked
    sample: float = 1.0
    resume: bool = False
    rate: int = 0


@dataclass(frozen=True, slots=True)
class VerifyAnswer:
    """What was read and found; sizes in bytes. `oldest` is when the pack longest not verified was (None: never)."""

    packs: int
    size: int
    packs_all: int
    size_all: int
    damage: tuple[Damage, ...]
    oldest: str | None
    log: str
    notes: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all that was read is as it was written."""
        return not self.damage


def run_verify(asked: VerifyAsked, report: Report) -> VerifyAnswer:
    """Verify packs and the log; what was found is remembered in the log."""
    with open_vault(asked.vault) as vault:
        since = find_round(vault) if asked.resume else 0
        if asked.sample == 1.0 and not since:
            begin_round(vault)
        found = verify_packs(vault, VerifyPlan(asked.sample, since, asked.rate), report)
        if asked.sample == 1.0:
            end_round(vault)
        log, log_damage = _check_log(vault)
        beside = tuple(Damage(key, 0, "an object of git is not what its name says") for key in find_damaged(vault))
        outcome = f"{found.packs} of {found.packs_all} packs, {found.size} bytes, {len(found.damage)} damaged"
        note = log_event(vault, Event(LogVerb.VERIFY, vault.id, "", outcome), asked.vault.environ)
    return _tell(found, log, (*found.damage, *log_damage, *beside), note)


def _check_log(vault: Vault) -> tuple[str, tuple[Damage, ...]]:
    if not any(True for _ in vault.storage.iterate("log/")):
        return "no log yet", ()
    try:
        answer = VaultLog(vault.storage, vault.id).verify()
    except HoldfastError as error:
        return error.what, (Damage(error.where or "log/", 0, error.what),)
    return f"{answer.checkpoint.size} entries, whole", ()


def _tell(found: Verified, log: str, damage: tuple[Damage, ...], note: str) -> VerifyAnswer:
    oldest = None if found.oldest is None else datetime.fromtimestamp(found.oldest, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return VerifyAnswer(
        packs=found.packs,
        size=found.size,
        packs_all=found.packs_all,
        size_all=found.size_all,
        damage=damage,
        oldest=oldest,
        log=log,
        notes=(note,) if note else (),
    )
