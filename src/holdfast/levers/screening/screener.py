"""One party against every list held: which names met which entries, and what that means for each list on the day.

Refuses to answer no for a list that is not held, is too old, or could not be searched with any of the names.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.levers.screening.index import Candidate, Key, ListIndex, get_key, is_near, is_too_generic
from holdfast.levers.screening.matching import can_match, compute_address_score, compute_score, group_countries
from holdfast.levers.screening.standing import (
    Consultation,
    Standing,
    consult,
    judge_entry,
    judge_silence,
    judge_withdrawn,
    use_edition,
)
from holdfast.levers.screening.words import NameWords, split_name
from holdfast.records.screening import (
    Answer,
    Edition,
    EntryState,
    Feed,
    Hit,
    HitQuality,
    HitReason,
    ListAnswer,
    ListedNameKind,
    ListEntry,
    QueryName,
    Screened,
    ScreeningResult,
)

THRESHOLD = 0.70
ADDRESS_THRESHOLD = 0.80
LITERAL_SCORE = 0.95
_REASONS = {
    ListedNameKind.NAME: HitReason.NAME,
    ListedNameKind.ALIAS: HitReason.ALIAS,
    ListedNameKind.WEAK_ALIAS: HitReason.WEAK_ALIAS,
    ListedNameKind.FORMER: HitReason.FORMER,
}
_RANK = {HitQuality.EXACT: 2, HitQuality.CLOSE: 1, HitQuality.PARTIAL: 0}


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A name or address of the party that met one of an entry."""

    entry: ListEntry
    reason: HitReason
    quality: HitQuality
    score: float
    queried: QueryName
    matched: str

    @property
    def rank(self) -> tuple[int, float]:
        return _RANK[self.quality], self.score


@dataclass(frozen=True)
class HeldLists:
    """The editions that are held, read when they are first asked for."""

    feeds: Mapping[str, Feed]
    editions: tuple[Edition, ...]
    read: Callable[[Edition], tuple[ListEntry, ...]]
    threshold: float = THRESHOLD
    _indexes: dict[Edition, ListIndex] = field(default_factory=dict[Edition, ListIndex], repr=False, compare=False)

    def get_index(self, edition: Edition) -> ListIndex:
        """An edition's entries, searchable. Raises ListError when they are damaged."""
        if edition not in self._indexes:
            self._indexes[edition] = ListIndex(self.read(edition))
        return self._indexes[edition]

    def screen(self, party: Screened, on: datetime.date, known_on: datetime.date) -> ScreeningResult:
        """The party against every list, by name and address; owners are another module's matter."""
        usable = tuple(name for name in party.names if not is_too_generic(name.name, party.kind))
        skipped = tuple(name.name for name in party.names if name not in usable)
        asked = Screened(
            label=party.label, kind=party.kind, names=usable, countries=party.countries, addresses=party.addresses
        )
        hits: list[Hit] = []
        answers: list[ListAnswer] = []
        strangers: set[Key] = set()
        for feed in self.feeds.values():
            consultation = consult(feed, self.editions, on, known_on)
            found = sorted(self._screen_feed(asked, consultation, strangers), key=_order)
            hits += found
            answers += self._answer_feed(asked, consultation, found)
        return ScreeningResult(
            subject=party.label,
            names=party.names,
            on=on,
            known_on=known_on,
            answers=merge_answers(answers),
            hits=tuple(sorted(hits, key=_order)),
            not_screened=skipped,
            notes=_say_strangers(strangers - {(hit.list, hit.entry) for hit in hits}),
        )

    def _screen_feed(self, party: Screened, consultation: Consultation, strangers: set[Key]) -> list[Hit]:
        met = {edition: self._meet(party, edition, consultation, strangers) for edition in consultation.editions}
        keys = dict.fromkeys(key for meetings in met.values() for key in meetings)
        hits: list[Hit] = []
        for key in keys:
            source = next(edition for edition in consultation.editions if key in met[edition])
            standing = judge_entry(consultation, self._presences(key, consultation))
            hits.append(_make_hit(met[source][key], source, standing, party))
        for edition in consultation.withdrawn:
            standing, taken_back = judge_withdrawn(edition), self._meet(party, edition, consultation, strangers)
            hits += (_make_hit(meeting, edition, standing, party) for meeting in taken_back.values())
        return hits

    def _presences(self, key: Key, consultation: Consultation) -> dict[Edition, tuple[ListEntry, ...]]:
        found: dict[Edition, tuple[ListEntry, ...]] = {}
        for edition in consultation.editions:
            entries = (consultation.see(entry) for entry in self.get_index(edition).groups.get(key, ()))
            found[edition] = tuple(entry for entry in entries if entry)
        return found

    def _meet(
        self, party: Screened, edition: Edition, consultation: Consultation, strangers: set[Key]
    ) -> dict[Key, _Meeting]:
        """The best meeting with each entry of an edition; entries of other countries are noted and left out."""
        index = self.get_index(edition)
        best: dict[Key, _Meeting] = {}
        for meeting in (*self._meet_names(party, index), *_meet_addresses(party, index)):
            key = get_key(meeting.entry)
            if _is_stranger(meeting, party):
                strangers.add(key)
            elif consultation.see(meeting.entry) and (key not in best or meeting.rank > best[key].rank):
                best[key] = meeting
        return best

    def _meet_names(self, party: Screened, index: ListIndex) -> Iterator[_Meeting]:
        for queried in party.names:
            words = split_name(queried.name, party.kind)
            for candidate in index.find_candidates(words, party.kind):
                if can_match(party.kind, candidate.entry.kind):
                    meeting = self._compare(queried, party, candidate, index)
                    if meeting:
                        yield meeting

    def _compare(self, queried: QueryName, party: Screened, candidate: Candidate, index: ListIndex) -> _Meeting | None:
        asked = split_name(queried.name, party.kind)
        listed = split_name(candidate.name.name, party.kind)
        quality = _compare_words(asked, listed, index)
        if quality is None:
            return None
        score = compute_score(
            (party.kind, queried.name), (candidate.entry.kind, candidate.name.name, candidate.name.kind)
        )
        if score < self.threshold:
            return None
        reason = _REASONS[candidate.name.kind]
        return _Meeting(candidate.entry, reason, quality, score, queried, candidate.name.name)

    def _answer_feed(self, party: Screened, consultation: Consultation, hits: list[Hit]) -> Iterator[ListAnswer]:
        latest = consultation.latest
        silence = judge_silence(consultation, self.get_index(latest).first_start if latest else None)
        if silence[0] is Answer.NO and not party.addresses and not _tells(party):
            silence = (Answer.UNKNOWN, "the names are too generic for their absence to say anything")
        vague = [hit for hit in hits if hit.list not in consultation.feed.lists and hit.listed is not Answer.NO]
        if vague and silence[0] is Answer.NO:
            silence = (Answer.UNKNOWN, f"{vague[0].listed_as} was hit in a file that does not say which list it is")
        uses = tuple(use_edition(edition) for edition in consultation.editions)
        for name in dict.fromkeys((*consultation.feed.lists, *(hit.list for hit in hits))):
            answer, why = answer_list([hit for hit in hits if hit.list == name], silence)
            yield ListAnswer(name, answer, why, uses)


def answer_list(hits: Sequence[Hit], silence: tuple[Answer, str]) -> tuple[Answer, str]:
    """What the hits on one list say together: yes needs a strong one; a weak one leaves the matter open.

    `silence`: the answer when nobody were hit. An entry of a withdrawn version changes no answer.
    """
    standing = [hit for hit in hits if hit.state is not EntryState.WITHDRAWN]
    strong = [hit for hit in standing if hit.strong]
    for wanted in (Answer.YES, Answer.UNKNOWN):
        for hit in strong:
            if hit.listed is wanted:
                return wanted, f"{hit.listed_as}: {hit.why}"
    for hit in standing:
        if hit.listed is not Answer.NO:
            return Answer.UNKNOWN, f"may be {hit.listed_as} ({hit.quality.value} match of {hit.queried!r}): look at it"
    if strong:
        return Answer.NO, f"{strong[0].listed_as}: {strong[0].why}"
    withdrawn = [f"; {hit.listed_as} was {hit.why}" for hit in hits if hit not in standing][:1]
    return silence[0], silence[1] + "".join(withdrawn)


def merge_answers(answers: Iterable[ListAnswer]) -> tuple[ListAnswer, ...]:
    """One answer for each list: a yes before all; then a hit to look at; then a no; a feed that is not held last."""
    merged: dict[str, ListAnswer] = {}
    for answer in answers:
        known = merged.get(answer.list)
        if known is None:
            merged[answer.list] = answer
            continue
        first, second = sorted((known, answer), key=_weight)
        merged[answer.list] = ListAnswer(first.list, first.answer, first.why, (*first.editions, *second.editions))
    return tuple(merged.values())


def _weight(answer: ListAnswer) -> int:
    if answer.answer is Answer.YES:
        return 0
    if answer.answer is Answer.UNKNOWN and answer.editions and not answer.why.startswith("not found"):
        return 1
    return 2 if answer.answer is Answer.NO else 3


def _compare_words(asked: NameWords, listed: NameWords, index: ListIndex) -> HitQuality | None:
    """How the telling words of two names agree; None when none of them does."""
    if asked.whole == listed.whole:
        return HitQuality.EXACT if asked == listed else HitQuality.CLOSE
    telling = {word for word in asked.telling if not index.is_common(word)} or asked.telling
    if not telling:
        return HitQuality.EXACT if asked.senses == listed.senses and not listed.telling else None
    shared = {word for word in telling if any(is_near(word, other) for other in listed.all)}
    if not shared:
        return None
    lost = [word for word in asked.telling if not any(is_near(word, other) for other in listed.all)]
    if len(lost) >= 2 * len(shared):  # the score could not reach the threshold
        return None
    extra = [word for word in listed.telling if not any(is_near(word, other) for other in asked.all)]
    strange = bool(asked.places and listed.places and not asked.places & listed.places)
    if lost or extra or strange:
        return HitQuality.PARTIAL
    same = asked.telling == listed.telling and asked.senses == listed.senses
    return HitQuality.EXACT if same else HitQuality.CLOSE


def _is_stranger(meeting: _Meeting, party: Screened) -> bool:
    """A match that is not literal, with a party of another country: nothing else speaks for it."""
    literal = meeting.quality is HitQuality.EXACT and meeting.score >= LITERAL_SCORE
    return not literal and bool(_compare_countries(meeting.entry, party)[1])


def _compare_countries(entry: ListEntry, party: Screened) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ours, theirs = group_countries(party.countries), group_countries(entry.countries)
    if not ours or not theirs:
        return (), ()
    if ours & theirs:
        return (f"country {', '.join(sorted(ours & theirs))}",), ()
    return (), (f"country {', '.join(sorted(theirs))}, not {', '.join(sorted(ours))}",)


def _meet_addresses(party: Screened, index: ListIndex) -> Iterator[_Meeting]:
    """A town or a country alone is no address: only those with a number are compared."""
    ours = _with_numbers(party.addresses)
    for entry in index.entries if ours else ():
        theirs = _with_numbers(entry.addresses)
        if not theirs or not can_match(party.kind, entry.kind):
            continue
        score, matched = compute_address_score(ours, theirs)
        if score >= ADDRESS_THRESHOLD:
            queried = QueryName(ours[0], "address")
            yield _Meeting(entry, HitReason.ADDRESS, HitQuality.CLOSE, score, queried, matched)


def _with_numbers(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in addresses if any(character.isdigit() for character in text))


def _make_hit(meeting: _Meeting, edition: Edition, standing: Standing, party: Screened) -> Hit:
    entry = meeting.entry
    agrees, disagrees = _compare_countries(entry, party)
    return Hit(
        list=entry.list,
        feed=edition.feed,
        entry=entry.entry,
        listed_as=entry.names[0].name,
        reason=meeting.reason,
        score=round(meeting.score, 3),
        quality=meeting.quality,
        queried=meeting.queried.name,
        queried_kind=meeting.queried.kind,
        matched=meeting.matched,
        listed=standing.listed,
        state=standing.state,
        why=standing.why,
        start=entry.start,
        end=entry.end,
        edition=use_edition(edition),
        programmes=entry.programmes,
        agrees=agrees,
        disagrees=disagrees,
        citation=entry.citation,
    )


def _say_strangers(strangers: set[Key]) -> tuple[str, ...]:
    if not strangers:
        return ()
    return (f"{len(strangers)} loose matches with parties of other countries are left out; screen the plain name.",)


def _tells(party: Screened) -> bool:
    """Whether some name has a word of its own."""
    return any(split_name(name.name, party.kind).telling for name in party.names)


def _order(hit: Hit) -> tuple[bool, bool, int, float, str, str]:
    """Strong and current ones first, then by list and name."""
    return hit.listed is Answer.NO, not hit.strong, -_RANK[hit.quality], -hit.score, hit.list, hit.listed_as
