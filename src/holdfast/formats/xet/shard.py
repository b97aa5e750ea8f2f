"""A shard as a client uploads it: which chunks of which xorbs make each file, and which chunks each xorb has.

A header, then records of 48 bytes. Counts are held to what the body can have; what they mean is checked in terms.py.
"""

import struct
from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.formats.xet.cutting import CHUNK_BYTES_MAX, Buffer
from holdfast.formats.xet.errors import BadShardHeader, BadShardRecord, BodyTooLarge, TruncatedBody, at_byte
from holdfast.formats.xet.hashes import HASH_BYTES, swap_words

SHARD_BYTES_MAX: Final = 64 << 20
_RECORD: Final = 48
_TAG: Final = b"HFRepoMetaData\0" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
_HEADER: Final = struct.Struct("<32sQQ")
_FILE: Final = struct.Struct("<32sIIQ")
_TERM: Final = struct.Struct("<32sIIII")
_XORB: Final = struct.Struct("<32sIIII")
_CHUNK: Final = np.dtype([("hash", "V32"), ("start", "<u4"), ("length", "<u4"), ("unused", "V8")])
_VERSION: Final = 2
_VERIFIED: Final = 1 << 31
_DESCRIBED: Final = 1 << 30
_END: Final = b"\xff" * HASH_BYTES
_NEXT: Final = "Send the shard again, as version 2 without a footer."


@dataclass(frozen=True, slots=True)
class Term:
    """Chunks `first` to before `end` of a xorb: they unpack to `length` bytes, and their hashes to `verification`."""

    xorb: bytes
    length: int
    first: int
    end: int
    verification: bytes


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file: its Xet hash, its terms in order, and the SHA-256 that its sender computed, if it says one."""

    hash: bytes
    terms: tuple[Term, ...]
    sha256: bytes | None

    @property
    def size(self) -> int:
        """The file's bytes, as its terms say."""
        return sum(term.length for term in self.terms)


@dataclass(frozen=True, slots=True)
class XorbRecord:
    """A xorb's chunks: 32 bytes a chunk in `hashes`, unpacked lengths in `lengths`."""

    hash: bytes
    hashes: bytes
    lengths: "array[int]"


@dataclass(frozen=True, slots=True)
class Shard:
    """What a shard says."""

    files: tuple[FileRecord, ...]
    xorbs: tuple[XorbRecord, ...]


def parse_shard(body: Buffer) -> Shard:
    """Read a shard to its last byte. Raises BodyTooLarge, TruncatedBody, BadShardHeader, BadShardRecord."""
    view = memoryview(body).cast("B")
    if len(view) > SHARD_BYTES_MAX:
        raise BodyTooLarge(f"{len(view):,} bytes; the limit is {SHARD_BYTES_MAX:,}", where="shard", next_step=_NEXT)
    records = _Records(view)
    _check_header(records)
    files: list[FileRecord] = []
    while not records.take_end("the files"):
        files.append(_read_file(records))
    xorbs: list[XorbRecord] = []
    while not records.take_end("the xorbs"):
        xorbs.append(_read_xorb(records))
    if records.at != len(view):
        raise _say_wrong(records.at, f"{len(view) - records.at:,} bytes follow the end of the xorbs")
    return Shard(tuple(files), tuple(xorbs))


def write_shard(shard: Shard) -> bytes:
    """The bytes that parse_shard reads as this shard."""
    body = bytearray(_HEADER.pack(_TAG, _VERSION, 0))
    for file in shard.files:
        flags = _VERIFIED | (_DESCRIBED if file.sha256 is not None else 0)
        body += _FILE.pack(file.hash, flags, len(file.terms), 0)
        for term in file.terms:
            body += _TERM.pack(term.xorb, 0, term.length, term.first, term.end)
        for term in file.terms:
            body += term.verification.ljust(_RECORD, b"\0")
        if file.sha256 is not None:
            body += swap_words(file.sha256).ljust(_RECORD, b"\0")
    body += _END.ljust(_RECORD, b"\0")
    for xorb in shard.xorbs:
        body += _write_xorb(xorb)
    return bytes(body) + _END.ljust(_RECORD, b"\0")


class _Records:
    """The records of a body one after the other."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self.at = 0

    def take(self, count: int, what: str) -> memoryview:
        """`count` records; raises TruncatedBody before any memory is taken for them."""
        left = len(self._view) - self.at
        if left < count * _RECORD:
            reason = f"{what} needs {count * _RECORD:,} bytes, the body has {left:,} left"
            raise TruncatedBody(reason, where=at_byte("shard", self.at), next_step=_NEXT)
        self.at += count * _RECORD
        return self._view[self.at - count * _RECORD : self.at]

    def take_end(self, what: str) -> bool:
        """Pass over the record that ends a section, if it is the next one."""
        found = self.take(1, f"the end of {what}")[:HASH_BYTES].tobytes() == _END
        if not found:
            self.at -= _RECORD
        return found


def _check_header(records: _Records) -> None:
    tag, version, footer_bytes = _HEADER.unpack(records.take(1, "the header"))
    faults = {
        "the first 32 bytes are not a shard's tag": tag != _TAG,
        f"version {version}; only {_VERSION} is read": version != _VERSION,
        f"a footer of {footer_bytes:,} bytes, which an uploaded shard has not": footer_bytes != 0,
    }
    for fault, is_so in faults.items():
        if is_so:
            raise BadShardHeader(fault, where=at_byte("shard", 0), next_step=_NEXT)


def _read_file(records: _Records) -> FileRecord:
    at = records.at
    digest, flags, count, _ = _FILE.unpack(records.take(1, "a file"))
    if flags & ~(_VERIFIED | _DESCRIBED):
        raise _say_wrong(at, f"a file with the unknown flags {flags:#010x}")
    if not flags & _VERIFIED:
        raise _say_wrong(at, "a file whose terms have no verification hashes")
    terms = records.take(count, f"a file of {count:,} terms")
    proofs = records.take(count, f"the verification of {count:,} terms")
    sha256 = swap_words(bytes(records.take(1, "a file's metadata")[:HASH_BYTES])) if flags & _DESCRIBED else None
    read = tuple(
        _read_term(terms[start : start + _RECORD], proofs[start : start + HASH_BYTES])
        for start in range(0, count * _RECORD, _RECORD)
    )
    return FileRecord(digest, read, sha256)


def _read_term(record: memoryview, proof: memoryview) -> Term:
    xorb, _, length, first, end = _TERM.unpack(record)
    return Term(xorb, length, first, end, proof.tobytes())


def _read_xorb(records: _Records) -> XorbRecord:
    at = records.at
    digest, _, count, unpacked, _ = _XORB.unpack(records.take(1, "a xorb"))
    chunks = np.frombuffer(records.take(count, f"a xorb of {count:,} chunks"), _CHUNK)
    lengths = chunks["length"].astype(np.uint64)
    ends = np.cumsum(lengths)
    if not count or int(lengths.min()) == 0 or int(lengths.max()) > CHUNK_BYTES_MAX:
        raise _say_wrong(at, f"a xorb without chunks, or with one that is not 1 to {CHUNK_BYTES_MAX:,} bytes long")
    if int(ends[-1]) != unpacked or not np.array_equal(chunks["start"], ends - lengths):
        raise _say_wrong(at, f"a xorb whose {count:,} chunks do not follow each other to its {unpacked:,} bytes")
    return XorbRecord(digest, chunks["hash"].tobytes(), array("I", chunks["length"].tolist()))


def _write_xorb(xorb: XorbRecord) -> bytes:
    chunks = np.zeros(len(xorb.lengths), _CHUNK)
    chunks["hash"] = np.frombuffer(xorb.hashes, "V32")
    chunks["length"] = xorb.lengths
    chunks["start"] = np.cumsum(chunks["length"], dtype=np.uint64) - chunks["length"]
    return _XORB.pack(xorb.hash, 0, len(xorb.lengths), sum(xorb.lengths), 0) + chunks.tobytes()


def _say_wrong(at: int, reason: str) -> BadShardRecord:
    return BadShardRecord(reason, where=at_byte("shard", at), next_step=_NEXT)
