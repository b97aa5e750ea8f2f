"""Files that arrive one by one, from a hub or from somebody who uploads them, and the revisions composed of them.

A file that was taken in is known by its digests from then on, whatever becomes of the rest: it is not moved again by
another try, another revision or another model. Nothing is *kept* before a whole revision was read back.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import DamagedVault, NotVerified, StorageError
from holdfast.records.vault import FileLayout, FileManifest, ObjectId, RevisionManifest, to_digest, to_object_id
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.claims import find_missing, own, pin_held, sweep_owners
from holdfast.vault.checking import read_file_manifest
from holdfast.vault.keeping.files import FileKeeper
from holdfast.vault.keeping.revisions import (
    Kept,
    Report,
    Saying,
    SourceEntry,
    add_documents,
    check_names,
    check_stated,
    prove,
    register,
    write_documents,
)
from holdfast.vault.opening import Vault
from holdfast.vault.reading import THREADS


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose bytes are in packs: the id of its manifest, its size in bytes, its digests in hexadecimal."""

    manifest: ObjectId
    size: int
    sha256: str
    git_blob: str
    format: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A revision of known files by their paths. `revision` has no files yet."""

    revision: RevisionManifest
    files: tuple[tuple[str, KnownFile], ...]
    by: str
    why: str = ""


def find_known(vault: Vault, sha256: str = "", git_blob: str = "") -> KnownFile | None:
    """A file of this digest, if the vault has one whole, as far as is known; None when it has not."""
    column, value = ("sha256", sha256) if sha256 else ("git_blob", git_blob)
    rows = vault.database.read(
        "SELECT o.digest, f.size, f.sha256, f.git_blob, f.format FROM files f"  # noqa: S608
        f" JOIN objects o ON o.id = f.manifest WHERE f.{column} = ?",
        (value,),
    )
    for digest, *rest in rows:
        known = KnownFile(to_object_id(bytes(digest)), *rest)
        try:
            manifest = read_file_manifest(vault, known.manifest)
        except (DamagedVault, StorageError):
            continue
        if not find_missing(vault.database, _list_objects(known.manifest, manifest)):
            return known
    return None


class Intake:
    """Takes files in. On return of `add` a file is durable in packs, with its manifest."""

    def __init__(
        self, vault: Vault, read_layout: Callable[[Path], FileLayout], report: Report = lambda _phase, _count: None
    ) -> None:
        self._vault = vault
        self._read_layout = read_layout
        self._report = report

    def add(self, path: Path, sha256: str = "", git_blob: str = "") -> KnownFile:
        """Take in one file. Raises NotVerified when it is not what its source states."""
        return self.add_all([SourceEntry(path.name, path, sha256, git_blob)])[0]

    def add_all(self, entries: Sequence[SourceEntry]) -> list[KnownFile]:
        """Take in some files, which share packs: many small ones are best given at once. Raises at the first that
        cannot be taken in; then none of them is known for sure."""
        adopt_packs(self._vault)
        sweep_owners(self._vault.database)
        with own(self._vault.database, self._vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
            keeper = FileKeeper(self._vault, owner, pool, lambda count: self._report("reading", count))
            try:
                files = [self._keep(keeper, entry) for entry in entries]
                manifests = add_documents(keeper, files)
                keeper.packer.seal()
            finally:
                keeper.packer.abandon()
            register(self._vault, list(zip(manifests, files, strict=True)))
        return [_tell(manifest, file) for manifest, file in zip(manifests, files, strict=True)]

    def _keep(self, keeper: FileKeeper, entry: SourceEntry) -> FileManifest:
        file = keeper.keep(entry.source, self._read_layout, None).manifest
        check_stated(file, entry)
        return file


def keep_known(vault: Vault, composed: Composed, report: Report) -> Kept:
    """Keep a revision of files that were taken in, and prove it. Raises NotVerified when one is not there any more, or
    what is on the medium is not what was taken in."""
    check_names([(path, path) for path, _ in composed.files])
    adopt_packs(vault)
    sweep_owners(vault.database)
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        files = list(_pin_files(vault, owner, composed.files))
        keeper = FileKeeper(vault, owner, pool, lambda count: report("reading", count))
        try:
            written = write_documents(vault, keeper, composed.revision, files)
        finally:
            keeper.packer.abandon()
        return prove(vault, keeper, pool, written, Saying(composed.by, composed.why), report)


def _pin_files(vault: Vault, owner: str, files: Sequence[tuple[str, KnownFile]]) -> Iterator[tuple[str, FileManifest]]:
    for path, known in files:
        manifest = read_file_manifest(vault, known.manifest)
        if missing := pin_held(vault.database, owner, _list_objects(known.manifest, manifest)):
            raise NotVerified(
                f"{len(missing)} of its objects are not in sound packs any more",
                where=f"{path}, sha256 {known.sha256}",
                next_step="Run it again: what is missing is fetched anew.",
            )
        yield path, manifest


def _list_objects(manifest: ObjectId, file: FileManifest) -> list[bytes]:
    return [to_digest(manifest), *(to_digest(part.object) for part in file.segments if part.object is not None)]


def _tell(manifest: ObjectId, file: FileManifest) -> KnownFile:
    return KnownFile(manifest, file.size, file.sha256, file.git_blob, file.format)
