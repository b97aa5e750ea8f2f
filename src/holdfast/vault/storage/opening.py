"""From what a user writes after --vault to a storage."""

import hashlib
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from holdfast.records.errors import ConfigurationError, UsageError
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.s3_address import read_s3_address
from holdfast.vault.storage.staging import StagedStorage


def open_storage(location: str, *, staging: Path | None = None) -> StagedStorage:
    """The storage at a folder's path, a `file://` or an `s3://` URL. Nothing is read, asked or made yet.

    Files on their way into a bucket are written under `staging`, else in the user's cache folder.
    """
    if not location or "\0" in location:
        raise _unknown(location, "A vault is a folder or a URL.")
    scheme, separator, _rest = location.partition("://")
    if not separator:
        return LocalStorage(Path(location).expanduser())
    if scheme.lower() == "file":
        return LocalStorage(_folder_of(location))
    if scheme.lower() == "s3":
        return _open_bucket(location, _cache_folder() if staging is None else staging)
    raise _unknown(location, f"A vault cannot lie at a {scheme!a} address.")


def _open_bucket(location: str, staging: Path) -> StagedStorage:
    address = read_s3_address(location, os.environ.get("AWS_ENDPOINT_URL", ""))
    try:
        from holdfast.vault.storage.s3 import S3Storage  # an extra, and slow to load
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Vaults in buckets need the extra `s3`.", where=str(address), next_step="Run `pip install 'holdfast[s3]'`."
        ) from None
    # A folder of its own, so that what is rubbish to one vault is not another one's work.
    return S3Storage(address, staging / hashlib.sha256(repr(address).encode()).hexdigest()[:16])


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "holdfast" / "staging"


def _folder_of(location: str) -> Path:
    parts = urlsplit(location)
    if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
        raise _unknown(location, "A file:// address names a folder on this computer.")
    return Path(unquote(parts.path))


def _unknown(location: str, what: str) -> UsageError:
    return UsageError(what, where=ascii(location), next_step="Write a folder, file:///folder or s3://bucket/prefix.")
