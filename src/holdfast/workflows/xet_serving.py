"""Kept files as Xet's clients read them: a plan of chunks in xorbs, and those xorbs, woven from verified bytes.

The hash that is told is the true one or none: a file whose hash is not computed yet is not told as one of Xet's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.formats.xet.hashes import to_text
from holdfast.formats.xet.layout import XetLayout
from holdfast.formats.xet.weaving import Weaver
from holdfast.records.errors import UnknownEntry, UsageError
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.folders import cache_folder
from holdfast.workflows.hub_bodies import Body
from holdfast.workflows.serve import Service
from holdfast.workflows.xet_hashing import XetHasher
from holdfast.workflows.xet_index import XetIndex

FROM_BYTES: Final = 1 << 30
"""Files of this size and more are told as Xet's: the hub's client gets them faster, and above 50 GB in no other way."""


WOVEN_BYTES: Final = 128 << 10


@dataclass(frozen=True, slots=True)
class XetTerm:
    """Chunks `first` to before `end` of the file's xorb `number`, whose hash is `xorb`: `length` bytes of the file, at
    `stored_begin` to before `stored_stop` of the xorb with their headers."""

    number: int
    xorb: str
    first: int
    end: int
    length: int
    stored_begin: int
    stored_stop: int


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """How a range of a file is put together; `skipped` bytes of the first term come before it."""

    file: ServedFile
    skipped: int
    terms: tuple[XetTerm, ...]


class PastTheEnd(UsageError):
    """A range begins where the file, of `size` bytes, has ended."""

    http_status = 416
    sentence = "A range begins where the file has ended."

    def __init__(self, size: int, where: str) -> None:
        super().__init__(f"the file has {size:,} bytes", where=where, next_step="Ask for some of them.")
        self.size = size


class XetReading:
    """What Xet's clients ask of the files that a service has. Files shorter than `from_bytes` are not told as Xet's;
    what is not known of others is computed when `is_busy` says no."""

    def __init__(self, service: Service, index: XetIndex, from_bytes: int, is_busy: Callable[[], bool]) -> None:
        self._service = service
        self._index = index
        self._from_bytes = from_bytes
        self._hasher = XetHasher(service, index, is_busy)

    def start(self) -> None:
        """Begin to compute what is not known, beside everything else."""
        self._hasher.start()

    def close(self) -> None:
        """Stop that."""
        self._hasher.close()

    def find_hash(self, file: ServedFile) -> str:
        """The text of a file's Xet hash; empty when it is not told as one of Xet's, or not yet."""
        if not file.is_lfs or file.size < self._from_bytes:
            return ""
        found = self._index.find_hash(file.sha256)
        if not found:
            self._hasher.want(file)
        return found

    def plan(self, revision: ServedRevision, digest: str, begin: int = 0, stop: int | None = None) -> Reconstruction:
        """How bytes `begin` to before `stop` (at most, and by default, the file's end) of the file of this Xet hash are
        put together. Raises UnknownEntry when the revision has none, PastTheEnd."""
        file, layout = self._find(revision, digest)
        end = file.size if stop is None else min(stop, file.size)
        if begin >= end:
            raise PastTheEnd(file.size, digest)
        parts = layout.find_parts(begin, end)
        terms = tuple(
            XetTerm(
                part.number, to_text(part.xorb), part.first, part.end, part.stop - part.begin,
                part.stored_begin, part.stored_stop,
            )
            for part in parts
        )  # fmt: skip
        return Reconstruction(file, begin - parts[0].begin, terms)

    def get_stored_bytes(self, revision: ServedRevision, sha256: str, number: int) -> tuple[ServedFile, int]:
        """A file of a revision by its sha256, and how long its xorb `number` is, serialized. Raises UnknownEntry."""
        file = next((one for one in revision.tree.files.values() if one.sha256 == sha256 and one.is_lfs), None)
        layout = self._index.find(sha256) if file else None
        if file is None or layout is None or not 0 <= number < len(layout.xorbs):
            raise _unknown(revision, sha256)
        return file, layout.get_whole(number).stored_stop

    def open_xorb(self, file: ServedFile, number: int, begin: int, stop: int) -> "XorbBody":
        """Bytes `begin` to before `stop` of a serialized xorb. Raises UnknownEntry or DamagedVault."""
        layout = self._index.find(file.sha256)
        if layout is None:
            raise UnknownEntry("its chunks are not known", where=file.path, next_step="Ask for a plan anew.")
        weaver = Weaver(layout, number, begin, stop)
        return XorbBody(weaver, self._service.open_body(file, weaver.file_begin, weaver.file_stop))

    def _find(self, revision: ServedRevision, digest: str) -> tuple[ServedFile, XetLayout]:
        for file in revision.tree.files.values():
            if file.is_lfs and file.size >= self._from_bytes and self._index.find_hash(file.sha256) == digest:
                layout = self._index.find(file.sha256)
                if layout is not None:
                    return file, layout
        raise _unknown(revision, digest)


class XorbBody:
    """A stretch of a xorb as it is sent: what comes from the vault is checked there, headers are put between."""

    def __init__(self, weaver: Weaver, body: Body) -> None:
        self._weaver = weaver
        self._body = body
        self._left = memoryview(b"")
        self._ended = False

    def read_piece(self) -> memoryview | None:
        """The next bytes, None at the end. Raises DamagedVault or StorageError."""
        if not self._left:
            piece = self._body.read_piece()
            assert piece is None or isinstance(piece, memoryview), "nothing is sent unchecked here"
            self._left = piece or self._left
        if self._left:
            # A part at a time: many are sent at once, and each would hold its piece twice while its client takes it.
            taken, self._left = self._left[:WOVEN_BYTES], self._left[WOVEN_BYTES:]
            return memoryview(self._weaver.weave(taken))
        if self._ended or not (rest := self._weaver.end()):
            return None
        self._ended = True
        return memoryview(rest)

    def close(self) -> None:
        """Let go of what is open."""
        self._body.close()


def open_index(environ: Mapping[str, str]) -> XetIndex:
    """What was computed so far, in the user's cache folder."""
    return XetIndex(cache_folder(environ=environ) / "xet")


def _unknown(revision: ServedRevision, what: str) -> UnknownEntry:
    return UnknownEntry(
        f"{revision.name} has no file {what[:80]} at {revision.commit} that Xet's clients are told of",
        where=revision.name,
        next_step="Ask for the file itself: /NAME/resolve/REVISION/PATH.",
    )
