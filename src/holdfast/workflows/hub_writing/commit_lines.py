"""The lines of a commit as clients send it: a JSON object each, the header first, then operations in order.

Every length is limited. The bytes of a file are put down as its line is read, so that one line is in memory at a time.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from holdfast.records.access import BadRequest, TooLarge
from holdfast.records.hub_writing import AddedFile, AddedLarge, AskedCommit, CommitHeader, Deletion, Operation
from holdfast.vault.storage.disk import storage_error

COMMIT_BYTES_MAX: Final = 512 << 20
LINE_BYTES_MAX: Final = 24 << 20
OPERATIONS_MAX: Final = 50_000
PATH_BYTES_MAX: Final = 1024
_MESSAGE_CHARACTERS_MAX: Final = 100_000
_SIZE_MAX: Final = 1 << 50
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff\\\\]")
_Value = dict[str, Any]


def read_commit(body: BinaryIO, folder: Path) -> AskedCommit:
    """A commit. What its files hold is written into `folder`. Raises BadRequest or TooLarge with the line."""
    header: CommitHeader | None = None
    operations: list[Operation] = []
    for number, line in _iterate_lines(body):
        key, value = _parse_line(number, line)
        if key == "header":
            if header is not None:
                raise _bad(number, "it is a second header")
            header = _read_header(number, value)
            continue
        if header is None:
            raise _bad(number, "the header comes first")
        if len(operations) == OPERATIONS_MAX:
            raise TooLarge(
                f"a commit has at most {OPERATIONS_MAX:,} operations",
                where=f"line {number}",
                next_step="Make several commits.",
            )
        operations.append(_read_operation(number, key, value, folder))
    if header is None:
        raise BadRequest("the commit is empty", where="line 1", next_step=_NEXT)
    return AskedCommit(header, tuple(operations))


_NEXT: Final = "Send lines of JSON: a header, then operations. See docs/how-to/push.md."


def _iterate_lines(body: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := body.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            raise TooLarge(
                f"a line has more than {LINE_BYTES_MAX >> 20} MiB",
                where=f"line {number} of the commit",
                next_step="Send large files by LFS or Xet, as preupload says.",
            )
        if line.strip():
            yield number, line


def _parse_line(number: int, line: bytes) -> tuple[str, _Value]:
    try:
        plain = cast("object", json.loads(line))
    except (ValueError, RecursionError) as error:
        raise _bad(number, f"it is no JSON: {_shorten(error)}") from error
    if not isinstance(plain, dict):
        raise _bad(number, "it is no JSON object")
    said = cast("_Value", plain)
    key, value = said.get("key"), said.get("value")
    if not isinstance(key, str) or not isinstance(value, dict):
        raise _bad(number, 'it has no "key" and "value"')
    return key, cast("_Value", value)


def _shorten(error: Exception) -> str:
    return str(error)[:200]


def _read_header(number: int, value: _Value) -> CommitHeader:
    summary = _get_text(number, value, "summary", _MESSAGE_CHARACTERS_MAX)
    description = _get_text(number, value, "description", _MESSAGE_CHARACTERS_MAX)
    parent = _get_text(number, value, "parentCommit", 64)
    if parent and not _COMMIT.fullmatch(parent):
        raise _bad(number, f"parentCommit {parent!r} is no commit")
    return CommitHeader(summary.strip() or "Upload", description, parent)


def _get_text(number: int, value: _Value, key: str, characters_max: int) -> str:
    found: object = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > characters_max or "\0" in found:
        raise _bad(number, f"{key} is no text of at most {characters_max:,} characters")
    try:
        found.encode()
    except UnicodeEncodeError as error:
        raise _bad(number, f"{key} is no text: {_shorten(error)}") from error
    return found


def _read_operation(number: int, key: str, value: _Value, folder: Path) -> Operation:
    read = _READERS.get(key)
    if read is None:
        raise _bad(number, f"{key[:40]!r} is no operation that is known; known are {', '.join(_READERS)}")
    return read(number, value, folder)


def _read_file(number: int, value: _Value, folder: Path) -> Operation:
    path = _get_path(number, value)
    content: object = value.get("content")
    if not isinstance(content, str) or value.get("encoding", "base64") != "base64":
        raise _bad(number, f"the content of {path} is not in base64")
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad(number, f"the content of {path} is not in base64: {_shorten(error)}") from error
    source = folder / f"{number:06}"
    try:
        source.write_bytes(data)
    except OSError as error:
        raise storage_error(error, source) from error
    return AddedFile(path, source)


def _read_large(number: int, value: _Value, _folder: Path) -> Operation:
    path = _get_path(number, value)
    oid, size, algorithm = value.get("oid"), value.get("size"), value.get("algo", "sha256")
    if algorithm not in ("sha256", "sha_256") or not isinstance(oid, str) or not _SHA256.fullmatch(oid):
        raise _bad(number, f"{path} is not named by a sha256")
    if size is not None and (type(size) is not int or not 0 <= size <= _SIZE_MAX):
        raise _bad(number, f"the size of {path} is no number of bytes")
    return AddedLarge(path, oid, size)


def _read_deleted_file(number: int, value: _Value, _folder: Path) -> Operation:
    return Deletion(_get_path(number, value), is_folder=False)


def _read_deleted_folder(number: int, value: _Value, _folder: Path) -> Operation:
    found: object = value.get("path")
    return Deletion(_check_path(number, found.rstrip("/") if isinstance(found, str) else found), is_folder=True)


_READERS: Final[dict[str, Callable[[int, _Value, Path], Operation]]] = {
    "file": _read_file,
    "lfsFile": _read_large,
    "deletedFile": _read_deleted_file,
    "deletedFolder": _read_deleted_folder,
}


def _get_path(number: int, value: _Value) -> str:
    return _check_path(number, value.get("path"))


def _check_path(number: int, path: object) -> str:
    if not isinstance(path, str) or not is_good_path(path):
        raise _bad(number, f"{str(path)[:200]!r} cannot be the path of a file in a repository")
    return path


def is_good_path(path: str) -> bool:
    """Whether a path stays in its repository, in git too, and can be written down."""
    parts = path.split("/")
    return (
        0 < len(path.encode("utf-8", "surrogatepass")) <= PATH_BYTES_MAX
        and not _CONTROL.search(path)
        and all(part not in ("", ".", "..") and part.lower() != ".git" for part in parts)
    )


def _bad(number: int, what: str) -> BadRequest:
    return BadRequest(what, where=f"line {number} of the commit", next_step=_NEXT)
