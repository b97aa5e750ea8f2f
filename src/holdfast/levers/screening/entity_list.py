"""The Entity List (Supplement No. 4 to 15 CFR part 744) in eCFR's XML: one table, names and addresses in one cell.

The cell is prose: a name, aliases behind dashes, addresses. Splitting errs towards more names, since a name too many
can only cause a hit to look at. Refuses a document without the supplement.
"""

import datetime
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from holdfast.levers.screening.files import TRY_AGAIN
from holdfast.levers.screening.xml import Element, get_name, iterate_elements
from holdfast.records.errors import ListError
from holdfast.records.screening import Feed, ListedName, ListedNameKind, ListEntry, ParsedList, PartyKind

SUPPLEMENT = "Supplement No. 4 to Part 744"
COLUMNS = 5
_ROOTS = ("ECFR", *(f"DIV{number}" for number in range(1, 10)))
_CITATION = re.compile(r"\b\d{1,3} FR \d+,\s*(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b")
_SUFFIX = (
    r"(?:Co|Corp|Ltd|LTD|Ltda|Limited|Inc|INC|Incorporated|LLC|L\.L\.C|LLP|LP|L\.P|Company|Corporation|S\.?A|S\.?L|S\.?R\.?L"
    r"|s\.r\.o|S\.p\.A|SpA|GmbH|A\.?G|B\.?V|N\.?V|Pte|Pvt|PVT|Sdn|Bhd|P?JSC|O?JSC|CJSC|OOO|AO|PAO|ZAO|FZE|FZC|FZCO|PLC|plc|Jr|Sr"
    r"|II|III|d\.o\.o|a\.s|Lda|C\.A|K\.K|SAS|SARL)"
)
_NAME_END = re.compile(rf",(?!\s*{_SUFFIX}\b)|;")
_ALSO = re.compile(r",?\s*\(?\b(a\.?k\.?a|f\.?k\.?a|n\.?k\.?a)\b\.?,?\s*", re.IGNORECASE)
_FOLLOWING = re.compile(r"^(?:and\s+)?the following\b", re.IGNORECASE)
_DASH = re.compile(r"(?:^|(?<=[\s:;.,]))[—–]\s*")
_PLACE = r"(?:No\.|Room|Rm\b|Building|Bldg|Block|Floor|Unit|Suite|Level|Flat|P\.?O\.? ?Box)"
_AFTER_SUFFIX = re.compile(rf"(?<=\s)({_SUFFIX}\.?)\s+(?=[A-Z0-9#])|,?\s+(?={_PLACE}\s?\S)|,\s+(?=\d)")
_BODY = re.compile(r"\b(?:Institut\w*|Academy|University|Cent(?:er|re)|Laborator\w*|Department|Bureau|Plant|Factory)\b")
_WITHIN = re.compile(r"\s*\bsubordinate institutions?:?\s*", re.IGNORECASE)
_INCLUDING = re.compile(r"[;,]?\s*(?:and\s+)?(?:to include|the following)\b.*$", re.IGNORECASE | re.DOTALL)
_BRACKET = re.compile(r"\s*\(([^()]{2,60})\)\s*$")
_QUOTES = str.maketrans("", "", '"“”')
_TAIL = re.compile(r"[;,\s]*(?:\band\b|\bor\b)?[;,\s]*$")


def parse_entity_list(path: Path, feed: Feed) -> ParsedList:
    """Every row of the supplement's table. Raises ListError with file and line."""
    entries: list[ListEntry] = []
    seen = False
    for element in iterate_elements(path, ("DIV8", "DIV9"), _ROOTS):
        if element.get("N") == SUPPLEMENT:
            seen = True
            entries += _read_table(element, path, feed.list_names["*"])
    if not seen:
        raise ListError(f"the file has no {SUPPLEMENT}", where=str(path), next_step=TRY_AGAIN)
    return ParsedList(entries=tuple(entries))


def _read_table(supplement: Element, path: Path, list_id: str) -> Iterator[ListEntry]:
    country = ""
    for row in supplement.iterfind(".//{*}TR"):
        cells = [_get_lines(cell) for cell in row if get_name(cell) == "TD"]
        if not cells or all(not cell for cell in cells):
            continue
        if len(cells) != COLUMNS:
            where = f"{path}:{row.sourceline}"
            raise ListError(
                f"a row of {len(cells)} cells where {COLUMNS} are expected", where=where, next_step=TRY_AGAIN
            )
        country = " ".join(cells[0]) or country
        if cells[1] and cells[1] != ["[Reserved]"]:
            yield _entry(cells, country, list_id)


def _get_lines(cell: Element) -> list[str]:
    text = "".join(_pieces(cell))
    return [line for line in (" ".join(part.split()) for part in text.split("\n")) if line]


def _pieces(element: Element) -> Iterator[str]:
    yield " ".join((element.text or "").split("\n"))
    for child in element:
        if get_name(child).lower() in ("br", "p", "fp"):
            yield "\n"
        yield from _pieces(child)
        yield " ".join((child.tail or "").split("\n"))


def _entry(cells: list[list[str]], country: str, list_id: str) -> ListEntry:
    names, addresses = split_cell(cells[1])
    land = "" if country.startswith("[") else country
    citations = " ".join(cells[4])
    return ListEntry(
        list=list_id,
        entry=hashlib.sha256(f"{land}|{names[0].name}".encode()).hexdigest()[:16],
        kind=PartyKind.UNKNOWN,
        names=tuple(names),
        addresses=tuple(addresses),
        countries=(land,) if land else (),
        start=_find_first_citation(citations),
        citation=citations or None,
        note=" ".join((*cells[2], *cells[3])) or None,
    )


def _find_first_citation(text: str) -> datetime.date | None:
    """The day of the first Federal Register page cited: when the listing was published."""
    days: list[datetime.date] = []
    for month, day, year in _CITATION.findall(text):
        full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 90 else 2000)
        try:
            days.append(datetime.date(full, int(month), int(day)))
        except ValueError:
            continue
    return min(days, default=None)


def split_cell(lines: list[str]) -> tuple[list[ListedName], list[str]]:
    """The names and the addresses that one cell of prose holds; always at least one name."""
    names: list[ListedName] = []
    rest: list[str] = []
    kind = ListedNameKind.NAME
    for line in lines:
        head, *dashed = _DASH.split(line)
        if head.strip():
            kind = _read_head(head.strip(), kind, names, rest)
        for part in dashed:
            name, address = _cut_address(part)
            for piece in filter(None, _WITHIN.split(name)):
                _add(names, piece, kind if kind is not ListedNameKind.NAME else ListedNameKind.ALIAS)
            rest += [address] if address else []
    if not names:
        names.append(ListedName(name=" ".join(lines)[:200], kind=ListedNameKind.NAME))
    return names, [part for part in (_TAIL.sub("", text) for text in rest) if part]


def _read_head(text: str, kind: ListedNameKind, names: list[ListedName], rest: list[str]) -> ListedNameKind:
    """Text that stands before any dash of a line. Returns the kind of the names that dashes introduce next."""
    pieces = _ALSO.split(text)
    if names and len(pieces) == 1:
        rest.append(text)
        return kind
    name, address = _cut_name(pieces[0])
    if not names:
        _add(names, name, ListedNameKind.NAME)
        rest += [address] if address else []
    for mark, content in zip(pieces[1::2], pieces[2::2], strict=True):
        kind = ListedNameKind.FORMER if mark[0] in "fF" else ListedNameKind.ALIAS
        if not _FOLLOWING.match(content):
            other, address = _cut_name(content)
            _add(names, other, kind)
            rest += [address] if address else []
    return kind


def _cut_name(text: str) -> tuple[str, str]:
    """The name before the address; an institute's name goes on behind a comma, a company's ends with its form."""
    found = _NAME_END.search(text)
    if found is None:
        return text, ""
    name, rest = text[: found.start()], text[found.end() :].strip()
    segment, _, behind = rest.partition(",")
    if _BODY.search(name) and _BODY.search(segment) and not re.match(r"\d|" + _PLACE, segment):
        return f"{name}, {segment}", behind.strip()
    return name, rest


def _cut_address(text: str) -> tuple[str, str]:
    """An alias that an address follows without a line break is cut behind its legal form."""
    cleaned = text.strip()
    found = _AFTER_SUFFIX.search(cleaned)
    if found is None:
        return cleaned, ""
    return cleaned[: found.end()].strip(), cleaned[found.end() :].strip()


def _add(names: list[ListedName], name: str, kind: ListedNameKind) -> None:
    """Adds a name, and the short form that stands in brackets behind it."""
    cleaned = _TAIL.sub("", _INCLUDING.sub("", name).translate(_QUOTES)).strip()
    found = _BRACKET.search(cleaned)
    base = _BRACKET.sub("", cleaned) if found and _is_short_form(found[1], cleaned[: found.start()]) else cleaned
    known = {item.name for item in names}
    if len(base) > 1 and base not in known:
        names.append(ListedName(name=base, kind=kind))
    if found and base != cleaned and found[1] not in known and not re.fullmatch(_SUFFIX, found[1]):
        names.append(ListedName(name=found[1], kind=ListedNameKind.ALIAS))


def _is_short_form(bracket: str, name: str) -> bool:
    """`(BUAA)` and `(Huawei)` are short forms; `(Hong Kong)` is part of the name."""
    return (bracket.isupper() and len(bracket) <= 12) or bracket.split()[0] in name
