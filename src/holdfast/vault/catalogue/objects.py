"""What the catalogue knows of packs and objects: where every frame lies, and which objects are whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.vault.catalogue.database import Database, Row, batch
from holdfast.vault.packs.layout import NO_BASE, Kind, Run, count_frames, decode_frame_list, encode_frame_list
from holdfast.vault.packs.writing import SealedPack, get_pack_key

LIVE: Final = "live"
DELETING: Final = "deleting"


@dataclass(frozen=True, slots=True)
class Place:
    """A run of an object's frames in a pack. `offset` is where the first frame's head stands."""

    pack: int
    key: str
    first: int
    offset: int
    frames: tuple[tuple[int, int], ...]
    base: bytes
    is_sound: bool = True
    """Whether nothing is known to be wrong with the pack."""


@dataclass(frozen=True, slots=True)
class Located:
    """An object and where its frames lie."""

    id: int
    digest: bytes
    size: int
    kind: Kind
    dtype: str
    places: tuple[Place, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every frame lies somewhere."""
        return covers(self.places, self.size)

    @property
    def is_sound(self) -> bool:
        """Whether every frame lies in a pack that nothing is known to be wrong with."""
        return covers([place for place in self.places if place.is_sound], self.size)

    @property
    def has_base(self) -> bool:
        """Whether some frame may need another object."""
        return any(place.base != NO_BASE for place in self.places)


def covers(places: Sequence[Place], size: int) -> bool:
    """Whether every frame of an object of so many bytes lies in one of these places."""
    wanted = count_frames(size)
    if any(len(place.frames) == wanted for place in places):
        return True
    return len({frame for place in places for frame in range(place.first, place.first + len(place.frames))}) == wanted


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack as the catalogue knows it; times in seconds since 1970, None for never."""

    id: int
    key: str
    size: int
    state: str
    condemned_at: int | None
    verified_at: int | None
    damage: str | None


def add_pack(database: Database, pack: SealedPack) -> int:
    """Take in a pack with all its runs, once; its number. Its documents are unread until they are registered."""
    with database.transaction():
        known = database.write("SELECT id FROM packs WHERE digest = ?", (pack.digest,))
        if known and not database.read("SELECT 1 FROM unread WHERE digest = ?", (pack.digest,)):
            return int(known[0][0])
        if known:  # so far only as much of it as a damaged index let be seen
            database.write("DELETE FROM runs WHERE pack = ?", known[0])
            database.write("DELETE FROM unread WHERE digest = ?", (pack.digest,))
            database.write("UPDATE packs SET size = ? WHERE id = ?", (pack.size, *known[0]))
        found = known or database.write(
            "INSERT INTO packs (digest, size, state) VALUES (?, ?, ?) RETURNING id", (pack.digest, pack.size, LIVE)
        )
        number = int(found[0][0])
        _add_runs(database, number, pack.runs)
        return number


def _add_runs(database: Database, pack: int, runs: Sequence[Run]) -> None:
    ids = _name_stored(database, runs)
    bases = name_objects(database, [(run.base, run.object_bytes, run.kind) for run in runs if run.base != NO_BASE])
    rows = (
        (ids[run.digest], pack, run.first, len(run.frames), run.offset, run.stored_bytes, bases.get(run.base),
         encode_frame_list(run.frames))
        for run in runs
    )  # fmt: skip
    database.write_many(
        "INSERT INTO runs (object, pack, first, count, start, stored, base, frames) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        rows,
    )
    database.write_many(
        "INSERT INTO unread (digest) VALUES (?) ON CONFLICT DO NOTHING",
        [(run.digest,) for run in runs if run.kind is Kind.DOCUMENT],
    )


def _name_stored(database: Database, runs: Sequence[Run]) -> dict[bytes, int]:
    """The numbers of objects that lie in a pack: what the pack says of them counts, not what a document said before."""
    known = find_ids(database, [run.digest for run in runs])
    database.write_many(
        "UPDATE objects SET size = ?, kind = ?, condemned_at = NULL"
        " WHERE id = ? AND (size <> ? OR kind <> ? OR condemned_at IS NOT NULL)",
        [
            (run.object_bytes, run.kind, known[run.digest], run.object_bytes, run.kind)
            for run in runs
            if run.digest in known
        ],
    )
    return known | name_objects(
        database, [(run.digest, run.object_bytes, run.kind) for run in runs if run.digest not in known]
    )


def renew_pack(database: Database, number: int) -> None:
    """Note that a pack was just written, whole, whatever was wrong with it before."""
    with database.transaction():
        database.write("UPDATE packs SET state = ?, damage = NULL WHERE id = ?", (LIVE, number))


def note_damage(database: Database, number: int, what: str) -> None:
    """Note what is wrong with a pack in use: reading prefers other places, and keeping writes its objects again."""
    with database.transaction():
        database.write("UPDATE packs SET damage = ? WHERE id = ? AND state = ?", (what, number, LIVE))


def name_objects(database: Database, wanted: Sequence[tuple[bytes, int, Kind]]) -> dict[bytes, int]:
    """The numbers of objects by digest, given their size and kind; new ones are made."""
    ids = find_ids(database, [digest for digest, _, _ in wanted])
    new = {digest: (digest, size, int(kind), "", "") for digest, size, kind in wanted if digest not in ids}
    if new:
        database.write_many(
            "INSERT INTO objects (digest, size, kind, dtype, shape) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            new.values(),
        )
        ids |= find_ids(database, list(new))
    return ids


def find_ids(database: Database, digests: Sequence[bytes]) -> dict[bytes, int]:
    """The numbers of the objects that the catalogue knows by name, stored or not."""
    found: dict[bytes, int] = {}
    for some in batch(dict.fromkeys(digests)):
        marks = ", ".join("?" * len(some))
        rows = database.read(f"SELECT digest, id FROM objects WHERE digest IN ({marks})", some)  # noqa: S608
        found.update((bytes(digest), int(number)) for digest, number in rows)
    return found


def locate(database: Database, digests: Sequence[bytes]) -> dict[bytes, Located]:
    """Objects with the places of their frames, packs known to be damaged last; those not stored are left out."""
    found: dict[bytes, Located] = {}
    for some in batch(dict.fromkeys(digests)):
        rows = database.read(
            "SELECT o.id, o.digest, o.size, o.kind, o.dtype, p.id, p.digest, r.first, r.start, r.frames, b.digest,"  # noqa: S608
            " p.damage FROM objects o JOIN runs r ON r.object = o.id JOIN packs p ON p.id = r.pack"
            f" LEFT JOIN objects b ON b.id = r.base WHERE o.digest IN ({', '.join('?' * len(some))})"
            " AND p.state <> 'deleting' ORDER BY o.id, p.damage IS NOT NULL, p.id, r.first",
            some,
        )
        for row in rows:
            _take_place(found, row)
    return found


def _take_place(found: dict[bytes, Located], row: Row) -> None:
    number, digest, size, kind, dtype, pack, pack_digest, first, start, frames, base, damage = row
    name = bytes(digest)
    place = Place(
        pack=int(pack),
        key=get_pack_key(bytes(pack_digest)),
        first=int(first),
        offset=int(start),
        frames=decode_frame_list(bytes(frames)),
        base=NO_BASE if base is None else bytes(base),
        is_sound=damage is None,
    )
    before = found.get(name)
    places = (*before.places, place) if before else (place,)
    found[name] = Located(int(number), name, int(size), Kind(kind), str(dtype), places)


def describe_objects(database: Database, rows: Iterable[tuple[str, str, int]]) -> None:
    """Note the element type and shape of objects, by number, as some file has them."""
    database.write_many("UPDATE objects SET dtype = ?, shape = ? WHERE id = ? AND dtype = ''", rows)


def iterate_packs(database: Database) -> Iterator[PackRow]:
    """Every pack, those never or longest ago verified first."""
    rows = database.read(
        "SELECT id, digest, size, state, condemned_at, verified_at, damage FROM packs"
        " ORDER BY verified_at IS NOT NULL, verified_at, id"
    )
    for number, digest, size, state, condemned, verified, damage in rows:
        yield PackRow(number, get_pack_key(bytes(digest)), size, state, condemned, verified, damage)


def read_runs(database: Database, pack: int) -> list[Run]:
    """The index of a pack, from the catalogue."""
    rows = database.read(
        "SELECT o.digest, b.digest, o.size, r.start, o.kind, r.first, r.frames FROM runs r"
        " JOIN objects o ON o.id = r.object LEFT JOIN objects b ON b.id = r.base WHERE r.pack = ? ORDER BY r.start",
        (pack,),
    )
    return [
        Run(
            bytes(digest), NO_BASE if base is None else bytes(base), size, start, Kind(kind), first,
            count_frames(size), decode_frame_list(bytes(frames)),
        )
        for digest, base, size, start, kind, first, frames in rows
    ]  # fmt: skip


def find_bases_among(database: Database, digests: Iterable[bytes]) -> frozenset[bytes]:
    """Those of the objects that others are stored as differences against."""
    found: set[bytes] = set()
    for some in batch(digests):
        marks = ", ".join("?" * len(some))
        rows = database.read(
            f"SELECT o.digest FROM objects o WHERE o.digest IN ({marks})"  # noqa: S608
            " AND EXISTS (SELECT 1 FROM runs r WHERE r.base = o.id)",
            some,
        )
        found.update(bytes(digest) for (digest,) in rows)
    return frozenset(found)


def list_unread(database: Database) -> list[bytes]:
    """Stored documents that were not registered yet, and packs of which only a part could be seen."""
    return [bytes(digest) for (digest,) in database.read("SELECT digest FROM unread ORDER BY digest")]
