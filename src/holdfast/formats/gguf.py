"""GGUF headers, versions 2 and 3: metadata and tensor entries. Loads no tensor; long arrays are hashed, not kept.

Layout: magic `GGUF`, version, tensor count, pair count, the pairs (key, type, value), then the tensor entries.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from holdfast.formats.bounded import BoundedReader
from holdfast.formats.errors import (
    BadHeaderText,
    BadMagic,
    BadValueType,
    DuplicateKey,
    NestedTooDeep,
    TooManyEntries,
    UnknownVersion,
    at_byte,
)

HEADER_BYTES_MAX: Final = 256_000_000  # vocabularies and merges of the largest tokenizers take about 20 MB
_PAIRS_MAX: Final = 100_000
_TENSORS_MAX: Final = 1_000_000
_KEY_BYTES_MAX: Final = 65_535
_KEPT_ITEMS_MAX: Final = 64
_RANK_MAX: Final = 8
_ENTRIES: Final = tuple(struct.Struct(f"<{rank}QIQ") for rank in range(_RANK_MAX + 1))
_VERSIONS: Final = (2, 3)

_SCALARS: Final[Mapping[int, str]] = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING: Final = 8
_ARRAY: Final = 9


@dataclass(frozen=True, slots=True)
class LongArray:
    """An array too long to keep: its length, and the SHA-256 of its items, texts separated by a zero byte."""

    length: int
    sha256: str


Value = str | int | float | bool | tuple["str | int | float | bool", ...] | LongArray


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """One tensor entry: `kind` is ggml's number of its type; `offset` counts from the start of the data."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says of itself; `metadata` in the order of the file, `header_bytes` up to the last entry."""

    version: int
    metadata: tuple[tuple[str, Value], ...]
    tensors: tuple[GgufTensor, ...]
    header_bytes: int

    def find_text(self, key: str) -> str:
        """Text under a key; empty when there is none."""
        value = dict(self.metadata).get(key)
        return value if isinstance(value, str) else ""


def read_gguf_header(path: Path, header_bytes_max: int = HEADER_BYTES_MAX) -> GgufHeader:
    """Read and check a header.

    Raises BadMagic, UnknownVersion, TruncatedHeader, HeaderTooLarge, TooManyEntries, BadHeaderText, BadValueType,
    DuplicateKey, NestedTooDeep.
    """
    with BoundedReader(path, header_bytes_max) as reader:
        return _Header(reader).read()


def read_gguf_metadata(path: Path, header_bytes_max: int = HEADER_BYTES_MAX) -> tuple[tuple[str, Value], ...]:
    """The metadata alone; raises as read_gguf_header does."""
    with BoundedReader(path, header_bytes_max) as reader:
        header = _Header(reader)
        header.take_opening()
        return tuple(header.take_metadata().items())


class _Header:
    """One header being read."""

    def __init__(self, reader: BoundedReader) -> None:
        self.reader = reader

    def read(self) -> GgufHeader:
        version, tensor_count = self.take_opening()
        metadata = self.take_metadata()
        tensors = tuple(self._take_tensor() for _ in range(tensor_count))
        return GgufHeader(version, tuple(metadata.items()), tensors, self.reader.offset)

    def take_opening(self) -> tuple[int, int]:
        """The version and the number of tensors."""
        magic = self.reader.take(4, "the magic")
        if magic != b"GGUF":
            raise BadMagic(
                f"starts with {magic!r}, not with b'GGUF'",
                where=at_byte(self.reader.path, 0),
                next_step="Not a GGUF file.",
            )
        version = self.reader.take_number("I", "the version")
        if version not in _VERSIONS:
            raise UnknownVersion(f"version {version} is not 2 or 3", where=self._here(), next_step="Convert the file.")
        return version, self._take_count(_TENSORS_MAX, 24, "tensors")

    def take_metadata(self) -> dict[str, Value]:
        metadata: dict[str, Value] = {}
        for _ in range(self._take_count(_PAIRS_MAX, 13, "metadata pairs")):
            key = self._take_text("a key", _KEY_BYTES_MAX)
            if key in metadata:
                raise DuplicateKey(f"key {key!r} stands twice", where=self._here(), next_step="Not read.")
            metadata[key] = self._take_value(self.reader.take_number("I", "a value's type"))
        return metadata

    def _take_count(self, count_max: int, bytes_each: int, what: str) -> int:
        count = self.reader.take_number("Q", f"the number of {what}")
        possible = (self.reader.size - self.reader.offset) // bytes_each
        if count > min(count_max, possible):
            reason = f"announces {count:,} {what}; at most {min(count_max, possible):,} are possible"
            raise TooManyEntries(reason, where=self._here(), next_step="Not read.")
        return count

    def _take_text(self, what: str, bytes_max: int = HEADER_BYTES_MAX) -> str:
        length = self.reader.take_number("Q", f"the length of {what}")
        if length > bytes_max:
            raise TooManyEntries(f"{what} of {length:,} bytes", where=self._here(), next_step="Not read.")
        data = self.reader.take(length, what)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            if what == "a key":
                raise BadHeaderText(f"{what} is not UTF-8", where=self._here(), next_step="Not read.") from error
            return data.decode("utf-8", "replace")  # tokens may be any bytes

    def _take_value(self, kind: int) -> Value:
        if kind == _ARRAY:
            return self._take_array()
        return self._take_scalar(kind)

    def _take_scalar(self, kind: int) -> str | int | float | bool:
        if kind == _STRING:
            return self._take_text("a text")
        layout = _SCALARS.get(kind)
        if layout is None:
            raise BadValueType(f"value type {kind} does not exist", where=self._here(), next_step="Not read.")
        value: str | int | float | bool = struct.unpack(
            "<" + layout, self.reader.take(struct.calcsize("<" + layout), "a value")
        )[0]
        return value

    def _take_array(self) -> Value:
        kind = self.reader.take_number("I", "an array's type")
        if kind == _ARRAY:
            raise NestedTooDeep("an array of arrays", where=self._here(), next_step="Not read.")
        if kind != _STRING and kind not in _SCALARS:
            raise BadValueType(f"value type {kind} does not exist", where=self._here(), next_step="Not read.")
        width = 8 if kind == _STRING else struct.calcsize("<" + _SCALARS[kind])
        length = self._take_count(HEADER_BYTES_MAX, width, "array items")
        if length <= _KEPT_ITEMS_MAX:
            return tuple(self._take_scalar(kind) for _ in range(length))
        return LongArray(length, self._hash_texts(length) if kind == _STRING else self._hash_numbers(length * width))

    def _hash_texts(self, length: int) -> str:
        total = sha256()
        for index in range(length):
            size = self.reader.take_number("Q", "the length of a text")
            total.update(b"\0" if index else b"")
            total.update(self.reader.take(size, "a text"))
        return total.hexdigest()

    def _hash_numbers(self, size: int) -> str:
        return sha256(self.reader.take(size, "an array")).hexdigest()

    def _take_tensor(self) -> GgufTensor:
        """Three reads an entry: a file may have hundreds of thousands of them."""
        take = self.reader.take
        length = int.from_bytes(take(8, "a tensor's name"), "little")
        if length > _KEY_BYTES_MAX:
            raise TooManyEntries(f"a tensor's name of {length:,} bytes", where=self._here(), next_step="Not read.")
        data = take(length + 4, "a tensor's name")
        name, rank = data[:-4].decode("utf-8", "replace"), int.from_bytes(data[-4:], "little")
        if rank > _RANK_MAX:
            raise TooManyEntries(f"tensor {name!r} has {rank:,} dimensions", where=self._here(), next_step="Not read.")
        *shape, kind, offset = _ENTRIES[rank].unpack(take(8 * rank + 12, "a tensor's entry"))
        return GgufTensor(name, tuple(shape), kind, offset)

    def _here(self) -> str:
        return at_byte(self.reader.path, self.reader.offset)
