"""Where a model comes from, on three axes that are never mixed: who built it, who runs it, whose law applies."""

from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.evidence import Strict, Sureness
from holdfast.records.model import ModelName


class Basis(StrEnum):
    """What an origin rests on, strongest first."""

    NAMESPACE = "declared-namespace"  # it lies in a hub namespace or at an endpoint of its developer
    EXACT = "exact-name"  # the registry names this very repository or API name
    CLAIM = "declared-claim"  # its own card, header or configuration says so
    REGISTRY = "family-registry"  # the family is recorded as built on that base
    PATTERN = "name-pattern"  # the name contains a family's name
    UNKNOWN = "unknown"


class How(StrEnum):
    """What an organisation had to do with the weights."""

    DEVELOPER = "developer"
    BASE = "base"
    REPACKAGER = "repackager"


class Where(StrEnum):
    """Where a model runs."""

    HERE = "here"
    HOSTED = "hosted"
    UNKNOWN = "unknown"


class Axis(StrEnum):
    """Through whom a country's law comes in."""

    DEVELOPER = "developer"
    BASE = "base"
    REPACKAGER = "repackager"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """One statement that `child` derives from `base`, with what it rests on. Edges are never merged."""

    child: str
    base: str  # verbatim for declared claims, a family id for the registry and for name patterns
    relation: str
    basis: Basis
    source: str  # card, adapter_config, gguf, …, or the title of the registry's source
    confidence: Sureness
    evidence: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Builder:
    """Someone who built (part of) the weights. `organisation` None: someone did, and it is not known who."""

    organisation: str | None
    how: How
    basis: Basis
    confidence: Sureness
    family: str | None = None
    path: tuple[LineageEdge, ...] = ()

    @property
    def settled(self) -> str | None:
        """The organisation, unless it is a base known by a weak statement only: then somebody unknown."""
        weak = self.how is How.BASE and self.confidence in (Sureness.LOW, Sureness.UNKNOWN)
        return None if weak else self.organisation


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the endpoint. For weights that lie here, `where` is HERE and there is no organisation."""

    where: Where
    organisation: str | None = None
    confidence: Sureness = Sureness.UNKNOWN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Law:
    """A country whose law may apply through one organisation. `country` None: not known."""

    axis: Axis
    organisation: str | None
    link: str  # incorporated, headquartered, controlled_from
    country: str | None
    confidence: Sureness = Sureness.UNKNOWN
    source: str = ""


@dataclass(frozen=True, slots=True)
class LineageConflict:
    """Two statements about the base that cannot both be the whole truth. Nobody here decides between them."""

    one: LineageEdge
    other: LineageEdge
    what: str


@dataclass(frozen=True, slots=True)
class NameOrigin:
    """What a name alone tells. `developer` None: unknown. `bases`: families that the name says it was built on."""

    name: ModelName
    developer: str | None
    basis: Basis
    confidence: Sureness
    family: str | None = None
    bases: tuple[str, ...] = ()
    repackager: str | None = None
    repackaged: bool = False
    words: tuple[str, ...] = ()  # the name in stems; members of families are told apart by them
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Everything known about one model's origin."""

    model: ModelName
    family: str | None
    basis: Basis
    confidence: Sureness
    builders: tuple[Builder, ...]
    operator: Operator
    laws: tuple[Law, ...]
    edges: tuple[LineageEdge, ...] = ()
    conflicts: tuple[LineageConflict, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def developers(self) -> tuple[str | None, ...]:
        """Who built the model itself; None stands for someone unknown."""
        return tuple(dict.fromkeys(b.organisation for b in self.builders if b.how is How.DEVELOPER))

    @property
    def base_developers(self) -> tuple[str | None, ...]:
        """Who built what it was built on."""
        return tuple(dict.fromkeys(b.organisation for b in self.builders if b.how is How.BASE))

    @property
    def repackagers(self) -> tuple[str | None, ...]:
        """Who converted, quantised or re-uploaded it without being one of its builders."""
        return tuple(dict.fromkeys(b.organisation for b in self.builders if b.how is How.REPACKAGER))

    @property
    def families(self) -> tuple[str, ...]:
        """The model's family and every base family, nearest first."""
        own = (self.family,) if self.family else ()
        return tuple(dict.fromkeys((*own, *(b.family for b in self.builders if b.family))))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingWords(Strict):
    """data/lineage.yaml: the words by which names are read, in lower case."""

    conversions: frozenset[str]
    plain: frozenset[str]
    mixed_endpoints: frozenset[str]
    user_named_endpoints: frozenset[str]
    routers: frozenset[str]  # organisation ids
    own_host_endings: tuple[str, ...]
    regions: frozenset[str]
