"""Where a safetensors file's tensors lie. The header is one stretch: its length and its JSON."""

from pathlib import Path

from holdfast.formats.cutting import cut
from holdfast.formats.safetensors import TensorEntry, read_safetensors_header
from holdfast.records.vault import Role, Stretch


def cut_safetensors(path: Path, size: int) -> tuple[Stretch, ...]:
    """The header, then the tensors as they lie. Raises as read_safetensors_header does."""
    header = read_safetensors_header(path)
    begin = 8 + header.header_bytes
    tensors = [_to_stretch(one, begin) for one in header.tensors]
    return (Stretch(0, begin, Role.HEADER), *cut(path, begin, size, tensors, Role.PADDING))


def _to_stretch(entry: TensorEntry, begin: int) -> Stretch:
    return Stretch(begin + entry.begin, entry.end - entry.begin, Role.TENSOR, entry.name, entry.dtype, entry.shape)
