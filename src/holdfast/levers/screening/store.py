"""Editions of lists in a folder: raw files as they came, their entries, and a record of where they came from.

An edition appears whole, by one rename, or not at all; nothing here ever replaces or removes a good edition.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from holdfast.records.canonical_json import encode_canonical, encode_pretty
from holdfast.records.errors import ListError, OutputError
from holdfast.records.screening import Edition, ListEntry

RECORD, ENTRIES, RAW = "edition.json", "entries.json", "raw"
_INCOMING = ".incoming-"
_EDITION = TypeAdapter(Edition)
_LIST = TypeAdapter(tuple[ListEntry, ...])


def get_edition_folder(root: Path, edition: Edition) -> Path:
    """Where an edition lies: its feed, its date and the start of its digest."""
    return root / edition.feed / f"{edition.date}-{edition.sha256[:12]}"


def list_editions(root: Path, feed: str | None = None) -> list[Edition]:
    """Every edition held, by feed, date and time of fetching. Raises ListError for a damaged record."""
    pattern = f"{feed or '*'}/*/{RECORD}"
    editions = [_read_record(path) for path in root.glob(pattern) if not path.parent.name.startswith(".")]
    return sorted(editions, key=lambda edition: (edition.feed, edition.date, edition.fetched_at))


def _read_record(path: Path) -> Edition:
    try:
        return _EDITION.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ListError:
    step = f"Remove the folder {path.parent} and store the edition again."
    return ListError(f"the stored record is damaged: {str(error).splitlines()[0]}", where=str(path), next_step=step)


def read_entries(root: Path, edition: Edition) -> tuple[ListEntry, ...]:
    """The entries of a stored edition. Raises ListError when they are damaged or too few."""
    path = get_edition_folder(root, edition) / ENTRIES
    try:
        entries = _LIST.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _damaged(path, error) from None
    if len({entry.entry for entry in entries}) != edition.count:
        raise _damaged(path, ValueError(f"{edition.count} parties were stored"))
    return entries


def open_incoming(root: Path, feed: str) -> Path:
    """A new folder for raw files that are on their way; hidden until it is stored."""
    try:
        (root / feed).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=root / feed))
        (folder / RAW).mkdir()
    except OSError as error:
        step = "Name another folder with --folder."
        raise OutputError(f"lists cannot be stored: {error.strerror}", where=str(root), next_step=step) from None
    return folder


def discard_incoming(folder: Path) -> None:
    """Remove what did not become an edition."""
    shutil.rmtree(folder, ignore_errors=True)


def store_edition(root: Path, incoming: Path, edition: Edition, entries: Sequence[ListEntry]) -> bool:
    """Make incoming files an edition. False when these very bytes are held already: then only `checked_on` moves on."""
    target = get_edition_folder(root, edition)
    if target.exists():
        _note_check(target, edition)
        return False
    try:
        _write(incoming / ENTRIES, encode_canonical(tuple(entries)))
        _write(incoming / RECORD, encode_pretty(edition) + "\n")
        incoming.chmod(0o755)
        incoming.rename(target)
        _flush_folder(target.parent)
    except OSError as error:
        raise OutputError(f"the edition could not be stored: {error.strerror}", where=str(target)) from None
    return True


def _note_check(target: Path, edition: Edition) -> None:
    held = _read_record(target / RECORD)
    days = [day for day in (held.checked_on, edition.checked_on) if day]
    newer = replace(held, checked_on=max(days, default=None), withdrawn_on=edition.withdrawn_on or held.withdrawn_on)
    if newer != held:
        draft = target / f".{RECORD}.new"
        _write(draft, encode_pretty(newer) + "\n")
        draft.replace(target / RECORD)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
