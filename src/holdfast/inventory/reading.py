"""Reads one file for its detector: size, encoding, depth and time are bounded. Whatever stops it becomes a reason."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from holdfast.inventory.artefacts.loose import read_artefact
from holdfast.inventory.environment import get_environment
from holdfast.inventory.limits import Limits
from holdfast.inventory.prefilter import compile_prefilter
from holdfast.inventory.routing import ARTEFACT_FORMATS, find_detector, find_script_format
from holdfast.inventory.sighting import FileReport, Source
from holdfast.inventory.walking import Found
from holdfast.records.use import Skipped

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_LINE_LIMITED = frozenset({"javascript", "shell", "markdown", "makefile", "dockerfile", "dotenv", "ini", "terraform"})


class OutOfTime(Exception):
    """A detector took longer than its limit."""


class Read(NamedTuple):
    """What reading one file gave; no report when the prefilter said that it can hold no model."""

    path: str
    digest: str
    report: FileReport | None


def read_file(root: str, found: Found, limits: Limits) -> Read:
    """Read, filter and detect one file. Never raises on what the file holds."""
    if found.format in ARTEFACT_FORMATS:
        return Read(found.path, "", read_artefact(Path(root, found.path), found.path, found.format))
    size_max = limits.get_bytes_max(found.format)
    try:
        data = _read_bytes(os.path.join(root, found.path), size_max)
    except OSError as error:
        return _skip(found.path, f"cannot be read: {error.strerror}")
    if len(data) > size_max:
        return _skip(found.path, f"larger than {size_max:,} bytes ({found.size:,})")
    return read_bytes(found, data, limits)


def read_bytes(found: Found, data: bytes, limits: Limits) -> Read:
    """The same for bytes already read."""
    wanted = find_script_format(data) if found.format == "script" else found.format
    if wanted is None:
        return Read(found.path, "", None)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    if compile_prefilter().search(data) is None:
        return Read(found.path, "", None)
    reason = _why_not_text(data, wanted, limits)
    if reason:
        return _skip(found.path, reason)
    return Read(found.path, _compute_digest(data), _detect(found.path, wanted, data, limits))


def decode_text(data: bytes) -> str:
    """UTF-8 with or without its mark, else Latin-1, which never fails. Line ends become `\\n`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def compute_depth(data: bytes) -> int:
    """How deep brackets nest outside quoted strings."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(data):
        first = match.group()[:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _read_bytes(place: str, size_max: int) -> bytes:
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        data = os.read(handle, min(size, size_max) + 1)
        return data if len(data) >= min(size, size_max) else data + _read_rest(handle, size_max - len(data))
    finally:
        os.close(handle)


def _read_rest(handle: int, bytes_max: int) -> bytes:
    parts: list[bytes] = []
    while bytes_max >= 0 and (part := os.read(handle, bytes_max + 1)):
        parts.append(part)
        bytes_max -= len(part)
    return b"".join(parts)


def _why_not_text(data: bytes, format_name: str, limits: Limits) -> str:
    if b"\0" in data[:8192] or b"\0" in data:
        return "binary content under the name of a text file"
    if format_name in ("json", "yaml", "notebook", "toml") and data.count(b"[") + data.count(b"{") > limits.depth_max:
        depth = compute_depth(data)
        if depth > limits.depth_max:
            return f"nested {depth:,} levels deep; the limit is {limits.depth_max}"
    if format_name in _LINE_LIMITED:
        line_max = limits.script_line_chars_max if format_name == "javascript" else limits.line_chars_max
        if len(data) > line_max and (longest := max(map(len, data.split(b"\n")))) > line_max:
            return f"a line of {longest:,} bytes: generated or packed; the limit is {line_max:,}"
    return ""


def _detect(path: str, format_name: str, data: bytes, limits: Limits) -> FileReport:
    try:
        detector = find_detector(format_name)
        if detector is None:
            return FileReport(path)
        with _time_limit(limits.file_wait_s):
            return detector(Source(path, decode_text(data), get_environment(path)))
    except OutOfTime:
        reason = f"its reader took longer than {limits.file_wait_s:g} s"
    except (RecursionError, MemoryError) as error:
        reason = f"nested too deeply for its reader ({type(error).__name__})"
    except Exception as error:  # a fault of one detector must not cost the other files
        reason = f"its reader failed: {type(error).__name__}: {str(error)[:200]}"
    return FileReport(path, skipped=Skipped(path, reason))


@contextmanager
def _time_limit(wait_s: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise_out_of_time)
    signal.setitimer(signal.ITIMER_REAL, wait_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise_out_of_time(_number: int, _frame: object) -> None:
    raise OutOfTime


def _compute_digest(data: bytes) -> str:
    from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest()


def _skip(path: str, reason: str) -> Read:
    return Read(path, "", FileReport(path, skipped=Skipped(path, reason)))
