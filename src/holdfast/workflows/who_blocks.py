"""The words of `holdfast who`: facts about a model, an organisation or a family as titled lines. Adds no judgement."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.lineage import Registry, find_licences
from holdfast.records.evidence import Source, Sureness
from holdfast.records.family import Family, Licence
from holdfast.records.lineage import Builder, How, LineageEdge, ModelFacts, Where
from holdfast.records.organisation import Listing, ListingStatus, NameKind, Organisation, Owner
from holdfast.records.screening import ScreeningSummary
from holdfast.workflows.screening_words import say_involved

NO_CLEARANCE = "No list entry is recorded. No hit is no clearance: it says only what was looked at and found."
_SHOWN_MAX = 12


@dataclass(frozen=True, slots=True)
class Block:
    """A title and its lines."""

    title: str
    lines: tuple[str, ...]


# --- models -----------------------------------------------------------------------------------------------------------


def model_blocks(facts: ModelFacts, registry: Registry) -> tuple[Block, ...]:
    """Who built it, who runs it, whose law applies; then lineage, conflicts and notes where there are any."""
    blocks = [
        Block(f"{facts.model}: weights by", tuple(_builder_line(builder, registry) for builder in facts.builders)),
        Block("Runs at", (_operator_line(facts, registry),)),
        Block("Under the law of", tuple(_law_lines(facts, registry))),
    ]
    if facts.edges:
        blocks.append(Block("Lineage", tuple(_edge_line(edge, registry) for edge in facts.edges)))
    doubts = (*(f"CONFLICT: {conflict.what}" for conflict in facts.conflicts), *facts.notes)
    return (*blocks, Block("Note", doubts)) if doubts else tuple(blocks)


def _builder_line(builder: Builder, registry: Registry) -> str:
    family = f", {registry.families[builder.family].name}" if builder.family else ""
    part = {How.DEVELOPER: "developer", How.BASE: "base", How.REPACKAGER: "only re-packaged by"}[builder.how]
    sure = f"{builder.basis.value}, {builder.confidence.value}" if builder.organisation else "not known"
    return f"{part}: {_org(builder.organisation, registry)}{family} ({sure})"


def _operator_line(facts: ModelFacts, registry: Registry) -> str:
    operator = facts.operator
    note = f" {operator.note}" if operator.note else ""
    if operator.where is Where.HERE:
        return f"here.{note}"
    if operator.where is Where.UNKNOWN:
        return f"not known: weights run where they are loaded.{note}"
    return f"{_org(operator.organisation, registry)}.{note}"


def _law_lines(facts: ModelFacts, registry: Registry) -> Iterator[str]:
    places: dict[tuple[str, str], list[str]] = {}
    for law in facts.laws:
        word = f"{law.link.replace('_', ' ')} {law.country or 'not known'}" if law.link else "places not known"
        places.setdefault((law.axis.value, _name(law.organisation, registry)), []).append(word)
    for (axis, name), words in places.items():
        yield f"{axis}: {name}: {', '.join(words)}"


def _edge_line(edge: LineageEdge, registry: Registry) -> str:
    base = registry.families[edge.base].name if edge.base in registry.families else edge.base
    child = registry.families[edge.child].name if edge.child in registry.families else edge.child
    place = f" at {edge.place}" if edge.place and edge.place not in registry.families else ""
    detail = "; ".join(filter(None, (edge.source, edge.evidence)))
    return f"{child} ← {base}: {edge.relation}, {edge.basis.value}, {edge.confidence.value} ({detail}{place})"


def licence_block(
    found: Sequence[tuple[str, Licence]], families: Sequence[Family], registry: Registry, on: datetime.date
) -> Block:
    """Licences on a date, the model's own and those of its bases; families without one are named."""
    lines = [_licence_line(registry.families[family], rule) for family, rule in found]
    silent = [family.name for family in families if all(family.id != told for told, _ in found)]
    lines += [f"{name}: not known on that day" for name in silent]
    return Block(f"Licence on {on}", tuple(lines) or ("not known",))


def _licence_line(family: Family, rule: Licence) -> str:
    since = f" since {rule.from_}" if rule.from_ else ""
    until = f" until {rule.until}" if rule.until else ""
    members = f" for {rule.members.replace('|', ', ')}" if rule.members else ""
    note = f" {rule.note}" if rule.note else ""
    source = cite(family.sources[rule.source])
    return f"{family.name}{members}: {rule.licence}{since}{until}, {rule.confidence.value} ({source}){note}"


# --- organisations ----------------------------------------------------------------------------------------------------


def organisation_block(org: Organisation, registry: Registry, on: datetime.date, *, full: bool = True) -> Block:
    """Names, places, owners and list memberships; `full` adds what it develops and where it publishes."""
    lines = [f"{org.name} ({org.id}), {org.kind.value}: {', '.join(role.value for role in org.roles)}"]
    lines += _name_lines(org)
    lines += _place_lines(org)
    lines += _owner_lines(org, registry, on)
    lines += [_listing_line(entry, org, on) for entry in org.lists] or [NO_CLEARANCE]
    if full:
        lines += _work_lines(org, registry)
    lines += [f"note: {org.note}"] if org.note else []
    lines.append(f"last checked {org.last_checked}, evidence to {org.evidence_horizon}")
    return Block(org.short, tuple(lines))


def _name_lines(org: Organisation) -> Iterator[str]:
    for kind in NameKind:
        names = [other.name for other in org.names if other.kind is kind]
        if names:
            yield f"{kind.value} name: {', '.join(names)}"


def _place_lines(org: Organisation) -> Iterator[str]:
    places = {
        "incorporated": org.incorporated,
        "headquartered": org.headquartered,
        "controlled from": org.controlled_from,
    }
    for link, place in places.items():
        if place is None:
            yield f"{link}: not known"
        else:
            value = "not known" if place.value == "unknown" else place.value
            yield f"{link}: {value}, {place.confidence.value} ({cite(org.sources[place.source])})"


def _owner_lines(org: Organisation, registry: Registry, on: datetime.date) -> Iterator[str]:
    if org.parent:
        yield f"part of {_org(org.parent, registry)}"
    for owner in org.owners:
        if (owner.since is None or owner.since <= on) and (owner.until is None or on < owner.until):
            yield _owner_line(owner, org, registry)
    if not org.owners and not org.parent:
        yield "owners: none recorded"


def _owner_line(owner: Owner, org: Organisation, registry: Registry) -> str:
    share = "share not known" if owner.share_percent is None else f"{owner.share_percent:g} %"
    since = f" since {owner.since}" if owner.since else ""
    name = _org(owner.owner, registry) if owner.owner in registry.organisations else owner.owner
    return f"owned by {name}: {share}{since}, {owner.confidence.value} ({cite(org.sources[owner.source])})"


def _listing_line(entry: Listing, org: Organisation, on: datetime.date) -> str:
    since = f"from {entry.from_}" if entry.from_ else "from a day not known"
    until = f" until {entry.until}" if entry.until else ""
    known = f", known from {entry.known_from}" if entry.known_from else ""
    listed_as = f" as {entry.listed_as}" if entry.listed_as else ""
    beyond = f" as far as the evidence to {org.evidence_horizon} goes" if on > org.evidence_horizon else ""
    state = f"; {_listing_state(entry, on)} on {on}{beyond}"
    source = cite(org.sources[entry.source])
    return f"{entry.list}: {entry.status.value} {since}{until}{known}{listed_as}{state} ({source})"


def _listing_state(entry: Listing, on: datetime.date) -> str:
    """What this entry alone says of the day; other entries of the same list may say more, and later evidence too."""
    if entry.from_ is None:
        return "not known to apply"
    if on < entry.from_:
        return "not yet"
    if entry.until is not None and on >= entry.until:
        return "no longer"
    return "listed" if entry.status is ListingStatus.LISTED else entry.status.value


def _work_lines(org: Organisation, registry: Registry) -> Iterator[str]:
    families = registry.families.values()
    own = [family.name for family in families if org.id in registry.get_developers(family.id)]
    if own:
        yield f"families: {_shorten(own)}"
    for hub, namespaces in org.hub.items():
        yield f"{hub}: {', '.join(namespaces)}"
    if org.api:
        yield f"API words: {', '.join(org.api)}"


def evidence_block(on: datetime.date, horizon: datetime.date) -> Block:
    """How far the evidence goes, and what all of this is not."""
    beyond = f" What changed between then and {on} is not known." if on > horizon else ""
    return Block("Evidence", (f"checked to {horizon}.{beyond}", "Evidence, not legal advice."))


# --- families ---------------------------------------------------------------------------------------------------------


def family_block(family: Family, registry: Registry, on: datetime.date) -> Block:
    """Developer, bases, licences on a date, who serves it and what is built on it."""
    developers = [_org(org, registry) for org in registry.get_developers(family.id)] or ["not known"]
    source = cite(family.sources[family.developer.source])
    lines = [f"{family.id}; developer: {' and '.join(developers)}, {family.developer.confidence.value} ({source})"]
    lines += _release_lines(family)
    lines += _base_lines(family, registry)
    found = find_licences(registry, family.id, on)
    lines += [f"licence: {_licence_line(family, rule)}" for rule in found] or [f"licence on {on}: not known"]
    lines += _neighbour_lines(family, registry)
    lines += [f"note: {family.note}"] if family.note else []
    lines.append(f"last checked {family.last_checked}, evidence to {family.evidence_horizon}")
    return Block(family.name, tuple(lines))


def _release_lines(family: Family) -> Iterator[str]:
    modality = f"; {', '.join(family.modality)}" if family.modality else ""
    yield f"weights: {family.openness.value}{modality}"
    if family.released:
        source = cite(family.sources[family.released.source])
        yield f"first released: {family.released.value}, {family.released.confidence.value} ({source})"


def _base_lines(family: Family, registry: Registry) -> Iterator[str]:
    for rule in family.bases:
        members = f" (for {rule.members.replace('|', ', ')})" if rule.members else ""
        base, source = registry.families[rule.family], cite(family.sources[rule.source])
        yield f"built on {base.name}{members}: {rule.relation.value}, {rule.confidence.value} ({source})"
    if family.base_unknown:
        yield "built on something that its developer does not name"


def _neighbour_lines(family: Family, registry: Registry) -> Iterator[str]:
    children = [other.name for other in registry.families.values() if any(b.family == family.id for b in other.bases)]
    if children:
        yield f"families built on it: {_shorten(children)}"
    if family.hosts:
        yield f"seen to be served by: {_shorten([_name(host, registry) for host in family.hosts])}"


# --- official lists ---------------------------------------------------------------------------------------------------


def screening_block(screening: ScreeningSummary) -> Block:
    """Hits first, then what was screened, what is unknown, and that no hit is not clearance."""
    hits = [line for one in screening.hit for line in (f"HIT {say_involved(one)}", *(f"  {said}" for said in one.says))]
    return Block(f"Official lists on {screening.on}", (*hits, *screening.says))


# --- words ------------------------------------------------------------------------------------------------------------


def cite(source: Source) -> str:
    """A source in one phrase: title, how it was read, and its date."""
    weak = " unverified" if source.mark.value == "U" else ""
    as_of = f", as of {source.as_of}" if source.as_of else ""
    return f"{source.title} [{source.mark.value}{weak}]{as_of}"


def _shorten(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_MAX} more" if len(names) > _SHOWN_MAX else ""
    return ", ".join(names[:_SHOWN_MAX]) + more


def _name(organisation: str | None, registry: Registry) -> str:
    return registry.organisations[organisation].short if organisation else "somebody unknown"


def _org(organisation: str | None, registry: Registry) -> str:
    if organisation is None:
        return "somebody unknown"
    org = registry.organisations[organisation]
    place = org.controlled_from or org.headquartered
    known = place is not None and place.value != "unknown" and place.confidence is not Sureness.UNKNOWN
    return f"{org.short} · {place.value if place and known else 'country not known'}"
