"""What a vault's bytes go to: by copy, by technique, and what dropping a copy would free. Reads only the catalogue."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.vault.catalogue.database import Database
from holdfast.vault.codecs.choosing import Codec
from holdfast.vault.packs.layout import FRAME_BYTES, decode_frame_list

_COPIES = """
WITH needs AS (
  SELECT v.revision, f.object FROM revision_files v JOIN file_objects f ON f.file = v.file
  UNION SELECT v.revision, v.file FROM revision_files v
  UNION SELECT manifest, manifest FROM revisions),
live AS (SELECT n.revision, n.object FROM needs n JOIN revisions r ON r.manifest = n.revision
         WHERE r.state IN ('kept', 'frozen')),
whole AS (SELECT revision, object FROM live
  UNION SELECT l.revision, u.base FROM live l JOIN runs u ON u.object = l.object WHERE u.base IS NOT NULL),
counted AS (SELECT object, COUNT(DISTINCT revision) AS users FROM whole GROUP BY object)
SELECT w.revision, SUM(u.stored), SUM(CASE WHEN c.users = 1 THEN u.stored ELSE 0 END),
       COUNT(*) - COUNT(p.verified_at), MIN(p.verified_at)
FROM whole w JOIN counted c ON c.object = w.object JOIN runs u ON u.object = w.object JOIN packs p ON p.id = u.pack
GROUP BY w.revision
"""


@dataclass(frozen=True, slots=True)
class CopySize:
    """A copy's bytes: `size` as files, `stored` in packs with everything it shares, `own` of it that no other needs."""

    size: int
    stored: int
    own: int
    verified_at: int | None
    """When the pack of it that was verified longest ago was; None when one never was."""


@dataclass(frozen=True, slots=True)
class TechniqueSize:
    """Frames by how they are stored: `raw` bytes went in, `stored` bytes are in packs."""

    technique: str
    frames: int
    raw: int
    stored: int


def measure_copies(database: Database) -> dict[int, CopySize]:
    """The sizes of all kept copies, by the number of their manifest."""
    sizes: dict[int, int] = dict(
        database.read(
            "SELECT v.revision, SUM(f.size) FROM revision_files v JOIN files f ON f.manifest = v.file"
            " GROUP BY v.revision"
        )
    )
    stored = {revision: (total, own, never, oldest) for revision, total, own, never, oldest in database.read(_COPIES)}
    return {
        revision: CopySize(int(sizes.get(revision) or 0), int(total), int(own), None if never else oldest)
        for revision, (total, own, never, oldest) in stored.items()
    }


def measure_techniques(database: Database) -> list[TechniqueSize]:
    """All frames of live packs by codec, the largest first."""
    frames: Counter[int] = Counter()
    raw: Counter[int] = Counter()
    stored: Counter[int] = Counter()
    for size, first, listed in database.read(
        "SELECT o.size, r.first, r.frames FROM runs r JOIN objects o ON o.id = r.object"
    ):
        for index, (codec, payload) in enumerate(decode_frame_list(bytes(listed)), first):
            frames[codec] += 1
            raw[codec] += min(FRAME_BYTES, max(0, size - index * FRAME_BYTES))
            stored[codec] += payload
    return [
        TechniqueSize(_NAMES.get(codec, f"codec {codec}"), frames[codec], raw[codec], stored[codec])
        for codec, _ in raw.most_common()
    ]


_NAMES: Mapping[int, str] = {
    Codec.RAW: "as it is",
    Codec.ZSTD: "zstd",
    Codec.PLANES: "exponents apart (planes)",
    Codec.SAME: "equal to its base",
    Codec.DIFFERENCE: "difference from its base",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole vault: files of kept copies as they were, distinct objects, and what lies in packs; bytes."""

    copies: int
    logical: int
    distinct: int
    packs: int
    stored: int


def measure_totals(database: Database) -> Totals:
    """Sums over everything."""
    copies, logical = database.read(
        "SELECT COUNT(DISTINCT r.manifest), COALESCE(SUM(f.size), 0) FROM revisions r JOIN revision_files v"
        " ON v.revision = r.manifest JOIN files f ON f.manifest = v.file WHERE r.state IN ('kept', 'frozen')"
    )[0]
    distinct = database.read("SELECT COALESCE(SUM(size), 0) FROM objects WHERE id IN (SELECT object FROM runs)")[0][0]
    packs, stored = database.read("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM packs")[0]
    return Totals(int(copies), int(logical), int(distinct), int(packs), int(stored))
