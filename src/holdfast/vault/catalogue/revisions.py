"""What the catalogue knows of documents: files, revisions, decisions, and the state of every revision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.records.vault import Decision, FileManifest, ObjectId, RevisionManifest, Role, to_digest, to_object_id
from holdfast.vault.catalogue.database import Database, Row, batch
from holdfast.vault.catalogue.objects import describe_objects, find_ids, locate, name_objects
from holdfast.vault.documents import Document
from holdfast.vault.packs.layout import Kind

# States of a revision in the catalogue. `verifying` ones are not yet known by any journal entry.
VERIFYING: Final = "verifying"
KEPT: Final = "kept"
FROZEN: Final = "frozen"
DROPPED: Final = "dropped"
SUPERSEDED: Final = "superseded"


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision as the catalogue knows it: `manifest` names its document, `damage` says what is wrong, if anything."""

    id: int
    manifest: ObjectId
    name: str
    revision: str
    state: str
    kept_at: str | None
    damage: str | None

    @property
    def model(self) -> str:
        """`name@revision`, as journal entries say it."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a revision: `id` is the number of its manifest's object."""

    id: int
    path: str
    manifest: ObjectId
    size: int
    sha256: str
    format: str


def register_document(database: Database, digest: bytes, document: Document, now: int) -> None:
    """Make a document that lies in some pack known to the tables. A second time does nothing."""
    number = find_ids(database, [digest])[digest]
    if isinstance(document, FileManifest):
        _register_file(database, number, document)
    elif isinstance(document, RevisionManifest):
        _register_revision(database, number, document, now)
    else:
        _register_decision(database, number, document)
    database.write("DELETE FROM unread WHERE digest = ?", (digest,))


def _register_file(database: Database, number: int, file: FileManifest) -> None:
    if database.read("SELECT 1 FROM files WHERE manifest = ?", (number,)):
        return
    database.write(
        "INSERT INTO files (manifest, size, sha256, git_blob, format) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (number, file.size, file.sha256, file.git_blob, file.format),
    )
    parts = [(to_digest(part.object), part) for part in file.segments if part.object is not None]
    ids = name_objects(database, [(digest, part.length, Kind.DATA) for digest, part in parts])
    database.write_many(
        "INSERT INTO file_objects (file, object, position, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(number, ids[digest], position, part.name) for position, (digest, part) in enumerate(parts)],
    )
    tensors = [(part.dtype, write_shape(part.shape), ids[digest]) for digest, part in parts if part.role is Role.TENSOR]
    describe_objects(database, tensors)


def write_shape(shape: Sequence[int]) -> str:
    """A shape as the catalogue writes it: `2x3`, and `scalar`."""
    return "x".join(map(str, shape)) or "scalar"


def _register_revision(database: Database, number: int, revision: RevisionManifest, now: int) -> None:
    if database.read("SELECT 1 FROM revisions WHERE manifest = ?", (number,)):
        return
    database.write(
        "INSERT INTO revisions (manifest, name, revision, state, noticed_at, sequence) VALUES (?, ?, ?, ?, ?, 0)"
        " ON CONFLICT DO NOTHING",
        (number, revision.name, revision.revision, VERIFYING, now),
    )
    ids = name_objects(database, [(to_digest(file.manifest), 0, Kind.DOCUMENT) for file in revision.files])
    database.write_many(
        "INSERT INTO revision_files (revision, path, file) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(number, file.path, ids[to_digest(file.manifest)]) for file in revision.files],
    )
    settle_states(database, f"{revision.name}@{revision.revision}")


def _register_decision(database: Database, number: int, decision: Decision) -> None:
    manifest = None if decision.manifest is None else to_digest(decision.manifest)
    database.write(
        "INSERT INTO journal (entry, sequence, verb, model, manifest, made_by, why, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (number, decision.sequence, decision.verb, decision.model, manifest, decision.by, decision.why, decision.at),
    )
    settle_states(database, decision.model)


def settle_states(database: Database, model: str) -> None:
    """Work out the states of a model's revisions from its journal entries, in their order."""
    name, _, revision = model.rpartition("@")
    entries = database.read(
        "SELECT j.verb, j.manifest, j.made_at, j.sequence FROM journal j JOIN objects o ON o.id = j.entry"
        " WHERE j.model = ? ORDER BY j.sequence, j.made_at, o.digest",
        (model,),
    )
    kept: Row | None = None
    state = VERIFYING
    for verb, manifest, made_at, sequence in entries:
        if verb == "keep":
            kept, state = (bytes(manifest), made_at, sequence), FROZEN if state == FROZEN else KEPT
        elif kept is not None:
            state = _STATE_AFTER.get((state, verb), state)
    if kept is None:
        return
    database.write(
        "UPDATE revisions SET state = ? WHERE name = ? AND revision = ? AND state <> ?",
        (SUPERSEDED, name, revision, VERIFYING),
    )
    database.write(
        "UPDATE revisions SET state = ?, kept_at = ?, sequence = ?"
        " WHERE manifest = (SELECT id FROM objects WHERE digest = ?)",
        (state, kept[1], kept[2], kept[0]),
    )


# What was dropped is brought back by keeping it again, and by nothing else.
_STATE_AFTER: Final = {
    (KEPT, "freeze"): FROZEN,
    (FROZEN, "thaw"): KEPT,
    (KEPT, "drop"): DROPPED,
    (FROZEN, "drop"): DROPPED,
}


def forget_pack(database: Database, number: int) -> None:
    """Drop a pack, where its frames lie, and what documents said that are in no other pack."""
    documents = database.read(
        "SELECT DISTINCT r.object FROM runs r JOIN objects o ON o.id = r.object WHERE r.pack = ? AND o.kind = ?",
        (number, int(Kind.DOCUMENT)),
    )
    database.write("DELETE FROM runs WHERE pack = ?", (number,))
    database.write("DELETE FROM packs WHERE id = ?", (number,))
    _forget_documents(database, [document for (document,) in documents])


def _forget_documents(database: Database, numbers: Sequence[int]) -> None:
    gone = [(number,) for number in numbers if not database.read("SELECT 1 FROM runs WHERE object = ?", (number,))]
    for table, column in _TOLD_BY:
        database.write_many(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608


_TOLD_BY: Final = (
    ("revision_files", "revision"), ("revisions", "manifest"), ("file_objects", "file"), ("files", "manifest")
)  # fmt: skip


def get_next_sequence(database: Database) -> int:
    """The number of the next journal entry."""
    return int(database.read("SELECT COALESCE(MAX(sequence), 0) + 1 FROM journal")[0][0])


def read_decisions(database: Database, model: str = "") -> list[Decision]:
    """Journal entries in order: of one `name@revision`, or all."""
    where, parameters = ("WHERE j.model = ?", (model,)) if model else ("", ())
    rows = database.read(
        "SELECT j.verb, j.model, j.made_by, j.why, j.made_at, j.sequence, j.manifest FROM journal j"  # noqa: S608
        f" JOIN objects o ON o.id = j.entry {where} ORDER BY j.sequence, j.made_at, o.digest",
        parameters,
    )
    return [
        Decision(verb, about, by, why, at, sequence, None if manifest is None else to_object_id(bytes(manifest)))
        for verb, about, by, why, at, sequence, manifest in rows
    ]


def iterate_revisions(database: Database, name: str = "", revision: str = "") -> Iterator[RevisionRow]:
    """Revisions by name and revision, both as given or all; superseded ones left out, the newest first."""
    conditions, parameters = ["r.state <> ?"], [SUPERSEDED]
    for column, value in (("name", name), ("revision", revision)):
        if value:
            conditions.append(f"r.{column} = ?")
            parameters.append(value)
    rows = database.read(
        "SELECT r.manifest, o.digest, r.name, r.revision, r.state, r.kept_at, r.damage FROM revisions r"  # noqa: S608
        f" JOIN objects o ON o.id = r.manifest WHERE {' AND '.join(conditions)}"
        " ORDER BY r.name, r.sequence DESC, r.manifest DESC",
        parameters,
    )
    for number, digest, *rest in rows:
        yield RevisionRow(number, to_object_id(bytes(digest)), *rest)


def read_files(database: Database, revision: int) -> list[FileRow]:
    """The files of a revision that are known, by path."""
    rows = database.read(
        "SELECT f.manifest, v.path, o.digest, f.size, f.sha256, f.format FROM revision_files v"
        " JOIN files f ON f.manifest = v.file JOIN objects o ON o.id = f.manifest WHERE v.revision = ? ORDER BY v.path",
        (revision,),
    )
    return [FileRow(row[0], row[1], to_object_id(bytes(row[2])), row[3], row[4], row[5]) for row in rows]


def find_hurt(database: Database, objects: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """For each object, the files that need it, as `name@revision:path`: directly, as a base, or because it is the
    document that tells of them."""
    hurt: dict[int, set[str]] = {number: set() for number in objects}
    for some in batch(objects):
        marks = ", ".join("?" * len(some))
        rows = database.read(_HURT.format(marks=marks), some * _HURT.count("{marks}"))
        for hit, name, revision, path in rows:
            hurt[hit].add(f"{name}@{revision}:{path}")
    return {number: tuple(sorted(files)) for number, files in hurt.items()}


_HURT: Final = """
WITH users AS (
  SELECT object AS hit, file, CAST(NULL AS BIGINT) AS revision FROM file_objects WHERE object IN ({marks})
  UNION SELECT u.base, f.file, CAST(NULL AS BIGINT) FROM runs u JOIN file_objects f ON f.object = u.object
    JOIN objects o ON o.id = u.object WHERE u.base IN ({marks})
    AND NOT EXISTS (SELECT 1 FROM runs e JOIN packs k ON k.id = e.pack WHERE e.object = u.object AND e.base IS NULL
      AND e.count >= (o.size + 1048575) / 1048576 AND k.damage IS NULL AND k.state = 'live')
  UNION SELECT manifest, manifest, CAST(NULL AS BIGINT) FROM files WHERE manifest IN ({marks})
  UNION SELECT v.file, v.file, CAST(NULL AS BIGINT) FROM revision_files v WHERE v.file IN ({marks})
  UNION SELECT v.revision, v.file, v.revision FROM revision_files v WHERE v.revision IN ({marks})
  UNION SELECT j.entry, v.file, v.revision FROM journal j JOIN objects o ON o.digest = j.manifest
    JOIN revision_files v ON v.revision = o.id WHERE j.entry IN ({marks}))
SELECT w.hit, r.name, r.revision, v.path FROM users w
  JOIN revision_files v ON v.file = w.file AND (w.revision IS NULL OR w.revision = v.revision)
  JOIN revisions r ON r.manifest = v.revision WHERE r.state NOT IN ('superseded', 'dropped')
"""


def is_needed(database: Database, pack: int) -> bool:
    """Whether a decision, or a copy that was said to be kept, needs something that lies whole in this pack alone."""
    objects = [number for (number,) in database.read(_ONLY_HERE, (pack,))]
    for some in batch(objects):
        marks = ", ".join("?" * len(some))
        decided = database.read(f"SELECT 1 FROM journal WHERE entry IN ({marks}) LIMIT 1", some)  # noqa: S608
        statement = _HURT.format(marks=marks) + " AND r.state IN ('kept', 'frozen') LIMIT 1"
        if decided or database.read(statement, some * _HURT.count("{marks}")):
            return True
    return False


_ONLY_HERE: Final = """
SELECT DISTINCT r.object FROM runs r JOIN objects o ON o.id = r.object WHERE r.pack = ? AND NOT EXISTS (
  SELECT 1 FROM runs e JOIN packs k ON k.id = e.pack WHERE e.object = r.object AND e.pack <> r.pack
    AND e.count >= (o.size + 1048575) / 1048576 AND k.damage IS NULL AND k.state = 'live')
"""


def find_lacking(database: Database) -> list[tuple[bytes, tuple[str, ...]]]:
    """Objects of which some frame is in no pack, though a copy needs them, with the files that they hurt."""
    maybe = {bytes(digest): number for number, digest in database.read(_LACKING)}
    found = locate(database, list(maybe))
    lacking = {digest: number for digest, number in maybe.items() if digest not in found or not found[digest].is_whole}
    hurt = find_hurt(database, list(lacking.values()))
    untold = database.read(_UNTOLD, (VERIFYING,))
    return [
        *((digest, hurt[number]) for digest, number in lacking.items()),
        *((bytes(digest), (model,)) for digest, model in untold),
    ]


# Copies of which only the decision to keep them can be read.
_UNTOLD: Final = """
SELECT j.manifest, j.model FROM journal j WHERE j.verb = 'keep'
  AND NOT EXISTS (SELECT 1 FROM journal e WHERE e.model = j.model AND e.verb IN ('keep', 'drop')
                  AND e.sequence > j.sequence)
  AND NOT EXISTS (SELECT 1 FROM revisions r JOIN objects o ON o.id = r.manifest WHERE o.digest = j.manifest
                  AND r.state <> ?)
"""


_LACKING: Final = """
WITH live AS (SELECT manifest FROM revisions WHERE state IN ('kept', 'frozen')),
live_files AS (SELECT DISTINCT v.file FROM revision_files v JOIN live l ON l.manifest = v.revision),
needed AS (SELECT manifest AS object FROM live UNION SELECT file FROM live_files
  UNION SELECT f.object FROM file_objects f JOIN live_files l ON l.file = f.file),
based AS (SELECT object FROM needed UNION SELECT r.base FROM runs r JOIN needed n ON n.object = r.object
  WHERE r.base IS NOT NULL)
SELECT o.id, o.digest FROM based b JOIN objects o ON o.id = b.object LEFT JOIN runs r ON r.object = o.id
  GROUP BY o.id, o.digest, o.size HAVING COALESCE(MAX(r.count), 0) < (o.size + 1048575) / 1048576
    OR COUNT(r.pack) = 0
"""
