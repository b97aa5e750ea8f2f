"""Reads packs from the medium and compares them with their names: all of them, or those longest not looked at.

Every pack has a clock of its own: when it was last found whole. A copy is covered as far as its packs are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

from holdfast.records.vault import Damage, to_object_id
from holdfast.vault.adopting import adopt_again, adopt_packs, walk_again
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.objects import DELETING, PackRow, iterate_packs, list_unread, note_damage
from holdfast.vault.catalogue.revisions import find_lacking
from holdfast.vault.checking import check_pack
from holdfast.vault.opening import Vault, find_identity

_ROUND: Final = "verify-round"
Report = Callable[[int, int], None]
"""Told the bytes that are done and those that will be."""


@dataclass(frozen=True, slots=True)
class VerifyPlan:
    """What a verification reads: `share` of all bytes (1 for all), the packs longest not verified first; packs verified
    since `since` (seconds since 1970) are left out; at most `rate` bytes a second when it is not 0."""

    share: float = 1.0
    since: int = 0
    rate: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, what is damaged, and how far back the oldest verification now lies (None: some pack never was)."""

    packs: int
    size: int
    packs_all: int
    size_all: int
    damage: tuple[Damage, ...]
    oldest: int | None


def verify_packs(vault: Vault, plan: VerifyPlan, report: Report) -> Verified:
    """Verify packs. What is damaged is noted in the catalogue, so that reading prefers other places."""
    find_identity(vault.storage)
    adopted = adopt_packs(vault)
    packs = [pack for pack in iterate_packs(vault.database) if pack.state != DELETING]
    chosen = choose_packs(packs, plan)
    walked = {pack.key for pack in chosen}  # those are told of when they are read
    damage = [Damage(key, 0, why) for key, why in adopted.unreadable if key not in walked]
    total, done, began = sum(pack.size for pack in chosen), 0, monotonic()
    for pack in chosen:
        found = check_pack(vault, pack)
        note_verified(vault, pack, found)
        damage += found
        done += pack.size
        report(done, total)
        _keep_to_rate(plan.rate, done, monotonic() - began)
    damage += _find_lost(vault, damage)
    return Verified(
        packs=len(chosen),
        size=total,
        packs_all=len(packs),
        size_all=sum(pack.size for pack in packs),
        damage=tuple(damage),
        oldest=find_oldest(vault.database),
    )


def begin_round(vault: Vault) -> None:
    """Note that a verification of everything begins now, so that it can go on after an interruption."""
    with vault.database.transaction():
        vault.database.write("DELETE FROM meta WHERE name = ?", (_ROUND,))
        vault.database.write("INSERT INTO meta (name, value) VALUES (?, ?)", (_ROUND, str(vault.now)))


def find_round(vault: Vault) -> int:
    """When the verification of everything that was interrupted began, in seconds since 1970; 0 when none was."""
    found = vault.database.read("SELECT value FROM meta WHERE name = ?", (_ROUND,))
    return int(found[0][0]) if found else 0


def end_round(vault: Vault) -> None:
    """A verification of everything came to its end."""
    with vault.database.transaction():
        vault.database.write("DELETE FROM meta WHERE name = ?", (_ROUND,))


def _find_lost(vault: Vault, told: Sequence[Damage]) -> Iterator[Damage]:
    """Objects that are in no pack that could be read, and documents that cannot be read, as far as nothing was told
    that explains them."""
    for digest, files in find_lacking(vault.database):
        yield Damage(to_object_id(digest), 0, "a part of this object is in no pack", files)
    if told:
        return
    for digest in list_unread(vault.database):
        yield Damage(to_object_id(digest), 0, "this document cannot be read, and what it tells of is not known")


def choose_packs(packs: Sequence[PackRow], plan: VerifyPlan) -> list[PackRow]:
    """The packs to read, in order: enough for the share, at least one."""
    return list(_choose(packs, plan))


def _choose(packs: Sequence[PackRow], plan: VerifyPlan) -> Iterator[PackRow]:
    wanted = plan.share * sum(pack.size for pack in packs)
    taken = 0
    for pack in packs:
        if taken >= wanted and taken:
            return
        if plan.since and pack.verified_at is not None and pack.verified_at >= plan.since and pack.damage is None:
            continue
        taken += pack.size
        yield pack


def note_verified(vault: Vault, pack: PackRow, damage: Sequence[Damage]) -> None:
    """Set a pack's clock, or note what is wrong with it."""
    if damage:
        note_damage(vault.database, pack.id, damage[0].what)
        walk_again(vault, pack)
        return
    adopt_again(vault, pack)
    with vault.database.transaction():
        vault.database.write("UPDATE packs SET verified_at = ?, damage = NULL WHERE id = ?", (vault.now, pack.id))


def find_oldest(database: Database) -> int | None:
    """When the pack longest not verified was; None when some pack never was, or there is none."""
    never, oldest = database.read("SELECT COUNT(*) - COUNT(verified_at), MIN(verified_at) FROM packs")[0]
    return None if never else oldest


def _keep_to_rate(rate: int, done: int, elapsed_s: float) -> None:
    if rate:
        sleep(max(0.0, done / rate - elapsed_s))
