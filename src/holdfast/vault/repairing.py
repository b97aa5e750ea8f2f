"""Repair: damaged packs as they were, from their own frames, from parity or from another vault; then what is still
lost by objects, from whatever can be read and from the original files.

Whatever is put was compared with its name first. What cannot be repaired is named; everything else stays readable.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import Damage, to_object_id
from holdfast.vault.adopting import adopt_packs, register_unread
from holdfast.vault.arriving import copy_pack
from holdfast.vault.catalogue.claims import own
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.objects import LIVE, PackRow, iterate_packs, list_unread, read_runs
from holdfast.vault.catalogue.revisions import find_lacking
from holdfast.vault.checking import check_pack, find_files
from holdfast.vault.donors import CatalogueDonor, Donor
from holdfast.vault.keeping.packing import Packer
from holdfast.vault.missing import may_lack
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import NO_BASE, Kind, Run
from holdfast.vault.packs.reading import parse_pack_key
from holdfast.vault.parity.checking import check_parity_file
from holdfast.vault.parity.index import ParitySet
from holdfast.vault.parity.reading import read_sets
from holdfast.vault.parity.repairing import repair as repair_from_parity
from holdfast.vault.pruning import remove_pack
from holdfast.vault.reading import THREADS
from holdfast.vault.recovering import Recovery, Wanted
from holdfast.vault.remaking import remake_pack
from holdfast.vault.scratch import open_scratch
from holdfast.vault.verifying import note_verified

Report = Callable[[str, int, int], None]
"""Told the phase, the bytes that are done in it, and those that will be."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """Packs that were damaged or missing; packs that are as they were again, and parity files: `remade` from their own
    frames, `from_parity`, `copied` (pack, where from); objects written again, by where from; and what is lost."""

    damaged: tuple[str, ...]
    remade: tuple[str, ...]
    from_parity: tuple[str, ...]
    copied: tuple[tuple[str, str], ...]
    recovered: tuple[tuple[str, int], ...]
    lost: tuple[Damage, ...]


def repair_vault(vault: Vault, donors: Sequence[Donor], report: Report) -> Repaired:
    """Verify every pack, repair what can be, name what cannot. The caller holds the vault's `parity` and `prune`."""
    damaged = _find_damaged(vault, report)
    remade = tuple(pack.key for pack in damaged if _remake(vault, pack))
    still = [pack for pack in damaged if pack.key not in remade]
    from_parity = _repair_by_parity(vault, {pack.key for pack in still}, report)
    still = [pack for pack in still if pack.key not in from_parity or _is_damaged(vault, pack)]
    copied = tuple(_copy_packs(vault, still, donors))
    still = [pack for pack in still if pack.key not in dict(copied)]
    adopt_packs(vault)
    recovered, lost = _recover(vault, still, donors, report)
    return Repaired(
        damaged=tuple(pack.key for pack in damaged),
        remade=remade,
        from_parity=from_parity,
        copied=copied,
        recovered=tuple(recovered.items()),
        lost=tuple(lost),
    )


def _find_damaged(vault: Vault, report: Report) -> list[PackRow]:
    packs = [pack for pack in iterate_packs(vault.database) if pack.state == LIVE]
    total, done = sum(pack.size for pack in packs), 0
    damaged: list[PackRow] = []
    for pack in packs:
        if _is_damaged(vault, pack):
            damaged.append(pack)
        done += pack.size
        report("verifying", done, total)
    return damaged


def _is_damaged(vault: Vault, pack: PackRow) -> bool:
    found = check_pack(vault, pack)
    note_verified(vault, pack, found)
    return bool(found)


# --- Whole packs ------------------------------------------------------------------------------------------------------


def _remake(vault: Vault, pack: PackRow) -> bool:
    with own(vault.database, vault.now) as owner:
        if not remake_pack(vault, pack, owner):
            return False
    note_verified(vault, pack, ())
    return True


def _repair_by_parity(vault: Vault, damaged: Collection[str], report: Report) -> tuple[str, ...]:
    known = {pack.key for pack in iterate_packs(vault.database)}
    revive = may_lack(vault)
    with open_scratch(vault) as scratch:
        sets = [held for held in read_sets(vault.storage).sets if _is_concerned(vault, held, damaged, revive)]
        total, done, repaired = sum(held.group.size for held in sets), 0, list[str]()
        for held in sets:
            for key in repair_from_parity(held, vault.storage, scratch).repaired:
                if parse_pack_key(key) is not None and key not in known and not revive:
                    vault.storage.delete(key)  # it was pruned; only its neighbours needed it for a moment
                else:
                    repaired.append(key)
            done += held.group.size
            report("repairing from parity", done, total)
    return tuple(repaired)


def _is_concerned(vault: Vault, held: ParitySet, damaged: Collection[str], revive: bool) -> bool:
    """Whether a set stands for something that is damaged, or, if packs may be lost unknown to us, for one that is not
    there; or whether the set itself is damaged."""
    members = {member.key for member in held.group.members}
    if not members.isdisjoint(damaged):
        return True
    if any(vault.storage.find(key) is None for key in members):
        return revive
    return any(check_parity_file(held, vault.storage, number) for number in range(held.group.files))


def _copy_packs(vault: Vault, damaged: Iterable[PackRow], donors: Iterable[Donor]) -> Iterator[tuple[str, str]]:
    """Packs that another vault has as they were, with its name."""
    stores = [(donor.name, donor.packs) for donor in donors if donor.packs is not None]
    with own(vault.database, vault.now) as owner:
        for pack in damaged:
            for name, store in stores:
                stored = store.find(pack.key)
                if stored is None:
                    continue
                try:
                    copy_pack(store, stored, vault, owner)
                except DamagedVault:
                    continue
                note_verified(vault, pack, ())
                yield pack.key, name
                break


# --- Objects ----------------------------------------------------------------------------------------------------------


def _recover(
    vault: Vault, damaged: Sequence[PackRow], donors: Sequence[Donor], report: Report
) -> tuple[dict[str, int], list[Damage]]:
    """Write anew what can be had of damaged packs and of what is in no pack; take away packs that are needless then."""
    with _recovery(vault, donors) as recovery:
        lost = _recover_packs(recovery, damaged, report)
        _rescue_dependents(recovery, [run.digest for _, run in lost])
        recovery.finish()
        _recover_unstored(recovery)
    named = [Damage(pack.key, run.offset, "an object is lost", find_files(vault, [run.digest])) for pack, run in lost]
    needless = [pack for pack in damaged if pack not in {pack for pack, _ in lost}]
    left = [pack for pack in needless if not remove_pack(vault, pack) and _is_partly_known(vault, pack)]
    named += [Damage(pack.key, 0, "a part of it cannot be read, and what it held is not known") for pack in left]
    return recovery.counts, [*named, *_list_unstored(vault)]


def _recover_packs(recovery: Recovery, damaged: Sequence[PackRow], report: Report) -> list[tuple[PackRow, Run]]:
    """What is lost. Objects without a base come first, so that others can be stored against them again."""
    lost: list[tuple[PackRow, Run]] = []
    total, done = 2 * sum(pack.size for pack in damaged), 0
    for is_based in (False, True):
        for pack in damaged:
            runs = [run for run in read_runs(recovery.vault.database, pack.id) if (run.base != NO_BASE) is is_based]
            lost += [(pack, run) for run in runs if not recovery.recover(_want(recovery.vault.database, run.digest))]
            done += pack.size
            report("recovering objects", done, total)
        recovery.packer.seal()
    return lost


@contextmanager
def _recovery(vault: Vault, donors: Sequence[Donor]) -> Generator[Recovery]:
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        packer = Packer(vault, pool, owner)
        try:
            yield Recovery(vault, [CatalogueDonor(vault.database), *donors], pool, packer)
        finally:
            packer.abandon()


def _want(database: Database, digest: bytes) -> Wanted:
    rows = database.read("SELECT kind, dtype FROM objects WHERE digest = ?", (digest,))
    return Wanted(digest, Kind(rows[0][0]), rows[0][1]) if rows else Wanted(digest)


def _rescue_dependents(recovery: Recovery, lost: Sequence[bytes]) -> None:
    """Objects that were stored against a lost one can be had from donors, and are stored without it then."""
    for digest in dict.fromkeys(lost):
        for dependent, dtype in recovery.vault.database.read(_DEPENDENTS, (digest,)):
            recovery.recover(Wanted(bytes(dependent), Kind.DATA, dtype))


_DEPENDENTS: Final = """
SELECT DISTINCT o.digest, o.dtype FROM runs r JOIN objects b ON b.id = r.base JOIN objects o ON o.id = r.object
WHERE b.digest = ?
"""


def _recover_unstored(recovery: Recovery) -> None:
    """What documents name and no pack holds. A manifest that comes back may name more."""
    tried: set[bytes] = set()
    while fresh := [wanted for wanted in _find_unstored(recovery.vault.database) if wanted.digest not in tried]:
        tried.update(wanted.digest for wanted in fresh)
        for wanted in fresh:
            recovery.recover(wanted)
        recovery.finish()
        register_unread(recovery.vault)


def _find_unstored(database: Database) -> Iterator[Wanted]:
    yield from (_want(database, digest) for digest, _ in find_lacking(database))


def _is_partly_known(vault: Vault, pack: PackRow) -> bool:
    return parse_pack_key(pack.key) in list_unread(vault.database)


def _list_unstored(vault: Vault) -> Iterator[Damage]:
    for digest, files in find_lacking(vault.database):
        yield Damage(to_object_id(digest), 0, "an object is in no pack, and nobody had it", files)
