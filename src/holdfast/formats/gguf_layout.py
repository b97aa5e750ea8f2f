"""Where a GGUF file's tensors lie: after the header, each at a multiple of the alignment.

A tensor of a type that is not in the table ends where the next one begins, its padding with it.
"""

import math
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Final

from holdfast.formats.cutting import AS_BYTES, cut
from holdfast.formats.errors import BadAlignment, BadOffsets, BadTensorEntry, DuplicateKey, at_byte
from holdfast.formats.ggml_types import GGML_TYPES
from holdfast.formats.gguf import GgufHeader, GgufTensor, read_gguf_header
from holdfast.records.vault import Role, Stretch

_ALIGNMENT: Final = 32  # GGUF's own, without `general.alignment`
_ELEMENTS_MAX: Final = (1 << 63) - 1  # ggml counts them in an int64_t


def cut_gguf(path: Path, size: int) -> tuple[Stretch, ...]:
    """Header, tensors, and padding. Shapes are in GGUF's order: the fastest dimension first.

    Raises as read_gguf_header does, and BadAlignment, BadTensorEntry, BadOffsets, DuplicateKey, TruncatedData.
    """
    header = read_gguf_header(path)
    _check_names(path, header)
    begin = _round_up(header.header_bytes, _get_alignment(path, header))
    tensors = _measure(path, header, begin, size)
    between = cut(path, header.header_bytes, size, tensors, Role.PADDING)
    return (Stretch(0, header.header_bytes, Role.HEADER), *between)


def _check_names(path: Path, header: GgufHeader) -> None:
    seen: set[str] = set()
    for tensor in header.tensors:
        if tensor.name in seen:
            reason = f"tensor {tensor.name!r} stands twice"
            raise DuplicateKey(reason, where=at_byte(path, header.header_bytes), next_step=AS_BYTES)
        seen.add(tensor.name)


def _get_alignment(path: Path, header: GgufHeader) -> int:
    value = dict(header.metadata).get("general.alignment", _ALIGNMENT)
    if not isinstance(value, int) or value <= 0 or value & (value - 1):
        reason = f"general.alignment is {value!r}, no power of two"
        raise BadAlignment(reason, where=at_byte(path, header.header_bytes), next_step=AS_BYTES)
    return value


def _round_up(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment


def _measure(path: Path, header: GgufHeader, begin: int, size: int) -> list[Stretch]:
    ordered = sorted(header.tensors, key=attrgetter("offset"))
    ends = [following.offset for _, following in pairwise(ordered)] + [max(size - begin, 0)]
    return [_to_stretch(path, tensor, begin, end) for tensor, end in zip(ordered, ends, strict=False)]


def _to_stretch(path: Path, tensor: GgufTensor, begin: int, next_offset: int) -> Stretch:
    elements = math.prod(tensor.shape)
    if elements > _ELEMENTS_MAX:
        reason = f"tensor {tensor.name!r} has {elements:,} elements"
        raise BadTensorEntry(reason, where=at_byte(path, begin), next_step=AS_BYTES)
    kind = GGML_TYPES.get(tensor.kind)
    if kind is None:
        length = _get_unknown_length(path, tensor, begin, next_offset)
        return Stretch(begin + tensor.offset, length, Role.TENSOR, tensor.name, f"TYPE_{tensor.kind}", tensor.shape)
    if tensor.shape and tensor.shape[0] % kind.block_elements:
        reason = f"tensor {tensor.name!r} has rows of {tensor.shape[0]:,}; {kind.name} takes {kind.block_elements}"
        raise BadTensorEntry(reason, where=at_byte(path, begin), next_step=AS_BYTES)
    length = elements // kind.block_elements * kind.block_bytes
    return Stretch(begin + tensor.offset, length, Role.TENSOR, tensor.name, kind.name, tensor.shape)


def _get_unknown_length(path: Path, tensor: GgufTensor, begin: int, next_offset: int) -> int:
    if next_offset < tensor.offset:
        reason = f"tensor {tensor.name!r} begins at {begin + tensor.offset:,}, after the file's end"
        raise BadOffsets(reason, where=at_byte(path, begin), next_step=AS_BYTES)
    return next_offset - tensor.offset
