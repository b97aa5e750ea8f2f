"""What a table's columns, or an object's keys, mean, and rows as notices."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from holdfast.measure.notices.dates import find_date_in
from holdfast.records.evidence import Sureness
from holdfast.records.notices import Notice, NoticeKind

LINE_CHARACTERS: Final = 300
NAME_CHARACTERS_MAX: Final = 200
MODELS_PER_CELL_MAX: Final = 50


class Column(StrEnum):
    """What a column holds."""

    MODEL = "model"
    VERSION = "version"
    ANNOUNCED = "announced"
    EFFECTIVE = "effective"
    REPLACEMENT = "replacement"
    STATUS = "status"


_NOTHING: Final = re.compile(
    r"\b(price|pricing|cost|context|link|url|launch|launched|release|released|created|updated|note|notes|reason|owned|"
    r"object|provider|region|regions|tokens?)\b"
)
_MEANINGS: Final = (
    (
        Column.REPLACEMENT,
        re.compile(r"replac|substitut|successor|alternativ|migrat|instead|upgrade|recommended|new model"),
    ),
    (Column.STATUS, re.compile(r"\b(status|state|kind|type|lifecycle|stage)\b")),
    (Column.MODEL, re.compile(r"^(?!.*\b(date|day|on|when|at|time)\b).*\b(models?|systems?|snapshots?|engines?)\b")),
    (
        Column.EFFECTIVE,
        re.compile(
            r"shut ?(?:down|off)|retire|sunset|\beol\b|end of (?:life|support|service)|remov|discontinu|effective|"
            r"unavailable|expir|decommission|turn(?:ed)? off|deactivat"
        ),
    ),
    (Column.ANNOUNCED, re.compile(r"deprecat|announc|legacy|\bnotice\b|notified")),
    (Column.VERSION, re.compile(r"\bversion\b|\brevision\b")),
    (Column.MODEL, re.compile(r"^(name|id|slug|repository|repo|endpoint|deployment)$|\bmodel\b")),
)
_CODE: Final = re.compile(r"`([^`\n]{1,200})`")
_SEPARATOR: Final = re.compile(r"[,;\n]|\s+(?:and|or|/|&|\+)\s+|\bboth\s+", re.IGNORECASE)
_NONE: Final = re.compile(r"^(?:n/?a|none|null|no|false|-+|–|—|not applicable|not planned)?$", re.IGNORECASE)
_EMPTY: Final = re.compile(
    r"^(?:n/?a|none|null|tbd|tba|unknown|-+|–|—|\?|no replacement|not applicable)?$", re.IGNORECASE
)
_ACTIVE: Final = re.compile(
    r"\b(active|current|available|ga|generally available|stable|preview|beta|supported|live|online)\b", re.IGNORECASE
)
_GONE: Final = re.compile(
    r"retired|shut ?down|removed|discontinued|decommissioned|unavailable|end[- ]of[- ]life|\beol\b|sunset|offline",
    re.IGNORECASE,
)
_GOING: Final = re.compile(
    r"deprecat|legacy|retir|sunset|eol|end[- ]of|discontinu|decommission|maintenance", re.IGNORECASE
)
_BOUNDED: Final = re.compile(r"not? (?:sooner|earlier|before)|earliest|at least until", re.IGNORECASE)
_YES: Final = frozenset({"yes", "true", "✓", "✔", "✅"})
_MOVED: Final = re.compile(r"moved|renam|redirect|rerout|alias|replaced", re.IGNORECASE)
_RELICENSED: Final = re.compile(
    r"re-?licen[cs]|licen[cs]\w*\b[^.]{0,80}\b(?:chang|update)|new licen[cs]e", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a row: whose words they are, and the day that a heading or a feed gives to them."""

    source: str
    announced: date | None = None
    heading: str = ""


def tell_column(header: str) -> Column | None:
    """What a column or key of this name holds; None when nothing of interest."""
    words = " ".join(
        re.sub(r"([a-z])([A-Z])", r"\1 \2", header[:200]).lower().replace("_", " ").replace("-", " ").split()
    )
    if _NOTHING.search(words) and "model" not in words.split() and "replac" not in words:
        return None
    if re.search(r"\bprice|\bcontext", words):
        return None
    return next((column for column, meaning in _MEANINGS if meaning.search(words)), None)


def map_columns(headers: Sequence[str]) -> dict[Column, int] | None:
    """Where each column is, the first of its kind; None when this is no table of models that end."""
    found: dict[Column, int] = {}
    for place, header in enumerate(headers):
        column = tell_column(header)
        if column is not None:
            found.setdefault(column, place)
    tells = {Column.ANNOUNCED, Column.EFFECTIVE, Column.STATUS, Column.REPLACEMENT}
    return found if Column.MODEL in found and tells & found.keys() else None


def read_rows(rows: Iterable[Sequence[str]], columns: Mapping[Column, int], context: Context) -> list[Notice]:
    """The notices in a table's rows, the header left out."""
    notices: list[Notice] = []
    for row in rows:
        cells: dict[Column, object] = {
            column: row[place].strip() for column, place in columns.items() if place < len(row)
        }
        notices += read_cells(cells, " | ".join(cell.strip() for cell in row), context)
    return notices


def read_cells(cells: Mapping[Column, object], line: str, context: Context) -> list[Notice]:
    """The notices in one row or object: one for every model in its model cell; none when it says that it is active."""
    status = _to_text(cells.get(Column.STATUS))
    told = [_to_told(cells.get(column)) for column in (Column.ANNOUNCED, Column.EFFECTIVE)]
    announced, effective = (find_date_in(value) for value in told)
    is_told = announced or effective or any(value is True for value in told)
    if not is_told and not _says_end(status, told, context):
        return []
    kind = _tell_kind(status, told, context)
    replacement = ", ".join(split_models(_to_text(cells.get(Column.REPLACEMENT)))[:5])
    version = _to_text(cells.get(Column.VERSION))
    sureness = Sureness.MEDIUM if version or not is_told else Sureness.HIGH
    return [
        Notice(
            _join(model, version),
            kind,
            announced or context.announced,
            effective,
            replacement,
            context.source,
            clean_line(line),
            sureness,
        )
        for model in split_models(_to_text(cells.get(Column.MODEL)))
    ]


def split_models(cell: str) -> list[str]:
    """The names in a cell: those in backticks, or what commas, lines and *and* separate."""
    cell = cell[:4000]
    names = _CODE.findall(cell) or _SEPARATOR.split(cell)
    cleaned = [" ".join(name.strip(" *_`'\"").split()) for name in names]
    return [name for name in cleaned if not _EMPTY.match(name) and len(name) <= NAME_CHARACTERS_MAX][
        :MODELS_PER_CELL_MAX
    ]


def clean_line(text: str) -> str:
    """A text as one line without control characters, cut."""
    return " ".join("".join(one if one.isprintable() else " " for one in text[: 8 * LINE_CHARACTERS]).split())[
        :LINE_CHARACTERS
    ]


def tell_kind(text: str) -> NoticeKind:
    """The kind that words about a model mean."""
    if _RELICENSED.search(text):
        return NoticeKind.RELICENSED
    if _GONE.search(text):
        return NoticeKind.RETIRED
    if _MOVED.search(text):
        return NoticeKind.MOVED
    return NoticeKind.DEPRECATED


def _says_end(status: str, told: Sequence[object], context: Context) -> bool:
    """Whether a row without a date speaks of an end all the same: by its status, by a date that is no day (*TBD*, a
    month), or by its heading."""
    if status:
        return _is_ending(status)
    words = [value.strip() for value in told if isinstance(value, str)]
    if any(_ACTIVE.search(word) or _BOUNDED.search(word) for word in words):
        return False
    return any(not _NONE.match(word) for word in words) or (not words and bool(_GOING.search(context.heading)))


def _is_ending(status: str) -> bool:
    return any(form.search(status) for form in (_GOING, _GONE, _MOVED, _RELICENSED))


def _tell_kind(status: str, told: Sequence[object], context: Context) -> NoticeKind:
    if _is_ending(status):
        return tell_kind(status)
    if _RELICENSED.search(context.heading):
        return NoticeKind.RELICENSED
    return NoticeKind.RETIRED if told[1] is True or find_date_in(told[1]) else NoticeKind.DEPRECATED


def _to_told(value: object) -> object:
    return True if isinstance(value, str) and value.strip().lower() in _YES else value


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _join(model: str, version: str) -> str:
    """A model and the version beside it, as ids are written."""
    is_plain = version and re.fullmatch(r"[\w.-]{1,40}", version) and not model.endswith(version)
    return f"{model}-{version}" if is_plain else model
