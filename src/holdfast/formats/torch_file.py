"""Torch files: which classes and functions their pickle would call. The pickle is disassembled, never loaded.

Zip archives (since torch 1.6) are read by their directory; older files by the pickle that they start with.
"""

import io
import pickletools
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.errors import ArchiveBomb, BadArchive, BadMagic, BadPickle, TooManyEntries, at_byte

PICKLE_BYTES_MAX: Final = 64_000_000
_OPCODES_MAX: Final = 5_000_000
_MEMBERS_MAX: Final = 200_000
_RATIO_MAX: Final = 200
_KEYS_MAX: Final = 16
_LEGACY: Final = (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_TEXT_OPCODES: Final = frozenset(
    {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING"}
)

# Modules whose names a file of weights has use for. Anything else would run foreign code when loaded.
_HARMLESS: Final = (
    "torch", "__torch__", "numpy", "collections", "_codecs.encode", "builtins.set", "builtins.dict", "builtins.list",
    "builtins.int", "builtins.float", "builtins.bytearray", "builtins.slice", "builtins.complex",
    "__builtin__.set", "__builtin__.dict",
)  # fmt: skip
# What the standard library raises on archives that are damaged in one place or another.
_ARCHIVE_FAULTS: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
)
_TORCH_UNSAFE: Final = (
    "torch.hub",
    "torch.load",
    "torch.utils.cpp_extension",
    "torch._inductor",
    "torch.ops",
    "torch.classes",
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
    if any(name == unsafe or name.startswith(unsafe + ".") for unsafe in _TORCH_UNSAFE):
        return False
    return any(name == known or name.startswith(known + ".") for known in _HARMLESS)


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
            if len(members) > _MEMBERS_MAX:
                raise TooManyEntries(f"{len(members):,} members", where=str(path), next_step="Not read.")
            layout = "torchscript" if any(member.filename.endswith("/constants.pkl") for member in members) else "zip"
            member = next((one for one in members if one.filename.rpartition("/")[2] == "data.pkl"), None)
            if member is None:
                raise BadArchive("no data.pkl in the archive", where=str(path), next_step="Not a torch file.")
            data = _read_member(archive, member, path, pickle_bytes_max)
    except _ARCHIVE_FAULTS as error:
        raise BadArchive(
            f"the archive cannot be read: {error}", where=str(path), next_step="Download the file again."
        ) from error
    found = _disassemble(data, path, pickles=1)
    return TorchFile(layout, found.names, found.keys)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, bytes_max: int) -> bytes:
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
    stream = io.BytesIO(data)
    names: dict[str, None] = {}
    keys: dict[str, None] = {}
    count = 0
    try:
        for _ in range(pickles):
            texts = _Texts()
            for opcode, argument, offset in pickletools.genops(stream):
                count += 1
                if count > _OPCODES_MAX:
                    raise TooManyEntries(
                        f"more than {_OPCODES_MAX:,} opcodes", where=at_byte(path, offset or 0), next_step="Not read."
                    )
                name = texts.follow(opcode.name, argument)
                if name:
                    names[name] = None
            keys.update(dict.fromkeys(texts.seen[:_KEYS_MAX]))
            if stream.tell() >= len(data):
                break
    except (ValueError, IndexError, UnicodeError, OverflowError, struct.error) as error:
        raise BadPickle(f"opcode {count:,}: {error}", where=str(path), next_step="Download the file again.") from error
    return _Disassembled(tuple(sorted(names)), tuple(list(keys)[:_KEYS_MAX]))


class _Texts:
    """The texts that a pickle pushes, as far as they are needed to know which name STACK_GLOBAL takes."""

    def __init__(self) -> None:
        self.recent: list[str] = []
        self.memo: dict[int, str] = {}
        self.seen: list[str] = []
        self.memoized = 0
        self.last = ""

    def follow(self, opcode: str, argument: object) -> str:
        """The dotted name that this opcode looks up; empty for all others."""
        if opcode in ("GLOBAL", "INST"):
            self.last = ""
            return str(argument).replace(" ", ".", 1)
        if opcode == "STACK_GLOBAL":
            self.last = ""
            return ".".join(self.recent[-2:])
        if opcode in _TEXT_OPCODES:
            self._push(str(argument))
            if "." in self.last and len(self.seen) < _KEYS_MAX:
                self.seen.append(self.last)
        elif opcode in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            index = self.memoized if opcode == "MEMOIZE" else int(str(argument))
            self.memoized += 1
            if self.last:
                self.memo[index] = self.last
        elif opcode in ("BINGET", "LONG_BINGET", "GET"):
            self._push(self.memo.get(int(str(argument)), ""))
        elif opcode != "PROTO":
            self.last = ""
        return ""

    def _push(self, text: str) -> None:
        self.last = text
        self.recent = [*self.recent[-1:], text]
