"""What a vendor or a host says of a model's end, and what an endpoint's refusal means for it.

A date that was not told, or not told to the day, is None.
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.evidence import Sureness


class NoticeKind(StrEnum):
    """What is announced."""

    DEPRECATED = "deprecated"  # it is to go, or should no longer be used
    RETIRED = "retired"  # it is gone, or is said to go on the effective date
    MOVED = "moved"  # the name is, or will be, answered by another model
    RELICENSED = "relicensed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One model in one announcement. `line` is what was read, as written, cut to 300 characters.

    `sureness` is of the reading, not of the vendor: high from a table's own columns, medium from a sentence about one
    model, low where a sentence speaks of several models or dates."""

    model: str
    kind: NoticeKind
    announced: datetime.date | None
    effective: datetime.date | None
    replacement: str
    source: str
    line: str
    sureness: Sureness = Sureness.HIGH


@dataclass(frozen=True, slots=True)
class NoticeReading:
    """What one file or feed told. `remarks` say what in it was not understood."""

    source: str
    notices: tuple[Notice, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeMatch:
    """A notice that may concern a model of ours, and why; `sureness` is of the names being the same model."""

    name: str
    notice: Notice
    sureness: Sureness
    why: str


@dataclass(frozen=True, slots=True)
class NoticeChanges:
    """How a later reading differs from an earlier one: `changed` pairs each notice before with the one after."""

    new: tuple[Notice, ...]
    changed: tuple[tuple[Notice, Notice], ...]
    gone: tuple[Notice, ...]


class Availability(StrEnum):
    """What an answer other than success says of the model itself."""

    WITHDRAWN = "withdrawn"  # the model is no longer offered under this name
    BLOCKED = "blocked"  # not offered to this party, or where it is
    OUTAGE = "outage"  # busy, limited or broken: it may come back by itself
    UNKNOWN = "could not tell"


@dataclass(frozen=True, slots=True)
class Refused:
    """What a refusal means, why, and the endpoint's own words, cleaned and cut to 300 characters."""

    availability: Availability
    why: str
    words: str = ""
