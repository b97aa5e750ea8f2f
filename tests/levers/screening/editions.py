"""Editions and lists made in memory, for tests of screening."""

import datetime
from pathlib import Path

from holdfast.data import data_folder
from holdfast.levers.screening.feeds import read_feeds
from holdfast.levers.screening.parsing import find_format, parse_files
from holdfast.levers.screening.screener import HeldLists
from holdfast.records.screening import (
    Edition,
    Feed,
    ListedName,
    ListedNameKind,
    ListEntry,
    ListFormat,
    ParsedList,
    PartyKind,
    QueryName,
    Screened,
    StoredFile,
)

FIXTURES = Path(__file__).parent / "fixtures"


def feed_of(name: str) -> Feed:
    """A packaged feed."""
    return read_feeds(data_folder())[name]


def parse(feed: str, *names: str) -> ParsedList:
    """Fixture files as the feed's format that they look like."""
    paths = [FIXTURES / name for name in names]
    return parse_files(paths, feed_of(feed), find_format(paths, feed_of(feed)))


def day(text: str) -> datetime.date:
    """A day."""
    return datetime.date.fromisoformat(text)


def edition_of(feed: str, date: str, *, checked: str = "", withdrawn: str = "", form: str = "ofac-csv") -> Edition:
    """An edition's record, its digest told by its date."""
    return Edition(
        feed=feed,
        format=ListFormat(form),
        date=day(date),
        date_from="given",
        fetched_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        source=("test",),
        files=(StoredFile(name="-", sha256=date.replace("-", "") * 8, bytes=1),),
        count=1,
        checked_on=day(checked) if checked else None,
        withdrawn_on=day(withdrawn) if withdrawn else None,
    )


def entry_of(
    *names: str, on: str = "us-ofac-sdn", start: str = "", end: str = "", countries: tuple[str, ...] = ()
) -> ListEntry:
    """An organisation on a list: its first name, then aliases."""
    kinds = (ListedNameKind.NAME, *(ListedNameKind.ALIAS for _ in names[1:]))
    return ListEntry(
        list=on,
        entry=names[0],
        kind=PartyKind.ORGANISATION,
        names=tuple(ListedName(name=name, kind=kind) for name, kind in zip(names, kinds, strict=True)),
        start=day(start) if start else None,
        end=day(end) if end else None,
        countries=countries,
    )


def hold(held: dict[Edition, tuple[ListEntry, ...]]) -> HeldLists:
    """Lists held in memory, of the feeds that the editions belong to."""
    feeds = {edition.feed: feed_of(edition.feed) for edition in held}
    return HeldLists(feeds, tuple(held), lambda edition: held[edition])


def party_of(*names: str, countries: tuple[str, ...] = (), kind: PartyKind = PartyKind.ORGANISATION) -> Screened:
    """A party by plain names."""
    return Screened(
        label=names[0], kind=kind, names=tuple(QueryName(name, "given") for name in names), countries=countries
    )
