"""What a vault's bytes go to, in all and by technique; copy_sizes.py tells it by copy. Reads only the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.vault.catalogue.database import Database
from holdfast.vault.codecs.choosing import Codec
from holdfast.vault.packs.layout import FRAME_BYTES

_IDS: Final = 50_000  # objects a query


@dataclass(frozen=True, slots=True)
class TechniqueSize:
    """Frames by how they are stored: `raw` bytes went in, `stored` bytes are in packs."""

    technique: str
    frames: int
    raw: int
    stored: int


def measure_packs(database: Database) -> int:
    """The bytes of all packs."""
    return int(database.read("SELECT COALESCE(SUM(size), 0) FROM packs")[0][0])


def measure_techniques(database: Database) -> list[TechniqueSize]:
    """All frames of live packs by codec, the largest first."""
    frames, raw, stored = (np.zeros(256, np.int64) for _ in range(3))
    last = int(database.read("SELECT COALESCE(MAX(id), 0) FROM objects")[0][0])
    for begin in range(0, last, _IDS):
        rows = database.read(
            "SELECT o.size, r.first + r.count, r.frames FROM runs r JOIN objects o ON o.id = r.object"
            " WHERE r.object > ? AND r.object <= ?",
            (begin, begin + _IDS),
        )
        if not rows:
            continue
        sizes, ends, texts = zip(*rows, strict=True)
        listed = np.frombuffer(b"".join(texts), _FRAME)
        frames += np.bincount(listed["codec"], minlength=256)
        stored += np.bincount(listed["codec"], listed["bytes"], minlength=256).astype(np.int64)
        lasts = listed["codec"][np.cumsum([len(text) // _FRAME.itemsize for text in texts]) - 1]
        left = np.array(ends) * FRAME_BYTES - np.array(sizes)  # bytes by which a last frame is shorter
        is_last = (left >= 0) & ((left < FRAME_BYTES) | (np.array(ends) == 1))
        np.subtract.at(raw, lasts[is_last], left[is_last])
    raw += frames * FRAME_BYTES
    return [
        TechniqueSize(_NAMES.get(codec, f"codec {codec}"), int(frames[codec]), int(raw[codec]), int(stored[codec]))
        for codec in np.argsort(-raw, kind="stable").tolist()
        if frames[codec]
    ]


_FRAME: Final = np.dtype([("codec", "u1"), ("bytes", "<u4")])
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
    distinct = database.read(
        "SELECT COALESCE(SUM(o.size), 0) FROM objects o WHERE EXISTS (SELECT 1 FROM runs r WHERE r.object = o.id)"
    )[0][0]
    packs, stored = database.read("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM packs")[0]
    return Totals(int(copies), int(logical), int(distinct), int(packs), int(stored))
