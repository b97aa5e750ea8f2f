"""Parsed rule data kept as JSON, since reading a thousand YAML files takes a second: whole, or not used at all.

The file's name is a digest of every source file's name, size and time, so a changed file is never missed by its age.
"""

import datetime
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

_DATE = "$date"


def compute_stamp(paths: Sequence[Path | str]) -> str:
    """A digest of names, sizes and modification times."""
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        stat = os.stat(path)
        digest.update(f"{path}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def find_parsed(cache: Path, stamp: str) -> list[object] | None:
    """What was parsed before from the same files; None when there is nothing, or it is damaged."""
    try:
        content = cast("object", json.loads((cache / f"{stamp}.json").read_bytes(), object_hook=_read_date))
    except (OSError, ValueError, RecursionError):
        return None
    return cast("list[object]", content) if isinstance(content, list) else None


def write_parsed(cache: Path, stamp: str, contents: Sequence[object]) -> None:
    """Keep what was parsed. A cache that cannot be written costs time and nothing else."""
    temporary = cache / f".{stamp}.{os.getpid()}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(contents, default=_write_date), encoding="utf-8")
        temporary.replace(cache / f"{stamp}.json")
    except OSError:
        temporary.unlink(missing_ok=True)


def _read_date(item: dict[str, object]) -> object:
    if item.keys() == {_DATE}:
        return datetime.date.fromisoformat(str(item[_DATE]))
    return item


def _write_date(value: object) -> object:
    if isinstance(value, datetime.date):
        return {_DATE: value.isoformat()}
    raise TypeError(f"{type(value).__name__} in rule data")
