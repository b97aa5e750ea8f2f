"""Where lost bytes may still be: another vault, or a folder with the files that a model was kept from.

What a donor gives is not trusted: who takes it compares it with its name.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

from blake3 import blake3

from holdfast.records.errors import ChangedWhileRead, InputError
from holdfast.records.vault import Decision, Role, Segment, Stretch, to_object_id
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.objects import locate
from holdfast.vault.documents import encode_document
from holdfast.vault.journal import cut_into_frames
from holdfast.vault.keeping.files import LayoutReader
from holdfast.vault.keeping.naming import describe_file
from holdfast.vault.keeping.source import SourceFile
from holdfast.vault.opening import Vault
from holdfast.vault.reading import THREADS, iterate_bytes
from holdfast.vault.storage.seam import Storage


class Donor(Protocol):
    """Somewhere else that may have an object's bytes."""

    @property
    def name(self) -> str:
        """How the user named it."""
        ...

    @property
    def packs(self) -> Storage | None:
        """Where it has whole packs, if it is a vault."""
        ...

    def iterate(self, digest: bytes) -> Iterator[memoryview] | None:
        """The object's frames in order; None when it is not here."""
        ...


class CatalogueDonor:
    """The vault's own catalogue, which repeats decisions word for word."""

    name = "the catalogue"
    packs = None

    def __init__(self, database: Database) -> None:
        self._database = database

    def iterate(self, digest: bytes) -> Iterator[memoryview] | None:
        """The decision of this name, written anew."""
        rows = self._database.read(_DECISION, (digest,))
        if not rows:
            return None
        verb, model, by, why, at, sequence, manifest = rows[0]
        named = None if manifest is None else to_object_id(bytes(manifest))
        decision = Decision(verb, model, by, why, at, sequence, named)
        return iter(cut_into_frames(encode_document(decision)))


_DECISION: Final = """
SELECT verb, model, made_by, why, made_at, sequence, j.manifest FROM journal j JOIN objects o ON o.id = j.entry
WHERE o.digest = ?
"""


class VaultDonor:
    """Another vault."""

    def __init__(self, vault: Vault) -> None:
        self.name = vault.location
        self.packs = vault.storage
        self._vault = vault

    def iterate(self, digest: bytes) -> Iterator[memoryview] | None:
        """The object as it is read there."""
        found = locate(self._vault.database, [digest]).get(digest)
        return self._iterate(found.size, digest) if found is not None and found.is_whole else None

    def _iterate(self, size: int, digest: bytes) -> Iterator[memoryview]:
        with ThreadPoolExecutor(THREADS) as pool:
            yield from iterate_bytes(self._vault, pool, [Segment(size, Role.BYTES, to_object_id(digest))])


class FolderDonor:
    """The folder that a model was kept from, or any other with some of its files, whatever they are called now: they
    are cut as they were when kept, and every stretch is named by its digest.

    Nothing is read before the first question. `layouts` are the ways to cut a file, tried on all files one by one.
    """

    packs = None

    def __init__(self, folder: Path, layouts: Sequence[LayoutReader]) -> None:
        self.name = str(folder)
        self._folder = folder
        self._layouts = [*layouts]
        self._stretches: dict[bytes, tuple[Path, Stretch]] = {}
        self._documents: dict[bytes, bytes] = {}

    def iterate(self, digest: bytes) -> Iterator[memoryview] | None:
        """The stretch of some file, or the manifest that such a file has."""
        while digest not in self._stretches and digest not in self._documents and self._layouts:
            self._read_folder(self._layouts.pop(0))
        if digest in self._documents:
            return iter(cut_into_frames(self._documents[digest]))
        return self._iterate(*self._stretches[digest]) if digest in self._stretches else None

    def _iterate(self, path: Path, stretch: Stretch) -> Iterator[memoryview]:
        source = SourceFile(path)
        try:
            yield from source.iterate(stretch)
        finally:
            source.close()

    def _read_folder(self, read_layout: LayoutReader) -> None:
        for path in sorted(one.resolve() for one in self._folder.rglob("*") if one.is_file()):
            try:
                self._read_file(path, read_layout)
            except (InputError, ChangedWhileRead, OSError):
                continue  # such a file has nothing to give

    def _read_file(self, path: Path, read_layout: LayoutReader) -> None:
        source = SourceFile(path)
        try:
            manifest, found = describe_file(source, read_layout(path))
        finally:
            source.close()
        document = encode_document(manifest)
        self._documents[blake3(document).digest()] = document
        self._stretches.update({digest: (path, stretch) for digest, stretch in found.items()})
