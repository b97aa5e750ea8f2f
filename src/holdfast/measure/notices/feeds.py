"""Feeds (RSS, Atom, JSON Feed) as items. XML is read without entities, document types or anything from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, cast
from xml.parsers import expat

from holdfast.measure.notices.dates import find_date
from holdfast.records.errors import LimitExceeded, MalformedFile

ITEMS_MAX: Final = 10_000
DEPTH_MAX: Final = 64
ELEMENTS_MAX: Final = 500_000
_AGAIN: Final = "Fetch it again, or name another file or feed."
_ITEMS: Final = frozenset({"item", "entry"})
_TITLE: Final = frozenset({"title"})
_WORDS: Final = frozenset({"description", "content", "encoded", "summary"})
_DAYS: Final = ("published", "pubdate", "date", "issued", "updated")
_FEEDS: Final = frozenset({"rss", "feed", "RDF"})


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One entry of a feed: its title, what it says (text or HTML), and when it was published."""

    title: str
    words: str
    published: date | None


def read_xml_feed(content: bytes, source: str) -> list[FeedItem]:
    """The items of an RSS or Atom feed. Raises MalformedFile or LimitExceeded, with the line."""
    reader = _Reader(source)
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.take
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        where = f"{source}:{error.lineno}"
        raise MalformedFile("This is no XML.", where=where, next_step=_AGAIN) from error
    if reader.root not in _FEEDS:
        raise MalformedFile("This XML is no RSS and no Atom feed.", where=source, next_step=_AGAIN)
    return reader.items


def find_json_feed(document: object) -> list[FeedItem] | None:
    """The items of a JSON Feed; None when the document is none."""
    if not isinstance(document, dict):
        return None
    fields = cast("dict[str, object]", document)
    version, items = fields.get("version"), fields.get("items")
    if not isinstance(version, str) or "jsonfeed" not in version or not isinstance(items, list):
        return None
    found = [cast("dict[str, object]", one) for one in cast("list[object]", items)[:ITEMS_MAX] if isinstance(one, dict)]
    return [_to_item(one) for one in found]


def _to_item(fields: Mapping[str, object]) -> FeedItem:
    told = [fields.get(name) for name in ("title", "content_html", "content_text", "summary", "date_published")]
    title, page, text, summary, day = (one if isinstance(one, str) else "" for one in told)
    return FeedItem(title, page or text or summary, find_date(day))


class _Reader:
    """Gathers items while the parser goes through the feed."""

    def __init__(self, source: str) -> None:
        self.items: list[FeedItem] = []
        self.root = ""
        self._source = source
        self._path: list[str] = []
        self._elements = 0
        self._fields: dict[str, list[str]] | None = None

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._elements += 1
        if len(self._path) >= DEPTH_MAX or self._elements > ELEMENTS_MAX:
            raise LimitExceeded("The feed is too deep or too long.", where=self._source, next_step=_AGAIN)
        local = name.rpartition(":")[2]
        self.root = self.root or local
        self._path.append(local)
        if local in _ITEMS:
            self._fields = {}

    def end(self, _name: str) -> None:
        """An element ends."""
        local = self._path.pop()
        if local not in _ITEMS or self._fields is None:
            return
        fields = {key: "".join(parts) for key, parts in self._fields.items()}
        self._fields = None
        title = next((fields[key] for key in fields if key in _TITLE), "")
        words = max((fields[key] for key in fields if key in _WORDS), key=len, default="")
        days = [find_date(fields.get(key, "")) for key in _DAYS]
        if len(self.items) < ITEMS_MAX:
            self.items.append(FeedItem(title, words, next((day for day in days if day), None)))

    def take(self, text: str) -> None:
        """Text within an element: it belongs to the item's field that it lies in."""
        if self._fields is None:
            return
        place = max(index for index, name in enumerate(self._path) if name in _ITEMS) + 1
        if place < len(self._path):
            self._fields.setdefault(self._path[place].lower(), []).append(text)

    def refuse(self, *_told: object) -> None:
        """A document type or an entity: nothing that a feed needs, and much that harms."""
        raise MalformedFile(
            "The feed declares a document type or entities, which are not read.", where=self._source, next_step=_AGAIN
        )
