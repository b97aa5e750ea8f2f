"""Where a model is depended on: uses, catalogues, skipped files, and the inventory that holds them."""

from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.records.model import Kind, ModelName, Revision


class Confidence(StrEnum):
    """How the name was established."""

    DECLARED = "declared"  # the name stands on that line
    INFERRED = "inferred"  # an alias, a local path, an engine's own short name
    UNRESOLVED = "unresolved"  # a loader fed only by a variable


class Environment(StrEnum):
    """What the path tells about where the line runs; UNKNOWN when it tells nothing."""

    PROD = "prod"
    TEST = "test"
    DOCS = "docs"
    CI = "ci"
    EXAMPLE = "example"
    DEV = "dev"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file. `path` is relative to the scanned root, with forward slashes; `line` counts from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a particular model is loaded, called, downloaded, deployed or set as the configured value."""

    place: Place  # where the name stands
    text: str  # the name exactly as written there; for unresolved uses the expression, e.g. `${RERANKER}`
    model: ModelName | None  # None when unresolved
    revision: Revision
    kind: Kind
    confidence: Confidence
    environment: Environment
    rule: str  # what recognised it, e.g. `python.transformers.from_pretrained`
    via: str = ""  # the engine, client or provider it goes through, e.g. `vllm`, `openai`
    endpoint: str = ""  # base URL or host where one is set beside it
    service: str = ""  # the deployable unit that the path belongs to
    call_sites: tuple[Place, ...] = ()  # loader calls that the name reaches
    note: str = ""  # why it is unresolved, which default applies, …


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A long list of supported models: reported once per file with its length, never as uses."""

    place: Place
    length: int
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read to its end, and why. Nothing is left out silently."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything one scan found, sorted by path and line."""

    root: str
    uses: tuple[Use, ...] = ()
    catalogues: tuple[Catalogue, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    files_seen: int = 0
    files_parsed: int = 0
    artefacts: tuple["Artefact", ...] = ()
    services: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model file or cache entry on disk, identified by its headers and never executed."""

    place: Place
    format: str  # safetensors, gguf, onnx, torch, hf-cache, ollama, …
    model: ModelName | None
    revision: Revision
    architecture: str = ""
    size_bytes: int = 0
    claims: tuple["LineageClaim", ...] = ()
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class LineageClaim:
    """One declared statement that `child` derives from `base`, kept verbatim with its source and never merged."""

    child: str
    base: str
    relation: str  # finetune, adapter, merge, quantized, distilled, converted, unknown
    source: str  # card, adapter_config, gguf, config, name-pattern, family-registry
    place: str = ""
    confidence: str = "declared"
