"""The private key of a log, outside the vault, and the last checkpoint that it signed, so that it never signs a fork.

Both lie in a folder of the user: `<vault id>.key`, readable by its owner alone, and `<vault id>.seen`.
"""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from holdfast.records.errors import AccessDenied, ConfigurationError, MissingPath, OutputError, UnreadableFile
from holdfast.vault.log.checkpoints import origin_of
from holdfast.vault.log.notes import SEED_BYTES, NoteError, SigningKey, decode_signing_key


class LogKey:
    """A signing key with its memory."""

    def __init__(self, key: SigningKey, memory: Path) -> None:
        self.key = key
        self.memory = memory

    def recall(self) -> bytes | None:
        """The last checkpoint that was signed here, None before the first."""
        try:
            return self.memory.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableFile(f"It cannot be read: {error.strerror}.", where=str(self.memory)) from error

    def remember(self, checkpoint: str) -> None:
        """Keep a checkpoint after the vault holds it."""
        _write_whole(self.memory, checkpoint.encode())


def open_log_key(folder: Path, vault_id: str, draw: Callable[[int], bytes] = os.urandom) -> LogKey:
    """The key of a vault's log in a folder of keys; made from `draw` when there is none yet."""
    path = folder / f"{vault_id}.key"
    if not path.exists():
        _create(path, SigningKey(origin_of(vault_id), draw(SEED_BYTES)))
    return read_log_key(folder, vault_id)


def read_log_key(folder: Path, vault_id: str) -> LogKey:
    """The key of a vault's log; MissingPath when there is none."""
    path = folder / f"{vault_id}.key"
    try:
        mode = path.stat().st_mode
        line = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingPath("There is no key for this vault's log.", where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile("The key of the log cannot be read.", where=str(path)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AccessDenied("Others can read the key of the log.", where=str(path), next_step="Run chmod 600 on it.")
    try:
        key = decode_signing_key(line.removesuffix("\n"))
    except NoteError as error:
        raise ConfigurationError(f"This is no key: {error}.", where=str(path)) from error
    if key.name != origin_of(vault_id):
        raise ConfigurationError(f"This key is for {key.name}.", where=str(path))
    return LogKey(key, folder / f"{vault_id}.seen")


def _create(path: Path, key: SigningKey) -> None:
    """Another process may be first: then its key stands."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        _write(new, key.encode().encode() + b"\n")
        try:
            with contextlib.suppress(FileExistsError):
                os.link(new, path)
        finally:
            new.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"The key cannot be written: {error.strerror}.", where=str(path)) from error


def _write_whole(path: Path, data: bytes) -> None:
    try:
        new = path.with_name(f"{path.name}.{os.getpid()}")
        _write(new, data)
        new.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"It cannot be written: {error.strerror}.", where=str(path)) from error


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
