"""Cuts a file at its tensors: puts them in order, and what lies between them becomes stretches of their own."""

from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path

from holdfast.formats.errors import BadOffsets, TruncatedData, at_byte
from holdfast.records.vault import Role, Stretch

AS_BYTES = "Keep the file as plain bytes if you want it as it is."


def cut(path: Path, begin: int, size: int, tensors: Iterable[Stretch], gap: Role) -> list[Stretch]:
    """Stretches that cover [begin, size): the tensors by offset, empty ones left out, gaps in the role of `gap`.

    Raises BadOffsets for tensors that overlap or begin before `begin`, TruncatedData for one that ends after `size`.
    """
    found: list[Stretch] = []
    here = begin
    for tensor in sorted((one for one in tensors if one.length), key=attrgetter("offset")):
        _check_place(path, tensor, here, size)
        if tensor.offset > here:
            found.append(Stretch(here, tensor.offset - here, gap))
        found.append(tensor)
        here = tensor.offset + tensor.length
    if here < size:
        found.append(Stretch(here, size - here, gap))
    return found


def _check_place(path: Path, tensor: Stretch, here: int, size: int) -> None:
    if tensor.offset < here:
        reason = f"tensor {tensor.name!r} begins at {tensor.offset:,}, inside what ends at {here:,}"
        raise BadOffsets(reason, where=at_byte(path, tensor.offset), next_step=AS_BYTES)
    if tensor.offset + tensor.length > size:
        reason = f"tensor {tensor.name!r} ends at {tensor.offset + tensor.length:,}; the file has {size:,} bytes"
        raise TruncatedData(reason, where=at_byte(path, tensor.offset), next_step="Download the file again.")
