"""Everybody who has a part in a model, screened against the official lists on disk. Fetches nothing, clears nobody."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.records.errors import ConfigurationError
from holdfast.records.organisation import Organisation
from holdfast.records.report import ModelRow
from holdfast.records.screening import (
    Answer,
    EditionUse,
    Involved,
    PartyKind,
    QueryName,
    Screened,
    ScreeningResult,
    ScreeningSummary,
)
from holdfast.records.subject import UNKNOWN_ORG
from holdfast.workflows.screening_words import say_hits, say_not_screened, say_screened

OWNERS_DEPTH_MAX = 6
HOW_TO_GET = "Get them: holdfast lists update, or with --from FILE."
_NOBODY = ("unknown", "public")


@dataclass(frozen=True, slots=True)
class ScreeningAsked:
    """Where the lists lie, the day that is asked about, and the day of knowledge."""

    folder: Path
    on: datetime.date
    known_on: datetime.date
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody has to do with a row: `developer`, `base`, `endpoint`. Row 0: no report has it."""

    organisation: str
    what: str
    row: int = 0


@dataclass(slots=True)
class _Gathered:
    parts: dict[str, None] = field(default_factory=dict[str, None])
    rows: set[int] = field(default_factory=set[int])


def screen_rows(
    rows: Iterable[ModelRow], organisations: Mapping[str, Organisation], asked: ScreeningAsked
) -> ScreeningSummary:
    """Builders through every base, re-packagers, endpoints and their owners, of every row of a report."""
    return screen_parts((part for row in rows for part in _parts_of(row)), organisations, asked)


def _parts_of(row: ModelRow) -> Iterator[Part]:
    orgs = (*row.builders, *row.repackagers, *([row.endpoint] if row.endpoint else []))
    for org in orgs:
        yield Part(org.id, org.how, row.number)


def screen_parts(
    parts: Iterable[Part], organisations: Mapping[str, Organisation], asked: ScreeningAsked
) -> ScreeningSummary:
    """The same for parts. Without lists on disk, or the extra `screening`, it says so and answers nothing.

    Raises ListError for a damaged list.
    """
    if next(asked.folder.glob("*/*/edition.json"), None) is None:
        return _tell(asked, say_not_screened("no list is held", HOW_TO_GET))
    try:
        return _screen(list(parts), organisations, asked)
    except ConfigurationError as error:
        return _tell(asked, say_not_screened(error.what, error.next_step))


def _tell(asked: ScreeningAsked, words: str) -> ScreeningSummary:
    return ScreeningSummary(on=asked.on, known_on=asked.known_on, says=(words,))


def _screen(parts: list[Part], organisations: Mapping[str, Organisation], asked: ScreeningAsked) -> ScreeningSummary:
    gathered = _gather(parts, organisations, asked.on)
    unknown = {part.row for part in parts if part.organisation == UNKNOWN_ORG}
    results = _screen_each(gathered, organisations, asked)
    involved = [_involve(name, gathered[name], results[name], organisations) for name in gathered]
    editions = {use for result in results.values() for answer in result.answers for use in answer.editions}
    ordered = tuple(sorted(editions, key=lambda use: (use.feed, use.date)))
    return ScreeningSummary(
        on=asked.on,
        known_on=asked.known_on,
        editions=ordered,
        involved=tuple(sorted(involved, key=_order)),
        says=say_screened(involved, _newest(ordered), asked.on, len(unknown)),
    )


def _gather(
    parts: Iterable[Part], organisations: Mapping[str, Organisation], on: datetime.date
) -> dict[str, _Gathered]:
    """Everybody once, with all their parts: those involved, then the owners behind them, level by level."""
    found: dict[str, _Gathered] = {}
    level = [part for part in parts if part.organisation not in _NOBODY]
    for _ in range(OWNERS_DEPTH_MAX + 1):
        fresh = [part for part in level if _add(found, part)]
        level = [owner for part in fresh for owner in _owners_of(part, organisations, on)]
    return found


def _add(found: dict[str, _Gathered], part: Part) -> bool:
    """Whether this tells something new: the same owner of the same row need not be followed twice."""
    one = found.setdefault(part.organisation, _Gathered())
    known = part.what in one.parts and part.row in one.rows
    one.parts[part.what] = None
    one.rows.add(part.row)
    return not known


def _owners_of(part: Part, organisations: Mapping[str, Organisation], on: datetime.date) -> Iterator[Part]:
    from holdfast.levers.screening.ownership import find_current_owners, say_share

    org = organisations.get(part.organisation)
    for owner in find_current_owners(org, on) if org else ():
        if owner.owner not in _NOBODY:
            yield Part(owner.owner, f"owner of {org.short if org else ''} ({say_share(owner.share_percent)})", part.row)


def _screen_each(
    names: Iterable[str], organisations: Mapping[str, Organisation], asked: ScreeningAsked
) -> dict[str, ScreeningResult]:
    from holdfast.workflows.lists import open_lists, screen_organisation

    lists = open_lists(asked.folder, asked.data)
    results: dict[str, ScreeningResult] = {}
    for name in names:
        org = organisations.get(name)
        if org is not None:
            results[name] = screen_organisation(org, lists, asked.on, asked.known_on, organisations=organisations)
        else:  # an owner that the registry names in words only
            party = Screened(label=name, kind=PartyKind.UNKNOWN, names=(QueryName(name, "owner"),))
            results[name] = lists.screen(party, asked.on, asked.known_on)
    return results


def _involve(
    name: str, gathered: _Gathered, result: ScreeningResult, organisations: Mapping[str, Organisation]
) -> Involved:
    org = organisations.get(name)
    return Involved(
        id=name,
        name=org.short if org else name,
        parts=tuple(gathered.parts),
        rows=tuple(sorted(gathered.rows - {0})),
        result=result,
        says=say_hits(result),
    )


def _order(one: Involved) -> tuple[int, bool, str]:
    answers = (Answer.YES, Answer.UNKNOWN, Answer.NO)
    return (answers.index(one.result.answer) if one.says else len(answers), not one.says, one.name.casefold())


def _newest(editions: Iterable[EditionUse]) -> tuple[EditionUse, ...]:
    """The newest edition of each feed that an answer rests on."""
    return tuple({use.feed: use for use in editions}.values())
