"""Which official lists there are: data/lists.yaml, read and looked up by name. Fetches nothing."""

from dataclasses import dataclass
from pathlib import Path

from holdfast.data import read_pack_file
from holdfast.records.errors import MalformedPack, UnknownName
from holdfast.records.evidence import Strict
from holdfast.records.screening import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeedFile(Strict):
    feeds: tuple[Feed, ...]


def read_feeds(data: Path) -> dict[str, Feed]:
    """Every feed by id. Raises MalformedPack when an id is given twice or the fallback list is missing."""
    path = data / "lists.yaml"
    feeds = read_pack_file(path, _FeedFile).feeds
    for feed in feeds:
        if "*" not in feed.list_names:
            raise MalformedPack(f"{feed.id}: list_names needs a fallback `*`", where=str(path))
    found = {feed.id: feed for feed in feeds}
    if len(found) != len(feeds):
        raise MalformedPack("two feeds have the same id", where=str(path))
    return found


def get_feed(feeds: dict[str, Feed], name: str) -> Feed:
    """A feed by id. Raises UnknownName with the ids there are."""
    if name not in feeds:
        raise UnknownName(f"no list is called {name!r}", next_step=f"Lists: {', '.join(feeds)}")
    return feeds[name]
