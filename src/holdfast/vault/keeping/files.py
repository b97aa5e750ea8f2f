"""Keeps files: cuts them, names their objects, writes those the vault lacks, and tells what each file consists of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from blake3 import blake3

from holdfast.records.errors import BusyVault
from holdfast.records.vault import FileLayout, FileManifest, Role, Segment
from holdfast.vault.catalogue.claims import pin, share_out, sweep_owners
from holdfast.vault.catalogue.objects import Located, find_bases_among, locate
from holdfast.vault.codecs.types import BYTES, get_element_type
from holdfast.vault.journal import cut_into_frames
from holdfast.vault.keeping.bases import find_bases
from holdfast.vault.keeping.naming import NamedStretch, make_manifest, name_stretches
from holdfast.vault.keeping.packing import NewObject, Packer
from holdfast.vault.keeping.source import FileHasher, SourceFile
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import Kind

_GATHERED_BYTES: Final = 64 << 20  # in memory with the object that reaches it
_GATHERED_MAX: Final = 2000
_WAIT_S: Final = 0.2
_WAIT_S_MAX: Final = 3600.0

Report = Callable[[int], None]
LayoutReader = Callable[[Path], FileLayout]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose objects are in packs, or will be once the packer has finished."""

    manifest: FileManifest
    new_bytes: int


class FileKeeper:
    """Keeps one file after another for one owner. Every object is written once by one process."""

    def __init__(self, vault: Vault, owner: str, pool: ThreadPoolExecutor, report: Report) -> None:
        self._vault = vault
        self._owner = owner
        self._report = report
        self.packer = Packer(vault, pool, owner)
        self._written: set[bytes] = set()

    def keep(self, path: Path, read_layout: LayoutReader, base: int | None) -> KeptFile:
        """Keep one file. Raises ChangedWhileRead, a kind of MalformedFile from `read_layout`, or StorageError."""
        before = self.packer.raw_bytes
        source = SourceFile(path)
        try:
            layout = read_layout(path)
            if layout.size != source.size:
                raise source.changed()
            source.check_same(path)
            bases = self._pin_bases(find_bases(self._vault, source, layout, base))
            manifest = self._keep_segments(source, layout, bases)
            source.check_unchanged()
        finally:
            source.close()
        return KeptFile(manifest, self.packer.raw_bytes - before)

    def _pin_bases(self, bases: Mapping[int, Located]) -> dict[int, Located]:
        """Those bases that no prune has taken away meanwhile, and that none will while this owner works."""
        database = self._vault.database
        with database.transaction():
            found = locate(database, [one.digest for one in bases.values()])
            pin(database, self._owner, [one.id for one in found.values()])
        return {offset: found[one.digest] for offset, one in bases.items() if one.digest in found}

    def _keep_segments(self, source: SourceFile, layout: FileLayout, bases: Mapping[int, Located]) -> FileManifest:
        hasher = FileHasher(layout.size)
        segments: list[Segment] = []
        others: list[NamedStretch] = []
        try:
            for some in _gather(name_stretches(source, layout.stretches, hasher, segments, self._report)):
                others += self._write(source, some, bases)
                for named in some:
                    named.pieces = None  # before the next ones are read
            self._wait_for(source, others, bases)
            digests = hasher.finish()
        finally:
            hasher.close()
        return make_manifest(layout, segments, digests)

    def _write(
        self, source: SourceFile, some: Sequence[NamedStretch], bases: Mapping[int, Located]
    ) -> list[NamedStretch]:
        """Write those that nobody has or writes; give back those that another process is writing."""
        shares = share_out(self._vault.database, self._owner, [pending.digest for pending in some])
        plain = find_bases_among(self._vault.database, shares.mine)  # depth is one
        for pending in some:
            if pending.digest in shares.mine and pending.digest not in self._written:
                self._written.add(pending.digest)
                new = _to_object(pending, {} if pending.digest in plain else bases)
                self.packer.add(new, self._read_again(source, pending))
        return [pending for pending in some if pending.digest in shares.others]

    def _read_again(self, source: SourceFile, pending: NamedStretch) -> Iterator[memoryview]:
        """The frames of an object, from memory or from the file, which must not have changed since it was named."""
        if pending.pieces is not None:
            yield from pending.pieces
            return
        hasher = blake3()
        for piece in source.iterate(pending.stretch):
            hasher.update(piece)
            yield piece
        if hasher.digest() != pending.digest:
            raise source.changed()

    def _wait_for(self, source: SourceFile, others: list[NamedStretch], bases: Mapping[int, Located]) -> None:
        """Until the others have put what they were writing, or have died and left it to us."""
        if not others:
            return
        self.packer.seal()
        deadline = monotonic() + _WAIT_S_MAX
        pending = others
        while pending:
            self._wait(len(pending), deadline, str(source.path))
            pending = self._write(source, pending, bases)

    def _wait(self, count: int, deadline: float, where: str) -> None:
        if monotonic() > deadline:
            raise BusyVault(
                f"another process has been writing {count} objects for an hour",
                where=where,
                next_step="See what it waits for, or stop it; then run again.",
            )
        sleep(_WAIT_S)
        sweep_owners(self._vault.database, self._owner)

    def keep_documents(self, documents: Mapping[bytes, bytes]) -> None:
        """Write documents, given by their digests, unless they are stored; wait for those that another writes."""
        deadline, rest = monotonic() + _WAIT_S_MAX, dict(documents)
        while True:
            shares = share_out(self._vault.database, self._owner, list(rest))
            for digest, data in rest.items():  # in order: equal work makes equal packs
                if digest in shares.mine and digest not in self._written:
                    self._written.add(digest)
                    self.packer.add(NewObject(digest, len(data), Kind.DOCUMENT, BYTES), cut_into_frames(data))
            rest = {digest: data for digest, data in rest.items() if digest in shares.others}
            if not rest:
                return
            self.packer.seal()
            self._wait(len(rest), deadline, self._vault.location)


def _gather(pending: Iterable[NamedStretch]) -> Iterator[list[NamedStretch]]:
    some: list[NamedStretch] = []
    held = 0
    for one in pending:
        some.append(one)
        held += one.stretch.length
        if held >= _GATHERED_BYTES or len(some) >= _GATHERED_MAX:
            yield some
            some, held = [], 0
    if some:
        yield some


def _to_object(pending: NamedStretch, bases: Mapping[int, Located]) -> NewObject:
    stretch = pending.stretch
    element = get_element_type(stretch.dtype) if stretch.role is Role.TENSOR else BYTES
    base = bases.get(stretch.offset)
    if base is not None and (base.size != stretch.length or base.digest == pending.digest):
        base = None
    return NewObject(pending.digest, stretch.length, Kind.DATA, element, base)
