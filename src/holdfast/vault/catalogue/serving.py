"""What serving asks of the catalogue: was anything decided, what does git call a copy's files, what was verified."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from holdfast.records.vault import ObjectId, to_object_id
from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import LIVE
from holdfast.vault.catalogue.revisions import KEPT, RevisionRow
from holdfast.vault.packs.writing import get_pack_key


@dataclass(frozen=True, slots=True)
class BlobRow:
    """What the catalogue knows of a file beside its revision's manifest: git's id of its bytes, and its format."""

    git_blob: str
    format: str


def read_stamp(database: Database) -> tuple[int, ...]:
    """Numbers that change whenever the catalogue learns of a decision or a revision: a keep, a freeze, a moved ref."""
    return tuple(int(number or 0) for number in database.read(_STAMP)[0])


_STAMP: Final = """
SELECT (SELECT COUNT(*) FROM journal), (SELECT MAX(entry) FROM journal), (SELECT COUNT(*) FROM revisions)
"""


def read_blobs(database: Database, revision: int) -> dict[str, BlobRow]:
    """Git's ids and the formats of a revision's files, by path."""
    rows = database.read(
        "SELECT v.path, f.git_blob, f.format FROM revision_files v JOIN files f ON f.manifest = v.file"
        " WHERE v.revision = ?",
        (revision,),
    )
    return {str(path): BlobRow(str(blob), str(kind)) for path, blob, kind in rows}


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file of a kept copy, whatever it is called there."""

    manifest: ObjectId
    sha256: str
    size: int


def list_large_files(database: Database, bytes_min: int) -> list[LargeFile]:
    """The files of so many bytes and more that a kept copy has, each once."""
    rows = database.read(
        "SELECT DISTINCT o.digest, f.sha256, f.size FROM files f JOIN objects o ON o.id = f.manifest"
        " JOIN revision_files v ON v.file = f.manifest JOIN revisions r ON r.manifest = v.revision"
        " WHERE f.size >= ? AND r.state = ?",
        (bytes_min, KEPT),
    )
    return [LargeFile(to_object_id(bytes(digest)), str(sha256), int(size)) for digest, sha256, size in rows]


def find_revision_row(database: Database, manifest: bytes) -> RevisionRow | None:
    """A revision by its manifest's digest, whatever its state."""
    rows = database.read(
        "SELECT r.manifest, o.digest, r.name, r.revision, r.state, r.kept_at, r.damage FROM revisions r"
        " JOIN objects o ON o.id = r.manifest WHERE o.digest = ?",
        (manifest,),
    )
    return next((RevisionRow(number, to_object_id(bytes(digest)), *rest) for number, digest, *rest in rows), None)


def find_verified_packs(database: Database, packs: Iterable[int], since: int) -> frozenset[str]:
    """The keys of those of the packs, by number, that were found whole since then (in seconds since 1970)."""
    found: set[str] = set()
    for some in batch(packs):
        rows = database.read(
            f"SELECT digest FROM packs WHERE id IN ({', '.join('?' * len(some))})"  # noqa: S608
            " AND verified_at >= ? AND damage IS NULL AND state = ?",
            (*some, since, LIVE),
        )
        found.update(get_pack_key(bytes(digest)) for (digest,) in rows)
    return frozenset(found)
