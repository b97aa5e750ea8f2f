"""Owners of fifty per cent and more, in the aggregate and through chains, each list on its own.

A share or an owner's listing that is not known leaves the answer open; it is never taken for none.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from holdfast.levers.screening.screener import HeldLists, merge_answers
from holdfast.records.organisation import NameKind, Organisation, OrganisationKind, Owner
from holdfast.records.screening import (
    Answer,
    Hit,
    HitReason,
    ListAnswer,
    PartyKind,
    QueryName,
    Screened,
    ScreeningResult,
)

SHARE_PERCENT = 50.0
DEPTH_MAX = 6
_PERSONS = frozenset({OrganisationKind.INDIVIDUAL})


@dataclass(frozen=True, slots=True)
class _Stake:
    """An owner, its share when known, and what screening it found."""

    owner: str
    share: float | None
    result: ScreeningResult


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every party on the way up a chain of owners."""

    lists: HeldLists
    organisations: Mapping[str, Organisation]
    on: datetime.date
    known_on: datetime.date


def screen_with_owners(organisation: Organisation, question: Question) -> ScreeningResult:
    """A registered organisation by all its names, then its owners, recursively."""
    return _screen(describe_organisation(organisation), organisation, question, (organisation.id,))


def describe_organisation(organisation: Organisation) -> Screened:
    """Every name that the registry has of an organisation, with the countries it is tied to."""
    names = {organisation.name: QueryName(organisation.name, NameKind.LEGAL.value)}
    for other in organisation.names:
        names.setdefault(other.name, QueryName(other.name, other.kind.value))
    names.setdefault(organisation.short, QueryName(organisation.short, NameKind.TRADE.value))
    places = (organisation.incorporated, organisation.headquartered, organisation.controlled_from)
    kind = PartyKind.PERSON if organisation.kind in _PERSONS else PartyKind.ORGANISATION
    return Screened(
        label=organisation.id,
        kind=kind,
        names=tuple(names.values()),
        countries=tuple(dict.fromkeys(place.value for place in places if place and place.value != "unknown")),
    )


def _screen(
    party: Screened, organisation: Organisation | None, question: Question, path: tuple[str, ...]
) -> ScreeningResult:
    own = question.lists.screen(party, question.on, question.known_on)
    if organisation is None or len(path) > DEPTH_MAX:
        return own
    stakes = [
        stake for owner in find_current_owners(organisation, question.on) for stake in _stake(owner, question, path)
    ]
    added = [found for name in _touched_lists(stakes) if (found := _judge_list(name, stakes))]
    if not added:
        return own
    hits = tuple(hit for _, found in added for hit in found)
    answers = _strengthen(own.answers, [answer for answer, _ in added])
    return replace(own, answers=answers, hits=(*own.hits, *hits))


def find_current_owners(organisation: Organisation, on: datetime.date) -> Iterator[Owner]:
    """The recorded owners on a day, and the parent where no share of it is recorded."""
    for owner in organisation.owners:
        if (owner.since is None or owner.since <= on) and (owner.until is None or on < owner.until):
            yield owner
    known = {owner.owner for owner in organisation.owners}
    if organisation.parent and organisation.parent not in known:
        yield Owner(owner=organisation.parent, source="parent")


def _stake(owner: Owner, question: Question, path: tuple[str, ...]) -> Iterator[_Stake]:
    if owner.owner in path or owner.owner in ("unknown", "public"):
        return
    known = question.organisations.get(owner.owner)
    party = describe_organisation(known) if known else _describe_words(owner.owner)
    yield _Stake(party.label, owner.share_percent, _screen(party, known, question, (*path, owner.owner)))


def _describe_words(text: str) -> Screened:
    return Screened(label=text, kind=PartyKind.UNKNOWN, names=(QueryName(text, "owner"),))


def _touched_lists(stakes: list[_Stake]) -> list[str]:
    """Lists on which some owner has a hit that is not a plain no."""
    touched = (hit.list for stake in stakes for hit in stake.result.hits if hit.listed is not Answer.NO)
    return list(dict.fromkeys(touched))


def _judge_list(name: str, stakes: list[_Stake]) -> tuple[ListAnswer, list[Hit]] | None:
    """Whether listed owners hold half together: yes by known shares, unknown when shares or listings are open."""
    answers = {stake.owner: _answer_of(stake.result, name) for stake in stakes}
    listed = [stake for stake in stakes if answers[stake.owner] is Answer.YES]
    possible = [stake for stake in stakes if answers[stake.owner] is not Answer.NO]
    sure = sum(stake.share or 0.0 for stake in listed)
    most = sum(SHARE_PERCENT if stake.share is None else stake.share for stake in possible)
    if sure < SHARE_PERCENT and most < SHARE_PERCENT:
        return None
    answer = Answer.YES if sure >= SHARE_PERCENT else Answer.UNKNOWN
    hits = [hit for stake in (listed or possible) for hit in _inherit(stake, name, answer)]
    if not hits:
        return None
    words = ", ".join(f"{stake.owner} ({say_share(stake.share)})" for stake in (listed or possible))
    why = f"listed owners hold {sure:g} %: {words}" if answer is Answer.YES else f"owner listed, or perhaps: {words}"
    return ListAnswer(name, answer, why, tuple({hit.edition for hit in hits})), hits


def say_share(share: float | None) -> str:
    """`20 %`, or that it is not known."""
    return "share not known" if share is None else f"{share:g} %"


def _answer_of(result: ScreeningResult, name: str) -> Answer:
    return next((answer.answer for answer in result.answers if answer.list == name), Answer.UNKNOWN)


def _inherit(stake: _Stake, name: str, answer: Answer) -> Iterator[Hit]:
    """The owner's hits as hits of the owned, saying by whom."""
    step = f"{stake.owner} ({say_share(stake.share)})"
    for hit in stake.result.hits:
        if hit.list == name and hit.listed is not Answer.NO:
            listed = answer if hit.listed is Answer.YES else Answer.UNKNOWN
            why = f"owned by {step}: {hit.why}"
            yield replace(hit, reason=HitReason.OWNERSHIP, listed=listed, why=why, via=(step, *hit.via))


def _strengthen(own: tuple[ListAnswer, ...], added: list[ListAnswer]) -> tuple[ListAnswer, ...]:
    """A yes or an open question through owners outweighs the party's own no."""
    return merge_answers((*added, *own))
