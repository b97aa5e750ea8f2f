"""Tables in Markdown, HTML and CSV as rows of texts, each with the heading above it. Runs and fetches nothing."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.notices.markup import Kind, iterate_markup

ROWS_MAX: Final = 50_000
CELLS_MAX: Final = 200
_CELL_CHARACTERS: Final = 4000
_RULE: Final = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$")
_LINK: Final = re.compile(r"!?\[([^\]\n]{0,500})\]\([^)\n]{0,2000}\)")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "caption"})
_SPACES: Final = re.compile(r"\s+")
_BLOCKS: Final = frozenset({"p", "div", "li", "ul", "ol", "section", "article", "blockquote", "dd", "dt", *_HEADINGS})


@dataclass(slots=True)
class Table:
    """A header, the rows under it, and the heading above."""

    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    heading: str = ""


def iterate_markdown(text: str) -> Iterator[Table]:
    """The pipe tables of a Markdown text."""
    heading, before, table = "", "", None
    for line in text.splitlines():
        if table is not None and "|" in line:
            if len(table.rows) < ROWS_MAX:
                table.rows.append(_split_row(line))
            continue
        if table is not None:
            yield table
            table = None
        if line.lstrip().startswith("#"):
            heading = _plain(line.strip(" #"))
        elif "|" in before and "-" in line and len(line) < 10_000 and _RULE.match(line):
            table = Table(_split_row(before), heading=heading)
        before = line
    if table is not None:
        yield table


def strip_markdown(text: str) -> str:
    """What a Markdown text says outside of tables, links as their words."""
    return "\n".join(_plain(line.strip(" #>*-")) for line in text.splitlines() if "|" not in line)


def read_csv(text: str) -> Table | None:
    """A text of separated values, whose first row with two cells names the columns; None when it is none."""
    head = text[:10_000]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = [
            row[:CELLS_MAX]
            for row, _ in zip(csv.reader(io.StringIO(text), delimiter=delimiter), range(ROWS_MAX), strict=False)
        ]
    except csv.Error:
        return None
    filled = [row for row in rows if len(row) > 1]
    return Table(filled[0], list(filled[1:])) if filled else None


def read_html(text: str) -> tuple[list[Table], str]:
    """The tables of a page, and what it says outside of them, a line a block."""
    page = _Page()
    for piece in iterate_markup(text):
        match piece.kind:
            case Kind.START:
                page.start(piece.value)
            case Kind.END:
                page.end(piece.value)
            case Kind.TEXT:
                page.take(piece.value)
    page.end_table()
    return page.tables, "".join(page.words)


class _Page:
    """Follows headings, tables and text; a table within a table is read as part of the outer one."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.words: list[str] = []
        self._heading: list[str] = []
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None
        self._in_heading = False

    def start(self, tag: str) -> None:
        """A tag opens."""
        if tag == "table":
            self._rows = [] if self._rows is None else self._rows
        elif tag == "tr" and self._rows is not None:
            self._end_cell()
            self._rows.append([])
        elif tag in ("td", "th") and self._rows is not None:
            self._end_cell()
            self._cell = []
        elif tag in _HEADINGS and self._cell is None:
            self._in_heading, self._heading = True, []
        self._put("`" if tag == "code" else "\n" if tag in _BLOCKS or tag == "br" else "")

    def end(self, tag: str) -> None:
        """A tag closes."""
        if tag in ("td", "th"):
            self._end_cell()
        elif tag == "table":
            self.end_table()
        elif tag in _HEADINGS:
            self._in_heading = False
        self._put("`" if tag == "code" else "\n" if tag in _BLOCKS else "")

    def take(self, text: str) -> None:
        """A text between tags."""
        plain = _SPACES.sub(" ", text)
        if self._in_heading:
            self._heading.append(plain)
        self._put(plain)

    def end_table(self) -> None:
        """Keep the table that was begun, its first row as its header."""
        self._end_cell()
        rows, self._rows = self._rows or [], None
        filled = [row for row in rows if row]
        if filled:
            heading = " ".join("".join(self._heading).split())
            self.tables.append(Table(filled[0], list(filled[1:]), heading))

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._cell is not None:
            self._cell.append(text)
        elif self._rows is None:
            self.words.append(text)

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell is None or self._rows is None or len(self._rows) > ROWS_MAX:
            return
        if not self._rows:
            self._rows.append([])
        if len(self._rows[-1]) < CELLS_MAX:
            self._rows[-1].append("".join(cell).strip()[:_CELL_CHARACTERS])


def _split_row(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [_plain(cell.replace("\0", "|")).strip() for cell in inner.replace("\\|", "\0").split("|")[:CELLS_MAX]]


def _plain(text: str) -> str:
    """Words without links' addresses and tags; a line break stays one."""
    return _TAG.sub("", _BREAK.sub("\n", _LINK.sub(r"\1", text[:_CELL_CHARACTERS]))).replace("**", "")
