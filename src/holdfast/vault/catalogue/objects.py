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
        held = {frame for place in self.places for frame in range(place.first, place.first + len(place.frames))}
        return len(held) == count_frames(self.size)

    @property
    def has_base(self) -> bool:
        """Whether some frame may need another object."""
        return any(place.base != NO_BASE for place in self.places)


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
    """Take in a pack with all its runs, once; its number."""
    with database.transaction():
        known = database.write("SELECT id FROM packs WHERE digest = ?", (pack.digest,))
        if known:
            return int(known[0][0])
        found = database.write(
            "INSERT INTO packs (digest, size, state) VALUES (?, ?, ?) RETURNING id", (pack.digest, pack.size, LIVE)
        )
        number = int(found[0][0])
        ids = name_objects(database, [(run.digest, run.object_bytes, run.kind) for run in pack.runs])
        bases = name_objects(
            database, [(run.base, run.object_bytes, run.kind) for run in pack.runs if run.base != NO_BASE]
        )
        rows = (
            (ids[run.digest], number, run.first, len(run.frames), run.offset, run.stored_bytes, bases.get(run.base),
             encode_frame_list(run.frames))
            for run in pack.runs
        )  # fmt: skip
        database.write_many(
            "INSERT INTO runs (object, pack, first, count, start, stored, base, frames) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            rows,
        )
        return number


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
            "SELECT o.id, o.digest, o.size, o.kind, o.dtype, p.id, p.digest, r.first, r.start, r.frames, b.digest"  # noqa: S608
            " FROM objects o JOIN runs r ON r.object = o.id JOIN packs p ON p.id = r.pack"
            f" LEFT JOIN objects b ON b.id = r.base WHERE o.digest IN ({', '.join('?' * len(some))})"
            " AND p.state <> 'deleting' ORDER BY o.id, p.damage IS NOT NULL, p.id, r.first",
            some,
        )
        for row in rows:
            _take_place(found, row)
    return found


def _take_place(found: dict[bytes, Located], row: Row) -> None:
    number, digest, size, kind, dtype, pack, pack_digest, first, start, frames, base = row
    name = bytes(digest)
    place = Place(
        pack=int(pack),
        key=get_pack_key(bytes(pack_digest)),
        first=int(first),
        offset=int(start),
        frames=decode_frame_list(bytes(frames)),
        base=NO_BASE if base is None else bytes(base),
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
