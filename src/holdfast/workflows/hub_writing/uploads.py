"""Files on their way in: written beside the vault as their bytes come, whole or in parts, and only then looked at.

Nothing here is part of the vault. What is left of a client that vanished is taken away after two days.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.records.access import TooLarge
from holdfast.records.errors import NoSpace
from holdfast.records.hub_writing import WrongContent
from holdfast.vault.storage.disk import storage_error

_MIB: Final = 1 << 20
PART_BYTES_MIN: Final = 64 * _MIB
_PARTS: Final = 100  # an upload has about so many: each has a signed address in one answer
LEFT_S: Final = 48 * 3600
_UPLOAD: Final = re.compile(r"[0-9a-f]{24}")
_BODY: Final = "body"


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that a client says it will send: its sha256 in hexadecimal, its size in bytes."""

    sha256: str
    size: int

    @property
    def part_bytes(self) -> int:
        """How long each part is but the last, when it comes in parts: whole MiB."""
        return max(PART_BYTES_MIN, -(-self.size // (_PARTS * _MIB)) * _MIB)

    @property
    def parts(self) -> int:
        """How many parts that makes."""
        return -(-self.size // self.part_bytes)

    def measure_part(self, number: int) -> tuple[int, int]:
        """Where part `number`, from 1, begins, and how long it is."""
        begin = (number - 1) * self.part_bytes
        return begin, min(self.part_bytes, self.size - begin)


class Incoming:
    """Bytes being received. One thread at a time writes; `discard` after `finish` does nothing."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self.path = path
        self._size = size
        self._digest = hashlib.sha256()
        self._at = 0
        self._offset = offset
        with _explaining(path):
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes. Raises WrongContent at the first that is too much, NoSpace or StorageError."""
        left = memoryview(data)
        if self._at + len(left) > self._size:
            raise WrongContent(
                f"more than the {self._size:,} bytes were sent that were announced",
                where="the upload",
                next_step="Announce the file anew, with its size. Nothing was taken in.",
            )
        self._digest.update(left)
        with _explaining(self.path):
            while left:
                written = os.pwrite(self._descriptor, left, self._offset + self._at)
                self._at += written
                left = left[written:]

    def finish(self) -> str:
        """The sha256 of what was received; it is on the disk. Raises WrongContent when it is too little."""
        if self._at < self._size:
            raise WrongContent(
                f"{self._at:,} bytes were sent of {self._size:,} that were announced",
                where="the upload",
                next_step="Send it again. Nothing was taken in.",
            )
        with _explaining(self.path):
            os.fsync(self._descriptor)
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Uploads:
    """The folder of uploads beside a vault; several processes share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- whole files ---

    @contextlib.contextmanager
    def receive(self, announced: Announced) -> Generator[Incoming]:
        """A file to write in one go; on leaving the block it is taken away. Raises NoSpace when it cannot fit."""
        self.check_room(announced.size)
        incoming = Incoming(self.folder / f"{announced.sha256}.{secrets.token_hex(8)}", 0, announced.size)
        try:
            yield incoming
        finally:
            incoming.close()
            incoming.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def make_folder(self) -> Generator[Path]:
        """A folder for the time of the block."""
        folder = self.folder / f"commit.{secrets.token_hex(8)}"
        with _explaining(folder):
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # --- parts ---

    def receive_part(self, upload: str, announced: Announced, number: int) -> "IncomingPart":
        """A part to write. What came of it before does not count any more."""
        folder = self._find_upload(upload, announced)
        begin, length = announced.measure_part(number)
        self.check_room(length)
        with _explaining(folder):
            folder.mkdir(exist_ok=True)
            _get_note(folder, number).unlink(missing_ok=True)
        return IncomingPart(Incoming(folder / _BODY, begin, length), _get_note(folder, number))

    def complete(self, upload: str, announced: Announced, etags: Mapping[int, str]) -> Path:
        """The file that all parts make, compared with its digest. Raises WrongContent, naming the parts that lack."""
        folder = self._find_upload(upload, announced)
        notes = {number: _read_note(_get_note(folder, number)) for number in range(1, announced.parts + 1)}
        lacking = [number for number, note in notes.items() if not note or etags.get(number) != note]
        if lacking:
            raise WrongContent(
                f"of {announced.parts} parts {_join(lacking)} did not arrive as stated",
                where=f"sha256 {announced.sha256}",
                next_step="Send them again, then complete the upload.",
            )
        body = folder / _BODY
        if hash_file(body) != announced.sha256:
            raise wrong_digest(announced)
        return body

    def discard(self, upload: str, announced: Announced) -> None:
        """Take away what has arrived."""
        shutil.rmtree(self._find_upload(upload, announced), ignore_errors=True)

    def _find_upload(self, upload: str, announced: Announced) -> Path:
        assert _UPLOAD.fullmatch(upload), "it was signed, and made here"
        return self.folder / f"{announced.sha256}.{upload}"

    # --- what has arrived for whom ---

    def note_arrived(self, name: str, sha256: str) -> None:
        """Note that a file was sent for a model: whoever sent it has it, and may commit it."""
        note = self._get_receipt(name, sha256)
        with _explaining(note):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()

    def has_arrived(self, name: str, sha256: str) -> bool:
        """Whether it was, within two days."""
        return self._get_receipt(name, sha256).is_file()

    def _get_receipt(self, name: str, sha256: str) -> Path:
        return self.folder / f"arrived.{hashlib.sha256(name.encode()).hexdigest()[:32]}" / sha256

    # --- housekeeping ---

    def sweep(self, now: float) -> int:
        """Take away what was not written to for two days (`now` in seconds since 1970); how many files."""
        gone = 0
        for path in _list(self.folder):
            gone += sum(_remove_left(file, now) for file in (_list(path) if path.is_dir() else [path]))
            with contextlib.suppress(OSError):  # no folder, or not empty
                path.rmdir()
        return gone

    def check_room(self, size: int) -> None:
        """Raises NoSpace when an upload of this size does not fit now."""
        with _explaining(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        if free < size:
            raise NoSpace(
                f"an upload of {size:,} bytes does not fit: {free:,} are free",
                where="the vault's staging",
                next_step="Whoever runs the vault frees some space; nothing was taken in.",
            )


class Gathering:
    """A body whose size nobody announced, up to a limit."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self.path = path
        self._bytes_max = bytes_max
        self._at = 0
        with _explaining(path):
            self._file = path.open("xb")

    def write(self, data: bytes) -> None:
        """The next bytes. Raises TooLarge, NoSpace or StorageError."""
        self._at += len(data)
        if self._at > self._bytes_max:
            raise TooLarge(
                f"the body has more than {self._bytes_max >> 20} MiB",
                where="the request",
                next_step="Send large files by LFS or Xet, and the rest in several commits.",
            )
        with _explaining(self.path):
            self._file.write(data)

    def close(self) -> None:
        """Let go of the file."""
        with _explaining(self.path):
            self._file.close()


class IncomingPart:
    """A part being received: it counts once it is whole."""

    def __init__(self, incoming: Incoming, note: Path) -> None:
        self._incoming = incoming
        self._note = note

    def write(self, data: bytes | memoryview) -> None:
        """As Incoming."""
        self._incoming.write(data)

    def finish(self) -> str:
        """The part's ETag."""
        etag = self._incoming.finish()
        with _explaining(self._note):
            self._note.write_text(etag)
        return etag

    def close(self) -> None:
        """As Incoming."""
        self._incoming.close()


def make_upload() -> str:
    """The name of a new upload in parts."""
    return secrets.token_hex(12)


def wrong_digest(announced: Announced) -> WrongContent:
    """The error of bytes that do not hash to what was announced."""
    return WrongContent(
        "the bytes that arrived do not have the sha256 that was announced",
        where=f"sha256 {announced.sha256}",
        next_step="The file changed, or was changed on its way: send it again. Nothing was taken in.",
    )


def hash_file(path: Path) -> str:
    """The sha256 of a file."""
    with _explaining(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _get_note(folder: Path, number: int) -> Path:
    return folder / f"{number:06}"


def _read_note(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _list(folder: Path) -> Sequence[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []


def _remove_left(file: Path, now: float) -> bool:
    with contextlib.suppress(OSError):
        if now - file.stat().st_mtime > LEFT_S:
            file.unlink()
            return True
    return False


def _join(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown} and {len(numbers) - 10} more" if len(numbers) > 10 else shown


@contextlib.contextmanager
def _explaining(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error
