"""Xorbs that have arrived, beside the vault until files are made of them, and two days longer.

Servers that share no folder find what another one received in the vault's bucket. Clients remember which xorbs they
have sent to which address, and never send those again. So the address has a day in it, and each day's xorbs lie apart:
what one day's address was sent is there for as long as anybody counts on it.
"""

import contextlib
import mmap
import os
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from holdfast.formats.xet.directory import decode_directory, encode_directory
from holdfast.formats.xet.errors import BodyTooLarge
from holdfast.formats.xet.hashes import to_text
from holdfast.formats.xet.xorb import XORB_BYTES_MAX, Xorb, parse_xorb
from holdfast.records.errors import MalformedFile, StorageError
from holdfast.vault.storage.disk import storage_error
from holdfast.vault.storage.staging import StagedStorage
from holdfast.workflows.hub_writing.uploads import Uploads

COMMON: Final = "xet/"
KEPT_DAYS: Final = 3
_DIRECTORY: Final = ".chunks"


def get_common_key(day: str, digest: bytes) -> str:
    """Where a xorb lies that several servers use."""
    return f"{COMMON}{day}/{to_text(digest)}"


@dataclass(frozen=True, slots=True)
class HeldXorb:
    """A xorb that was checked when it arrived, and the file that has its body."""

    xorb: Xorb
    path: Path


class XorbSpool:
    """The xorbs of uploads. What nobody came back for goes with the other uploads that were given up."""

    def __init__(self, uploads: Uploads, common: StagedStorage | None = None) -> None:
        self._uploads = uploads
        self._common = common

    def receive(self, day: str, digest: bytes) -> "IncomingXorb":
        """A xorb to write. Raises NoSpace."""
        self._uploads.check_room(XORB_BYTES_MAX)
        folder = self._get_folder(day)
        with explaining(folder):
            folder.mkdir(exist_ok=True)
        return IncomingXorb(folder / to_text(digest), digest, self._common)

    def find(self, day: str, digest: bytes) -> HeldXorb | None:
        """A xorb that was sent; None when it was not, or is not whole any more."""
        path = self._get_folder(day) / to_text(digest)
        with contextlib.suppress(OSError, MalformedFile):
            os.utime(path)  # what is used is not given up
            return HeldXorb(_read_directory(path, digest), path)
        if self._common is None or not self._fetch(self._common, day, digest):
            return None
        return HeldXorb(_read_directory(path, digest), path)

    def sweep(self, now: datetime) -> int:
        """Take away what is common to servers and older than anybody counts on; how many xorbs."""
        if self._common is None:
            return 0
        first = f"{now - timedelta(days=KEPT_DAYS):%Y%m%d}"
        gone = [stored.key for stored in self._common.iterate(COMMON) if stored.key[len(COMMON) :][:8] < first]
        for key in gone:
            self._common.delete(key)
        return len(gone)

    def _fetch(self, common: StagedStorage, day: str, digest: bytes) -> bool:
        """Take over a xorb that another server received."""
        key = get_common_key(day, digest)
        stored = common.find(key)
        if stored is None or stored.size > XORB_BYTES_MAX:
            return False
        incoming = self.receive(day, digest)
        try:
            incoming.write(common.read(key, 0, stored.size))
            incoming.finish(is_common=True)
        except MalformedFile:
            common.delete(key)
            return False
        finally:
            incoming.close()
        return True

    def _get_folder(self, day: str) -> Path:
        return self._uploads.folder / f"xet.{day}"


class IncomingXorb:
    """A xorb's bytes being received; it is held once `finish` has returned."""

    def __init__(self, path: Path, digest: bytes, common: StagedStorage | None) -> None:
        self._path = path
        self._digest = digest
        self._common = common
        self._part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        self._size = 0
        with explaining(path):
            self._file = self._part.open("xb")

    def write(self, data: bytes) -> None:
        """The next bytes. Raises BodyTooLarge, NoSpace or StorageError."""
        self._size += len(data)
        if self._size > XORB_BYTES_MAX:
            raise BodyTooLarge(
                f"more than {XORB_BYTES_MAX:,} bytes", where="xorb", next_step="Send it as several xorbs."
            )
        with explaining(self._part):
            self._file.write(data)

    def finish(self, *, is_common: bool = False) -> bool:
        """Check every chunk, and hold the xorb, also for other servers unless it is from one; whether it was not held
        before. Raises MalformedFile or StorageError."""
        with explaining(self._part):
            self._file.close()
        directory = encode_directory(parse_xorb(map_body(self._part), self._digest))
        if self._common is not None and not is_common:
            copy = self._part.with_suffix(".common")
            with explaining(copy):
                copy.hardlink_to(self._part)
            self._common.put(get_common_key(self._path.parent.name.removeprefix("xet."), self._digest), copy)
        with explaining(self._path):
            is_new = not self._path.exists()
            beside = self._part.with_suffix(_DIRECTORY)
            beside.write_bytes(directory)
            beside.replace(self._path.with_suffix(_DIRECTORY))
            self._part.replace(self._path)
        return is_new

    def close(self) -> None:
        """Let go of what was not finished."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def map_body(path: Path) -> memoryview:
    """The bytes of a xorb, as they are needed. Raises StorageError."""
    with explaining(path), path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return memoryview(b"")
        # Never closed by hand: an error's traceback may still look at it.
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _read_directory(path: Path, digest: bytes) -> Xorb:
    with contextlib.suppress(OSError, MalformedFile):
        found = decode_directory(path.with_suffix(_DIRECTORY).read_bytes())
        if found.hash == digest:
            return found
    return parse_xorb(map_body(path), digest)


@contextlib.contextmanager
def explaining(path: Path) -> Generator[None]:
    """What the operating system refuses there, as a StorageError."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, path) from error
