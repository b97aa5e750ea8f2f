"""`holdfast who`: whose a model, an organisation or a family is, on a date, each value with its source.

Says what the registry, the name and declared claims tell, and where they end; asked to, screens the official lists on
disk.
"""

import datetime
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.data import data_folder
from holdfast.inventory.naming import find_named
from holdfast.lineage import NameReader, Registry, find_licences, read_registry, resolve
from holdfast.lineage.stems import split_words
from holdfast.records.errors import UnknownName
from holdfast.records.family import Family, Licence
from holdfast.records.lineage import ModelFacts, Where
from holdfast.records.model import ModelName, find_model_name
from holdfast.records.organisation import Organisation
from holdfast.records.screening import ScreeningSummary
from holdfast.records.subject import UNKNOWN_ORG
from holdfast.records.use import LineageClaim
from holdfast.workflows.screening import Part, ScreeningAsked, screen_parts
from holdfast.workflows.who_blocks import (
    Block,
    evidence_block,
    family_block,
    licence_block,
    model_blocks,
    organisation_block,
    screening_block,
)

SUGGESTIONS_MAX = 3


@dataclass(frozen=True, slots=True)
class LicenceAsOf:
    """A licence of one family (the model's own or a base's) on the day that was asked about."""

    family: str
    licence: Licence


@dataclass(frozen=True, slots=True)
class WhoResult:
    """Everything found under one name. `model` is None when an organisation or a family was asked for."""

    asked: str
    on: datetime.date
    horizon: datetime.date  # the earliest day to which the evidence of anything shown was checked
    model: ModelFacts | None
    licences: tuple[LicenceAsOf, ...]
    organisations: tuple[Organisation, ...]
    families: tuple[Family, ...]
    blocks: tuple[Block, ...]
    screening: ScreeningSummary | None = None  # None: it was not asked for


def describe_who(name: str, asked: ScreeningAsked) -> WhoResult:
    """`who` against a data folder (the packaged one by default), with everybody involved screened."""
    registry = read_registry(asked.data or data_folder())
    result = who(name, NameReader(registry), on=asked.on)
    screening = screen_parts(_parts_of(result), registry.organisations, asked)
    *told, evidence = result.blocks
    return replace(result, blocks=(*told, screening_block(screening), evidence), screening=screening)


def _parts_of(result: WhoResult) -> Iterator[Part]:
    """Builders and the endpoint of a model; else the organisations asked for, and the developers of families."""
    if result.model is None:
        yield from (Part(org.id, "asked for") for org in result.organisations)
        yield from (Part(family.developer.value, f"developer of {family.name}") for family in result.families)
        return
    for builder in result.model.builders:
        yield Part(builder.organisation or UNKNOWN_ORG, builder.how.value)
    if result.model.operator.where is not Where.HERE and result.model.operator.organisation:
        yield Part(result.model.operator.organisation, "endpoint")


def who(text: str, reader: NameReader, *, on: datetime.date, claims: Sequence[LineageClaim] = ()) -> WhoResult:
    """Whose `text` is. Raises UnknownName, with the nearest names, when nothing is called so."""
    registry = reader.registry
    name = find_model_name(text)
    organisations = () if name else _find_organisations(text, registry)
    families = () if name else _find_families(text, registry)
    if organisations or families:
        return _tell_parties(text, registry, on, organisations=organisations, families=families)
    name = name or _find_model(text, registry)
    if name is None:
        families = _find_families_by_stem(text, registry)
        if not families:
            raise _unknown(text, registry)
        return _tell_parties(text, registry, on, organisations=(), families=families)
    return _tell_model(text, reader, on, facts=resolve(name, reader, claims))


# --- finding ----------------------------------------------------------------------------------------------------------


def _find_organisations(text: str, registry: Registry) -> tuple[Organisation, ...]:
    wanted = _fold(text)
    return tuple(org for org in registry.organisations.values() if wanted in _names_of_organisation(org))


def _names_of_organisation(org: Organisation) -> frozenset[str]:
    return frozenset(map(_fold, (org.id, org.id.removeprefix("org:"), org.name, org.short, *_other_names(org))))


def _other_names(org: Organisation) -> Iterator[str]:
    return (other.name for other in org.names)


def _find_families(text: str, registry: Registry) -> tuple[Family, ...]:
    wanted = _fold(text)
    return tuple(family for family in registry.families.values() if wanted in _names_of_family(family))


def _names_of_family(family: Family) -> frozenset[str]:
    return frozenset(map(_fold, (family.id, family.id.removeprefix("family:"), family.name)))


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _find_model(text: str, registry: Registry) -> ModelName | None:
    first, sign, rest = text.partition("/")
    if sign and rest and _is_provider(first.lower(), registry):
        return ModelName("api", text)
    named = find_named(text)
    if named is not None:
        return named.model
    is_repository = bool(sign and rest) and not any(mark in rest for mark in "/ ")
    return ModelName("pkg:huggingface", text) if is_repository else None


def _is_provider(word: str, registry: Registry) -> bool:
    """A provider's word that is no hub namespace: `openai/…` may be either, `bedrock/…` may not."""
    return word in registry.api_owners and ("huggingface", word) not in registry.hub_owners


def _find_families_by_stem(text: str, registry: Registry) -> tuple[Family, ...]:
    hits = registry.stems.find(split_words(text))
    return tuple(registry.families[family] for family in dict.fromkeys(hit.owner for hit in hits))


def _unknown(text: str, registry: Registry) -> UnknownName:
    names = {shown.casefold(): shown for shown in _known_names(registry)}
    near = difflib.get_close_matches(text.casefold(), names, n=SUGGESTIONS_MAX, cutoff=0.6)
    nearest = f"Nearest: {', '.join(names[key] for key in near)}. " if near else ""
    return UnknownName(
        f"no model, organisation or family is called {text!r}",
        next_step=f"{nearest}A model is written org/name, api:provider/name or pkg:huggingface/org/name.",
    )


def _known_names(registry: Registry) -> Iterator[str]:
    for org in registry.organisations.values():
        yield from (org.id.removeprefix("org:"), org.short, org.name, *_other_names(org))
    for family in registry.families.values():
        yield from (family.id.removeprefix("family:"), family.name)


# --- telling ----------------------------------------------------------------------------------------------------------


def _tell_parties(
    text: str,
    registry: Registry,
    on: datetime.date,
    *,
    organisations: tuple[Organisation, ...],
    families: tuple[Family, ...],
) -> WhoResult:
    blocks = [organisation_block(org, registry, on) for org in organisations]
    blocks += [family_block(family, registry, on) for family in families]
    horizon = _horizon((*organisations, *families), registry)
    return WhoResult(
        asked=text,
        on=on,
        horizon=horizon,
        model=None,
        licences=tuple(LicenceAsOf(f.id, rule) for f in families for rule in find_licences(registry, f.id, on)),
        organisations=organisations,
        families=families,
        blocks=(*blocks, evidence_block(on, horizon)),
    )


def _tell_model(text: str, reader: NameReader, on: datetime.date, *, facts: ModelFacts) -> WhoResult:
    registry = reader.registry
    involved = dict.fromkeys(builder.organisation for builder in facts.builders)
    involved[facts.operator.organisation] = None
    organisations = tuple(registry.organisations[org] for org in involved if org)
    families = tuple(registry.families[family] for family in facts.families)
    words = reader.read(facts.model).words
    licences = [LicenceAsOf(f.id, rule) for f in families for rule in find_licences(registry, f.id, on, words)]
    told = [(item.family, item.licence) for item in licences]
    blocks = [*model_blocks(facts, registry), licence_block(told, families, registry, on)]
    blocks += [organisation_block(org, registry, on, full=False) for org in organisations]
    horizon = _horizon((*organisations, *families), registry)
    return WhoResult(
        asked=text,
        on=on,
        horizon=horizon,
        model=facts,
        licences=tuple(licences),
        organisations=organisations,
        families=families,
        blocks=(*blocks, evidence_block(on, horizon)),
    )


def _horizon(shown: Sequence[Organisation | Family], registry: Registry) -> datetime.date:
    known = shown or tuple(registry.organisations.values())
    return min((item.evidence_horizon for item in known), default=datetime.date.min)
