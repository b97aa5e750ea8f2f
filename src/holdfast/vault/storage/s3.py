"""A vault's keys as objects in an S3-compatible bucket. A value appears when its upload is completed, never before.

Credentials are the environment's or the machine's; nothing here reads, keeps or prints them. An upload that was broken
off may leave parts on the server: no key shows them, and a lifecycle rule of the bucket takes them away.
"""

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from holdfast.records.errors import MissingKey, StorageError, TruncatedKey
from holdfast.vault.storage.disk import RealDisk
from holdfast.vault.storage.keys import STAGING, check_key, check_prefix
from holdfast.vault.storage.s3_address import S3Address
from holdfast.vault.storage.s3_errors import VERIFY, s3_error
from holdfast.vault.storage.seam import Stored
from holdfast.vault.storage.staging import Staging, StagingFile

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

PART_BYTES = 8 << 20
PARTS_MAX = 10_000  # the limit of S3
PARTS_AT_ONCE = 4  # with PART_BYTES: 32 MiB of memory for an upload
RANGE_BYTES = 16 << 20
KEYS_PER_PAGE = 1000
PATIENCE_S = 120.0
CONNECT_WAIT_S = 10.0
REQUEST_WAIT_S = 120.0


class S3Storage:
    """Storage in a bucket. `staging` is a local folder of this vault's alone, for files being written.

    Errors of the server and broken connections are tried again for up to `patience_s` seconds a request.
    """

    def __init__(self, address: S3Address, staging: Path, *, patience_s: float = PATIENCE_S) -> None:
        self.address = address
        self._disk = RealDisk()
        self._staging = Staging(staging, self._disk)
        self._store = _open_store(address, patience_s)
        self._bucket_was_seen = False

    @property
    def staging(self) -> Staging:
        """The local folder of files being written."""
        return self._staging

    def create_staging(self, name: str) -> StagingFile:
        """A new local file, to write, close and `put`."""
        return self._staging.create(name)

    def put(self, key: str, source: Path) -> None:
        """Upload the file, in parts when it is large, ask the server for its size, then remove the file."""
        check_key(key)
        seen = self._disk.look(source)
        if seen is None or seen.kind != "file":
            raise MissingKey("There is no such file to put.", where=str(source), next_step="Write it first.")
        self._disk.read(source, 0, 1)  # says why when it may not be read
        part_bytes = max(PART_BYTES, -(-seen.size // PARTS_MAX))
        with self._reaching(key):
            obstore.put(self._store, key, source, chunk_size=part_bytes, max_concurrency=PARTS_AT_ONCE)
        stored = self.find(key)
        if stored is None or stored.size != seen.size:
            raise StorageError(
                f"{seen.size} bytes were sent, and the server has {stored.size if stored else 'none'}.",
                where=self._where(key),
                next_step="Something else writes to this file or this bucket: stop it, then run again.",
            )
        self._disk.remove(source)

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`, by ranges of bounded size."""
        check_key(key)
        if not length:
            self._check_there(key)
            return b""
        if length <= RANGE_BYTES:
            return self._read_range(key, offset, length)
        end = offset + length
        starts = range(offset, end, RANGE_BYTES)
        return b"".join(self._read_range(key, start, min(RANGE_BYTES, end - start)) for start in starts)

    def find(self, key: str) -> Stored | None:
        """The size of an object, None when the bucket has none; StorageError when there is no bucket."""
        check_key(key)
        try:
            with self._reaching(key):
                found = obstore.head(self._store, key)
        except MissingKey:
            self._check_bucket()
            return None
        return Stored(key, found["size"])

    def iterate(self, prefix: str) -> Iterator[Stored]:
        """Every key under `prefix`, page by page, in the order that S3 gives them: that of the key."""
        check_prefix(prefix)
        last = ""
        with self._reaching(prefix):
            for page in self._pages(prefix):
                for found in page:
                    if found["path"] < last:
                        raise _disordered(self._where(prefix))
                    last = found["path"]
                    if _is_key(last):
                        yield Stored(last, found["size"])

    def delete(self, key: str) -> None:
        """Remove an object."""
        check_key(key)
        try:
            with self._reaching(key):
                obstore.delete(self._store, key)
        except MissingKey:
            self._check_bucket()

    def settle(self, keys: Iterable[str]) -> None:
        """Nothing to do: what a bucket acknowledged, it has."""

    def forget(self, key: str) -> None:
        """Nothing is remembered: every read asks the server."""
        self._check_there(key)

    def _read_range(self, key: str, start: int, length: int) -> bytes:
        with self._reaching(key):
            data = obstore.get_range(self._store, key, start=start, length=length).to_bytes()
        if len(data) < length:
            raise TruncatedKey(
                f"The value ends at byte {start + len(data)}, {length - len(data)} bytes early.",
                where=self._where(key),
                next_step="Run `holdfast verify`, then `holdfast repair`.",
            )
        return data

    def _check_there(self, key: str) -> None:
        if self.find(key) is None:
            raise MissingKey("The value is not in the bucket.", where=self._where(key), next_step=VERIFY)

    def _check_bucket(self) -> None:
        # The answer to a HEAD has no body, so that a missing bucket looks like a missing key; a listing tells.
        if not self._bucket_was_seen:
            with self._reaching(""):
                next(self._pages(""), None)
            self._bucket_was_seen = True

    def _pages(self, prefix: str) -> Iterator[Sequence["ObjectMeta"]]:
        # The library's other answer is a table of pyarrow, whose types are not here.
        pages = obstore.list(self._store, prefix or None, chunk_size=KEYS_PER_PAGE)  # pyright: ignore[reportUnknownMemberType]
        yield from pages

    def _where(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextlib.contextmanager
    def _reaching(self, key: str) -> Generator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError, ValueError) as error:
            # The library's text may repeat a request: it is not even chained.
            raise s3_error(error, self._where(key)) from None


def _open_store(address: S3Address, patience_s: float) -> S3Store:
    config: S3Config = {"disable_bulk_delete": True}  # not every server has it, and we delete one at a time
    if address.endpoint:
        config["endpoint"] = address.endpoint
    if address.region:
        config["region"] = address.region
    client: ClientConfig = {
        "connect_timeout": timedelta(seconds=CONNECT_WAIT_S),
        "timeout": timedelta(seconds=REQUEST_WAIT_S),
    }
    if address.endpoint.startswith("http://"):
        client["allow_http"] = True
    retry: RetryConfig = {
        "max_retries": 10,
        "retry_timeout": timedelta(seconds=patience_s),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2},
    }
    prefix = address.prefix or None
    return S3Store(address.bucket, prefix=prefix, config=config, client_options=client, retry_config=retry)


def _is_key(path: str) -> bool:
    try:
        check_key(path)
    except StorageError:
        return False
    return not path.startswith(f"{STAGING}/")


def _disordered(where: str) -> StorageError:
    return StorageError(
        "The server lists keys in no order.", where=where, next_step="Use a general purpose bucket for the vault."
    )
