"""Keeps a revision: its files, then their manifests, then all of it read back from the medium, then the decision."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from blake3 import blake3

from holdfast.records.errors import DamagedVault, MalformedFile, NewerVault, NotVerified, StorageError
from holdfast.records.vault import (
    Damage,
    Decision,
    FileEntry,
    FileLayout,
    FileManifest,
    ObjectId,
    RevisionManifest,
    to_digest,
    to_object_id,
)
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.claims import own, sweep_owners
from holdfast.vault.catalogue.objects import PackRow, note_damage
from holdfast.vault.catalogue.revisions import iterate_revisions, register_document
from holdfast.vault.checking import check_files, check_pack, find_packs, find_packs_of, read_revision
from holdfast.vault.documents import Document, check_path, encode_document
from holdfast.vault.journal import decide, get_model
from holdfast.vault.keeping.files import FileKeeper
from holdfast.vault.opening import Vault
from holdfast.vault.packs.reading import check_pack_header, read_index
from holdfast.vault.reading import THREADS, read_object
from holdfast.vault.storage.seam import Stored

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
    """What is to be kept. `revision` has no files yet, and is named after them when it has no name of its own; `base`
    is the number of a revision's manifest to try."""

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
    check_names([(entry.path, str(entry.source)) for entry in keeping.entries])
    adopt_packs(vault)
    sweep_owners(vault.database)
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        keeper = FileKeeper(vault, owner, pool, lambda count: report("reading", count))
        try:
            files = [(entry.path, _keep_file(keeper, keeping, entry)) for entry in keeping.entries]
            written = write_documents(vault, keeper, keeping.revision, files)
        finally:
            keeper.packer.abandon()
        return prove(vault, keeper, pool, written, Saying(keeping.by, keeping.why), report)


@dataclass(frozen=True, slots=True)
class Written:
    """A revision whose documents are in packs; nothing of it is proven yet."""

    manifest: ObjectId
    revision: RevisionManifest
    files: tuple[tuple[str, FileManifest], ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """Who keeps, and why."""

    by: str
    why: str


def prove(
    vault: Vault, keeper: FileKeeper, pool: ThreadPoolExecutor, written: Written, saying: Saying, report: Report
) -> Kept:
    """Read a revision back from the medium, whole, and record the decision to keep it. Raises NotVerified."""
    stored = sum(pack.size for pack in keeper.packer.finish())
    revision, files = written.revision, [file for _, file in written.files]
    _read_back(vault, pool, written.files, lambda count: report("verifying", count))
    _read_documents_back(vault, [written.manifest, *(file.manifest for file in revision.files)])
    _settle_names(vault, written.manifest, revision, files)
    decision = _tell(vault, get_model(revision), written.manifest, saying, [revision, *files])
    size = sum(file.size for file in revision.files)
    return Kept(written.manifest, revision, size, keeper.packer.raw_bytes, stored, decision)


def check_names(names: Sequence[tuple[str, str]]) -> None:
    """Raises MalformedFile when a path cannot be a file's name in a vault, or comes twice; beside it, where it lies."""
    seen: set[str] = set()
    for path, where in names:
        try:
            check_path(path).encode()
            if path in seen:
                raise ValueError("there are two files of this name")
        except ValueError as error:
            raise MalformedFile(
                f"a file of this name cannot be kept: {error}",
                where=ascii(where),
                next_step="Rename the file, or leave it out.",
            ) from error
        seen.add(path)


def _keep_file(keeper: FileKeeper, keeping: Keeping, entry: SourceEntry) -> FileManifest:
    kept = keeper.keep(entry.source, keeping.read_layout, keeping.base).manifest
    check_stated(kept, entry)
    return kept


def check_stated(kept: FileManifest, entry: SourceEntry) -> None:
    """Raises NotVerified when a file is not what its source states."""
    stated, found = entry.sha256 or entry.git_blob, kept.sha256 if entry.sha256 else kept.git_blob
    if stated and stated != found:
        raise NotVerified(
            f"its digest is {found}, its source states {stated}",
            where=str(entry.source),
            next_step="Download the file again. Nothing was recorded of this revision.",
        )


def write_documents(
    vault: Vault, keeper: FileKeeper, unnamed: RevisionManifest, files: Sequence[tuple[str, FileManifest]]
) -> Written:
    """Put the manifests of a revision and its files into packs, and make them known."""
    manifests = add_documents(keeper, [file for _, file in files])
    entries = tuple(
        FileEntry(path, manifest, file.size, file.sha256)
        for (path, file), manifest in zip(files, manifests, strict=True)
    )
    revision = _settle(vault, replace(unnamed, files=entries, revision=unnamed.revision or name_by_files(entries)))
    (manifest,) = add_documents(keeper, [revision])
    keeper.packer.seal()
    documents = zip(manifests, (file for _, file in files), strict=True)
    register(vault, [*documents, (manifest, revision)])
    return Written(manifest, revision, tuple(files))


def register(vault: Vault, documents: Sequence[tuple[ObjectId, Document]]) -> None:
    """Make documents known that are in packs."""
    with vault.database.transaction():
        for name, document in documents:
            register_document(vault.database, to_digest(name), document, vault.now)


def name_by_files(entries: Sequence[FileEntry]) -> str:
    """A revision's name when its source states none: the same for the same files, wherever they came from."""
    lines = "".join(f"{entry.sha256}  {entry.path}\n" for entry in sorted(entries, key=lambda one: one.path))
    return f"files-{hashlib.sha256(lines.encode()).hexdigest()[:16]}"


def _settle(vault: Vault, revision: RevisionManifest) -> RevisionManifest:
    """The same files kept before under this name are the same revision, whenever they were retrieved."""
    for known in iterate_revisions(vault.database, revision.name, revision.revision):
        try:
            before = read_revision(vault, known.manifest)
        except (DamagedVault, StorageError):
            continue
        if before.files == revision.files and before.origin.source == revision.origin.source:
            return before
    return revision


def add_documents(keeper: FileKeeper, documents: Sequence[Document]) -> list[ObjectId]:
    """Write documents that are not stored yet; their names."""
    encoded = [encode_document(document) for document in documents]
    digests = [blake3(data).digest() for data in encoded]
    keeper.keep_documents(dict(zip(digests, encoded, strict=True)))
    return [to_object_id(digest) for digest in digests]


def _read_back(
    vault: Vault,
    pool: ThreadPoolExecutor,
    files: Sequence[tuple[str, FileManifest]],
    report: Callable[[int], None],
) -> None:
    """Decode every file from the medium. What fails is noted, so that another run writes it again."""
    manifests = dict(files)
    packs = find_packs(vault, manifests.values())
    for pack in packs:
        vault.storage.forget(pack.key)
    damage = [*_check_ends(vault, packs), *check_files(vault, pool, manifests, report)]
    if damage:
        _note_damaged(vault, packs)
        hurt = sum(len(one.hurts) for one in damage)
        raise NotVerified(
            damage[0].what + (f" ({hurt} file{'s' if hurt > 1 else ''} hurt)" if hurt else ""),
            where=", ".join((damage[0].key, *damage[0].hurts)),
            next_step="It is not kept. Check the medium; keeping it again writes anew what was damaged.",
        )


def _check_ends(vault: Vault, packs: Sequence[PackRow]) -> list[Damage]:
    """What no file shows: a pack's header, index and footer."""
    found: list[Damage] = []
    for pack in packs:
        stored = Stored(pack.key, pack.size)
        try:
            check_pack_header(vault.storage, stored)
            read_index(vault.storage, stored)
        except (DamagedVault, NewerVault, StorageError) as error:  # it was of a version that is known
            found.append(Damage(pack.key, 0, error.what))
    return found


def _settle_names(vault: Vault, manifest: ObjectId, revision: RevisionManifest, files: Sequence[FileManifest]) -> None:
    """A pack that this revision relies on may be that of a process which died before its name was flushed."""
    documents = [to_digest(name) for name in (manifest, *(file.manifest for file in revision.files))]
    vault.storage.settle(pack.key for pack in (*find_packs(vault, files), *find_packs_of(vault, documents)))


def _read_documents_back(vault: Vault, documents: Sequence[ObjectId]) -> None:
    digests = [to_digest(name) for name in documents]
    packs = find_packs_of(vault, digests)
    try:
        for pack in packs:
            vault.storage.forget(pack.key)
        if damage := _check_ends(vault, packs):
            raise DamagedVault(damage[0].what, where=damage[0].key, next_step="")
        for digest in digests:
            read_object(vault, digest)
    except (DamagedVault, StorageError) as error:
        _note_damaged(vault, packs)
        raise NotVerified(
            f"a manifest cannot be read back: {error.what}",
            where=error.where,
            next_step="It is not kept. Check the medium; keeping it again writes anew what was damaged.",
        ) from error


def _note_damaged(vault: Vault, packs: Sequence[PackRow]) -> None:
    for pack in packs:
        if found := check_pack(vault, pack):
            note_damage(vault.database, pack.id, found[0].what)


def _tell(
    vault: Vault, model: str, manifest: ObjectId, saying: Saying, documents: Sequence[Document]
) -> Decision | None:
    name, _, revision = model.rpartition("@")
    for known in iterate_revisions(vault.database, name, revision):
        if known.manifest == manifest and known.kept_at is not None and known.state in ("kept", "frozen"):
            return None
    return decide(vault, "keep", model, saying.by, saying.why, manifest, documents)
