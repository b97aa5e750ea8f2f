"""From a model's name to what rows show and levers ask: builders, endpoint, licence, lineage. Unknown stays unknown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.levers.judging import Question
from holdfast.lineage.licences import find_licences
from holdfast.lineage.resolution import resolve
from holdfast.records.family import Openness
from holdfast.records.lineage import Builder, How, ModelFacts, Where
from holdfast.records.lineage import LineageEdge as KnownEdge
from holdfast.records.model import Kind, ModelName
from holdfast.records.organisation import Organisation
from holdfast.records.report import LineageEdge, OrgView
from holdfast.records.subject import UNKNOWN_ORG, Subject
from holdfast.records.use import LineageClaim

if TYPE_CHECKING:
    from holdfast.workflows.knowledge import Knowledge

QUESTIONS: Mapping[Kind, tuple[Question, ...]] = {
    Kind.WEIGHTS: (
        Question("download", "hub-download"),
        Question("possess", "local-copy"),
        Question("use", "local-copy"),
        Question("derive", "local-copy"),
    ),
    Kind.HOSTED: (Question("use", "hosted-api"), Question("pay", "payment")),
}
HUBS: Mapping[str, str] = {
    "pkg:huggingface": "org:huggingface",
    "pkg:ollama": "org:ollama",
    "pkg:modelscope": "org:modelscope",
}
UNKNOWN_VIEW = OrgView(UNKNOWN_ORG, "unknown")


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model as a row shows it, beside the subject that levers are asked about."""

    subject: Subject
    kind: Kind
    label: str
    builders: tuple[OrgView, ...] = ()
    repackagers: tuple[OrgView, ...] = ()
    endpoint: OrgView | None = None
    licences: tuple[str, ...] = ()
    lineage: tuple[LineageEdge, ...] = ()
    claims: tuple[LineageClaim, ...] = ()
    conflicts: tuple[str, ...] = ()
    confidence: str = ""
    note: str = ""

    @property
    def questions(self) -> tuple[Question, ...]:
        """The acts that are asked about: none for a model without a name."""
        return () if self.confidence == "unresolved" else QUESTIONS[self.kind]


def view_unresolved(expression: str, kind: Kind) -> ModelView:
    """A use whose model is set from outside: shown, and not assessed, since nothing is known to assess."""
    return ModelView(Subject(name=expression, builders=(UNKNOWN_ORG,)), kind, expression, confidence="unresolved")


def view_model(
    name: ModelName, knowledge: "Knowledge", claims: Sequence[LineageClaim] = (), endpoints: Sequence[str] = ()
) -> ModelView:
    """Everything the registry, the name and the claims say of a model, in the words of a row."""
    facts = resolve(name, knowledge.reader, claims, endpoint=endpoints[0] if len(endpoints) == 1 else "")
    builders = tuple(b for b in facts.builders if b.how is not How.REPACKAGER)
    # Who calls an API takes no licence to the weights behind it.
    licences = _licences(facts, knowledge) if name.kind is Kind.WEIGHTS else ()
    return ModelView(
        subject=_subject(facts, knowledge, builders, licences),
        kind=name.kind,
        label=_label(name),
        builders=_views(builders, knowledge),
        repackagers=_views([b for b in facts.builders if b.how is How.REPACKAGER], knowledge),
        endpoint=_endpoint(facts, knowledge),
        licences=licences,
        lineage=tuple(_edge(edge) for edge in facts.edges),
        claims=tuple(claims),
        conflicts=tuple(conflict.what for conflict in facts.conflicts),
        confidence=facts.basis.value,
        note="; ".join(facts.notes),
    )


def _edge(edge: KnownEdge) -> LineageEdge:
    evidence = f"{edge.source} {edge.evidence}".strip()
    return LineageEdge(edge.child, edge.base, edge.relation, edge.confidence.value, evidence)


def _label(name: ModelName) -> str:
    if name.scheme == "pkg:huggingface":
        return name.path
    return str(name).removeprefix("pkg:").replace("/", " ", 1) if name.kind is Kind.WEIGHTS else str(name)


def _subject(
    facts: ModelFacts, knowledge: "Knowledge", builders: Sequence[Builder], licences: tuple[str, ...]
) -> Subject:
    operator = facts.operator
    endpoint = None if operator.where is Where.HERE else operator.organisation or UNKNOWN_ORG
    return Subject(
        name=str(facts.model),
        builders=_org_ids(builders),
        developers=_org_ids([b for b in builders if b.how is How.DEVELOPER]),
        endpoint=endpoint if facts.model.kind is Kind.HOSTED else None,
        host=HUBS.get(facts.model.scheme),
        families=facts.families,
        facts=_model_facts(facts, knowledge, licences),
    )


def _org_ids(builders: Iterable[Builder]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(b.settled or UNKNOWN_ORG for b in builders)) or (UNKNOWN_ORG,)


def _model_facts(facts: ModelFacts, knowledge: "Knowledge", licences: tuple[str, ...]) -> dict[str, object]:
    family = knowledge.registry.families.get(facts.family or "")
    found: dict[str, object] = {"model.kind": facts.model.kind.value, "model.name": str(facts.model)}
    if licences:
        found["model.licence"] = licences
    if family and family.openness is not Openness.UNKNOWN:
        found["model.openness"] = family.openness.value
    elif facts.model.scheme in HUBS:
        found["model.openness"] = Openness.PUBLISHED.value  # it is fetched from a public hub
    if family and family.modality:
        found["model.modality"] = family.modality
    if family and family.released:
        found["model.released"] = family.released.value
    return found


def _licences(facts: ModelFacts, knowledge: "Knowledge") -> tuple[str, ...]:
    """Licences of the model's family and of every base: a base's terms follow its derivatives."""
    registry, words = knowledge.registry, knowledge.reader.read(facts.model).words
    found = [rule for family in facts.families for rule in find_licences(registry, family, knowledge.on, words)]
    return tuple(dict.fromkeys(rule.licence for rule in found))


def _views(builders: Iterable[Builder], knowledge: "Knowledge") -> tuple[OrgView, ...]:
    kept: dict[tuple[str, str], OrgView] = {}
    for builder in builders:
        org = knowledge.registry.organisations.get(builder.organisation or "")
        evidence = "; ".join(f"{edge.child} ← {edge.base} ({edge.source})" for edge in builder.path)
        view = OrgView(
            org.id if org else UNKNOWN_ORG,
            org.short if org else "unknown",
            country_of(org),
            builder.how.value,
            builder.basis.value,
            evidence,
        )
        kept.setdefault((view.id, view.how), view)
    return tuple(kept.values())


def _endpoint(facts: ModelFacts, knowledge: "Knowledge") -> OrgView | None:
    if facts.model.kind is Kind.WEIGHTS:
        return None
    org = knowledge.registry.organisations.get(facts.operator.organisation or "")
    if org is None:
        return OrgView(UNKNOWN_ORG, "unknown", how="endpoint", evidence=facts.operator.note)
    return OrgView(org.id, org.short, country_of(org), "endpoint", facts.operator.confidence.value, facts.operator.note)


def country_of(org: Organisation | None) -> str:
    """Where an organisation is controlled from, else headquartered; empty when neither is known."""
    for place in (org.controlled_from, org.headquartered) if org else ():
        if place is not None and place.value != "unknown":
            return place.value
    return ""
