"""Sources, and values that carry their own source, date and confidence."""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

Value = TypeVar("Value")


class Strict:
    """Base of records that are read from rule data: a key the record does not know is an error."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}


class Mark(StrEnum):
    """How a source was read."""

    PRIMARY = "P"  # primary text read
    PRIMARY_COPY = "Pc"  # primary text read in someone else's verbatim copy
    SECONDARY = "S"
    LOW_TRUST = "L"
    UNVERIFIED = "U"


class Sureness(StrEnum):
    """How sure a recorded value is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Strict):
    """Where a statement comes from. `as_of` is the date of the text that was read, when known."""

    title: str
    mark: Mark
    url: str | None = None
    as_of: datetime.date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced(Strict, Generic[Value]):
    """A value with the key of its source in the same file."""

    value: Value
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None
