"""Reads an export, whichever of the known formats it is: CSV (or tabs), JSON, or JSON Lines, by what is in it.

Refuses files that are too large, rows that are cut, and formats that it does not know; it never guesses a column.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final, cast

from holdfast.measure.cost.bills.bill import Bill, BillRow
from holdfast.measure.cost.bills.cells import Cells
from holdfast.measure.cost.bills.layouts import LAYOUTS, Layout
from holdfast.measure.cost.documents import read_text
from holdfast.records.errors import LimitExceeded, MalformedFile

BILL_BYTES_MAX: Final = 128 << 20
ROWS_MAX: Final = 2_000_000
CELL_CHARACTERS_MAX: Final = 131_072
_NEXT: Final = "docs/how-to/measure-cost.md lists the exports that are understood."
_Key = tuple[object, ...]


@dataclass(slots=True)
class _Sum:
    """Rows of one key added up. A number that some row does not say is not known of the sum."""

    first: BillRow
    counts: dict[str, float | None] = field(default_factory=dict)

    def add(self, row: BillRow) -> None:
        for name in ("requests", "input", "cached", "cache_write", "output", "reasoning", "usd"):
            more = cast("float | None", getattr(row, name))
            so_far = self.counts.get(name, 0)
            self.counts[name] = None if more is None or so_far is None else so_far + more


def read_bill(path: Path, rows_max: int = ROWS_MAX) -> Bill:
    """The bill that a file holds, its rows added up by day, hour, provider, model and service.

    Raises MissingPath, UnreadableFile, LimitExceeded and MalformedFile with the row.
    """
    text = read_text(path, BILL_BYTES_MAX)
    notes: list[str] = []
    rows = _read_json(path, text, notes) if _is_json(text) else _read_csv(path, text)
    first = next(rows, None)
    if first is None:
        raise MalformedFile("the file holds no rows", where=str(path), next_step=_NEXT)
    layout = _find_layout(path, first)
    return _add_up(_limit(chain([first], rows), path, rows_max), layout, notes)


def _limit(rows: Iterator[Cells], path: Path, rows_max: int) -> Iterator[Cells]:
    for number, row in enumerate(rows):
        if number >= rows_max:
            what = f"more than {rows_max:,} rows"
            raise LimitExceeded(what, where=str(path), next_step="Export the sums of days, or a shorter time.")
        yield row


def _find_layout(path: Path, first: Cells) -> Layout:
    for layout in LAYOUTS:
        if layout.telling <= first.values.keys():
            return layout
    names = ", ".join(sorted(first.values)[:12])
    raise MalformedFile(f"an export of no known format; its columns: {names}", where=str(path), next_step=_NEXT)


def _add_up(rows: Iterator[Cells], layout: Layout, notes: list[str]) -> Bill:
    sums: dict[_Key, _Sum] = {}
    seen: set[str] = set()
    ignored: dict[str, None] = {}
    passed_over = repeated = 0
    for cells in rows:
        ignored.update(dict.fromkeys(sorted(cells.values.keys() - layout.telling - layout.known)))
        identity = cells.find_text(layout.identity) if layout.identity else ""
        if identity and identity in seen:
            repeated += 1
            continue
        seen.add(identity)
        row = layout.read(cells)
        if row is None:
            passed_over += 1
        else:
            _check_parts(cells, row)
            sums.setdefault(_get_key(row), _Sum(row)).add(row)
    if passed_over:
        notes.append(f"{passed_over:,} rows say nothing of use or money and are passed over")
    if repeated:
        notes.append(f"{repeated:,} rows are of requests that were there before and are passed over")
    return Bill(tuple(_get_sum(one) for one in sums.values()), (layout.format,), tuple(ignored), tuple(notes))


def _check_parts(cells: Cells, row: BillRow) -> None:
    parts = (row.cached or 0) + (row.cache_write or 0)
    if row.input is not None and parts > row.input:
        what = f"says {parts:,} cached tokens and {row.input:,} of input in all"
        raise MalformedFile(what, where=cells.where, next_step="Export the file anew, or correct the row.")


def _get_key(row: BillRow) -> _Key:
    return (row.day, row.hour, row.provider, row.model, row.service, row.item, row.has_tokens)


def _get_sum(of: _Sum) -> BillRow:
    def count(name: str) -> int | None:
        value = of.counts[name]
        return None if value is None else int(value)

    return replace(
        of.first,
        requests=count("requests"),
        input=count("input"),
        cached=count("cached"),
        cache_write=count("cache_write"),
        output=count("output"),
        reasoning=count("reasoning"),
        usd=of.counts["usd"],
    )


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _read_csv(path: Path, text: str) -> Iterator[Cells]:
    head = text.partition("\n")[0]
    if not head.strip():
        raise MalformedFile("the first line names no columns", where=str(path), next_step=_NEXT)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in head else ",", strict=True)
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(lines)]
        _check_header(path, names)
        for line in lines:
            where = f"{path}, row {lines.line_num}"
            if not any(cell.strip() for cell in line):
                continue
            _check_cells(line, where)
            if len(line) != len(names):
                what = f"{len(line)} cells under {len(names)} columns"
                raise MalformedFile(what, where=where, next_step="Export the file anew: it may be cut.")
            yield Cells(where, dict(zip(names, line, strict=True)))
    except csv.Error as error:
        where = f"{path}, row {lines.line_num}"
        raise MalformedFile(f"not CSV: {error}", where=where, next_step="Leave out columns of text.") from None


def _check_cells(line: list[str], where: str) -> None:
    """The csv module's own limit is one for the whole process, and others raise it."""
    if max(map(len, line), default=0) > CELL_CHARACTERS_MAX:
        what = f"a cell of more than {CELL_CHARACTERS_MAX:,} characters"
        raise MalformedFile(what, where=where, next_step="Leave out columns of text.")


def _check_header(path: Path, names: list[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)[:12]
    if twice:
        what = f"columns that are there twice: {', '.join(twice)}"
        raise MalformedFile(what, where=f"{path}, row 1", next_step="Export the file anew.")


def _read_json(path: Path, text: str, notes: list[str]) -> Iterator[Cells]:
    for number, row in enumerate(_find_rows(path, _parse(path, text), notes), 1):
        yield Cells(f"{path}, row {number}", _flatten(row))


def _parse(path: Path, text: str) -> object:
    try:
        if path.suffix.lower() in (".jsonl", ".ndjson"):
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return cast("object", json.loads(text))
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}"
        raise MalformedFile(f"not JSON: {error.msg}", where=where, next_step="Export it anew.") from None
    except (RecursionError, ValueError):
        raise LimitExceeded("nested too deeply, or a number too long", where=str(path), next_step=_NEXT) from None


def _find_rows(path: Path, content: object, notes: list[str]) -> Iterator[dict[str, object]]:
    """The rows of a list, of a page with `data`, of a list of pages; the results of buckets get the bucket's times."""
    if isinstance(content, list):
        for item in cast("list[object]", content):
            yield from _find_rows(path, item, notes)
        return
    if not isinstance(content, dict):
        raise MalformedFile("a row is not an object", where=str(path), next_step=_NEXT)
    table = cast("dict[str, object]", content)
    inner = table.get("data", table.get("results", table.get("result")))
    if not isinstance(inner, list):
        yield table
        return
    if table.get("has_more") is True:
        notes.append("a page says that there is more: what follows it must be given too")
    times = {name: value for name, value in table.items() if name in ("start_time", "starting_at")}
    for row in _find_rows(path, cast("list[object]", inner), notes):
        yield times | row


def _flatten(row: Mapping[str, object]) -> dict[str, object]:
    """Lower-case names; the few objects that exports nest are spread as their CSV does it."""
    cells: dict[str, object] = {}
    for name, value in row.items():
        if name in ("cache_creation", "server_tool_use") and isinstance(value, dict):
            cells |= {key.lower(): inner for key, inner in cast("dict[str, object]", value).items()}
        elif name == "amount" and isinstance(value, dict):
            cells |= {f"amount_{key.lower()}": inner for key, inner in cast("dict[str, object]", value).items()}
        else:
            cells[name.lower()] = value
    return cells
