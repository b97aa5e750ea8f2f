"""Cuts any file into stretches: tensors where a format says so, chunks elsewhere. Goes by content, not by names.

Loads no tensor and executes nothing.
"""

import os
from pathlib import Path
from typing import Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.chunks import cut_into_chunks
from holdfast.formats.dangers import find_warnings
from holdfast.formats.gguf_layout import cut_gguf
from holdfast.formats.onnx_layout import cut_onnx, is_onnx
from holdfast.formats.safetensors_layout import cut_safetensors
from holdfast.formats.torch_layout import find_torch_cut
from holdfast.records.vault import FileLayout, Role, Stretch

_HEAD_BYTES: Final = 64
_SAFETENSORS_LENGTH_MAX: Final = 1 << 40  # what begins with a greater number is text or something else
_BIG_ENDIAN: Final = "A GGUF file in big-endian order: kept as bytes, its tensors are not told apart."


def read_layout(path: Path) -> FileLayout:
    """A file's stretches, by the format that its content shows; `bytes` when it shows none.

    Raises UnreadableFile, or a MalformedFile of formats.errors for a file that claims a format and breaks its rules:
    such a file can still be cut by layout_as_bytes.
    """
    with open_regular(path) as file:
        head = file.read(_HEAD_BYTES)
        size = os.fstat(file.fileno()).st_size
    if head.startswith(b"GGUF\0\0\0\3"):
        return _as_bytes(path, size, _BIG_ENDIAN)
    name, stretches = _find_cut(path, head, size)
    return FileLayout(name, size, stretches, find_warnings(path)) if name else _as_bytes(path, size)


def layout_as_bytes(path: Path) -> FileLayout:
    """A file's stretches without regard to its format; its warnings all the same. Raises UnreadableFile."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    return _as_bytes(path, size)


def _find_cut(path: Path, head: bytes, size: int) -> tuple[str, tuple[Stretch, ...]]:
    """The format's name and the stretches; no name for a file of none."""
    if head.startswith(b"GGUF"):
        return "gguf", cut_gguf(path, size)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _SAFETENSORS_LENGTH_MAX:
        return "safetensors", cut_safetensors(path, size)
    if head.startswith(b"PK\3\4"):
        stretches = find_torch_cut(path, size)
        return ("torch", stretches) if stretches is not None else ("", ())
    if head.startswith(b"\x08") and is_onnx(path):
        return "onnx", cut_onnx(path, size)
    return "", ()


def _as_bytes(path: Path, size: int, *warnings: str) -> FileLayout:
    stretches: list[Stretch] = []
    offset = 0
    for length in cut_into_chunks(path, size):
        stretches.append(Stretch(offset, length, Role.BYTES))
        offset += length
    return FileLayout("bytes", size, tuple(stretches), warnings + find_warnings(path))
