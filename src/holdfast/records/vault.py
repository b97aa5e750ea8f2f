"""What a vault holds, as records: objects by digest, segments of files, files, revisions, copies and decisions.

docs/format.md tells how they are written. An object id is `blake3-256:` and 64 hexadecimal digits.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

ObjectId = NewType("ObjectId", str)
DIGEST_PREFIX: Final = "blake3-256:"


def to_object_id(digest: bytes) -> ObjectId:
    """The name of an object with this BLAKE3-256 digest (32 bytes)."""
    return ObjectId(DIGEST_PREFIX + digest.hex())


def to_digest(name: ObjectId) -> bytes:
    """The 32 bytes behind an object's name; raises ValueError when it is no such name."""
    if not name.startswith(DIGEST_PREFIX):
        raise ValueError(f"{name!r} is not a blake3-256 name")
    digest = bytes.fromhex(name.removeprefix(DIGEST_PREFIX))
    if len(digest) != 32:
        raise ValueError(f"{name!r} has {len(digest)} bytes for 32")
    return digest


class Role(StrEnum):
    """What a stretch of a file is."""

    HEADER = "header"
    TENSOR = "tensor"
    PADDING = "padding"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a file on disk: `offset` and `length` in bytes. `dtype` and `shape` are a tensor's, as its format
    names them (`BF16`, `Q4_K`)."""

    offset: int
    length: int
    role: Role
    name: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLayout:
    """A file cut into stretches that cover it from its first byte to its last, in order and without holes.

    `format` is safetensors, gguf, torch, onnx or bytes. `warnings` are sentences about what a reader should know, a
    pickle that calls foreign code among them.
    """

    format: str
    size: int
    stretches: tuple[Stretch, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a kept file: an object of `length` bytes, or the bytes themselves when they are few (`inline`)."""

    length: int
    role: Role
    object: ObjectId | None
    inline: bytes = b""
    name: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileManifest:
    """A kept file: its segments in order, and the digests by which the world knows it (hexadecimal)."""

    format: str
    size: int
    sha256: str
    git_blob: str
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in a revision: its path with `/`, and the id of its manifest."""

    path: str
    manifest: ObjectId
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a revision came from. `upstream` holds digests that the source itself states, by path (`sha256:…`,
    `git-blob:…`); of a hub every file of its revision, also those that the copy has not. Times are ISO 8601 in UTC."""

    source: str
    retrieved_at: str
    commit: str = ""
    gate: str = ""
    upstream: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionManifest:
    """A kept revision of a model: `name` is `org/name` or another stable name, `revision` exact or what the user gave.

    `findings` are the lever findings of the day it was kept, as sentences; `horizon` the date of their evidence.
    """

    name: str
    revision: str
    origin: Origin
    files: tuple[FileEntry, ...]
    licence: str = ""
    bases: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    horizon: str = ""


class CopyState(StrEnum):
    """How far a copy can be relied on. KEPT only after every byte was read back and matched."""

    FETCHING = "fetching"
    VERIFYING = "verifying"
    KEPT = "kept"
    DAMAGED = "damaged"
    MISSING = "missing"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of the vault that are not what was written: a storage key, where in it, and the files that it hurts
    (`model@revision:path`)."""

    key: str
    offset: int
    what: str
    hurts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Decision:
    """Something done to a model by somebody: `verb` is keep, freeze, thaw, drop, smoke or a later one."""

    verb: str
    model: str
    by: str
    why: str
    at: str
    sequence: int
    manifest: ObjectId | None = None
