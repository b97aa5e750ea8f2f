"""Two times at once: how an entry stood on one day, as known on another, from the editions that are held.

An edition that is not held says nothing; one too old for the day says nothing; a removed entry leaves no trace in a
list that carries no history. In each case the answer is unknown.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from holdfast.records.screening import Answer, Edition, EditionUse, EntryState, Feed, ListEntry, ListFormat


@dataclass(frozen=True, slots=True)
class Consultation:
    """The editions of a feed that can speak of `on`, as known on `known_on`.

    latest: the newest one published by then. in_force: the newest of those not after `on`. following: the oldest of
    those after `on`. withdrawn: published by then and taken back. retold: no edition of that time is held, but a later
    one tells by its own dates what was listed then.
    """

    feed: Feed
    on: datetime.date
    known_on: datetime.date
    latest: Edition | None = None
    in_force: Edition | None = None
    following: Edition | None = None
    withdrawn: tuple[Edition, ...] = ()
    retold: bool = False

    @property
    def editions(self) -> tuple[Edition, ...]:
        """Those to search, newest first, each once."""
        found = [edition for edition in (self.latest, self.following, self.in_force) if edition]
        return tuple({edition.sha256 + edition.date.isoformat(): edition for edition in found}.values())

    def see(self, entry: ListEntry) -> ListEntry | None:
        """An entry as it was known then; None when it was not yet published."""
        if not self.retold:
            return entry
        if entry.start is None or entry.start > self.known_on:
            return None
        return replace(entry, end=None) if entry.end and entry.end > self.known_on else entry


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entry stood."""

    listed: Answer
    state: EntryState
    why: str


def consult(feed: Feed, editions: Sequence[Edition], on: datetime.date, known_on: datetime.date) -> Consultation:
    """Choose the editions that can speak."""
    own = sorted(
        (edition for edition in editions if edition.feed == feed.id), key=lambda item: (item.date, item.fetched_at)
    )
    published = [edition for edition in own if edition.date <= known_on]
    gone = [edition for edition in published if edition.withdrawn_on and edition.withdrawn_on <= known_on]
    good = [edition for edition in published if edition not in gone]
    before = [edition for edition in good if edition.date <= on]
    after = [edition for edition in good if edition.date > on]
    base = Consultation(feed, on, known_on, withdrawn=tuple(gone))
    if good:
        return replace(
            base, latest=good[-1], in_force=before[-1] if before else None, following=after[0] if after else None
        )
    later = [edition for edition in own if edition.date > known_on and not edition.withdrawn_on]
    if later and tells_history(feed, later[0]):
        return replace(base, latest=later[0], retold=True)
    return base


def tells_history(feed: Feed, edition: Edition) -> bool:
    """Whether an edition keeps removed entries with their dates."""
    return feed.history and edition.format is ListFormat.DOD_CSV


def use_edition(edition: Edition) -> EditionUse:
    """An edition as results name it."""
    return EditionUse(edition.feed, edition.date, edition.seen_until, edition.sha256)


def judge_withdrawn(edition: Edition) -> Standing:
    """An entry of an edition that was taken back: published, and in force never or no longer."""
    why = f"in the version published {edition.date} and withdrawn {edition.withdrawn_on}"
    return Standing(Answer.NO, EntryState.WITHDRAWN, why)


def judge_entry(consultation: Consultation, found: Mapping[Edition, tuple[ListEntry, ...]]) -> Standing:
    """A party's standing, from its entries in each edition that has it (at least one)."""
    source = next(edition for edition in consultation.editions if found.get(edition))
    standing = _judge_dates(found[source], consultation.on, source)
    if standing is None:
        standing = _judge_undated(consultation, source, found)
    if standing.listed is Answer.YES or standing.state is EntryState.REMOVED:
        return _doubt_old(consultation, source, standing)
    return standing


def _judge_dates(entries: Sequence[ListEntry], on: datetime.date, source: Edition) -> Standing | None:
    """What the list's own dates say; None when they leave it open."""
    current = [entry for entry in entries if not (entry.end and on >= entry.end)]
    started = [entry.start for entry in current if entry.start and entry.start <= on]
    if started:
        return Standing(Answer.YES, EntryState.LISTED, f"listed since {min(started)}, edition of {source.date}")
    if any(entry.start is None for entry in current):
        return None
    if current:
        first = min(entry.start for entry in current if entry.start)
        return Standing(Answer.NO, EntryState.NOT_YET, f"listed from {first}, edition of {source.date}")
    last = max(entry.end for entry in entries if entry.end)
    return Standing(Answer.NO, EntryState.REMOVED, f"removed on {last}, edition of {source.date}")


def _judge_undated(
    consultation: Consultation, source: Edition, found: Mapping[Edition, tuple[ListEntry, ...]]
) -> Standing:
    """No start is given: only editions before and after the day can tell."""
    if source.date <= consultation.on:
        return Standing(Answer.YES, EntryState.LISTED, f"in the edition of {source.date}")
    before = consultation.in_force
    if before is None:
        why = f"in the edition of {source.date}, which gives no start; no edition up to {consultation.on} is held"
        return Standing(Answer.UNKNOWN, EntryState.UNCERTAIN, why)
    if found.get(before):
        why = f"in the editions of {before.date} and {source.date}"
        return Standing(Answer.YES, EntryState.LISTED, why)
    why = f"added between the editions of {before.date} and {source.date}"
    return Standing(Answer.UNKNOWN, EntryState.UNCERTAIN, why)


def _doubt_old(consultation: Consultation, source: Edition, standing: Standing) -> Standing:
    """A day too long after the edition was last seen to be the newest: it may have been removed, or listed again."""
    if source.date > consultation.on and not consultation.retold:
        return standing
    latest = consultation.latest
    late = _find_gap(consultation, source)
    if late is None:
        if latest and source != latest:
            why = f"{standing.why}; no longer in the edition of {latest.date}"
            return Standing(standing.listed, standing.state, why)
        return standing
    return Standing(Answer.UNKNOWN, EntryState.UNCERTAIN, f"{standing.why}, {late} days before the day asked about")


def _find_gap(consultation: Consultation, edition: Edition) -> int | None:
    """Days by which the day asked about lies too far behind an edition; None when it does not."""
    seen = min(edition.seen_until, consultation.known_on)
    days = (consultation.on - seen).days
    return days if days > consultation.feed.fresh_days else None


def judge_silence(consultation: Consultation, first_start: datetime.date | None) -> tuple[Answer, str]:
    """What it means that a list names nobody like this. `first_start`: the earliest day the latest edition tells of."""
    feed, latest = consultation.feed, consultation.latest
    if latest is None:
        return Answer.UNKNOWN, f"no edition of {feed.id} published by {consultation.known_on} is held"
    if tells_history(feed, latest):
        return _judge_history(consultation, latest, first_start)
    edition = consultation.in_force
    if edition is None:
        what = f"the oldest edition held is of {latest.date}, and removed entries leave no trace in it"
        return Answer.UNKNOWN, what
    late = _find_gap(consultation, edition)
    if late is not None:
        return Answer.UNKNOWN, f"not found in the edition of {edition.date}, {late} days before the day asked about"
    return Answer.NO, f"not found in the edition of {edition.date}"


def _judge_history(
    consultation: Consultation, latest: Edition, first_start: datetime.date | None
) -> tuple[Answer, str]:
    earliest = min(consultation.on, consultation.known_on)
    if first_start is None or earliest < first_start:
        return Answer.UNKNOWN, f"the edition of {latest.date} tells nothing of days before {first_start}"
    late = _find_gap(consultation, latest)
    if late is not None:
        return Answer.UNKNOWN, f"not found in the edition of {latest.date}, {late} days before the day asked about"
    return Answer.NO, f"not found in the edition of {latest.date}, which tells of removed entries too"
