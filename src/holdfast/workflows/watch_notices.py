"""`holdfast watch notices`: announcements of retirement from files or feeds that the user names, held against monitors
and other models of theirs."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.notices.matching import match_notices
from holdfast.measure.notices.reading import CONTENT_BYTES_MAX, read_notices
from holdfast.measure.watchbook.book import Book
from holdfast.records.errors import MissingPath, UnreachableEndpoint, UnreadableFile, UsageError
from holdfast.records.notices import Notice, NoticeMatch, NoticeReading
from holdfast.records.watchbook import EntryKind
from holdfast.workflows.watching.books import BookAsked, open_watchbook, read_watchbook

_WAIT_S: Final = 30.0
EXIT_NEW: Final = 10


@dataclass(frozen=True, slots=True)
class NoticesAsked:
    """Files or http(s) feeds, and model names beside those that are watched."""

    book: BookAsked
    sources: tuple[str, ...]
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that may concern a model of ours; `is_new`: no earlier reading is on record for its monitor."""

    match: NoticeMatch
    monitor: str
    words: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class NoticesRead:
    """What the sources told: how many notices in all, those that may concern us, and what was not understood."""

    sources: tuple[NoticeReading, ...]
    told: tuple[Told, ...]

    @property
    def is_news(self) -> bool:
        """Whether anything concerns us that is not on record."""
        return any(one.is_new for one in self.told)


def read_watch_notices(asked: NoticesAsked) -> NoticesRead:
    """Read every source; what concerns a monitor is put on its record once. Raises MissingPath, UnreadableFile,
    UnreachableEndpoint, MalformedFile, and UsageError where there is no model to look for."""
    monitors = _read_monitors(asked)
    names = [*monitors, *asked.models]
    if not names:
        raise UsageError("there is no model to look for", where="--model", next_step="Name one, or watch an endpoint.")
    readings = tuple(read_notices(_read_source(source), source, names) for source in asked.sources)
    matches = match_notices([notice for one in readings for notice in one.notices], names)
    told = tuple(_tell(match, monitors) for match in matches)
    if not any(one.monitor for one in told):
        return NoticesRead(readings, told)
    with open_watchbook(asked.book) as book:
        return NoticesRead(readings, tuple(_record(book, told)))


def _read_monitors(asked: NoticesAsked) -> dict[str, str]:
    """Monitors by the model that they watch; none where there is no book."""
    try:
        with read_watchbook(asked.book) as book:
            return {one.monitor.endpoint.model: one.monitor.name for one in book.read_monitors()}
    except MissingPath:
        return {}


def _tell(match: NoticeMatch, monitors: dict[str, str]) -> Told:
    return Told(match, monitors.get(match.name, ""), say_notice(match.notice), True)


def say_notice(notice: Notice) -> str:
    """`gpt-x: retired on 2027-01-05, announced 2026-11-01; instead: gpt-y (source)`."""
    when = f" on {notice.effective}" if notice.effective else ", when is not told"
    announced = f", announced {notice.announced}" if notice.announced else ""
    instead = f"; instead: {notice.replacement}" if notice.replacement else ""
    return f"{notice.model}: {notice.kind}{when}{announced}{instead} ({notice.source})"


def _record(book: Book, told: Sequence[Told]) -> Iterator[Told]:
    known: dict[str, set[str]] = {}
    for one in told:
        if not one.monitor:
            yield one
            continue
        words = known.setdefault(one.monitor, _read_known(book, one.monitor))
        is_new = one.words not in words
        if is_new:
            book.append_notice(one.monitor, {"words": one.words, "sureness": one.match.sureness, "why": one.match.why})
            words.add(one.words)
        yield Told(one.match, one.monitor, one.words, is_new)


def _read_known(book: Book, monitor: str) -> set[str]:
    return {str(body.get("words")) for _, body in book.iterate_bodies(monitor, EntryKind.NOTICED)}


def _read_source(source: str) -> bytes:
    if source.startswith(("http://", "https://")):
        return _fetch(source)
    try:
        with Path(source).open("rb") as file:
            return file.read(CONTENT_BYTES_MAX + 1)
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=source, next_step="Name a file or an https feed.") from None
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=source, next_step="Name a file or an https feed."
        ) from None


def _fetch(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": "*/*", "User-Agent": "holdfast"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_S, context=ssl.create_default_context()) as answer:  # noqa: S310
            return bytes(answer.read(CONTENT_BYTES_MAX + 1))
    except (OSError, ValueError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise UnreachableEndpoint(
            f"the feed cannot be fetched: {reason}", where=url, next_step="Try again, or save it and name the file."
        ) from None
