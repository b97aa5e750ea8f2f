"""From what a user writes after --vault to a storage."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from holdfast.records.errors import UsageError
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.staging import StagedStorage


def open_storage(location: str) -> StagedStorage:
    """The storage at a folder's path or a `file://` URL. Nothing is read or made yet."""
    if not location or "\0" in location:
        raise _unknown(location, "A vault is a folder or a URL.")
    scheme, separator, _rest = location.partition("://")
    if not separator:
        return LocalStorage(Path(location).expanduser())
    if scheme.lower() == "file":
        return LocalStorage(_folder_of(location))
    raise _unknown(location, f"A vault cannot lie at a {scheme!a} address.")


def _folder_of(location: str) -> Path:
    parts = urlsplit(location)
    if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
        raise _unknown(location, "A file:// address names a folder on this computer.")
    return Path(unquote(parts.path))


def _unknown(location: str, what: str) -> UsageError:
    return UsageError(what, where=ascii(location), next_step="Write a folder, file:///folder or s3://bucket/prefix.")
