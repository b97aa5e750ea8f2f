"""What the book of a watch is made of: signed entries in one chain, and what they add up to for a monitor.

docs/watchbook.md is its law. Times are UTC, as `YYYY-MM-DDTHH:MM:SSZ`.
"""

from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.watching import Monitor, Visit


class EntryKind(StrEnum):
    """What an entry says."""

    OPENED = "opened"  # the book begins; its first key
    JOINED = "joined"  # another key signs from here on
    ENROLLED = "enrolled"  # a monitor, whole, begins or has other settings: its first life
    RESERVED = "reserved"  # money and tokens that a visit may spend, put aside before it
    VISITED = "visited"
    SETTLED = "settled"  # what was reserved and not visited with was spent so far
    ALARMED = "alarmed"  # an alarm was sent
    NOTICED = "noticed"  # something to know about, such as a notice of retirement
    ACCEPTED = "accepted"  # the behaviour from here on is the baseline: a new life
    PAUSED = "paused"
    RESUMED = "resumed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `body` is canonical JSON, None where it is withheld; `body_sha256` is of its UTF-8 bytes.

    `previous` and `digest` are SHA-256 in hexadecimal: of the entry before (zeros before the first) and of this one.
    `signature` is base64 of a key's id (4 bytes) and its Ed25519 signature (64). `monitor` is empty where the entry
    speaks of the book itself."""

    number: int
    monitor: str
    kind: EntryKind
    at: str
    body: str | None
    body_sha256: str
    previous: str
    digest: str
    signature: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and why."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that was sent: for which life and day, what it said, and where it went (`webhook`, `issue 12`)."""

    life: int
    day: int | None
    words: str
    sent_to: tuple[str, ...] = ()
    is_suspected: bool = False


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a visit may spend at most. `number` is that of its entry; dollars are None where no price is known."""

    number: int
    cost_usd: float | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What a monitor spent in one calendar month (`YYYY-MM`, UTC), what is reserved and not settled counted in full.
    `unpriced` counts visits whose price is not known: `cost_usd` is then a least."""

    month: str
    cost_usd: float
    tokens: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Life:
    """A monitor under one baseline: the settings it has, since when and on whose word, and what it saw.

    `entry` is the number of the entry that began it; `decision` is None for a first life."""

    monitor: Monitor
    entry: int
    since: str
    decision: Decision | None
    visits: tuple[Visit, ...]
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """A monitor of the book as it stands now."""

    monitor: Monitor
    entry: int
    since: str
    is_paused: bool


@dataclass(frozen=True, slots=True)
class BookFault:
    """What is wrong with an entry, and what to do; `number` is None where it is the book."""

    number: int | None
    what: str
    next_step: str


@dataclass(frozen=True, slots=True)
class BookReport:
    """What a check of a book found. `keys` are those that signed, as lines, each with its SHA-256 fingerprint.

    `head` is the digest of the last entry: who kept an earlier one elsewhere can see that nothing was rewritten.
    `withheld` counts entries without their body, `remarks` say what is odd and no fault."""

    book: str
    entries: int
    monitors: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    head: str
    faults: tuple[BookFault, ...]
    remarks: tuple[str, ...]
    withheld: int = 0
