"""The 1260H list of Chinese military companies: a CSV transcription, or the text extracted from the PDF.

The CSV carries history: a row for each listing with the edition that added and the one that removed it. From text,
every line that is not known to be boilerplate becomes an entry: a line too many is harmless, a line lost is not.
"""

import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdfast.levers.screening.files import TRY_AGAIN, read_table, read_text
from holdfast.records.errors import ListError
from holdfast.records.screening import (
    Feed,
    ListedName,
    ListedNameKind,
    ListedOwner,
    ListEntry,
    ParsedList,
    PartyKind,
)

COLUMNS = (
    "Name",
    "Clean Name",
    "Alias",
    "Previous Name",
    "Parent Name",
    "Note",
    "Start date",
    "End date",
    "Source Url",
)
_BETWEEN = re.compile(r"\s*;\s*|,(?=\S)")
_NOISE = re.compile(
    r"^(?:\d+|page \d+.*|-\s*\d+\s*-|\d+\s+federal register.*|.*federal register\s*/\s*vol.*|verdate.*|unclassified)$"
    r"|entities identified as chinese military|william m\.|thornberry|national defense authorization act"
    r"|\(?public law 11\d|united states in accordance|operating in the united states",
    re.IGNORECASE,
)
_BEGIN = re.compile(r"in\s+accordance\s+with\s+section\s+1260H:", re.IGNORECASE)
_REMOVED = re.compile(r"\bThe\s[^•.]{0,150}previously\s+listed\s+entities\s+should\s+be\s+removed", re.IGNORECASE)
_CONTINUES = re.compile(r"^(?:[a-z(]|(?:Co\.|Ltd|Limited|Inc|Corporation|Company)\b)")
_TRAILING = re.compile(r"\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*$")
_PART_OF_NAME = frozenset({"limited", "ltd", "ltd.", "group", "holdings", "holding"})


def parse_1260h_csv(path: Path, feed: Feed) -> ParsedList:
    """Every listing of the transcription; the edition's date is the newest one in it."""
    entries = tuple(_from_row(row, f"{path}:{line}", feed.list_names["*"]) for line, row in read_table(path, COLUMNS))
    days = [day for entry in entries for day in (entry.start, entry.end) if day]
    return ParsedList(entries=entries, date=max(days, default=None), date_from="the newest date in the file")


def _from_row(row: dict[str, str], where: str, list_id: str) -> ListEntry:
    name = row["Clean Name"] or row["Name"]
    if not name:
        raise ListError("a row without a name", where=where, next_step=TRY_AGAIN)
    printed = row["Name"].rstrip("* ")
    names = [ListedName(name=name, kind=ListedNameKind.NAME)]
    for alias in _split(row["Alias"]):
        former = re.search(rf"\(formerly[^)]*{re.escape(alias)}", printed)
        short = len(alias) <= 5 and alias.isupper()
        kind = ListedNameKind.FORMER if former else ListedNameKind.WEAK_ALIAS if short else ListedNameKind.ALIAS
        names.append(ListedName(name=alias, kind=kind))
    names += (ListedName(name=former, kind=ListedNameKind.FORMER) for former in _split(row["Previous Name"]))
    parent = row["Parent Name"]
    return ListEntry(
        list=list_id,
        entry=_digest(name),
        kind=PartyKind.ORGANISATION,
        names=tuple(dict.fromkeys(names)),
        countries=("CN",),
        start=_day(row["Start date"], where),
        end=_day(row["End date"], where),
        owners=(ListedOwner(name=parent, relation="listed under this parent"),) if parent and parent != name else (),
        citation=row["Source Url"] or None,
        note=row["Note"] or None,
    )


def _split(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _day(text: str, where: str) -> datetime.date | None:
    """Dates are the point of this file: one that cannot be read stops the reading."""
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise ListError(f"{text!r} is not a date", where=where, next_step="Write it as YYYY-MM-DD.") from None


def parse_1260h_text(path: Path, feed: Feed) -> ParsedList:
    """Every name in text extracted from the PDF. The text tells no date: the user gives the edition's."""
    text = _cut_frame(read_text(path))
    headings = _headings_between_bullets(text) if "•" in text else _join_lines(text.splitlines())
    entries = [entry for heading in headings for entry in _from_heading(heading, feed.list_names["*"])]
    return ParsedList(entries=tuple({entry.entry: entry for entry in entries}.values()))


def _cut_frame(text: str) -> str:
    """The list itself: behind the notice's introduction and before the removals, where it has them."""
    begin, removed = _BEGIN.search(text), _REMOVED.search(text)
    start = begin.end() if begin else 0
    end = removed.start() if removed and removed.start() > start else len(text)
    return "\n".join(line for line in text[start:end].splitlines() if not _NOISE.search(line.strip()))


def _headings_between_bullets(text: str) -> Iterator[str]:
    """Names with justifications behind bullets: a bullet ends at the last `).` before the next name."""
    flat = " ".join(text.split())
    first, *bullets = flat.split("•")
    yield first
    for bullet in bullets:
        yield bullet.rpartition(").")[2]


def _join_lines(lines: Iterable[str]) -> Iterator[str]:
    heading = ""
    for line in (" ".join(raw.split()).lstrip("•*-– ") for raw in lines):
        open_bracket = heading.count("(") > heading.count(")")
        if heading and line and (open_bracket or heading.endswith(",") or _CONTINUES.match(line)):
            heading += " " + line
            continue
        yield heading
        heading = line
    yield heading


def _from_heading(heading: str, list_id: str) -> Iterator[ListEntry]:
    name, brackets = _take_brackets(heading.strip().rstrip("*").strip())
    if len(name) < 3:
        return
    names = [ListedName(name=name, kind=ListedNameKind.NAME)]
    for bracket in brackets:
        mark, _, content = bracket.partition(" ")
        head, colon, listed = bracket.partition(":")
        if colon and "subsidiar" in head.lower():
            owner = (ListedOwner(name=name, relation="listed with its subsidiaries"),)
            yield from (_plain_entry([part], list_id, owner) for part in _split(listed))
        elif mark.lower() == "formerly":
            names.append(ListedName(name=content.removeprefix("known as "), kind=ListedNameKind.FORMER))
        else:
            names.append(ListedName(name=re.sub("^also known as ", "", bracket), kind=ListedNameKind.ALIAS))
    yield _plain_entry(names, list_id, ())


def _plain_entry(names: list[ListedName] | list[str], list_id: str, owners: tuple[ListedOwner, ...]) -> ListEntry:
    listed = [
        name if isinstance(name, ListedName) else ListedName(name=name, kind=ListedNameKind.NAME) for name in names
    ]
    return ListEntry(
        list=list_id,
        entry=_digest(listed[0].name),
        kind=PartyKind.ORGANISATION,
        names=tuple(dict.fromkeys(listed)),
        countries=("CN",),
        owners=owners,
    )


def _take_brackets(heading: str) -> tuple[str, list[str]]:
    """A name and the brackets behind it; `(Limited)` belongs to the name."""
    brackets: list[str] = []
    while found := _TRAILING.search(heading):
        if found[1].strip().lower() in _PART_OF_NAME or not heading[: found.start()].strip():
            break
        brackets.insert(0, found[1].strip())
        heading = heading[: found.start()].rstrip("*").strip()
    return heading, brackets


def _digest(name: str) -> str:
    return hashlib.sha256(" ".join(name.lower().split()).encode()).hexdigest()[:16]
