"""Model families: developer, base family, licence by version, and how their names are recognised."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.records.evidence import Source, Strict, Sureness


class Openness(StrEnum):
    """Whether the weights can be had."""

    PUBLISHED = "published"
    GATED = "gated"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFamily(Strict):
    """The family that this one was built on."""

    family: str
    relation: str = "unknown"  # finetune, continued-pretraining, distilled, merge, adapter, quantized, unknown
    members: str | None = None  # a pattern, when only some members are: `r1-distill-qwen`
    source: str
    confidence: Sureness = Sureness.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence(Strict):
    """A licence of (some members of) the family over a span of time. `members` is a pattern; None: all."""

    licence: str  # SPDX id, or an id of data/levers such as lic-llama-4
    members: str | None = None
    from_: datetime.date | None = None
    until: datetime.date | None = None
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Strict):
    """One file of data/families. `patterns` are lower-case globs on the name without its namespace."""

    id: str
    name: str
    developer: str
    also_by: tuple[str, ...] = ()  # joint developers
    openness: Openness
    released: datetime.date | None = None
    modality: tuple[str, ...] = ()
    bases: tuple[BaseFamily, ...] = ()
    base_unknown: bool = False  # known to be built on something undisclosed
    patterns: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()  # exact hub repositories that patterns would miss
    ollama: tuple[str, ...] = ()
    api: tuple[str, ...] = ()  # globs on api: names, e.g. `bedrock/deepseek.*`
    licences: tuple[Licence, ...] = ()
    hosts: tuple[str, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    note: str | None = None
    last_checked: datetime.date
    evidence_horizon: datetime.date
