"""Model families: developer, base family, licence by version, and how their names are recognised."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.records.evidence import Source, Sourced, Strict, Sureness


class Openness(StrEnum):
    """Whether the weights can be had."""

    PUBLISHED = "published"
    GATED = "gated"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Relation(StrEnum):
    """How a model came out of its base."""

    FINETUNE = "finetune"
    CONTINUED_PRETRAINING = "continued-pretraining"
    DISTILLED = "distilled"
    MERGE = "merge"
    ADAPTER = "adapter"
    QUANTIZED = "quantized"
    CONVERTED = "converted"
    COMPONENT = "component"  # one part of the model, such as a vision encoder, is the base
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFamily(Strict):
    """The family that this one was built on. `members`: stems, separated by `|`, of the members this is true of."""

    family: str
    relation: Relation = Relation.UNKNOWN
    members: str | None = None
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence(Strict):
    """A licence of (some members of) the family over a span of time. `members` as in BaseFamily; None: all others."""

    licence: str  # SPDX id, or an id of data/levers such as lic-llama-4
    members: str | None = None
    from_: datetime.date | None = None
    until: datetime.date | None = None
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Strict):
    """One file of data/families.

    `patterns` are stems: runs of words and numbers that a name of the family contains (`qwen2.5-coder`). Signs between
    the words do not count, so `Qwen2_5 Coder` matches too; a number matches whole, so `qwen3` does not match qwen3.5.
    A stem that starts with `^` must stand at the beginning of the name; one with `~` is an everyday word that counts
    only where something else points to the developer. `developer` is an organisation id or `unknown`. A `brand` is the
    last resort for names that tell the line and not the version.
    """

    id: str
    name: str
    developer: Sourced[str]
    also_by: tuple[str, ...] = ()  # joint developers
    openness: Openness
    brand: bool = False
    architecture: bool = False  # its name is an architecture's as well: in others' names it says little of the weights
    released: Sourced[datetime.date] | None = None
    modality: tuple[str, ...] = ()
    bases: tuple[BaseFamily, ...] = ()
    base_unknown: bool = False  # known to be built on something undisclosed
    patterns: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()  # exact hub repositories that are members
    ollama: tuple[str, ...] = ()  # globs on ollama names, stronger than patterns
    api: tuple[str, ...] = ()  # globs on api: names without the scheme, stronger than patterns
    licences: tuple[Licence, ...] = ()
    hosts: tuple[str, ...] = ()  # organisations seen to serve it
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    note: str | None = None
    last_checked: datetime.date
    evidence_horizon: datetime.date
