"""Removal in two phases. What nothing live needs is marked; what stayed marked for the grace period is removed.

A pack with some live objects is written anew with them. The plan says exactly what the run does: `--dry-run` prints it,
the run carries it out.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import Role, Segment, to_object_id
from holdfast.vault.adopting import Adopted, adopt_packs
from holdfast.vault.catalogue.claims import own, sweep_owners
from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import (
    DELETING,
    LIVE,
    Located,
    PackRow,
    add_pack,
    find_bases_among,
    iterate_packs,
    list_unread,
    locate,
    note_damage,
)
from holdfast.vault.catalogue.revisions import forget_pack
from holdfast.vault.checking import check_pack
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.keeping.packing import NewObject, Packer
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import NO_BASE
from holdfast.vault.packs.reading import compute_digest, parse_pack_key
from holdfast.vault.packs.writing import SealedPack
from holdfast.vault.reading import THREADS, iterate_bytes
from holdfast.vault.storage.seam import Stored
from holdfast.vault.verifying import note_verified

GRACE_S: Final = 7 * 24 * 3600
_REWRITE_SHARE: Final = 0.5  # a pack is written anew when less of it is still needed
_REWRITE_BYTES_MIN: Final = 4096  # and when at least this much is not

Report = Callable[[int, int], None]

# Roots: documents that revisions not dropped consist of, and the journal. From them: objects, and bases of objects.
_LIVE: Final = """
WITH live_revisions AS (
  SELECT manifest FROM revisions WHERE state IN ('kept', 'frozen')
    OR (state = 'verifying' AND noticed_at > {recent})),
live_files AS (SELECT DISTINCT v.file FROM revision_files v JOIN live_revisions r ON r.manifest = v.revision),
needed AS (
  SELECT manifest AS object FROM live_revisions UNION SELECT file FROM live_files UNION SELECT entry FROM journal
  UNION SELECT f.object FROM file_objects f JOIN live_files l ON l.file = f.file
  UNION SELECT object FROM pins
  UNION SELECT o.id FROM claims c JOIN objects o ON o.digest = c.digest)
SELECT object FROM needed
  UNION SELECT r.base FROM runs r JOIN needed n ON n.object = r.object WHERE r.base IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune does now: objects to mark, packs to remove, packs to write anew and how many bytes that frees.
    `waiting` are marked objects whose grace period is not over: those marked after `ripe_before`, in seconds."""

    mark: tuple[int, ...]
    unmark: tuple[int, ...]
    remove: tuple[PackRow, ...]
    rewrite: tuple[PackRow, ...]
    freed: int
    waiting: int
    ripe_before: int


def plan_prune(vault: Vault, grace_s: int = GRACE_S) -> PrunePlan:
    """Decide, and change nothing. Raises DamagedVault while something in the vault cannot be read: it may be what says
    that other things are needed."""
    adopted = adopt_packs(vault)
    sweep_owners(vault.database)
    _read_again(vault)
    _check_all_is_read(vault, adopted)
    ripe_before = vault.now - grace_s
    live = _find_live(vault.database, ripe_before)
    rows = vault.database.read("SELECT id, condemned_at FROM objects WHERE id IN (SELECT object FROM runs)")
    dead = {number: condemned for number, condemned in rows if number not in live}
    ripe = {number for number, condemned in dead.items() if condemned is not None and condemned <= ripe_before}
    remove, rewrite, freed = _sort_packs(vault.database, ripe)
    return PrunePlan(
        mark=tuple(sorted(number for number, condemned in dead.items() if condemned is None)),
        unmark=tuple(sorted(number for number, condemned in rows if condemned is not None and number in live)),
        remove=tuple(remove),
        rewrite=tuple(rewrite),
        freed=freed,
        waiting=len(dead) - len(ripe),
        ripe_before=ripe_before,
    )


def _find_live(database: Database, recent: int) -> set[int]:
    return {number for (number,) in database.read(_LIVE.format(recent=recent))}


def _read_again(vault: Vault) -> None:
    """A pack whose index could not be read once may have been misread: what is whole is taken in by its index."""
    unread = set(list_unread(vault.database))
    for pack in [pack for pack in iterate_packs(vault.database) if parse_pack_key(pack.key) in unread]:
        note_verified(vault, pack, check_pack(vault, pack))


def _check_all_is_read(vault: Vault, adopted: Adopted) -> None:
    unread = [to_object_id(digest) for digest in list_unread(vault.database)]
    for where in (*(key for key, _ in adopted.unreadable), *unread):
        raise DamagedVault(
            f"nothing is removed while something cannot be read ({len(unread)} documents and packs)",
            where=where,
            next_step="Run `holdfast verify`, then `holdfast repair`; then prune.",
        )


def _sort_packs(database: Database, ripe: set[int]) -> tuple[list[PackRow], list[PackRow], int]:
    needed, useless, spare = _weigh_packs(database, ripe)
    remove: list[PackRow] = []
    rewrite: list[PackRow] = []
    freed = 0
    for pack in iterate_packs(database):
        if pack.state == DELETING or (useless[pack.id] + spare[pack.id] and not needed[pack.id]):
            remove.append(pack)
            freed += pack.size
        elif _is_worth_rewriting(pack, needed[pack.id] + spare[pack.id], useless[pack.id]):
            rewrite.append(pack)
            freed += useless[pack.id]
    return remove, rewrite, freed


def _is_worth_rewriting(pack: PackRow, needed: int, useless: int) -> bool:
    return pack.damage is None and useless >= _REWRITE_BYTES_MIN and needed < _REWRITE_SHARE * (needed + useless)


def _weigh_packs(database: Database, ripe: set[int]) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """By pack, the bytes of objects that are needed, that are not, and that lie whole in a sound pack besides."""
    needed, useless, spare = Counter[int](), Counter[int](), Counter[int]()
    doubled = {(pack, number) for pack, number in database.read(_DOUBLED)}
    for pack, number, stored in database.read("SELECT pack, object, stored FROM runs"):
        (useless if number in ripe else spare if (pack, number) in doubled else needed)[pack] += stored
    return needed, useless, spare


# Leftovers of keeps that were killed, and what was damaged and then kept again.
_DOUBLED: Final = """
SELECT r.pack, r.object FROM runs r JOIN packs p ON p.id = r.pack JOIN objects o ON o.id = r.object
WHERE (p.damage IS NOT NULL OR r.count < (o.size + 1048575) / 1048576) AND EXISTS (
  SELECT 1 FROM runs e JOIN packs k ON k.id = e.pack WHERE e.object = r.object AND e.pack <> r.pack
    AND e.count >= (o.size + 1048575) / 1048576 AND k.damage IS NULL AND k.state = 'live')
"""


def carry_out(vault: Vault, plan: PrunePlan, report: Report) -> None:
    """Do what the plan says, as far as nobody has come to need it since it was made."""
    vault.storage.settle(pack.key for pack in iterate_packs(vault.database) if pack.state == LIVE)
    with vault.database.transaction():
        live = _find_live(vault.database, plan.ripe_before)
        _set_marks(vault.database, [number for number in plan.mark if number not in live], vault.now)
        _set_marks(vault.database, plan.unmark, None)
    steps = len(plan.rewrite) + len(plan.remove)
    for done, pack in enumerate(plan.rewrite, 1):
        _write_anew(vault, pack, plan.ripe_before)
        report(done, steps)
    for done, pack in enumerate(plan.remove, len(plan.rewrite) + 1):
        remove_pack(vault, pack, plan.ripe_before)
        report(done, steps)


def _set_marks(database: Database, numbers: Sequence[int], when: int | None) -> None:
    for some in batch(numbers):
        marks = ", ".join("?" * len(some))
        database.write(
            f"UPDATE objects SET condemned_at = ? WHERE id IN ({marks})",  # noqa: S608
            (when, *some),
        )


def remove_pack(vault: Vault, pack: PackRow, ripe_before: int = 0) -> bool:
    """Take a pack out of use, unless one of its objects is needed after all; then off the medium and out of the
    catalogue. Killed in between, the next prune goes on. A keep that puts the same pack again takes it back first."""
    with vault.database.transaction():
        state = vault.database.read("SELECT state FROM packs WHERE id = ?", (pack.id,))
        if not state or (state[0][0] == LIVE and _is_needed(vault.database, pack, ripe_before)):
            return False
        vault.database.write("UPDATE packs SET state = ? WHERE id = ?", (DELETING, pack.id))
    with vault.database.transaction():
        if not vault.database.read("SELECT 1 FROM packs WHERE id = ? AND state = ?", (pack.id, DELETING)):
            return False
        vault.storage.delete(pack.key)
        forget_pack(vault.database, pack.id)
    return True


def _is_needed(database: Database, pack: PackRow, ripe_before: int) -> bool:
    """Whether the pack is being put again, or more may be in it than is known, or one of its objects lies in no other
    sound pack and is not ripe, or is in use, or is the base of one that is not ripe."""
    ripe = f"<= {int(ripe_before)}"
    rows = database.read(
        f"SELECT 1 FROM runs r JOIN objects o ON o.id = r.object WHERE r.pack = ? AND (NOT {_RIPE.format('o', ripe)}"  # noqa: S608
        " OR EXISTS (SELECT 1 FROM pins p WHERE p.object = o.id)"
        " OR EXISTS (SELECT 1 FROM claims c WHERE c.digest = o.digest)"
        " OR EXISTS (SELECT 1 FROM runs b JOIN objects u ON u.id = b.object"
        f"           WHERE b.base = o.id AND NOT {_RIPE.format('u', ripe)}))"
        " AND NOT EXISTS (SELECT 1 FROM runs e JOIN packs k ON k.id = e.pack WHERE e.object = o.id"
        "                 AND e.first <= r.first AND e.first + e.count >= r.first + r.count AND e.pack <> r.pack"
        "                 AND k.state = ? AND k.damage IS NULL) LIMIT 1",
        (pack.id, LIVE),
    )
    return bool(rows or database.read(_CLAIMED, (pack.id,)) or database.read(_WALKED, (pack.id,)))


_RIPE: Final = "COALESCE({0}.condemned_at {1}, FALSE)"
_CLAIMED: Final = "SELECT 1 FROM packs p JOIN claims c ON c.digest = p.digest WHERE p.id = ?"
_WALKED: Final = "SELECT 1 FROM packs p JOIN unread u ON u.digest = p.digest WHERE p.id = ?"


def _write_anew(vault: Vault, pack: PackRow, ripe_before: int) -> None:
    """Write the pack's needed objects into a new pack, then remove it."""
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        packer = Packer(vault, pool, owner)
        try:
            for found in list_needed(vault.database, pack, ripe_before):
                copy_object(vault, pool, packer, found)
            is_sound = _check_written(vault, packer.finish())
        except DamagedVault:  # a part of it cannot be read: then it stays as it is
            is_sound = False
        finally:
            packer.abandon()
        if is_sound:
            remove_pack(vault, pack, ripe_before)


def _check_written(vault: Vault, packs: Sequence[SealedPack]) -> bool:
    """Read back what was written; note what is not as it should be."""
    bad = False
    for sealed in packs:
        vault.storage.forget(sealed.key)
        if compute_digest(vault.storage, Stored(sealed.key, sealed.size)) != sealed.digest:
            note_damage(vault.database, add_pack(vault.database, sealed), "it was not written as it should be")
            bad = True
    return not bad


def list_needed(database: Database, pack: PackRow, ripe_before: int) -> Iterator[Located]:
    """The objects of a pack that are not marked for removal, or not long enough."""
    rows = database.read(
        "SELECT DISTINCT o.digest FROM runs r JOIN objects o ON o.id = r.object"
        " WHERE r.pack = ? AND COALESCE(o.condemned_at > ?, TRUE)",
        (pack.id, ripe_before),
    )
    yield from locate(database, [bytes(digest) for (digest,) in rows]).values()


def copy_object(vault: Vault, pool: ThreadPoolExecutor, packer: Packer, found: Located) -> None:
    """Read an object, whatever packs it lies in, and write it again."""
    bases = {place.base for place in found.places} - {NO_BASE}
    if find_bases_among(vault.database, [found.digest]):
        bases = set[bytes]()  # depth is one
    located = locate(vault.database, sorted(bases))
    base = next((one for one in located.values() if one.is_whole and not one.has_base), None)
    new = NewObject(found.digest, found.size, found.kind, get_element_type(found.dtype), base)
    segment = Segment(found.size, Role.BYTES, to_object_id(found.digest))
    packer.add(new, iterate_bytes(vault, pool, [segment]))
