"""Official lists and screening against them: what a feed is, what an entry says, and what a screening found.

An answer is yes, no or unknown. A hit is no verdict, and an empty result clears nobody.
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.evidence import Strict

STRONG_SCORE = 0.85
CAVEATS = ("No hit is not clearance.", "A hit is not a verdict.")


class Answer(StrEnum):
    """Whether something holds. Unknown is a result, never an error, a yes or a no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ListFormat(StrEnum):
    """How a list file is written."""

    OFAC_ADVANCED = "ofac-advanced-xml"
    OFAC_CSV = "ofac-csv"
    CSL_JSON = "csl-json"
    CSL_CSV = "csl-csv"
    ECFR = "ecfr-xml"
    DOD_CSV = "1260h-csv"
    DOD_TEXT = "1260h-text"


class PartyKind(StrEnum):
    """What sort of party an entry names."""

    ORGANISATION = "organisation"
    PERSON = "person"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    UNKNOWN = "unknown"


class ListedNameKind(StrEnum):
    """What the list says of a name."""

    NAME = "name"
    ALIAS = "alias"
    WEAK_ALIAS = "weak-alias"
    FORMER = "former-name"


class HitReason(StrEnum):
    """Why an entry was hit."""

    NAME = "name"
    ALIAS = "alias"
    WEAK_ALIAS = "weak-alias"
    FORMER = "former-name"
    ADDRESS = "address"
    OWNERSHIP = "ownership"


_WEAK_REASONS = frozenset({HitReason.WEAK_ALIAS, HitReason.ADDRESS})


class HitQuality(StrEnum):
    """How much of the two names agrees; scores alone do not rank."""

    EXACT = "exact"  # the same words, legal form and generic words aside
    CLOSE = "close"  # the same words in another spelling
    PARTIAL = "partial"  # one name has a telling word that the other lacks


class EntryState(StrEnum):
    """How an entry stood on the day that was asked about."""

    LISTED = "listed"
    NOT_YET = "not yet listed"
    REMOVED = "removed"
    WITHDRAWN = "published-then-withdrawn"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource(Strict):
    """One form in which a feed can be had. No urls: the user supplies the file. `{date}` in a url: the edition."""

    format: ListFormat
    urls: tuple[str, ...] = ()
    date_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Strict):
    """An official list, or bundle of lists, as data/lists.yaml describes it.

    `list_names` maps what the file calls a list to our id. `fresh_days`: how long after an edition was last seen to be
    the newest its silence still says something. `history`: removed entries stay in the file with their end date.
    """

    id: str
    title: str
    publisher: str
    licence: str
    lists: tuple[str, ...]
    sources: tuple[FeedSource, ...]
    floor: int
    fresh_days: int
    bytes_max: int
    by_default: bool = False
    history: bool = False
    list_names: dict[str, str]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedName:
    """A name as the list prints it."""

    name: str
    kind: ListedNameKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOwner:
    """A party that the list itself names as owner or controller; `entry` when that party is listed too."""

    name: str
    relation: str
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One party on one list. `start` and `end` are None when the list does not give them."""

    list: str
    entry: str
    kind: PartyKind
    names: tuple[ListedName, ...]
    addresses: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    start: datetime.date | None = None
    end: datetime.date | None = None
    owners: tuple[ListedOwner, ...] = ()
    citation: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedList:
    """What a list file says. `date` is the edition's own date, when the file tells one."""

    entries: tuple[ListEntry, ...]
    date: datetime.date | None = None
    date_from: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A raw file of an edition, as it came."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One stored edition of a feed. `checked_on`: the last day on which the source still served these very bytes."""

    feed: str
    format: ListFormat
    date: datetime.date
    date_from: str
    fetched_at: datetime.datetime
    source: tuple[str, ...]
    files: tuple[StoredFile, ...]
    count: int
    checked_on: datetime.date | None = None
    withdrawn_on: datetime.date | None = None
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest of the first raw file, which names the edition in results."""
        return self.files[0].sha256

    @property
    def seen_until(self) -> datetime.date:
        """The last day on which this edition is known to have been the newest."""
        return max(self.date, self.checked_on or self.date)


@dataclass(frozen=True, slots=True)
class EditionUse:
    """An edition that an answer rests on."""

    feed: str
    date: datetime.date
    seen_until: datetime.date
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that a name, an address or an owner of the screened party matched."""

    list: str
    feed: str
    entry: str
    listed_as: str
    reason: HitReason
    score: float
    quality: HitQuality
    queried: str
    queried_kind: str
    matched: str
    listed: Answer
    state: EntryState
    why: str
    start: datetime.date | None
    end: datetime.date | None
    edition: EditionUse
    programmes: tuple[str, ...] = ()
    agrees: tuple[str, ...] = ()
    disagrees: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    citation: str | None = None

    @property
    def strong(self) -> bool:
        """Whether the names agree well enough to answer yes; a weaker hit asks for a person's look."""
        sure = self.quality is not HitQuality.PARTIAL and self.reason not in _WEAK_REASONS
        return sure and self.score >= STRONG_SCORE and not self.disagrees


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """Was the party on this list on that day, as known on that other day?"""

    list: str
    answer: Answer
    why: str
    editions: tuple[EditionUse, ...]


@dataclass(frozen=True, slots=True)
class QueryName:
    """A name to screen, and what sort of name it is."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Who is screened: every name, with the countries and addresses that serve as second evidence."""

    label: str
    kind: PartyKind
    names: tuple[QueryName, ...]
    countries: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningResult:
    """What screening one party found. `not_screened`: names too generic or too short to say anything."""

    subject: str
    names: tuple[QueryName, ...]
    on: datetime.date
    known_on: datetime.date
    answers: tuple[ListAnswer, ...]
    hits: tuple[Hit, ...]
    not_screened: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = CAVEATS

    @property
    def answer(self) -> Answer:
        """Yes when some list says yes; no only when every list held says no; otherwise unknown."""
        found = {answer.answer for answer in self.answers}
        if Answer.YES in found:
            return Answer.YES
        return Answer.NO if found == {Answer.NO} else Answer.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Involved:
    """Somebody who has a part in a model, and what screening found. `rows`: numbers of a report's rows, if any."""

    id: str
    name: str
    parts: tuple[str, ...]  # `developer`, `base`, `endpoint`, `owner of Zhipu AI (20 %)`
    rows: tuple[int, ...]
    result: ScreeningResult
    says: tuple[str, ...]  # each hit in words


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningSummary:
    """Everybody involved, screened. `says`: what was screened, what is unknown, and that no hit is not clearance."""

    on: datetime.date
    known_on: datetime.date
    editions: tuple[EditionUse, ...] = ()
    involved: tuple[Involved, ...] = ()
    says: tuple[str, ...]

    @property
    def hit(self) -> tuple[Involved, ...]:
        """Those with a hit, the surest first."""
        return tuple(one for one in self.involved if one.says)
