"""Where the storages of a zipped torch file lie: its members `…/data/N` that are stored as they are.

What the pickle says of a storage (type, elements, the tensor over it) is read from its opcodes. All else of the
archive (local headers, padding, pickle, directory) is HEADER; a compressed storage is BYTES.
"""

import math
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.cutting import AS_BYTES, cut
from holdfast.formats.errors import (
    BadArchive,
    BadPickle,
    BadTensorEntry,
    DuplicateKey,
    TooManyEntries,
    TruncatedData,
    at_byte,
)
from holdfast.formats.pickle_values import StorageRef, TensorRef
from holdfast.formats.pickled import Followed, follow_pickle
from holdfast.formats.torch_file import ARCHIVE_FAULTS, MEMBERS_MAX, PICKLE_BYTES_MAX, read_member
from holdfast.records.vault import Role, Stretch

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_STORAGE: Final = re.compile(r"(?P<folder>.*/)?data/(?P<key>[^/]+)")
# torch's storage classes and types: names as in safetensors, and bytes of an element.
_KINDS: Final[Mapping[str, tuple[str, int]]] = {
    "torch.DoubleStorage": ("F64", 8), "torch.FloatStorage": ("F32", 4), "torch.HalfStorage": ("F16", 2),
    "torch.BFloat16Storage": ("BF16", 2), "torch.LongStorage": ("I64", 8), "torch.IntStorage": ("I32", 4),
    "torch.ShortStorage": ("I16", 2), "torch.CharStorage": ("I8", 1), "torch.ByteStorage": ("U8", 1),
    "torch.BoolStorage": ("BOOL", 1), "torch.ComplexFloatStorage": ("C64", 8),
    "torch.ComplexDoubleStorage": ("C128", 16), "torch.QInt8Storage": ("I8", 1), "torch.QUInt8Storage": ("U8", 1),
    "torch.QInt32Storage": ("I32", 4), "torch.UntypedStorage": ("U8", 1), "torch.storage.UntypedStorage": ("U8", 1),
}  # fmt: skip
_TYPES: Final[Mapping[str, tuple[str, int]]] = {
    "torch.float8_e4m3fn": ("F8_E4M3", 1), "torch.float8_e5m2": ("F8_E5M2", 1),
    "torch.float8_e4m3fnuz": ("F8_E4M3FNUZ", 1), "torch.float8_e5m2fnuz": ("F8_E5M2FNUZ", 1),
    "torch.float8_e8m0fnu": ("F8_E8M0", 1), "torch.uint16": ("U16", 2), "torch.uint32": ("U32", 4),
    "torch.uint64": ("U64", 8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Described:
    """What the pickle tells of its storages, by key."""

    storages: Mapping[str, StorageRef]
    tensors: Mapping[str, tuple[str, TensorRef]]  # of storages with one tensor alone


def find_torch_cut(path: Path, size: int) -> tuple[Stretch, ...] | None:
    """The storages of a zip archive and what lies between them; None for an archive without torch's `data.pkl`.

    A damaged archive is torch's when it begins with a member of torch's. Raises BadArchive, ArchiveBomb, BadPickle,
    TooManyEntries, DuplicateKey, BadTensorEntry, BadOffsets, TruncatedData.
    """
    with open_regular(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _find_cut(path, size, file, archive)
        except ARCHIVE_FAULTS as error:
            if not _begins_like_torch(file):
                return None
            reason = f"the archive cannot be read: {error}"
            raise BadArchive(reason, where=str(path), next_step="Download the file again.") from error


def _find_cut(path: Path, size: int, file: BinaryIO, archive: zipfile.ZipFile) -> tuple[Stretch, ...] | None:
    members = archive.infolist()
    pickle = next((one for one in members if _is_pickle(one.filename)), None)
    if pickle is None:
        return None
    _check_members(path, members)
    described = _describe(path, archive, pickle)
    found = [_to_stretch(path, file, one, described) for one in members if _STORAGE.fullmatch(one.filename)]
    return tuple(cut(path, 0, size, found, Role.HEADER))


def _is_pickle(name: str) -> bool:
    return name.rpartition("/")[2] == "data.pkl"


def _begins_like_torch(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(_LOCAL_HEADER.size + 256)
    if len(head) < _LOCAL_HEADER.size:
        return False
    _, name_bytes, _ = _LOCAL_HEADER.unpack_from(head)
    name = head[_LOCAL_HEADER.size :][:name_bytes].decode("utf-8", "replace")
    return _is_pickle(name) or _STORAGE.fullmatch(name) is not None


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MEMBERS_MAX:
        raise TooManyEntries(f"{len(members):,} members", where=str(path), next_step=AS_BYTES)
    seen: set[str] = set()
    for member in members:
        if member.filename in seen:
            where = at_byte(path, member.header_offset)
            raise DuplicateKey(f"member {member.filename!r} stands twice", where=where, next_step=AS_BYTES)
        seen.add(member.filename)


def _describe(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Described:
    found = follow_pickle(read_member(archive, member, path, PICKLE_BYTES_MAX))
    if found.fault:
        raise BadPickle(found.fault, where=f"{path}, member {member.filename}", next_step=AS_BYTES)
    return _Described({one.key: one for one in found.storages}, _find_lone_tensors(found))


def _find_lone_tensors(found: Followed) -> dict[str, tuple[str, TensorRef]]:
    """Tensors by their storage's key, where one alone lies on it and no other has its name."""
    tensors: dict[str, set[TensorRef]] = {}
    keys: dict[str, set[str]] = {}
    for name, tensor in found.tensors:
        tensors.setdefault(tensor.storage.key, set()).add(tensor)
        keys.setdefault(name, set()).add(tensor.storage.key)
    return {
        tensor.storage.key: (name, tensor)
        for name, tensor in reversed(found.tensors)
        if len(tensors[tensor.storage.key]) == 1 and len(keys[name]) == 1
    }


def _to_stretch(path: Path, file: BinaryIO, member: zipfile.ZipInfo, described: _Described) -> Stretch:
    begin = _find_data(path, file, member)
    name = member.filename
    if member.compress_type != zipfile.ZIP_STORED:
        return Stretch(begin, member.compress_size, Role.BYTES, name)
    if member.file_size != member.compress_size:
        reason = f"{name} is stored as {member.compress_size:,} bytes and said to have {member.file_size:,}"
        raise BadArchive(reason, where=at_byte(path, begin), next_step=AS_BYTES)
    key = name.rpartition("/")[2]
    storage = described.storages.get(key)
    if storage is None:
        return Stretch(begin, member.file_size, Role.BYTES, name)
    name, tensor = described.tensors.get(key, (name, None))
    dtype, width = _get_type(storage, tensor)
    _check_size(path, begin, member, storage)
    return Stretch(begin, member.file_size, Role.TENSOR, name, dtype, _get_shape(member.file_size, width, tensor))


def _find_data(path: Path, file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin, by its local header, which may be padded as torch does."""
    where = at_byte(path, max(member.header_offset, 0))
    if member.header_offset < 0:
        raise BadArchive(f"member {member.filename!r} begins before the file", where=where, next_step=AS_BYTES)
    file.seek(member.header_offset)
    head = file.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size:
        raise TruncatedData(f"no member {member.filename!r} here", where=where, next_step="Download the file again.")
    magic, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(head)
    if magic != b"PK\3\4":
        raise BadArchive(f"no member {member.filename!r} here", where=where, next_step="Download the file again.")
    return int(member.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes)


def _check_size(path: Path, begin: int, member: zipfile.ZipInfo, storage: StorageRef) -> None:
    _, width = _KINDS.get(storage.kind, ("", 0))
    if width and member.file_size != storage.elements * width:
        reason = f"{member.filename} has {member.file_size:,} bytes; the pickle says {storage.elements:,} times {width}"
        raise BadTensorEntry(reason, where=at_byte(path, begin), next_step=AS_BYTES)


def _get_type(storage: StorageRef, tensor: TensorRef | None) -> tuple[str, int]:
    if tensor is not None and tensor.dtype in _TYPES:
        return _TYPES[tensor.dtype]
    return _KINDS.get(storage.kind, (storage.kind.rpartition(".")[2], 1))


def _get_shape(size: int, width: int, tensor: TensorRef | None) -> tuple[int, ...]:
    """The tensor's shape when it is all of the storage; else the storage's length."""
    if tensor is not None and math.prod(tensor.shape) * width == size:
        return tensor.shape
    return (size // width,)
