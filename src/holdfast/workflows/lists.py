"""`holdfast lists`: official lists fetched or taken from files on command, what is held, and screening against them."""

import datetime
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.data import data_folder, read_pack_folder
from holdfast.levers.screening.feeds import get_feed, read_feeds
from holdfast.levers.screening.fetching import Fetched, Progress, fetch_file, fetch_title_date
from holdfast.levers.screening.files import describe_file
from holdfast.levers.screening.ownership import Question, screen_with_owners
from holdfast.levers.screening.parsing import check_floor, find_format, parse_files
from holdfast.levers.screening.screener import THRESHOLD, HeldLists
from holdfast.levers.screening.store import (
    RAW,
    discard_incoming,
    get_edition_folder,
    list_editions,
    open_incoming,
    read_entries,
    store_edition,
)
from holdfast.records.errors import (
    HoldfastError,
    LimitExceeded,
    ListError,
    MissingPath,
    NetworkError,
    UnknownName,
    UsageError,
)
from holdfast.records.organisation import Organisation
from holdfast.records.screening import (
    Edition,
    Feed,
    FeedSource,
    ListFormat,
    ParsedList,
    PartyKind,
    QueryName,
    Screened,
    ScreeningResult,
)
from holdfast.workflows.folders import cache_folder

CACHE = "rule-data"
ECFR_TITLE = 15
SHRUNK = 0.7  # a new edition with fewer parties than this share of the last one is not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAsked:
    """What to fetch or take in. `files` and `url` are for one list only; `edition`: the edition's day, when given."""

    names: tuple[str, ...]
    folder: Path
    now: datetime.datetime
    progress: Progress
    files: tuple[Path, ...] = ()
    url: str | None = None
    form: str | None = None
    edition: datetime.date | None = None
    withdrawn: datetime.date | None = None
    floor: int | None = None
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Updated:
    """One list brought up to date. `new`: these bytes were not held before."""

    feed: str
    new: bool
    edition: Edition


@dataclass(frozen=True, slots=True)
class HeldFeed:
    """A list that can be held, with the editions that are."""

    feed: Feed
    editions: tuple[Edition, ...]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenAsked:
    """Whom to screen: names, or organisations of the registry as org:…; on which day, as known on which day."""

    names: tuple[str, ...]
    folder: Path
    on: datetime.date
    known_on: datetime.date
    countries: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    kind: PartyKind = PartyKind.UNKNOWN
    threshold: float = THRESHOLD
    feeds: tuple[str, ...] = ()
    data: Path | None = None


def show_lists(folder: Path, names: Sequence[str] = (), data: Path | None = None) -> list[HeldFeed]:
    """Every list, or those named, with the editions held. Raises UnknownName or ListError."""
    feeds = read_feeds(data or data_folder())
    chosen = [get_feed(feeds, name) for name in names] or list(feeds.values())
    return [_show(folder, feed) for feed in chosen]


def _show(folder: Path, feed: Feed) -> HeldFeed:
    editions = tuple(list_editions(folder, feed.id))
    return HeldFeed(feed, editions, tuple(str(get_edition_folder(folder, edition)) for edition in editions))


def update_lists(asked: UpdateAsked) -> list[Updated]:
    """Fetch, or take from files, the lists that were named; those fetched by default when none was.

    Each is stored whole or not at all; one that fails does not keep the others from being tried. Raises ListError,
    NetworkError, LimitExceeded, UsageError or OutputError: the first, saying which lists were stored all the same.
    """
    feeds = read_feeds(asked.data or data_folder())
    if asked.files or asked.url:
        if len(asked.names) != 1:
            raise UsageError("--from and --from-url need the name of one list", next_step=f"Lists: {', '.join(feeds)}")
        return [_update(get_feed(feeds, asked.names[0]), asked)]
    chosen = [get_feed(feeds, name) for name in asked.names] or [feed for feed in feeds.values() if feed.by_default]
    updated: list[Updated] = []
    failed: list[HoldfastError] = []
    for feed in chosen:
        try:
            updated.append(_update(feed, asked))
        except (ListError, NetworkError, LimitExceeded) as error:
            failed.append(error)
    if failed:
        raise _say_stored(failed, updated) from None
    return updated


def _say_stored(failed: Sequence[HoldfastError], updated: Sequence[Updated]) -> HoldfastError:
    first, *others = failed
    words = [f"{len(others)} more failed"] if others else []
    words += [f"stored: {', '.join(item.feed for item in updated)}"] if updated else []
    what = f"{first.what} ({'; '.join(words)})" if words else first.what
    return type(first)(what, where=first.where, next_step=first.next_step)


def _update(feed: Feed, asked: UpdateAsked) -> Updated:
    incoming = open_incoming(asked.folder, feed.id)
    try:
        arrived = _bring_files(feed, asked, incoming / RAW)
        form, parsed = _parse(feed, asked, arrived)
        _check_count(parsed, feed, asked, ", ".join(arrived.sources))
        edition = _make_edition(feed, asked, arrived, parsed, form)
        return Updated(feed.id, store_edition(asked.folder, incoming, edition, parsed.entries), edition)
    finally:
        discard_incoming(incoming)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Raw files in the incoming folder. `date`, when how they came tells the edition's day, and `date_from`."""

    paths: tuple[Path, ...]
    sources: tuple[str, ...]
    date: datetime.date | None
    date_from: str
    fetched: bool


def _bring_files(feed: Feed, asked: UpdateAsked, target: Path) -> _Arrived:
    if asked.files:
        return _copy_files(asked.files, target)
    if asked.url:
        return _fetch_files((asked.url,), feed, asked, target)
    source = _choose_source(feed, asked.form)
    if not source.urls:
        what = f"{feed.title} has no address to fetch from"
        raise UsageError(what, where=feed.id, next_step=f"Give the file: holdfast lists update {feed.id} --from FILE")
    day = asked.edition
    if source.date_url and day is None:
        day = fetch_title_date(source.date_url, ECFR_TITLE)
    urls = tuple(url.replace("{date}", day.isoformat() if day else "") for url in source.urls)
    arrived = _fetch_files(urls, feed, asked, target)
    return replace(arrived, date=day, date_from="the address") if source.date_url else arrived


def _choose_source(feed: Feed, form: str | None) -> FeedSource:
    if form is None:
        return feed.sources[0]
    for source in feed.sources:
        if source.format.value == form:
            return source
    forms = ", ".join(source.format.value for source in feed.sources)
    raise UnknownName(f"{feed.id} does not come as {form!r}", next_step=f"Formats: {forms}")


def _copy_files(files: Sequence[Path], target: Path) -> _Arrived:
    paths: list[Path] = []
    for file in files:
        if not file.is_file():
            raise MissingPath("no such file", where=str(file), next_step="Name a list file that exists.")
        paths.append(Path(shutil.copyfile(file, target / file.name)))
    return _Arrived(tuple(paths), tuple(str(file.absolute()) for file in files), None, "", False)


def _fetch_files(urls: Sequence[str], feed: Feed, asked: UpdateAsked, target: Path) -> _Arrived:
    fetched: list[Fetched] = []
    for number, url in enumerate(urls):
        name = url.partition("?")[0].rstrip("/").rpartition("/")[2] or "list"
        name = name if all(item.path.name != name for item in fetched) else f"{number}-{name}"
        fetched.append(fetch_file(url, target / name, feed.bytes_max, asked.progress))
    day = fetched[0].last_modified
    origin = "the server's date of change" if day else "the day it was fetched"
    return _Arrived(tuple(item.path for item in fetched), tuple(urls), day or asked.now.date(), origin, True)


def _parse(feed: Feed, asked: UpdateAsked, arrived: _Arrived) -> tuple[ListFormat, ParsedList]:
    try:
        form = _choose_source(feed, asked.form).format if asked.form else find_format(arrived.paths, feed)
        return form, parse_files(arrived.paths, feed, form)
    except ListError as error:
        raise _name_source(error, arrived) from None


def _name_source(error: ListError, arrived: _Arrived) -> ListError:
    """The same error, naming the file that the user knows and not the copy."""
    where = error.where
    for path, source in zip(arrived.paths, arrived.sources, strict=True):
        where = where.replace(str(path), source)
    return ListError(error.what, where=where, next_step=error.next_step)


def _make_edition(feed: Feed, asked: UpdateAsked, arrived: _Arrived, parsed: ParsedList, form: ListFormat) -> Edition:
    day, origin = _choose_date(feed, asked, arrived, parsed)
    return Edition(
        feed=feed.id,
        format=form,
        date=day,
        date_from=origin,
        fetched_at=asked.now,
        source=arrived.sources,
        files=tuple(describe_file(path) for path in arrived.paths),
        count=len({entry.entry for entry in parsed.entries}),
        checked_on=asked.now.date() if arrived.fetched and asked.edition is None and not asked.url else None,
        withdrawn_on=asked.withdrawn,
        notes=parsed.notes,
    )


def _choose_date(feed: Feed, asked: UpdateAsked, arrived: _Arrived, parsed: ParsedList) -> tuple[datetime.date, str]:
    """Given, in the file, from how it came. A file that tells no date and came without one needs --edition."""
    if asked.edition:
        return asked.edition, "given"
    if parsed.date:
        return parsed.date, parsed.date_from or "the file"
    if arrived.date:
        held = _find_same(feed, asked.folder, arrived)
        return (held.date, held.date_from) if held else (arrived.date, arrived.date_from)
    step = "Say it with --edition YYYY-MM-DD: the day the list was published, not the day you got the file."
    raise UsageError("the file does not tell its edition's day", where=arrived.sources[0], next_step=step)


def _find_same(feed: Feed, folder: Path, arrived: _Arrived) -> Edition | None:
    """The newest edition held, when it has these very bytes: a server's date may move though the list does not."""
    if arrived.date_from == "the address":
        return None
    held = list_editions(folder, feed.id)
    digests = [describe_file(path).sha256 for path in arrived.paths]
    return held[-1] if held and [file.sha256 for file in held[-1].files] == digests else None


def _check_count(parsed: ParsedList, feed: Feed, asked: UpdateAsked, where: str) -> None:
    check_floor(parsed, feed.floor if asked.floor is None else asked.floor, where)
    held = [edition for edition in list_editions(asked.folder, feed.id) if not edition.withdrawn_on]
    count = len({entry.entry for entry in parsed.entries})
    if asked.floor is None and held and count < SHRUNK * held[-1].count:
        last = held[-1]
        what = f"{count} parties, where the edition of {last.date} has {last.count}"
        raise ListError(what, where=where, next_step="Probably cut short. If it really shrank, say so with --floor N.")


def open_lists(
    folder: Path, data: Path | None = None, *, threshold: float = THRESHOLD, only: Sequence[str] = ()
) -> HeldLists:
    """The lists held in a folder, ready to screen with; entries are read when first needed. No folder: none held."""
    feeds = read_feeds(data or data_folder())
    chosen = {name: get_feed(feeds, name) for name in only} or feeds
    editions = tuple(edition for edition in list_editions(folder) if edition.feed in chosen)
    return HeldLists(chosen, editions, lambda edition: read_entries(folder, edition), threshold)


def screen_organisation(
    organisation: Organisation,
    lists: HeldLists,
    on: datetime.date,
    known_on: datetime.date,
    *,
    organisations: Mapping[str, Organisation] | None = None,
) -> ScreeningResult:
    """A registered organisation by all its names and by its owners of 50 % and more, on a day as known on a day.

    `organisations` lets chains of owners be followed. Raises ConfigurationError without the extra `screening`, but
    only when some list is held.
    """
    if not lists.editions:
        return _unheld(organisation, lists, on, known_on)
    return screen_with_owners(organisation, Question(lists, organisations or {}, on, known_on))


def _unheld(
    organisation: Organisation, lists: HeldLists, on: datetime.date, known_on: datetime.date
) -> ScreeningResult:
    from holdfast.levers.screening.ownership import describe_organisation
    from holdfast.levers.screening.screener import merge_answers
    from holdfast.levers.screening.standing import consult, judge_silence
    from holdfast.records.screening import ListAnswer

    silences = [(feed, judge_silence(consult(feed, (), on, known_on), None)) for feed in lists.feeds.values()]
    answers = (ListAnswer(name, *said, ()) for feed, said in silences for name in feed.lists)
    return ScreeningResult(
        subject=organisation.id,
        names=describe_organisation(organisation).names,
        on=on,
        known_on=known_on,
        answers=merge_answers(answers),
        hits=(),
        notes=("No list is held: run `holdfast lists update`.",),
    )


def screen_names(asked: ScreenAsked) -> list[ScreeningResult]:
    """Each name or organisation. Raises UnknownName for an organisation that is not registered."""
    lists = open_lists(asked.folder, asked.data, threshold=asked.threshold, only=asked.feeds)
    records = read_pack_folder((asked.data or data_folder()) / "organisations", Organisation, cache_folder() / CACHE)
    organisations = {organisation.id: organisation for _, organisation in records}
    return [_screen_one(name, asked, lists, organisations) for name in asked.names]


def _screen_one(
    name: str, asked: ScreenAsked, lists: HeldLists, organisations: Mapping[str, Organisation]
) -> ScreeningResult:
    if name.startswith("org:"):
        organisation = organisations.get(name)
        if organisation is None:
            step = "Registered organisations are in data/organisations; or screen a plain name."
            raise UnknownName(f"no organisation is called {name!r}", next_step=step)
        return screen_organisation(organisation, lists, asked.on, asked.known_on, organisations=organisations)
    party = Screened(
        label=name,
        kind=asked.kind,
        names=(QueryName(name, "given"),),
        countries=asked.countries,
        addresses=asked.addresses,
    )
    result = lists.screen(party, asked.on, asked.known_on)
    return replace(result, notes=(*result.notes, *_hint(name, organisations)))


def _hint(name: str, organisations: Mapping[str, Organisation]) -> tuple[str, ...]:
    """A brand is often not the listed name: say which organisation has it, whose every name can be screened."""
    wanted = name.casefold()
    for organisation in organisations.values():
        known = (organisation.name, organisation.short, *(other.name for other in organisation.names))
        if wanted in (text.casefold() for text in known):
            return (f"{name!r} is a name of {organisation.id}: screen that to use all its names and its owners.",)
    return ()
