"""Declared lineage: claims of cards, headers and configurations as edges, verbatim; and where statements conflict.

Nothing is merged and nobody is believed more than others: two statements that cannot both be the whole truth are
reported as a conflict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from holdfast.lineage.naming import NameReader
from holdfast.lineage.registry import Registry
from holdfast.lineage.spelling import find_hub_name
from holdfast.records.evidence import Sureness
from holdfast.records.lineage import Basis, LineageConflict, LineageEdge, NameOrigin
from holdfast.records.model import ModelName, find_model_name
from holdfast.records.use import LineageClaim

SAME_WEIGHTS = frozenset({"quantized", "converted"})
_SURENESS = {
    "card": Sureness.HIGH,
    "adapter_config": Sureness.HIGH,
    "gguf": Sureness.HIGH,
    "mergekit": Sureness.HIGH,
    "config": Sureness.MEDIUM,
    "safetensors": Sureness.MEDIUM,
}


@dataclass(frozen=True, slots=True)
class Declared:
    """One claim as an edge, with what the base's own name tells (None: it is a path or free text)."""

    edge: LineageEdge
    base: NameOrigin | None


def read_claims(model: ModelName, claims: Sequence[LineageClaim], reader: NameReader) -> tuple[Declared, ...]:
    """Claims about this model, in the order given. A model that names itself as its base declares nothing."""
    own = [claim for claim in claims if _is_about(claim.child, model)]
    read = (_read_claim(model, claim, reader) for claim in own)
    return tuple(dict.fromkeys(declared for declared in read if not _is_own_name(declared, model)))


def _is_about(child: str, model: ModelName) -> bool:
    """A child that is another model's name belongs to another model; a path or nothing belongs to this one."""
    other = find_model_name(child) or find_hub_name(child)
    return other is None or other.path.lower() == model.path.lower() or "/" not in model.path


def _read_claim(model: ModelName, claim: LineageClaim, reader: NameReader) -> Declared:
    name = find_model_name(claim.base) or find_hub_name(claim.base)
    base = reader.read(name) if name is not None else _read_legacy(claim.base, reader)
    sureness = _SURENESS.get(claim.source, Sureness.LOW) if claim.confidence == "declared" else Sureness.LOW
    edge = LineageEdge(
        child=str(model),
        base=claim.base,
        relation=claim.relation or "unknown",
        basis=Basis.CLAIM,
        source=claim.source,
        confidence=sureness,
        evidence=f"{claim.source} says {claim.base}",
        place=claim.place,
    )
    return Declared(edge, base)


def _read_legacy(text: str, reader: NameReader) -> NameOrigin | None:
    """A single word such as `gpt2`, when the registry knows it."""
    if not text or any(sign in text for sign in "/\\ "):
        return None
    origin = reader.read(ModelName("pkg:huggingface", text))
    return origin if origin.family or origin.bases else None


def _is_own_name(declared: Declared, model: ModelName) -> bool:
    return declared.base is not None and declared.base.name.path.lower() == model.path.lower()


def find_conflicts(origin: NameOrigin, declared: Sequence[Declared], registry: Registry) -> tuple[LineageConflict, ...]:
    """Claims against the name and the registry, and claims of different sources against one another."""
    return (*_against_name(origin, declared, registry), *_against_each_other(declared, registry))


def _against_name(origin: NameOrigin, declared: Sequence[Declared], registry: Registry) -> Iterable[LineageConflict]:
    said = _bases_said(origin, registry)
    if not said:
        return
    own = frozenset((origin.family,)) if origin.family else frozenset[str]()
    named = registry.families[min(said)].name
    for claim in declared:
        if claim.base is not None and _disagree(
            _with_ancestors(said | own, registry), _families(claim.base, registry), registry
        ):
            edge = LineageEdge(
                str(origin.name),
                min(said),
                "unknown",
                Basis.PATTERN,
                "name",
                origin.confidence,
                f"the name says {named}",
            )
            yield LineageConflict(claim.edge, edge, f"{claim.edge.source} declares {claim.edge.base}; {edge.evidence}")


def _bases_said(origin: NameOrigin, registry: Registry) -> frozenset[str]:
    """What the name and the registry say of bases; for a copy under somebody else's name, the family itself too."""
    said = set(origin.bases)
    if origin.family:
        said.update(rule.family for rule in registry.find_bases(origin.family, origin.words))
        if origin.basis is not Basis.NAMESPACE:
            said.add(origin.family)
    return frozenset(said)


def _against_each_other(declared: Sequence[Declared], registry: Registry) -> Iterable[LineageConflict]:
    for one, other in combinations(declared, 2):
        merged = "merge" in (one.edge.relation, other.edge.relation)
        if merged or one.edge.source == other.edge.source or one.base is None or other.base is None:
            continue
        if _disagree(_families(one.base, registry), _families(other.base, registry), registry):
            yield LineageConflict(one.edge, other.edge, f"{one.edge.evidence}; {other.edge.evidence}")


def _families(origin: NameOrigin, registry: Registry) -> frozenset[str]:
    """The families that a name speaks of, with all that these may be built on."""
    return _with_ancestors(frozenset((*origin.bases, *((origin.family,) if origin.family else ()))), registry)


def _with_ancestors(families: frozenset[str], registry: Registry) -> frozenset[str]:
    return families.union(*(registry.get_ancestors(family) for family in families))


def _disagree(one: frozenset[str], other: frozenset[str], registry: Registry) -> bool:
    """Nothing in common; a brand without a version agrees with every family of its developer."""
    if not one or not other or one & other:
        return False
    if not any(registry.families[family].brand for family in one | other):
        return True
    return not (_developers(one, registry) & _developers(other, registry))


def _developers(families: Iterable[str], registry: Registry) -> frozenset[str]:
    return frozenset(dev for family in families for dev in registry.get_developers(family))
