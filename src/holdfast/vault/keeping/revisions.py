"""Keeps a revision: its files, then their manifests, then all of it read back from the medium, then the decision."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from blake3 import blake3

from holdfast.records.errors import NotVerified
from holdfast.records.vault import (
    Decision,
    FileEntry,
    FileLayout,
    FileManifest,
    ObjectId,
    RevisionManifest,
    to_object_id,
)
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.claims import own, share_out
from holdfast.vault.catalogue.revisions import iterate_revisions, register_document
from holdfast.vault.checking import check_files, forget_packs, read_revision
from holdfast.vault.codecs.types import BYTES
from holdfast.vault.documents import Document, encode_document
from holdfast.vault.journal import cut_into_frames, decide, get_model
from holdfast.vault.keeping.files import FileKeeper
from holdfast.vault.keeping.packing import NewObject
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import Kind
from holdfast.vault.reading import THREADS

Report = Callable[[str, int], None]
"""Told `reading` or `verifying`, and how many bytes were done since the last call."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A file to keep: its path in the revision, where it lies, and the digest that its source states, if any."""

    path: str
    source: Path
    sha256: str = ""
    git_blob: str = ""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be kept. `revision` has no files yet, and is named after them when it has no name of its own; `base` is
    the number of a revision's manifest to try."""

    revision: RevisionManifest
    entries: tuple[SourceEntry, ...]
    read_layout: Callable[[Path], FileLayout]
    by: str
    why: str = ""
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A verified copy: its manifest, raw bytes, the bytes that were new to the vault, and those that packs grew by."""

    manifest: ObjectId
    revision: RevisionManifest
    size: int
    new_bytes: int
    stored_bytes: int
    decision: Decision | None
    """None when the very same revision was kept already; it was read back all the same."""


def keep_revision(vault: Vault, keeping: Keeping, report: Report) -> Kept:
    """Keep a revision and prove it. Raises NotVerified when what is on the medium is not what was read."""
    adopt_packs(vault)
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        keeper = FileKeeper(vault, owner, pool, lambda count: report("reading", count))
        try:
            files = [(entry, _keep_file(keeper, keeping, entry)) for entry in keeping.entries]
            revision, manifest = _write_documents(vault, owner, keeper, keeping, files)
        finally:
            keeper.packer.abandon()
        stored = sum(pack.size for pack in keeper.packer.finish())
        _read_back(vault, pool, files, lambda count: report("verifying", count))
        decision = _tell(vault, revision, manifest, keeping)
        size = sum(file.size for file in revision.files)
        return Kept(manifest, revision, size, keeper.packer.raw_bytes, stored, decision)


def _keep_file(keeper: FileKeeper, keeping: Keeping, entry: SourceEntry) -> FileManifest:
    kept = keeper.keep(entry.source, keeping.read_layout, keeping.base).manifest
    stated, found = entry.sha256 or entry.git_blob, kept.sha256 if entry.sha256 else kept.git_blob
    if stated and stated != found:
        raise NotVerified(
            f"its digest is {found}, its source states {stated}",
            where=str(entry.source),
            next_step="Download the file again. Nothing was recorded of this revision.",
        )
    return kept


def _write_documents(
    vault: Vault,
    owner: str,
    keeper: FileKeeper,
    keeping: Keeping,
    files: Sequence[tuple[SourceEntry, FileManifest]],
) -> tuple[RevisionManifest, ObjectId]:
    manifests = _add_documents(vault, owner, keeper, [file for _, file in files])
    entries = tuple(
        FileEntry(entry.path, manifest, file.size, file.sha256)
        for (entry, file), manifest in zip(files, manifests, strict=True)
    )
    named = keeping.revision.revision or name_by_files(entries)
    revision = _settle(vault, replace(keeping.revision, files=entries, revision=named))
    (manifest,) = _add_documents(vault, owner, keeper, [revision])
    keeper.packer.seal()
    documents: list[tuple[ObjectId, Document]] = [
        *zip(manifests, (file for _, file in files), strict=True),
        (manifest, revision),
    ]
    with vault.database.transaction():
        for name, document in documents:
            register_document(vault.database, bytes.fromhex(name.partition(":")[2]), document, vault.now)
    return revision, manifest


def name_by_files(entries: Sequence[FileEntry]) -> str:
    """A revision's name when its source states none: the same for the same files, wherever they came from."""
    lines = "".join(f"{entry.sha256}  {entry.path}\n" for entry in sorted(entries, key=lambda one: one.path))
    return f"files-{hashlib.sha256(lines.encode()).hexdigest()[:16]}"


def _settle(vault: Vault, revision: RevisionManifest) -> RevisionManifest:
    """The same files kept before under this name are the same revision, whenever they were retrieved."""
    for known in iterate_revisions(vault.database, revision.name, revision.revision):
        before = read_revision(vault, known.manifest)
        if before.files == revision.files and before.origin.source == revision.origin.source:
            return before
    return revision


def _add_documents(vault: Vault, owner: str, keeper: FileKeeper, documents: Sequence[Document]) -> list[ObjectId]:
    encoded = [encode_document(document) for document in documents]
    digests = [blake3(data).digest() for data in encoded]
    mine = share_out(vault.database, owner, digests).mine
    for digest, data in dict(zip(digests, encoded, strict=True)).items():
        if digest in mine:
            keeper.packer.add(NewObject(digest, len(data), Kind.DOCUMENT, BYTES), cut_into_frames(data))
    return [to_object_id(digest) for digest in digests]


def _read_back(
    vault: Vault,
    pool: ThreadPoolExecutor,
    files: Sequence[tuple[SourceEntry, FileManifest]],
    report: Callable[[int], None],
) -> None:
    manifests = {entry.path: file for entry, file in files}
    forget_packs(vault, manifests.values())
    damage = check_files(vault, pool, manifests, report)
    if damage:
        raise NotVerified(
            f"{damage[0].what} ({len(damage)} file{'s' if len(damage) > 1 else ''} hurt)",
            where=f"{damage[0].key}, {', '.join(damage[0].hurts)}",
            next_step="It is not kept. Check the medium, run `holdfast verify`, and keep it again.",
        )


def _tell(vault: Vault, revision: RevisionManifest, manifest: ObjectId, keeping: Keeping) -> Decision | None:
    model = get_model(revision)
    for known in iterate_revisions(vault.database, revision.name, revision.revision):
        if known.manifest == manifest and known.kept_at is not None and known.state in ("kept", "frozen"):
            return None
    return decide(vault, "keep", model, keeping.by, keeping.why, manifest)
