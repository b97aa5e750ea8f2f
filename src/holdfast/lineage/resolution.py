"""From a model's name, declared claims and files to its origin on three axes: built by, run by, under whose law.

The axes are never mixed and no statement is dropped: names, claims and the registry stand side by side, and where they
cannot all be true a conflict says so. Unknown builders are listed as unknown.
"""

import re
from collections.abc import Iterator, Sequence

from holdfast.lineage.bases import Origin, compute_builders, trace_bases
from holdfast.lineage.claims import find_conflicts, read_claims
from holdfast.lineage.endpoints import find_operator
from holdfast.lineage.laws import find_laws
from holdfast.lineage.naming import NameReader
from holdfast.lineage.registry import Registry
from holdfast.lineage.stems import split_words
from holdfast.records.lineage import Builder, How, ModelFacts, NameOrigin
from holdfast.records.model import ModelName
from holdfast.records.use import Artefact, LineageClaim

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def resolve(
    model: ModelName,
    reader: NameReader,
    claims: Sequence[LineageClaim] = (),
    *,
    artefacts: Sequence[Artefact] = (),
    endpoint: str = "",
) -> ModelFacts:
    """Everything the registry, the name, the claims and the files say of one model. Never fails."""
    registry = reader.registry
    stated = (*claims, *(claim for artefact in artefacts for claim in artefact.claims))
    origin = Origin(reader.read(model), read_claims(model, stated, reader))
    traces = trace_bases(origin, registry)
    builders = compute_builders(origin, traces, registry)
    operator = find_operator(model, registry, endpoint=endpoint, held=bool(artefacts))
    developer = next(builder for builder in builders if builder.how is How.DEVELOPER)
    return ModelFacts(
        model=model,
        family=origin.family,
        basis=developer.basis,
        confidence=developer.confidence,
        builders=builders,
        operator=operator,
        laws=find_laws(builders, operator, registry),
        edges=tuple(dict.fromkeys(edge for trace in traces for edge in trace.path)),
        conflicts=find_conflicts(origin.name, origin.declared, registry),
        notes=tuple(dict.fromkeys((*_notes(origin, registry), *_see_architectures(artefacts, builders, registry)))),
    )


def resolve_many(names: Sequence[ModelName], reader: NameReader) -> list[NameOrigin]:
    """What each name alone tells, in the same order. For tables of many names; claims and files are left out."""
    return [reader.read_once(name) for name in names]


def _notes(origin: Origin, registry: Registry) -> Iterator[str]:
    if origin.name.note:
        yield origin.name.note
    if origin.family and registry.families[origin.family].base_unknown:
        yield f"{registry.families[origin.family].name}: built on something that its developer does not name."


def _see_architectures(artefacts: Sequence[Artefact], builders: Sequence[Builder], registry: Registry) -> Iterator[str]:
    """A header's architecture known from another developer's family is worth a look; it shows no derivation."""
    known = {builder.organisation for builder in builders}
    for text in dict.fromkeys(artefact.architecture for artefact in artefacts if artefact.architecture):
        for hit in registry.stems.find(split_words(_CAPITALS.sub("-", text))):
            developers = registry.get_developers(hit.owner)
            if developers and not known.intersection(developers):
                family = registry.families[hit.owner].name
                yield f"Its header says {text}, an architecture of {family}; sharing one does not show derivation."
