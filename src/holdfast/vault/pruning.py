"""Removal in two phases. What nothing live needs is marked; what stayed marked for the grace period is removed.

A pack with some live objects is written anew with them. The plan says exactly what the run does: `--dry-run` prints it,
the run carries it out.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from holdfast.records.vault import Role, Segment, to_object_id
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.claims import own, sweep_owners
from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import DELETING, LIVE, Located, PackRow, iterate_packs, locate
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.keeping.packing import NewObject, Packer
from holdfast.vault.opening import Vault
from holdfast.vault.reading import THREADS, iterate_bytes

GRACE_S: Final = 7 * 24 * 3600
_REWRITE_SHARE: Final = 0.5  # a pack is written anew when less of it is still needed

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
  UNION SELECT object FROM pins)
SELECT object FROM needed
  UNION SELECT r.base FROM runs r JOIN needed n ON n.object = r.object WHERE r.base IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune does now: objects to mark, packs to remove, packs to write anew and how many bytes that frees.
    `waiting` are marked objects whose grace period is not over."""

    mark: tuple[int, ...]
    unmark: tuple[int, ...]
    remove: tuple[PackRow, ...]
    rewrite: tuple[PackRow, ...]
    freed: int
    waiting: int


def plan_prune(vault: Vault, grace_s: int = GRACE_S) -> PrunePlan:
    """Decide, and change nothing."""
    adopt_packs(vault)
    sweep_owners(vault.database)
    ripe_before = vault.now - grace_s
    live = {number for (number,) in vault.database.read(_LIVE.format(recent=ripe_before))}
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
    )


def _sort_packs(database: Database, ripe: set[int]) -> tuple[list[PackRow], list[PackRow], int]:
    sizes: dict[int, list[int]] = {}
    for pack, number, stored in database.read("SELECT pack, object, stored FROM runs"):
        needed_and_not = sizes.setdefault(pack, [0, 0])
        needed_and_not[number in ripe] += stored
    remove: list[PackRow] = []
    rewrite: list[PackRow] = []
    freed = 0
    for pack in iterate_packs(database):
        needed, useless = sizes.get(pack.id, [0, 0])
        if pack.state == DELETING or (not needed and useless):
            remove.append(pack)
            freed += pack.size
        elif useless and needed < _REWRITE_SHARE * (needed + useless):
            rewrite.append(pack)
            freed += useless
    return remove, rewrite, freed


def carry_out(vault: Vault, plan: PrunePlan, report: Report) -> None:
    """Do what the plan says, as far as nobody has come to need it since it was made."""
    with vault.database.transaction():
        _set_marks(vault.database, plan.mark, vault.now)
        _set_marks(vault.database, plan.unmark, None)
    steps = len(plan.rewrite) + len(plan.remove)
    for done, pack in enumerate(plan.rewrite, 1):
        _write_anew(vault, pack)
        report(done, steps)
    for done, pack in enumerate(plan.remove, len(plan.rewrite) + 1):
        remove_pack(vault, pack)
        report(done, steps)


def _set_marks(database: Database, numbers: Sequence[int], when: int | None) -> None:
    for some in batch(numbers):
        marks = ", ".join("?" * len(some))
        database.write(
            f"UPDATE objects SET condemned_at = ? WHERE id IN ({marks})",  # noqa: S608
            (when, *some),
        )


def remove_pack(vault: Vault, pack: PackRow) -> bool:
    """Take a pack out of use, unless one of its objects is needed after all; then off the medium, then out of the
    catalogue. Killed in between, the next prune goes on."""
    with vault.database.transaction():
        if pack.state != DELETING and _is_needed(vault.database, pack):
            return False
        vault.database.write("UPDATE packs SET state = ? WHERE id = ?", (DELETING, pack.id))
    vault.storage.delete(pack.key)
    with vault.database.transaction():
        vault.database.write("DELETE FROM runs WHERE pack = ?", (pack.id,))
        vault.database.write("DELETE FROM packs WHERE id = ?", (pack.id,))
    return True


def _is_needed(database: Database, pack: PackRow) -> bool:
    """Whether an object of the pack is no longer marked, pinned or named as a base, and lies nowhere else."""
    rows = database.read(
        "SELECT 1 FROM runs r JOIN objects o ON o.id = r.object WHERE r.pack = ? AND (o.condemned_at IS NULL"
        " OR EXISTS (SELECT 1 FROM pins p WHERE p.object = o.id)"
        " OR EXISTS (SELECT 1 FROM runs b JOIN objects u ON u.id = b.object"
        "            WHERE b.base = o.id AND u.condemned_at IS NULL))"
        " AND NOT EXISTS (SELECT 1 FROM runs e JOIN packs k ON k.id = e.pack WHERE e.object = o.id"
        "                 AND e.first = r.first AND e.count >= r.count AND e.pack <> r.pack AND k.state = ?"
        "                 AND k.damage IS NULL) LIMIT 1",
        (pack.id, LIVE),
    )
    return bool(rows)


def _write_anew(vault: Vault, pack: PackRow) -> None:
    """Write the pack's needed objects into a new pack, then remove it."""
    with own(vault.database, vault.now), ThreadPoolExecutor(THREADS) as pool:
        packer = Packer(vault, pool)
        try:
            for found in list_needed(vault.database, pack):
                copy_object(vault, pool, packer, found)
            packer.finish()
        finally:
            packer.abandon()
    remove_pack(vault, pack)


def list_needed(database: Database, pack: PackRow) -> Iterator[Located]:
    """The objects of a pack that are not marked for removal."""
    rows = database.read(
        "SELECT DISTINCT o.digest FROM runs r JOIN objects o ON o.id = r.object"
        " WHERE r.pack = ? AND o.condemned_at IS NULL",
        (pack.id,),
    )
    yield from locate(database, [bytes(digest) for (digest,) in rows]).values()


def copy_object(vault: Vault, pool: ThreadPoolExecutor, packer: Packer, found: Located) -> None:
    """Read an object, whatever packs it lies in, and write it again."""
    bases = {place.base for place in found.places} - {bytes(32)}
    located = locate(vault.database, sorted(bases))
    base = next((one for one in located.values() if one.is_whole and not one.has_base), None)
    new = NewObject(found.digest, found.size, found.kind, get_element_type(found.dtype), base)
    segment = Segment(found.size, Role.BYTES, to_object_id(found.digest))
    packer.add(new, iterate_bytes(vault, pool, [segment]))
