"""Downloading one list file because the user asked: TLS, time and size limits, whole or not at all.

Refuses plain HTTP except to this machine, redirects away from TLS, and answers shorter than announced.
"""

import datetime
import email.utils
import http.client
import ipaddress
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from holdfast.records.errors import LimitExceeded, NetworkError, UsageError

Progress = Callable[[int, int], None]
CHUNK_BYTES = 1 << 18
WAIT_S = 30.0
TOTAL_S = 1800.0
SMALL_BYTES_MAX = 4 << 20
AGENT = "holdfast (official list download, on the user's command)"  # OFAC refuses requests without a user agent
OFFLINE = "Check the connection, or download the file elsewhere and give it with --from. Editions held are unchanged."


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that arrived whole, and when the server says that it last changed."""

    path: Path
    url: str
    last_modified: datetime.date | None


def fetch_file(url: str, target: Path, bytes_max: int, progress: Progress) -> Fetched:
    """Download to `target`. Raises NetworkError or LimitExceeded; a partial file is left for the caller to discard."""
    with _open(url) as answer:
        announced = int(answer.headers.get("Content-Length") or 0)
        if announced > bytes_max:
            raise LimitExceeded(f"{announced} bytes announced; at most {bytes_max} are fetched", where=url)
        with target.open("wb") as file:
            size = _copy(answer, file, url, _Limits(bytes_max, announced, time.monotonic() + TOTAL_S), progress)
        if announced and size != announced:
            raise NetworkError(f"{size} of {announced} bytes arrived", where=url, next_step=OFFLINE)
        return Fetched(target, url, _find_last_modified(answer.headers.get("Last-Modified")))


@dataclass(frozen=True, slots=True)
class _Limits:
    bytes_max: int
    announced: int
    deadline: float


def _copy(answer: http.client.HTTPResponse, file: IO[bytes], url: str, limits: _Limits, progress: Progress) -> int:
    size = 0
    try:
        while chunk := answer.read(CHUNK_BYTES):
            size += len(chunk)
            if size > limits.bytes_max:
                raise LimitExceeded(f"more than {limits.bytes_max} bytes", where=url, next_step=OFFLINE)
            if time.monotonic() > limits.deadline:
                raise NetworkError(f"not finished after {TOTAL_S:.0f} s", where=url, next_step=OFFLINE)
            file.write(chunk)
            progress(size, max(limits.announced, size))
    except (OSError, http.client.HTTPException) as error:
        raise NetworkError(f"broke off after {size} bytes: {error}", where=url, next_step=OFFLINE) from None
    file.flush()
    os.fsync(file.fileno())
    return size


def _find_last_modified(header: str | None) -> datetime.date | None:
    try:
        return email.utils.parsedate_to_datetime(header).date() if header else None
    except ValueError:
        return None


def fetch_title_date(url: str, title: int) -> datetime.date:
    """The day up to which eCFR's title is current; its point-in-time addresses need one."""
    with _open(url) as answer:
        content = answer.read(SMALL_BYTES_MAX)
    try:
        found = cast("dict[str, list[dict[str, object]]]", json.loads(content))["titles"]
        day = next(item["up_to_date_as_of"] for item in found if item["number"] == title)
        return datetime.date.fromisoformat(str(day))
    except (ValueError, KeyError, TypeError, StopIteration):
        step = "Give the edition's day with --edition YYYY-MM-DD."
        raise NetworkError("no date of the newest edition in the answer", where=url, next_step=step) from None


def _open(url: str) -> http.client.HTTPResponse:
    _check_address(url)
    request = urllib.request.Request(url, headers={"User-Agent": AGENT, "Accept": "*/*"})  # noqa: S310 - checked above
    opener = urllib.request.build_opener(_TlsRedirects())
    try:
        return cast("http.client.HTTPResponse", opener.open(request, timeout=WAIT_S))
    except urllib.error.HTTPError as error:
        error.close()
        raise NetworkError(f"the server answered {error.code} {error.reason}", where=url, next_step=OFFLINE) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NetworkError(f"could not be fetched: {reason}", where=url, next_step=OFFLINE) from None


class _TlsRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to addresses that may be fetched."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_address(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_this_machine(parts.hostname or ""):
        return
    raise UsageError("lists are fetched over https only", where=url, next_step="Give an https address, or use --from.")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
