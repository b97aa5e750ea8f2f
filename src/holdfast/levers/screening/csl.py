"""The Consolidated Screening List, as JSON or CSV: many agencies' lists in one file, each row naming its list.

Refuses rows without a source list, and a JSON file whose count of results is not the one it states.
"""

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from holdfast.levers.screening.files import TRY_AGAIN, read_table, read_text
from holdfast.records.errors import ListError
from holdfast.records.screening import Feed, ListedName, ListedNameKind, ListEntry, ParsedList, PartyKind

_COLUMNS = ("source", "entity_number", "type", "programs", "name", "addresses", "start_date", "end_date", "alt_names")
_KINDS = {
    "entity": PartyKind.ORGANISATION,
    "individual": PartyKind.PERSON,
    "vessel": PartyKind.VESSEL,
    "aircraft": PartyKind.AIRCRAFT,
}
_SUCCESSORS = re.compile(r"[;,]?\s*and any successor.*$", re.IGNORECASE)
_JOINED = re.compile(r";\s*(?:and\s+)?")
_FORMER = re.compile(r"^f\.?k\.?a\.?,?\s+", re.IGNORECASE)


def parse_csl_csv(path: Path, feed: Feed) -> ParsedList:
    """Every row of the CSV. Raises ListError with the line."""
    entries = tuple(_entry(row, f"{path}:{line}", feed.list_names) for line, row in read_table(path, _COLUMNS))
    return ParsedList(entries=entries)


def parse_csl_json(path: Path, feed: Feed) -> ParsedList:
    """Every result of the JSON. Raises ListError with line and column, or the number of the result."""
    content = _load(path)
    results = content.get("results")
    if not isinstance(results, list):
        raise ListError("no `results` in the file", where=f"{path}:1", next_step=TRY_AGAIN)
    rows = cast("list[object]", results)
    total = content.get("total")
    if isinstance(total, int) and total != len(rows):
        what = f"the file says {total} results and holds {len(rows)}"
        raise ListError(what, where=str(path), next_step=TRY_AGAIN)
    return ParsedList(
        entries=tuple(
            _entry(_flatten(row, path, n), f"{path}, result {n}", feed.list_names) for n, row in enumerate(rows, 1)
        )
    )


def _load(path: Path) -> dict[str, object]:
    try:
        content: object = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}, byte {error.pos}"
        raise ListError(
            f"not valid JSON: {error.msg}; the file may be cut short", where=where, next_step=TRY_AGAIN
        ) from None
    except RecursionError:
        raise ListError("nested too deeply for a list", where=str(path), next_step=TRY_AGAIN) from None
    if not isinstance(content, dict):
        raise ListError("no `results` in the file", where=f"{path}:1", next_step=TRY_AGAIN)
    return cast("dict[str, object]", content)


def _flatten(row: object, path: Path, number: int) -> dict[str, str]:
    """A result of the JSON as the CSV would write it."""
    if not isinstance(row, dict):
        raise ListError("a result is not an object", where=f"{path}, result {number}", next_step=TRY_AGAIN)
    cells = cast("dict[str, object]", row)
    return {key: _cell(value) for key, value in cells.items()}


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_cell(item) for item in cast("list[object]", value))
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value)
        ordered = [parts.get(key) for key in ("address", "city", "state", "postal_code", "country")]
        return ", ".join(str(part) for part in ordered if part)
    return "" if value is None else str(value)


def _entry(row: Mapping[str, str], where: str, list_names: Mapping[str, str]) -> ListEntry:
    source, name = row.get("source", "").strip(), row.get("name", "").strip()
    if not source or not name:
        raise ListError("a row without its source list or its name", where=where, next_step=TRY_AGAIN)
    label = source.partition(" - ")[0].strip()
    addresses = tuple(_split(row.get("addresses", "")))
    kind = _KINDS.get(row.get("type", "").strip().lower(), PartyKind.UNKNOWN)
    return ListEntry(
        list=list_names.get(label, list_names["*"]),
        entry=row.get("entity_number") or row.get("_id") or row.get("id") or _digest(source, name, addresses),
        kind=kind,
        names=tuple(_names(name, row.get("alt_names", ""))),
        addresses=tuple(text for text in addresses if len(text) > 2),
        countries=tuple(dict.fromkeys(filter(None, map(_find_country, addresses)))),
        programmes=tuple(_split(row.get("programs", ""))),
        start=_find_day(row.get("start_date", "")),
        end=_find_day(row.get("end_date", "")),
        citation=row.get("federal_register_notice") or None,
        note=row.get("license_requirement") or row.get("remarks") or None,
    )


def _names(name: str, others: str) -> Iterable[ListedName]:
    yield ListedName(name=_SUCCESSORS.sub("", name), kind=ListedNameKind.NAME)
    for other in dict.fromkeys(_split(others)):
        former = _FORMER.sub("", other)
        kind = ListedNameKind.ALIAS if former == other else ListedNameKind.FORMER
        yield ListedName(name=former.rstrip("."), kind=kind)


def _split(text: str) -> list[str]:
    return [part.strip() for part in _JOINED.split(text) if part.strip()]


def _find_country(address: str) -> str | None:
    """Addresses end in an ISO code."""
    last = address.rpartition(",")[2].strip()
    return last if len(last) == 2 and last.isupper() else None


def _find_day(text: str) -> datetime.date | None:
    """A day in ISO form; one that cannot be read is unknown, and no reason to lose the whole list."""
    try:
        return datetime.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
