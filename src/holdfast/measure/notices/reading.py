"""Notices from the bytes of a file or feed, whatever its form. What is not understood is remarked, never guessed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from holdfast.measure.notices.columns import Context, clean_line, map_columns, read_rows
from holdfast.measure.notices.dates import find_date
from holdfast.measure.notices.documents import iterate_document
from holdfast.measure.notices.feeds import FeedItem, find_json_feed, read_xml_feed
from holdfast.measure.notices.prose import read_sentences
from holdfast.measure.notices.tables import Table, iterate_markdown, read_csv, read_html, strip_markdown
from holdfast.records.errors import LimitExceeded, MalformedFile
from holdfast.records.notices import Notice, NoticeReading

CONTENT_BYTES_MAX: Final = 16 << 20
NOTICES_MAX: Final = 20_000
_AGAIN: Final = "Fetch it again, or name another file or feed."
_FEED_STARTS: Final = ("<?xml", "<rss", "<feed", "<rdf")


def read_notices(content: bytes, source: str, names: Sequence[str] = ()) -> NoticeReading:
    """The notices in JSON, a JSON Feed, RSS, Atom, HTML, Markdown or CSV, in the order in which they stand.

    `names` are models to look for in sentences however they are written. Raises MalformedFile or LimitExceeded."""
    if len(content) > CONTENT_BYTES_MAX:
        raise LimitExceeded(
            f"It has {len(content)} bytes; notices are read up to {CONTENT_BYTES_MAX}.", where=source, next_step=_AGAIN
        )
    text = _decode(content, source)
    start = text.lstrip()[:400].lower()
    if start[:1] in ("{", "["):
        found = _read_json(text, source, names)
    elif start.startswith(_FEED_STARTS):
        is_page = "<html" in start
        found = _read_page(text, Context(source), names) if is_page else _read_feed(content, source, names)
    elif start.startswith("<"):
        found = _read_page(text, Context(source), names)
    else:
        found = _read_plain(text, source, names)
    return _finish(found, source)


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedFile(f"It is not UTF-8 (byte {error.start}).", where=source, next_step=_AGAIN) from error


def _read_json(text: str, source: str, names: Sequence[str]) -> Iterator[Notice]:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedFile("It begins as JSON and is none.", where=source, next_step=_AGAIN) from error
    items = find_json_feed(document)
    return iterate_document(document, Context(source)) if items is None else _read_items(items, source, names)


def _read_feed(content: bytes, source: str, names: Sequence[str]) -> Iterator[Notice]:
    return _read_items(read_xml_feed(content, source), source, names)


def _read_items(items: Iterable[FeedItem], source: str, names: Sequence[str]) -> Iterator[Notice]:
    for item in items:
        context = Context(source, item.published, clean_line(item.title))
        yield from read_sentences(item.title, context, names)
        yield from _read_page(item.words, context, names)


def _read_page(text: str, context: Context, names: Sequence[str]) -> Iterator[Notice]:
    tables, words = read_html(text)
    yield from _read_tables(tables, context)
    yield from read_sentences(words, context, names)


def _read_plain(text: str, source: str, names: Sequence[str]) -> Iterator[Notice]:
    """Markdown, or else separated values with a column of models."""
    tables = list(iterate_markdown(text))
    table = None if tables else read_csv(text)
    if table is not None and map_columns(table.header):
        yield from _read_tables([table], Context(source))
        return
    yield from _read_tables(tables, Context(source))
    yield from read_sentences(strip_markdown(text), Context(source), names)


def _read_tables(tables: Iterable[Table], context: Context) -> Iterator[Notice]:
    for table in tables:
        columns = map_columns(table.header)
        if columns is not None:
            announced = find_date(table.heading) or context.announced
            heading = table.heading or context.heading
            yield from read_rows(table.rows, columns, Context(context.source, announced, heading))


def _finish(found: Iterable[Notice], source: str) -> NoticeReading:
    """Each model's notices once; the surest reading of the same thing stands."""
    kept: dict[tuple[object, ...], Notice] = {}
    remarks: list[str] = []
    for count, notice in enumerate(found):
        if count >= NOTICES_MAX:
            remarks.append(f"only the first {NOTICES_MAX} notices were read")
            break
        kept.setdefault((notice.model, notice.kind, notice.announced, notice.effective), notice)
    if not kept:
        remarks.append("no notice was found in it: check that it is the page or feed that was meant")
    return NoticeReading(source, tuple(kept.values()), tuple(remarks))
