"""Who built a model, through every base: paths of edges from the model down, and the builders at their ends."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.lineage.claims import SAME_WEIGHTS, Declared
from holdfast.lineage.registry import Registry
from holdfast.records.evidence import Sureness
from holdfast.records.family import BaseFamily
from holdfast.records.lineage import Basis, Builder, How, LineageEdge, NameOrigin

DEPTH_MAX = 8
_ORDER = (Sureness.UNKNOWN, Sureness.LOW, Sureness.MEDIUM, Sureness.HIGH)
_BASES = tuple(Basis)

Path = tuple[LineageEdge, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One way down to a base. `family` or `organisation` is None when the base is not known that far."""

    path: Path
    family: str | None
    organisations: tuple[str | None, ...]
    sureness: Sureness


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known before bases are traced: the name's tale and the claims."""

    name: NameOrigin
    declared: tuple[Declared, ...]

    @property
    def repacked_from(self) -> Declared | None:
        """The claim that this is another model's weights, packed otherwise, when the name tells no developer."""
        if self.name.developer is not None or self.name.family is not None:
            return None
        claims = (claim for claim in self.declared if claim.edge.relation in SAME_WEIGHTS)
        return next((claim for claim in claims if claim.base and claim.base.developer), None)

    @property
    def family(self) -> str | None:
        """The model's own family, by its name or by the claim of a mere conversion."""
        claim = self.repacked_from
        return claim.base.family if claim and claim.base else self.name.family


def trace_bases(origin: Origin, registry: Registry) -> tuple[Trace, ...]:
    """Every path from the model to a base, claims first, then the registry, then the name."""
    name = origin.name
    traces = [trace for claim in origin.declared for trace in _trace_claim(claim, registry)]
    if name.family:
        traces += _trace_family(name.family, str(name.name), name.words, registry)
    reached = {org for trace in traces for org in trace.organisations}
    for family in name.bases:
        if not (registry.families[family].brand and reached.intersection(registry.get_developers(family))):
            traces += _trace_named(name, family, registry)
    return tuple(dict.fromkeys(traces))


def _trace_claim(claim: Declared, registry: Registry) -> Iterator[Trace]:
    base = claim.base
    if base is None:
        if "/" not in claim.edge.base.strip("/") or claim.edge.source != "config":  # a path tells nothing of a builder
            yield Trace((claim.edge,), None, (None,), Sureness.UNKNOWN)
        return
    sureness = min_sureness(claim.edge.confidence, base.confidence)
    yield Trace((claim.edge,), base.family, (base.developer,), sureness)
    if base.family:
        yield from _trace_family(base.family, claim.edge.base, base.words, registry, above=(claim.edge,))
    for family in base.bases:
        yield from _trace_named(base, family, registry, above=(claim.edge,))


def _trace_named(name: NameOrigin, family: str, registry: Registry, above: Path = ()) -> Iterator[Trace]:
    record = registry.families[family]
    doubt = ", which is the name of an architecture as well" if record.architecture else ""
    edge = LineageEdge(
        child=str(name.name),
        base=family,
        relation="unknown",
        basis=Basis.PATTERN,
        source="name",
        confidence=Sureness.LOW if record.architecture else Sureness.MEDIUM,
        evidence=f"the name contains {record.name}{doubt}",
    )
    path = (*above, edge)
    yield Trace(path, family, registry.get_developers(family) or (None,), _weakest(path))
    yield from _trace_family(family, family, name.words, registry, above=path)


def _trace_family(
    family: str, child: str, words: Sequence[str], registry: Registry, *, above: Path = ()
) -> Iterator[Trace]:
    if len(above) >= DEPTH_MAX:
        return
    for rule in registry.find_bases(family, words):
        path = (*above, _edge_of_rule(rule, family, child, registry))
        yield Trace(path, rule.family, registry.get_developers(rule.family) or (None,), _weakest(path))
        yield from _trace_family(rule.family, rule.family, words, registry, above=path)


def _edge_of_rule(rule: BaseFamily, family: str, child: str, registry: Registry) -> LineageEdge:
    source = registry.families[family].sources[rule.source]
    return LineageEdge(
        child=child,
        base=rule.family,
        relation=rule.relation.value,
        basis=Basis.REGISTRY,
        source=source.title,
        confidence=rule.confidence,
        evidence=rule.note or "",
        place=family,
    )


def compute_builders(origin: Origin, traces: Sequence[Trace], registry: Registry) -> tuple[Builder, ...]:
    """Developers, then re-packagers, then everyone behind a base; each organisation once per family and part."""
    listed = [*_developers(origin, registry), *_repackagers(origin)]
    listed += [builder for trace in traces for builder in _builders_of(trace, origin)]
    if _is_base_hidden(origin, traces, registry):
        listed.append(Builder(None, How.BASE, Basis.UNKNOWN, Sureness.UNKNOWN))
    return _strongest(listed)


def _developers(origin: Origin, registry: Registry) -> Iterator[Builder]:
    name, claim = origin.name, origin.repacked_from
    if claim is not None and claim.base is not None:
        sureness = min_sureness(Sureness.MEDIUM, claim.base.confidence)
        yield Builder(claim.base.developer, How.DEVELOPER, Basis.CLAIM, sureness, claim.base.family, (claim.edge,))
        return
    yield Builder(name.developer, How.DEVELOPER, name.basis, name.confidence, name.family)
    for other in registry.get_developers(name.family) if name.family else ():
        if other != name.developer:
            yield Builder(other, How.DEVELOPER, Basis.REGISTRY, Sureness.MEDIUM, name.family)


def _repackagers(origin: Origin) -> Iterator[Builder]:
    if origin.name.repackager is not None:
        yield Builder(origin.name.repackager, How.REPACKAGER, Basis.NAMESPACE, Sureness.HIGH)
    elif origin.repacked_from is not None:
        yield Builder(None, How.REPACKAGER, Basis.UNKNOWN, Sureness.UNKNOWN)


def _builders_of(trace: Trace, origin: Origin) -> Iterator[Builder]:
    claim = origin.repacked_from
    if claim is not None and trace.path == (claim.edge,):
        return  # the base of a mere conversion is the model itself, and its developer is listed as such
    for organisation in trace.organisations:
        sureness = trace.sureness if organisation else Sureness.UNKNOWN
        yield Builder(organisation, How.BASE, trace.path[0].basis, sureness, trace.family, trace.path)


def _is_base_hidden(origin: Origin, traces: Sequence[Trace], registry: Registry) -> bool:
    family = origin.family
    if family is None or not registry.families[family].base_unknown:
        return False
    return not any(rank(trace.sureness) >= rank(Sureness.MEDIUM) for trace in traces)


def _strongest(builders: Iterable[Builder]) -> tuple[Builder, ...]:
    best: dict[tuple[str | None, How, str | None], Builder] = {}
    for builder in builders:
        key = (builder.organisation, builder.how, builder.family)
        known = best.get(key)
        if known is None or _strength(builder) > _strength(known):
            best[key] = builder
    return tuple(best.values())


def _strength(builder: Builder) -> tuple[int, int]:
    return rank(builder.confidence), -_BASES.index(builder.basis)


def rank(sureness: Sureness) -> int:
    """Unknown is lowest."""
    return _ORDER.index(sureness)


def min_sureness(one: Sureness, other: Sureness) -> Sureness:
    """The weaker of two."""
    return min(one, other, key=rank)


def _weakest(path: Path) -> Sureness:
    return min((edge.confidence for edge in path), key=rank)
