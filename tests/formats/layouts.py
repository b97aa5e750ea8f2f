"""What tests of layouts share: writing a file, and the promises that every layout keeps."""

import struct
from collections.abc import Sequence
from pathlib import Path

from holdfast.records.vault import FileLayout, Role, Stretch

FILES = Path(__file__).parent / "fixtures"


def save(folder: Path, data: bytes, name: str = "file") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def check_whole(path: Path, layout: FileLayout) -> None:
    """The stretches, one after the other, are the file."""
    data = path.read_bytes()
    assert layout.size == len(data)
    assert b"".join(cut(data, one) for one in layout.stretches) == data
    assert all(one.length > 0 for one in layout.stretches)
    offsets = [one.offset for one in layout.stretches]
    assert offsets == sorted(offsets)


def cut(data: bytes, stretch: Stretch) -> bytes:
    return data[stretch.offset : stretch.offset + stretch.length]


def list_tensors(layout: FileLayout) -> list[Stretch]:
    return [one for one in layout.stretches if one.role is Role.TENSOR]


def describe(layout: FileLayout) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(one.name, one.dtype, one.shape) for one in list_tensors(layout)]


def text(value: bytes) -> bytes:
    """A text as GGUF writes it."""
    return struct.pack("<Q", len(value)) + value


def gguf(
    tensors: Sequence[tuple[bytes, tuple[int, ...], int, int]], data: bytes, pairs: bytes = b"", count: int = 0
) -> bytes:
    """A GGUF file of entries (name, shape, number of the type, offset), aligned to 32 bytes."""
    entries = b"".join(
        text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        for name, shape, kind, offset in tensors
    )
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), count) + pairs + entries
    return head + bytes(-len(head) % 32) + data
