"""OFAC's legacy CSV: a file of parties, one of aliases, one of addresses; no header, `-0-` for nothing.

The remarks hold more aliases, dates of the CMIC list and links. Refuses rows of the wrong width.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.levers.screening.files import TRY_AGAIN, Row, read_rows
from holdfast.records.errors import ListError
from holdfast.records.screening import Feed, ListedName, ListedNameKind, ListEntry, ParsedList, PartyKind

_NOTHING = "-0-"
_WIDTHS = {12: "parties", 5: "aliases", 6: "addresses"}
_KINDS = {
    "": PartyKind.ORGANISATION,
    "individual": PartyKind.PERSON,
    "vessel": PartyKind.VESSEL,
    "aircraft": PartyKind.AIRCRAFT,
}
_ALIAS_KINDS = {
    "aka": ListedNameKind.ALIAS,
    "a.k.a.": ListedNameKind.ALIAS,
    "fka": ListedNameKind.FORMER,
    "f.k.a.": ListedNameKind.FORMER,
    "nka": ListedNameKind.NAME,
    "n.k.a.": ListedNameKind.NAME,
}
_QUOTED_ALIAS = re.compile(r"\b([afn]\.k\.a\.) '([^']+)'")
_LISTED = re.compile(r"\b(Listing|Effective) Date \([^)]*\):? (\d{1,2} [A-Z][a-z]{2} \d{4})")


@dataclass(slots=True)
class _Parts:
    parties: Path | None = None
    aliases: defaultdict[str, list[ListedName]] = field(
        default_factory=lambda: defaultdict[str, list[ListedName]](list)
    )
    addresses: defaultdict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[str, str]]](list)
    )
    given: set[str] = field(default_factory=set[str])


def parse_ofac_csv(paths: Sequence[Path], feed: Feed) -> ParsedList:
    """The parties of the file with twelve columns, joined with aliases (five) and addresses (six) when given."""
    parts = _Parts()
    for path in paths:
        _read_part(path, parts)
    if parts.parties is None:
        where = ", ".join(str(path) for path in paths)
        raise ListError("no file with the parties (twelve columns)", where=where, next_step="Give SDN.CSV as well.")
    rows = read_rows(parts.parties, 12)
    entries = tuple(_entry(parts.parties, row, parts, feed.list_names) for row in rows)
    missing = sorted(set(_WIDTHS.values()) - parts.given)
    notes = tuple(f"Screened without {name}: their file was not given." for name in missing)
    return ParsedList(entries=entries, notes=notes)


def _read_part(path: Path, parts: _Parts) -> None:
    first = next(read_rows(path), None)
    width = len(first.cells) if first else 0
    if first is None or width not in _WIDTHS:
        raise ListError(
            f"{width} columns; SDN.CSV has 12, ALT.CSV 5, ADD.CSV 6", where=f"{path}:1", next_step=TRY_AGAIN
        )
    parts.given.add(_WIDTHS[width])
    if width == 12:
        parts.parties = path
    elif width == 5:
        _read_aliases(read_rows(path, 5), parts.aliases)
    else:
        _read_addresses(read_rows(path, 6), parts.addresses)


def _read_aliases(rows: Iterable[Row], aliases: dict[str, list[ListedName]]) -> None:
    for row in rows:
        party, _, kind, name, _ = map(_clean, row.cells)
        if name:
            aliases[party].append(ListedName(name=name, kind=_ALIAS_KINDS.get(kind.lower(), ListedNameKind.ALIAS)))


def _read_addresses(rows: Iterable[Row], addresses: dict[str, list[tuple[str, str]]]) -> None:
    for row in rows:
        party, _, street, city, country, _ = map(_clean, row.cells)
        text = ", ".join(part for part in (street, city, country) if part)
        if text:
            addresses[party].append((text, country))


def _clean(cell: str) -> str:
    stripped = cell.strip()
    return "" if stripped == _NOTHING else stripped


def _entry(path: Path, row: Row, parts: _Parts, list_names: Mapping[str, str]) -> ListEntry:
    cells = [_clean(cell) for cell in row.cells]
    number, name, kind, programme, remarks = cells[0], cells[1], cells[2].lower(), cells[3], cells[11]
    if not number.isdigit() or not name:
        raise ListError("no number and name of a party", where=f"{path}:{row.line}", next_step=TRY_AGAIN)
    programmes = tuple(part.strip(" []") for part in programme.split("] ["))
    quoted = (
        ListedName(name=alias, kind=ListedNameKind.WEAK_ALIAS if mark[0] == "a" else _ALIAS_KINDS[mark])
        for mark, alias in _QUOTED_ALIAS.findall(remarks)
    )
    names = (ListedName(name=name, kind=ListedNameKind.NAME), *parts.aliases.get(number, ()), *quoted)
    places = parts.addresses.get(number, [])
    return ListEntry(
        list=next((list_names[word] for word in programmes if word in list_names), list_names["*"]),
        entry=number,
        kind=_KINDS.get(kind, PartyKind.UNKNOWN),
        names=tuple(dict.fromkeys(names)),
        addresses=tuple(text for text, country in places if text != country),
        countries=tuple(dict.fromkeys(country for _, country in places if country)),
        programmes=tuple(word for word in programmes if word),
        start=_find_listed(remarks),
        note=remarks or None,
    )


def _find_listed(remarks: str) -> datetime.date | None:
    """The day of listing that the remarks of a CMIC entry give; the effective day when there is no other."""
    found: dict[str, str] = dict(_LISTED.findall(remarks))
    text = found.get("Listing") or found.get("Effective")
    return datetime.datetime.strptime(text, "%d %b %Y").date() if text else None  # noqa: DTZ007 - a day, not a time
