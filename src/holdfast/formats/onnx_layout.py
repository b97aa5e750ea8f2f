"""Where the tensors of an ONNX model lie: inside it, or in files beside it. Walks onnx.proto's fields by hand.

Initializers and constants, in subgraphs and functions too, whose bytes are little-endian elements (`raw_data`, or
packed `float_data` and `double_data`). Tensors of few bytes stay part of the HEADER.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.cutting import AS_BYTES, cut
from holdfast.formats.errors import BadTensorEntry, BadWireFormat, NestedTooDeep, at_byte
from holdfast.formats.wire import BYTES, VARINT, Wire
from holdfast.records.errors import MalformedFile
from holdfast.records.vault import FileLayout, Role, Stretch

TENSOR_BYTES_MIN: Final = 1024
_FIELDS_MAX: Final = 10_000_000
_DEPTH_MAX: Final = 64
_IR_VERSION, _GRAPH = 1, 7
# Fields of onnx.proto that lead to tensors, by message.
_INNER: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_DIMS, _TYPE, _FLOATS, _NAME, _RAW, _DOUBLES, _EXTERNAL = 1, 2, 4, 8, 9, 10, 13
# TensorProto.DataType: names as in safetensors where it has one, and bits of an element.
_TYPES: Final[Mapping[int, tuple[str, int]]] = {
    1: ("F32", 32), 2: ("U8", 8), 3: ("I8", 8), 4: ("U16", 16), 5: ("I16", 16), 6: ("I32", 32), 7: ("I64", 64),
    9: ("BOOL", 8), 10: ("F16", 16), 11: ("F64", 64), 12: ("U32", 32), 13: ("U64", 64), 14: ("C64", 64),
    15: ("C128", 128), 16: ("BF16", 16), 17: ("F8_E4M3", 8), 18: ("F8_E4M3FNUZ", 8), 19: ("F8_E5M2", 8),
    20: ("F8_E5M2FNUZ", 8), 21: ("U4", 4), 22: ("I4", 4), 23: ("F4", 4), 24: ("F8_E8M0", 8), 25: ("U2", 2),
    26: ("I2", 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExternalTensor:
    """A tensor of an ONNX model that lies in another file: `location` is that file's path from the model's folder."""

    location: str
    offset: int
    length: int
    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(slots=True)
class _Draft:
    """A TensorProto being read."""

    name: str = ""
    kind: int = 0
    shape: list[int] = field(default_factory=list)
    begin: int = 0
    end: int = 0
    external: dict[str, str] = field(default_factory=dict)


def is_onnx(path: Path) -> bool:
    """Whether the fields up to the graph, and the first of the graph, are those of an ONNX model."""
    with open_regular(path) as file, suppress(MalformedFile):
        wire = Wire(path, file, _FIELDS_MAX)
        if wire.take_tag() != (_IR_VERSION, VARINT) or not 1 <= wire.take_varint() < 1000:
            return False
        for _ in range(100):
            number, kind = wire.take_tag()
            if (number, kind) == (_GRAPH, BYTES):
                wire.take_varint()
                return wire.take_tag() in {(one, BYTES) for one in (1, 2, 5, 10, 11, 12, 13, 14, 15)}
            if number not in range(2, 27):
                return False
            wire.skip(kind, wire.size)
    return False


def cut_onnx(path: Path, size: int) -> tuple[Stretch, ...]:
    """Tensors that lie in the model, and the rest as HEADER.

    Raises BadWireFormat, TruncatedHeader, TooManyEntries, NestedTooDeep, BadTensorEntry.
    """
    inside = [_to_stretch(path, one) for one in _read_drafts(path) if not one.external]
    return tuple(cut(path, 0, size, inside, Role.HEADER))


def find_external_data(path: Path) -> tuple[ExternalTensor, ...]:
    """Tensors of a model that lie in other files; empty for a model that is whole, and for what is no ONNX model.

    Paths are as the model gives them and may lead anywhere: check them before use. Raises as cut_onnx does.
    """
    if not is_onnx(path):
        return ()
    return tuple(_to_external(path, one) for one in _read_drafts(path) if one.external)


def layout_of_external(path: Path, tensors: tuple[ExternalTensor, ...]) -> FileLayout:
    """A data file cut at the tensors that models say it has; tensors given twice count once.

    Raises UnreadableFile, BadOffsets for tensors that overlap, TruncatedData for one after the file's end.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    places = {(one.offset, one.length): one for one in reversed(tensors)}
    found = [
        Stretch(one.offset, one.length, Role.TENSOR, one.name, one.dtype, one.shape)
        if one.length
        else Stretch(one.offset, 0, Role.TENSOR)
        for one in places.values()
    ]
    return FileLayout("onnx", size, tuple(cut(path, 0, size, found, Role.PADDING)))


def _read_drafts(path: Path) -> list[_Draft]:
    """Tensors that are large enough, or lie elsewhere: what is kept in memory is bounded by the file's size."""
    with open_regular(path) as file:
        wire = Wire(path, file, _FIELDS_MAX)
        found = _walk(wire, "model", wire.size, 0)
        return [one for one in found if one.external or one.end - one.begin >= TENSOR_BYTES_MIN]


def _walk(wire: Wire, message: str, end: int, depth: int) -> Iterator[_Draft]:
    if depth > _DEPTH_MAX:
        raise NestedTooDeep("graphs within graphs", where=wire.here(), next_step=AS_BYTES)
    inner = _INNER[message]
    while wire.at < end:
        number, kind = wire.take_tag()
        if kind != BYTES or number not in inner:
            wire.skip(kind, end)
        elif inner[number] == "tensor":
            yield _take_tensor(wire, wire.take_end(end))
        else:
            yield from _walk(wire, inner[number], wire.take_end(end), depth + 1)


def _take_tensor(wire: Wire, end: int) -> _Draft:
    draft = _Draft()
    while wire.at < end:
        number, kind = wire.take_tag()
        if number == _DIMS:
            draft.shape += _take_dimensions(wire, kind, end)
        elif number == _TYPE and kind == VARINT:
            draft.kind = wire.take_varint()
        elif number == _NAME and kind == BYTES:
            draft.name = wire.take_text(end)
        elif kind == BYTES and (number == _RAW or (number, draft.kind) in ((_FLOATS, 1), (_DOUBLES, 11))):
            draft.end = wire.take_end(end)
            draft.begin = wire.at
            wire.at = draft.end
        elif number == _EXTERNAL and kind == BYTES:
            draft.external |= _take_pair(wire, wire.take_end(end))
        else:
            wire.skip(kind, end)
    return draft


def _take_dimensions(wire: Wire, kind: int, end: int) -> list[int]:
    if kind == VARINT:
        return [wire.take_varint()]
    if kind != BYTES:
        raise BadWireFormat("a dimension that is no number", where=wire.here(), next_step=AS_BYTES)
    packed_end = wire.take_end(end)
    sizes: list[int] = []
    while wire.at < packed_end:
        sizes.append(wire.take_varint())
    return sizes


def _take_pair(wire: Wire, end: int) -> dict[str, str]:
    texts: dict[int, str] = {}
    while wire.at < end:
        number, kind = wire.take_tag()
        if kind == BYTES:
            texts[number] = wire.take_text(end)
        else:
            wire.skip(kind, end)
    return {texts.get(1, ""): texts.get(2, "")}


def _to_stretch(path: Path, draft: _Draft) -> Stretch:
    length = draft.end - draft.begin
    dtype, expected = _measure(path, draft)
    if expected is not None and expected != length:
        reason = f"tensor {draft.name!r} has {length:,} bytes; shape and type make {expected:,}"
        raise BadTensorEntry(reason, where=at_byte(path, draft.begin), next_step=AS_BYTES)
    return Stretch(draft.begin, length, Role.TENSOR, draft.name, dtype, tuple(draft.shape))


def _to_external(path: Path, draft: _Draft) -> ExternalTensor:
    dtype, expected = _measure(path, draft)
    given = {key: _to_number(path, draft, key) for key in ("offset", "length") if key in draft.external}
    length = given.get("length", expected or 0)
    if expected is not None and length != expected:
        reason = f"external tensor {draft.name!r} has {length:,} bytes; shape and type make {expected:,}"
        raise BadTensorEntry(reason, where=str(path), next_step=AS_BYTES)
    location = draft.external.get("location", "")
    return ExternalTensor(location, given.get("offset", 0), length, draft.name, dtype, tuple(draft.shape))


def _to_number(path: Path, draft: _Draft, key: str) -> int:
    text = draft.external[key]
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        reason = f"external tensor {draft.name!r} has the {key} {text[:40]!r}"
        raise BadTensorEntry(reason, where=str(path), next_step=AS_BYTES)
    return int(text)


def _measure(path: Path, draft: _Draft) -> tuple[str, int | None]:
    """The type's name, and how many bytes shape and type make; None for types of no fixed size."""
    if len(draft.shape) > 64 or any(size >= 1 << 63 for size in draft.shape):
        reason = f"tensor {draft.name!r} has an impossible shape"
        raise BadTensorEntry(reason, where=at_byte(path, draft.begin), next_step=AS_BYTES)
    if draft.kind not in _TYPES:
        return f"TYPE_{draft.kind}", None
    name, bits = _TYPES[draft.kind]
    return name, (math.prod(draft.shape) * bits + 7) // 8
