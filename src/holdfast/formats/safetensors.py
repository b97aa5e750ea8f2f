"""Safetensors headers: names, types, shapes and offsets of tensors, and `__metadata__`. Loads no tensor.

Layout: 8 bytes little-endian header length, a JSON object, then the tensors' bytes without holes or overlap.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeGuard, cast

from holdfast.formats.bounded import BoundedReader
from holdfast.formats.errors import (
    BadHeaderText,
    BadOffsets,
    BadTensorEntry,
    DuplicateKey,
    HeaderTooLarge,
    NestedTooDeep,
    TooManyEntries,
    TruncatedData,
    at_byte,
)
from holdfast.formats.plain import is_list, is_object

HEADER_BYTES_MAX: Final = 100_000_000  # the limit of the format's own reader
_VALUES_MAX: Final = 10_000_000  # of JSON; a tensor takes about eight
_SHOWN_MAX: Final = 200  # of a name, in a message
_BITS: Final[Mapping[str, int]] = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor: `begin` and `end` are byte offsets from the end of the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """What a safetensors file says of itself. `metadata` is `__metadata__`, sorted by key."""

    header_bytes: int
    tensors: tuple[TensorEntry, ...]
    metadata: tuple[tuple[str, str], ...]


def read_safetensors_header(path: Path, header_bytes_max: int = HEADER_BYTES_MAX) -> SafetensorsHeader:
    """Read and check a header.

    Raises TruncatedHeader, HeaderTooLarge, BadHeaderText, NestedTooDeep, DuplicateKey, BadTensorEntry, BadOffsets,
    TooManyEntries, TruncatedData.
    """
    with BoundedReader(path, header_bytes_max + 8) as reader:
        length = reader.take_number("Q", "the header's length")
        if length > header_bytes_max:
            reason = f"the header says {length:,} bytes; the limit is {header_bytes_max:,}"
            raise HeaderTooLarge(reason, where=at_byte(path, 0), next_step="Not a safetensors file, or a hostile one.")
        text = reader.take(length, "the header")
        data_bytes = reader.size - 8 - length
    entries = _parse(text, path)
    metadata = _check_metadata(entries.pop("__metadata__", {}), path)
    tensors = [_check_entry(name, entry, path) for name, entry in entries.items()]
    tensors.sort(key=attrgetter("begin", "end"))
    _check_offsets(tensors, 8 + length, data_bytes, path)
    return SafetensorsHeader(length, tuple(tensors), metadata)


def _parse(text: bytes, path: Path) -> dict[str, Any]:
    where = at_byte(path, 8)
    values = sum(text.count(mark) for mark in (b",", b"[", b"{"))
    if values > _VALUES_MAX:
        raise TooManyEntries(f"about {values:,} values in the header", where=where, next_step="Not read.")
    try:
        plain = json.loads(text.decode("utf-8"), object_pairs_hook=_refuse_twins)
    except RecursionError as error:
        raise NestedTooDeep("the header's JSON nests too deeply", where=where, next_step="Not read.") from error
    except _Twin as error:
        raise DuplicateKey(
            f"key {error.args[0][:_SHOWN_MAX]!r} stands twice", where=where, next_step="Not read."
        ) from error
    except ValueError as error:
        raise BadHeaderText(
            f"the header is not JSON: {error}", where=where, next_step="Download the file again."
        ) from error
    if not is_object(plain):
        raise BadHeaderText("the header is not a JSON object", where=where, next_step="Download the file again.")
    return plain


class _Twin(Exception):
    pass


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise _Twin(counted.most_common(1)[0][0])
    return found


def _check_metadata(plain: Any, path: Path) -> tuple[tuple[str, str], ...]:
    if not is_object(plain):
        raise BadHeaderText("__metadata__ is not an object", where=at_byte(path, 8), next_step="Not read.")
    if not all(isinstance(value, str) for value in plain.values()):
        raise BadHeaderText("__metadata__ holds a value that is no text", where=at_byte(path, 8), next_step="Not read.")
    return tuple(sorted(plain.items()))


def _check_entry(name: str, plain: Any, path: Path) -> TensorEntry:
    if not isinstance(plain, dict):
        raise _say_wrong(path, name, "is not an object")
    entry = cast("dict[str, Any]", plain)
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str):
        raise _say_wrong(path, name, "has no text as its type")
    if dtype not in _BITS:
        raise _say_wrong(path, name, f"has the unknown type {dtype[:_SHOWN_MAX]!r}")
    if not _is_sizes(shape):
        raise _say_wrong(path, name, "has no list of sizes as its shape")
    if not _is_sizes(offsets) or len(offsets) != 2:
        raise _say_wrong(path, name, "has no pair of offsets")
    return TensorEntry(name, dtype, tuple(shape), offsets[0], offsets[1])


def _say_wrong(path: Path, name: str, reason: str) -> BadTensorEntry:
    return BadTensorEntry(f"tensor {name[:_SHOWN_MAX]!r} {reason}", where=at_byte(path, 8), next_step="Not read.")


def _is_sizes(plain: object) -> TypeGuard[list[int]]:
    if not is_list(plain) or len(plain) > 64:
        return False
    for size in plain:  # noqa: SIM110 - a file may have hundreds of thousands of these; `all` takes twice the time
        if type(size) is not int or not 0 <= size < 1 << 63:
            return False
    return True


def _check_offsets(tensors: list[TensorEntry], begin: int, data_bytes: int, path: Path) -> None:
    def wrong(reason: str, offset: int) -> BadOffsets:
        return BadOffsets(reason, where=at_byte(path, begin + offset), next_step="Download the file again.")

    expected = 0
    for tensor in tensors:
        if tensor.begin != expected:
            kind = "overlaps the one before" if tensor.begin < expected else "leaves a hole before it"
            raise wrong(f"tensor {tensor.name!r} {kind} ({tensor.begin} for {expected})", tensor.begin)
        bits = _BITS[tensor.dtype] * math.prod(tensor.shape)
        if bits % 8 or tensor.end - tensor.begin != bits // 8:
            reason = f"tensor {tensor.name!r} has {tensor.end - tensor.begin} bytes; shape and type make {bits // 8}"
            raise wrong(reason, tensor.begin)
        expected = tensor.end
    if expected > data_bytes:
        reason = f"tensors end at {expected:,}, the file's data at {data_bytes:,}"
        raise TruncatedData(reason, where=at_byte(path, begin + data_bytes), next_step="Download the file again.")
    if expected < data_bytes:
        raise wrong(f"tensors end at {expected:,}, the file's data at {data_bytes:,}", expected)
