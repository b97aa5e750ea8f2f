"""What a run file says of itself: who was asked for what, on which machine, with what at hand. It holds no keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from holdfast.records.measurement import Endpoint, Load, Objective, TokenPrice, Window

FORMAT: Final = 1
JsonObject: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the client ran. Its name and addresses are nobody's business, and not here."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Software:
    """A program that the figures depend on."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class PromptSource:
    """What was asked. `sha256` is of the file, or of the generator's settings; `has_nonce` says that every prompt began
    with a word of its own, so that no cache could know it."""

    kind: str
    name: str
    sha256: str
    count: int
    has_nonce: bool


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What an endpoint said that it is."""

    endpoint: str
    model: str
    fingerprint: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class EndpointWindows:
    """When each load was offered to an endpoint."""

    endpoint: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The first member of a run file.

    `started_at` is UTC; `calibrations`, `hardware`, `costing`, `energy`, `suites` and a judge's `opinions` are what
    their rooms wrote; `figures` is what was computed from the samples and answers, and can be computed again.
    `is_whole` is false when the run was stopped; `notes` say why. `digests` are the sha256 of the other members."""

    started_at: str
    holdfast: str
    machine: Machine
    endpoints: tuple[Endpoint, ...]
    seed: int
    loads: tuple[Load, ...] = ()
    runs: int = 1
    objective: Objective | None = None
    software: tuple[Software, ...] = ()
    served: tuple[ServedModel, ...] = ()
    prompts: tuple[PromptSource, ...] = ()
    windows: tuple[EndpointWindows, ...] = ()
    calibrations: tuple[JsonObject, ...] = ()
    prices: Mapping[str, TokenPrice] = field(default_factory=dict[str, TokenPrice])
    hardware: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    costing: JsonObject = field(default_factory=dict[str, object])
    energy: tuple[JsonObject, ...] = ()
    suites: tuple[JsonObject, ...] = ()
    opinions: tuple[JsonObject, ...] = ()
    spent_usd: float | None = None
    keeps_texts: bool = False
    is_whole: bool = True
    notes: tuple[str, ...] = ()
    figures: JsonObject = field(default_factory=dict[str, object])
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    format: int = FORMAT
