"""Torch files: which classes and functions their pickle would call. The pickle is disassembled, never loaded.

Zip archives (since torch 1.6) are read by their directory; older files by the pickle that they start with.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.errors import ArchiveBomb, BadArchive, BadMagic, BadPickle, TooManyEntries
from holdfast.formats.pickled import follow_pickle

PICKLE_BYTES_MAX: Final = 64_000_000
MEMBERS_MAX: Final = 200_000
_RATIO_MAX: Final = 200
_KEYS_MAX: Final = 16
_LEGACY: Final = (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")

# Names that a file of weights has use for. Anything else would run foreign code when loaded. Full names only: a dotted
# name may climb from a harmless module to another one (`torch.serialization.os.system`).
_HARMLESS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"collections\.(OrderedDict|defaultdict|Counter)",
        r"_codecs\.encode",
        r"(builtins|__builtin__)\.(set|frozenset|dict|list|tuple|int|float|bool|str|bytes|bytearray|slice|complex|range)",
        r"torch\.(Size|device|dtype|Generator|Tensor|[A-Z]\w*Storage|[A-Z]\w*Tensor|bool|half|float|double)",
        r"torch\.(short|int|long|cfloat|cdouble|chalf|(b?float|q?u?int|complex|bits)\d\w*)",
        r"torch\.storage\.(Typed|Untyped|_Typed|_Untyped)Storage",
        r"torch\._utils\._rebuild_\w+",
        r"torch\._tensor\._rebuild_from_type_v2",
        r"torch\._C\._nn\.\w+",
        r"torch\.(nn\.)?(parameter|nn\.parameter)\.[A-Z]\w+",
        r"torch\.nn\.modules\.\w+\.[A-Z]\w+",
        r"torch\.optim\.\w+\.[A-Z]\w+",
        r"torch\.torch_version\.TorchVersion",
        r"torch\.serialization\._get_layout",
        r"torch\.jit\._pickle\.\w+",
        r"__torch__(\.\w+)+",
        r"numpy\.(ndarray|dtype|bool_?|u?int\d*|float\d*|complex\d*|str_|bytes_)",
        r"numpy\.(core|_core)\.multiarray\.(_reconstruct|scalar)",
        r"numpy\.(core|_core)\.numeric\._frombuffer",
    )
)
# What the standard library raises on archives that are damaged in one place or another.
ARCHIVE_FAULTS: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class TorchFile:
    """What a torch file would call when loaded, by dotted name, and the first words of its state dictionary."""

    layout: str  # zip, legacy, torchscript
    names: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def get_foreign_names(self) -> tuple[str, ...]:
        """Names that a file of weights has no use for."""
        return tuple(name for name in self.names if not is_harmless(name))


def is_harmless(name: str) -> bool:
    """Whether a dotted name is one that weights are made of."""
    return any(pattern.fullmatch(name) for pattern in _HARMLESS)


def read_torch_file(path: Path, pickle_bytes_max: int = PICKLE_BYTES_MAX) -> TorchFile:
    """Read a torch file's pickle.

    Raises BadMagic, BadArchive, ArchiveBomb, BadPickle, TooManyEntries.
    """
    with open_regular(path) as file:
        head = file.read(16)
        file.seek(0)
        if head.startswith(b"PK\x03\x04"):
            return _read_archive(file, path, pickle_bytes_max)
        if not head.startswith(_LEGACY):
            raise BadMagic(
                f"starts with {head[:4]!r}: neither a zip archive nor a pickle",
                where=str(path),
                next_step="Not a torch file.",
            )
        data = file.read(pickle_bytes_max)
    found = _disassemble(data, path, pickles=5 if head.startswith(_LEGACY[0]) else 1)
    return TorchFile("legacy", found.names, found.keys)


@dataclass(frozen=True, slots=True)
class _Disassembled:
    names: tuple[str, ...]
    keys: tuple[str, ...]


def _read_archive(file: BinaryIO, path: Path, pickle_bytes_max: int) -> TorchFile:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS_MAX:
                raise TooManyEntries(f"{len(members):,} members", where=str(path), next_step="Not read.")
            layout = "torchscript" if any(member.filename.endswith("/constants.pkl") for member in members) else "zip"
            member = next((one for one in members if one.filename.rpartition("/")[2] == "data.pkl"), None)
            if member is None:
                raise BadArchive("no data.pkl in the archive", where=str(path), next_step="Not a torch file.")
            data = read_member(archive, member, path, pickle_bytes_max)
    except ARCHIVE_FAULTS as error:
        raise BadArchive(
            f"the archive cannot be read: {error}", where=str(path), next_step="Download the file again."
        ) from error
    found = _disassemble(data, path, pickles=1)
    return TorchFile(layout, found.names, found.keys)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, bytes_max: int) -> bytes:
    """The member's bytes; what the directory says about its size is not believed."""
    where = f"{path}, member {member.filename}"
    if member.file_size > bytes_max or member.file_size > _RATIO_MAX * (member.compress_size + 1_000):
        reason = f"would unpack from {member.compress_size:,} to {member.file_size:,} bytes"
        raise ArchiveBomb(reason, where=where, next_step="Not unpacked.")
    with archive.open(member) as opened:
        data = opened.read(member.file_size + 1)
    if len(data) > member.file_size:
        raise ArchiveBomb("unpacks to more than its directory says", where=where, next_step="Not unpacked.")
    return data


def _disassemble(data: bytes, path: Path, pickles: int) -> _Disassembled:
    names: dict[str, None] = {}
    keys: dict[str, None] = {}
    start = 0
    for _ in range(pickles):
        found = follow_pickle(data, start)
        names.update(dict.fromkeys(found.names))
        keys.update(dict.fromkeys(found.texts))
        if found.fault:
            raise BadPickle(found.fault, where=str(path), next_step="Download the file again.")
        start = found.end
        if start >= len(data):
            break
    return _Disassembled(tuple(sorted(names)), tuple(list(keys)[:_KEYS_MAX]))
