"""Who is at work: an owner holds its name as long as its process lives; claims and pins of dead owners do not count."""

import contextlib
import secrets
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import DELETING, LIVE, Located, covers, locate
from holdfast.vault.packs.layout import NO_BASE

_PREFIX: Final = "owner-"


@dataclass(frozen=True, slots=True)
class Shares:
    """How wanted objects are shared out: `held` are stored already, in packs that nothing is known to be wrong with,
    `mine` are to be written by this owner, `others` are being written by another process."""

    held: dict[bytes, Located]
    mine: frozenset[bytes]
    others: frozenset[bytes]


@contextlib.contextmanager
def own(database: Database, now: int) -> Generator[str]:
    """An owner's name for the time of a `with` block; its claims and pins end with it."""
    name = _PREFIX + secrets.token_hex(12)
    with database.hold(name) as is_held:
        assert is_held, "a fresh name is free"
        with database.transaction():
            database.write("INSERT INTO owners (name, began_at) VALUES (?, ?)", (name, now))
        try:
            yield name
        finally:
            with contextlib.suppress(Exception):  # what is left is swept by the next one
                forget_owner(database, name)


def forget_owner(database: Database, name: str) -> None:
    """Drop an owner with its claims and pins."""
    with database.transaction():
        database.write("DELETE FROM claims WHERE owner = ?", (name,))
        database.write("DELETE FROM pins WHERE owner = ?", (name,))
        database.write("DELETE FROM owners WHERE name = ?", (name,))


def sweep_owners(database: Database, me: str = "") -> int:
    """Drop owners whose process has ended; how many live ones are left, `me` not counted."""
    alive = 0
    for (name,) in database.read("SELECT name FROM owners WHERE name <> ?", (me,)):
        with database.hold(name) as is_free:
            if is_free:
                forget_owner(database, name)
            else:
                alive += 1
    return alive


def share_out(database: Database, owner: str, digests: Sequence[bytes]) -> Shares:
    """In one transaction: pin what is stored, claim what nobody writes. Raises BusyVault."""
    wanted = list(dict.fromkeys(digests))
    with database.transaction():
        held = _locate_sound(database, wanted)
        pin(database, owner, [found.id for found in held.values()])
        missing = [digest for digest in wanted if digest not in held]
        database.write_many(
            "INSERT INTO claims (digest, owner) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(digest, owner) for digest in missing],
        )
        mine = _read_claims(database, owner, missing)
    return Shares(held, frozenset(mine), frozenset(missing) - frozenset(mine))


def find_missing(database: Database, digests: Sequence[bytes]) -> frozenset[bytes]:
    """Those of the objects that are not stored in sound packs."""
    return frozenset(digests) - _locate_sound(database, list(dict.fromkeys(digests))).keys()


def pin_held(database: Database, owner: str, digests: Sequence[bytes]) -> frozenset[bytes]:
    """Pin objects that are stored in sound packs; those that are not."""
    wanted = list(dict.fromkeys(digests))
    with database.transaction():
        held = _locate_sound(database, wanted)
        pin(database, owner, [found.id for found in held.values()])
    return frozenset(wanted) - held.keys()


def _locate_sound(database: Database, wanted: Sequence[bytes]) -> dict[bytes, Located]:
    """The objects that are whole, with their bases, in packs that nothing is known to be wrong with."""
    found = locate(database, wanted)
    names = {place.base for one in found.values() for place in one.places} - {NO_BASE}
    sound = {NO_BASE} | {digest for digest, base in locate(database, sorted(names)).items() if base.is_sound}
    return {
        digest: one
        for digest, one in found.items()
        if covers([place for place in one.places if place.is_sound and place.base in sound], one.size)
    }


def release(database: Database, owner: str, digests: Sequence[bytes]) -> None:
    """What was claimed is stored now: pinned until the owner is done, and no longer claimed."""
    with database.transaction():
        database.write_many(
            "INSERT INTO pins (object, owner) SELECT id, ? FROM objects WHERE digest = ? ON CONFLICT DO NOTHING",
            [(owner, digest) for digest in digests],
        )
        database.write_many(
            "DELETE FROM claims WHERE owner = ? AND digest = ?", [(owner, digest) for digest in digests]
        )


def claim_pack(database: Database, owner: str, digest: bytes) -> None:
    """Say that a pack is about to be put, so that nobody who is removing one of the same content takes it away."""
    with database.transaction():
        database.write("INSERT INTO claims (digest, owner) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, owner))
        database.write("UPDATE packs SET state = ? WHERE digest = ? AND state = ?", (LIVE, digest, DELETING))


def pin(database: Database, owner: str, objects: Sequence[int]) -> None:
    """Keep objects from being pruned while the owner works, and what was marked for removal is wanted again."""
    database.write_many(
        "INSERT INTO pins (object, owner) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(number, owner) for number in objects],
    )
    for some in batch(objects):
        marks = ", ".join("?" * len(some))
        database.write(f"UPDATE objects SET condemned_at = NULL WHERE id IN ({marks})", some)  # noqa: S608


def _read_claims(database: Database, owner: str, digests: Sequence[bytes]) -> set[bytes]:
    mine: set[bytes] = set()
    for some in batch(digests):
        marks = ", ".join("?" * len(some))
        rows = database.read(
            f"SELECT digest FROM claims WHERE owner = ? AND digest IN ({marks})",  # noqa: S608
            (owner, *some),
        )
        mine.update(bytes(digest) for (digest,) in rows)
    return mine
