"""What every copy takes and shares, when it was verified, and whether it is known to be hurt. Reads only the catalogue.

One copy is asked for in SQL. All of them are counted in columns of numbers, which the database hands over as texts: the
pairs of copies and objects are millions, and no database removes doubles from so many quickly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.vault.catalogue.database import Database, batch

Numbers = NDArray[np.int64]
_IDS: Final = 50_000  # objects a query
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class CopySize:
    """A copy's bytes: `size` as files, `stored` in packs with everything it shares, `own` of it that no other needs."""

    size: int = 0
    stored: int = 0
    own: int = 0
    verified_at: int | None = None
    """When the pack of it that was verified longest ago was; None when one never was."""
    is_hurt: bool = False
    """Whether an object that it needs is in no pack that nothing is known to be wrong with."""


# What a revision needs: its documents, the objects of its files, and what those are differences from.
_MINE: Final = """
WITH mine_files AS (SELECT DISTINCT file FROM revision_files WHERE revision = {revision}),
held AS (
  SELECT manifest AS object FROM revisions WHERE manifest = {revision} AND state IN ('kept', 'frozen')
  UNION SELECT file FROM mine_files UNION SELECT f.object FROM mine_files m JOIN file_objects f ON f.file = m.file),
mine AS (
  SELECT object FROM held UNION SELECT u.base FROM held h JOIN runs u ON u.object = h.object WHERE u.base IS NOT NULL)
"""
_OTHER: Final = """
  JOIN revision_files v ON v.file = f.file JOIN revisions r ON r.manifest = v.revision
  WHERE v.revision <> {revision} AND r.state IN ('kept', 'frozen') AND """
_COPY: Final = f"""{_MINE}
SELECT COALESCE(SUM(u.stored), 0), COALESCE(SUM(CASE
    WHEN EXISTS (SELECT 1 FROM file_objects f {_OTHER} f.object = m.object) THEN 0
    WHEN EXISTS (SELECT 1 FROM runs b JOIN file_objects f ON f.object = b.object {_OTHER} b.base = m.object) THEN 0
    WHEN EXISTS (SELECT 1 FROM files f JOIN revision_files w ON w.file = f.manifest JOIN revisions r
      ON r.manifest = w.revision WHERE w.revision <> {{revision}} AND r.state IN ('kept', 'frozen')
      AND f.manifest = m.object) THEN 0
    ELSE u.stored END), 0),
  COUNT(p.id) - COUNT(p.verified_at), MIN(p.verified_at), COUNT(DISTINCT m.object),
  COUNT(DISTINCT CASE WHEN p.damage IS NULL AND p.state = 'live' THEN m.object END)
FROM mine m LEFT JOIN runs u ON u.object = m.object LEFT JOIN packs p ON p.id = u.pack
"""  # noqa: S608
_VERIFIED: Final = f"""{_MINE}
SELECT COUNT(p.id) - COUNT(p.verified_at), MIN(p.verified_at)
FROM mine m JOIN runs u ON u.object = m.object JOIN packs p ON p.id = u.pack
"""  # noqa: S608
_SIZE: Final = """
SELECT v.revision, SUM(f.size) FROM revision_files v JOIN files f ON f.manifest = v.file {where} GROUP BY v.revision
"""


def measure_copy(database: Database, revision: int) -> CopySize:
    """The sizes of one kept copy, by the number of its manifest."""
    size = database.read(_SIZE.format(where="WHERE v.revision = ?"), (revision,))
    stored, own, never, oldest, needed, sound = database.read(_COPY.format(revision=int(revision)))[0]
    total = int(size[0][1]) if size else 0
    return CopySize(total, int(stored), int(own), None if never else oldest, sound < needed)


def find_verified_at(database: Database, revision: int) -> int | None:
    """`CopySize.verified_at` of one kept copy, without its sizes: a quarter of the work."""
    never, oldest = database.read(_VERIFIED.format(revision=int(revision)))[0]
    return None if never else oldest


def measure_copies(database: Database) -> dict[int, CopySize]:
    """The sizes of all kept copies, by the number of their manifest."""
    sizes: dict[int, int] = dict(database.read(_SIZE.format(where="")))
    runs = _read_runs(database)
    needs = {revision: runs.add_bases(objects) for revision, objects in _read_held(database)}
    users = np.zeros(runs.last + 1, np.int32)
    for objects in needs.values():
        users[objects] += 1
    return {
        revision: runs.measure(objects, users, int(sizes.get(revision) or 0)) for revision, objects in needs.items()
    }


@dataclass(frozen=True, slots=True)
class _Runs:
    """Every run in columns, in the order of `object`; `base` is 0 for none. By object's number: where its runs begin,
    what they take, and whether one is in a sound pack. By pack's number: when it was verified."""

    base: Numbers
    pack: Numbers
    begins: Numbers
    stored: Numbers
    is_sound: NDArray[np.bool_]
    verified: Numbers

    @property
    def last(self) -> int:
        """The greatest number of an object."""
        return len(self.stored) - 1

    def add_bases(self, objects: Numbers) -> Numbers:
        """The objects with what they are differences from, each once."""
        bases = self.base[self._find(objects)]
        return np.unique(np.concatenate([objects, bases[bases > 0]]))

    def measure(self, objects: Numbers, users: NDArray[np.int32], size: int) -> CopySize:
        """What these objects take, given how many copies use each object."""
        stored = self.stored[objects]
        oldest = int(self.verified[self.pack[self._find(objects)]].min(initial=_NEVER))
        never = bool((self.verified[self.pack[self._find(objects)]] < 0).any()) or oldest == _NEVER
        return CopySize(
            size=size,
            stored=int(stored.sum()),
            own=int(stored[users[objects] == 1].sum()),
            verified_at=None if never else oldest,
            is_hurt=not bool(self.is_sound[objects].all()),
        )

    def _find(self, objects: Numbers) -> Numbers:
        """The rows of these objects' runs."""
        counts = self.begins[objects + 1] - self.begins[objects]
        skipped: Numbers = np.repeat(self.begins[objects] - np.concatenate([[0], counts.cumsum()[:-1]]), counts)
        return skipped + np.arange(int(counts.sum()), dtype=np.int64)


def _read_runs(database: Database) -> _Runs:
    packs = database.read("SELECT id, COALESCE(verified_at, -1), damage IS NULL AND state = 'live' FROM packs")
    verified = np.full(1 + max((number for number, *_ in packs), default=0), -1, np.int64)
    sound = np.zeros(len(verified), np.bool_)
    for number, when, is_sound in packs:
        verified[number], sound[number] = when, bool(is_sound)
    last = int(database.read("SELECT COALESCE(MAX(id), 0) FROM objects")[0][0])
    gathered = database.gather("object || ' ' || COALESCE(base, 0) || ' ' || stored || ' ' || pack")
    texts = (
        database.read(f"SELECT {gathered} FROM runs WHERE object > ? AND object <= ?", (begin, begin + _IDS))[0][0]  # noqa: S608
        for begin in range(0, last, _IDS)
    )
    rows = np.concatenate([np.zeros(0, np.int64), *(_parse(text) for text in texts if text)]).reshape(-1, 4)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    taken = np.zeros(last + 1, np.int64)
    np.add.at(taken, rows[:, 0], rows[:, 2])
    is_sound = np.zeros(last + 1, np.bool_)
    is_sound[rows[sound[rows[:, 3]], 0]] = True
    begins = np.searchsorted(rows[:, 0], np.arange(last + 2))
    return _Runs(rows[:, 1].copy(), rows[:, 3].copy(), begins, taken, is_sound, verified)


def _read_held(database: Database) -> Iterator[tuple[int, Numbers]]:
    """By kept revision, the objects of its files, and its documents; none twice."""
    files: dict[int, list[int]] = {}
    for revision, file in database.read(
        "SELECT r.manifest, v.file FROM revisions r LEFT JOIN revision_files v ON v.revision = r.manifest"
        " WHERE r.state IN ('kept', 'frozen')"
    ):
        files.setdefault(revision, []).extend([] if file is None else [file])
    objects = _read_objects(database, sorted({file for some in files.values() for file in some}))
    for revision, some in files.items():
        parts = [objects[file] for file in some if file in objects]
        yield revision, np.unique(np.concatenate([np.array([revision, *some], np.int64), *parts]))


def _read_objects(database: Database, files: Sequence[int]) -> dict[int, Numbers]:
    found: dict[int, Numbers] = {}
    for some in batch(files):
        rows = database.read(
            f"SELECT file, {database.gather('object')} FROM file_objects"  # noqa: S608
            f" WHERE file IN ({', '.join('?' * len(some))}) GROUP BY file",
            some,
        )
        found.update((file, np.unique(_parse(str(text)))) for file, text in rows)
    return found


def _parse(text: str) -> Numbers:
    return np.fromstring(text, np.int64, sep=" ")
