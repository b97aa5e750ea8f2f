"""Reads one file for its detector: size, encoding, depth and time are bounded. Whatever stops it becomes a reason."""

import os
import re
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from holdfast.inventory.artefacts.loose import read_artefact
from holdfast.inventory.environment import get_environment
from holdfast.inventory.limits import Limits
from holdfast.inventory.prefilter import compile_prefilter, speaks_in_code
from holdfast.inventory.routing import ARTEFACT_FORMATS, find_detector, find_script_format
from holdfast.inventory.sighting import FileReport, Source
from holdfast.inventory.walking import Found
from holdfast.records.use import Skipped

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_LINE_LIMITED = frozenset({"javascript", "shell", "markdown", "makefile", "dockerfile", "dotenv", "ini", "terraform"})


class OutOfTime(Exception):
    """A detector took longer than its limit."""


class Task(NamedTuple):
    """A file to read. An equal `digest` means that the earlier report still holds; `forced` skips the prefilter."""

    found: Found
    digest: str = ""
    forced: bool = False


class Read(NamedTuple):
    """What reading one file gave. No digest: nothing in it for a detector; no report: the earlier one holds."""

    found: Found
    digest: str
    report: FileReport | None
    settled: bool = True  # false: another try may end differently


def read_file(root: str, task: Task, limits: Limits) -> Read:
    """Read, filter and detect one file. Never raises on what the file holds."""
    found = task.found
    if found.format in ARTEFACT_FORMATS:
        return Read(found, "", read_artefact(Path(root, found.path), found.path, found.format))
    size_max = limits.get_bytes_max(found.format)
    try:
        data = _read_bytes(os.path.join(root, found.path), size_max)
    except OSError as error:
        return _skip(found, f"cannot be read: {error.strerror}")._replace(settled=False)
    if len(data) > size_max:
        return _skip_large(found, data, limits)
    return read_bytes(task, data, limits)


def read_bytes(task: Task, data: bytes, limits: Limits) -> Read:
    """The same for bytes already read."""
    found = task.found
    wanted = find_script_format(data) if found.format == "script" else found.format
    if wanted is None:
        return Read(found, "", None)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    if not task.forced and compile_prefilter().search(data) is None:
        return Read(found, "", None)
    if wanted == "python" and not task.forced and not speaks_in_code(data):
        return Read(found, "", None)
    digest = compute_digest(data)
    if digest == task.digest:
        return Read(found, digest, None)
    reason = _why_not_text(data, wanted, limits)
    if reason:
        return _skip(found, reason)
    return _detect(task, wanted, data, limits)._replace(digest=digest)


def compute_digest(data: bytes) -> str:
    """Digest by which an unchanged file is recognised when its times have changed."""
    return blake2b(data, digest_size=16).hexdigest()


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


def _detect(task: Task, format_name: str, data: bytes, limits: Limits) -> Read:
    found, path, settled = task.found, task.found.path, True
    try:
        detector = find_detector(format_name)
        if detector is None:
            return Read(found, "", FileReport(path))
        with _time_limit(limits.file_wait_s):
            source = Source(path, decode_text(data), get_environment(path), is_followed=task.forced)
            return Read(found, "", detector(source))
    except OutOfTime:
        reason, settled = f"its reader took longer than {limits.file_wait_s:g} s", False
    except (RecursionError, MemoryError) as error:
        reason = f"nested too deeply for its reader ({type(error).__name__})"
    except Exception as error:  # a fault of one detector must not cost the other files
        reason, settled = f"its reader failed: {type(error).__name__}: {str(error)[:200]}", False
    return _skip(found, reason)._replace(settled=settled)


@contextmanager
def _time_limit(wait_s: float) -> Generator[None]:
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


def _skip_large(found: Found, data: bytes, limits: Limits) -> Read:
    """A file beyond the limit whose beginning speaks of no model is data; only the others are worth a line."""
    if compile_prefilter().search(data) is None and b"\0" in data:
        return Read(found, "", None)
    size_max = limits.get_bytes_max(found.format)
    return _skip(found, f"larger than {size_max:,} bytes ({found.size:,}); not read")


def _skip(found: Found, reason: str) -> Read:
    return Read(found, "", FileReport(found.path, skipped=Skipped(found.path, reason)))
