"""What a key may look like: a relative path of plain names, the same on every medium. Nothing here touches a medium."""

import re

from holdfast.records.errors import StorageError

KEY_BYTES_MAX = 1024  # the limit of S3
NAME_BYTES_MAX = 255  # the limit of common file systems
STAGING = "staging"


def check_key(key: str) -> None:
    """Raises StorageError unless `key` is a relative path of plain names outside staging."""
    names = key.split("/")
    if not _is_printable(key) or len(key.encode()) > KEY_BYTES_MAX or not all(map(is_plain_name, names)):
        raise _refused(key, "A key is a relative path of plain names joined by `/`.")
    if names[0] == STAGING:
        raise _refused(key, f"Keys under {STAGING}/ are for files being written.")


def check_prefix(prefix: str) -> None:
    """Raises StorageError unless `prefix` is empty or a key followed by `/`."""
    if prefix and not prefix.endswith("/"):
        raise _refused(prefix, "A prefix ends in `/`.")
    if prefix:
        check_key(prefix[:-1])


def is_plain_name(name: str) -> bool:
    """Whether `name` can be one step of a key on every medium."""
    return name not in ("", ".", "..") and _NOT_IN_NAMES.search(name) is None and len(name.encode()) <= NAME_BYTES_MAX


_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff/\\]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def _is_printable(text: str) -> bool:
    return _UNPRINTABLE.search(text) is None


def _refused(key: str, what: str) -> StorageError:
    return StorageError(what, where=ascii(key), next_step="This is a fault of the caller or a hostile vault.")
