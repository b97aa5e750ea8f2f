"""`holdfast explain ID`: a row or finding of the last check, or a lever, as blocks of sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import UnknownName
from holdfast.records.finding import Citation, Finding
from holdfast.records.lever import Lever
from holdfast.records.report import CheckReport, ModelRow
from holdfast.workflows.checking import read_last_report
from holdfast.workflows.explaining import cite, explain_finding
from holdfast.workflows.knowledge import read_knowledge
from holdfast.workflows.screening_words import find_hits_of, say_involved


@dataclass(frozen=True, slots=True)
class Block:
    """A title and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was asked for, in blocks."""

    asked: str
    blocks: tuple[Block, ...]


def explain(what: str, environ: Mapping[str, str], *, data: str | None, everything: bool) -> Explanation:
    """Raises UnknownName when nothing has this id, MissingPath when no check was run and it is no lever."""
    levers = read_knowledge(Path(data) if data else None).book.levers
    if what in levers:
        return Explanation(what, (explain_lever(levers[what]),))
    report = read_last_report(environ)
    rows = [row for row in report.rows if what in (str(row.number), row.model, row.label)]
    if rows:
        return Explanation(what, tuple(block for row in rows for block in _explain_row(row, report, everything)))
    findings = [finding for row in report.rows for finding in row.findings if finding.id == what]
    if not findings:
        raise UnknownName(
            f"nothing in the last check is called {what!r}, and no lever is",
            next_step="Give a row's number, a finding's id, a model or a lever's id.",
        )
    return Explanation(what, tuple(_explain_one(finding) for finding in findings))


def _explain_row(row: ModelRow, report: CheckReport, everything: bool) -> Iterator[Block]:
    yield Block(f"{row.number}  {row.model}", tuple(_row_lines(row)))
    if report.screening is not None:
        hits = find_hits_of(report.screening, row.number)
        said = [line for one in hits for line in (say_involved(one), *(f"  {text}" for text in one.says))]
        yield Block("Official lists", (*said, *report.screening.says))
    shown = [finding for finding in row.findings if finding.bites or everything]
    for finding in merge_alike(shown):
        yield _explain_one(finding)
    if not shown:
        found = f"No lever found for {report.party} on {report.on}, evidence to {report.horizon}."
        yield Block("Levers", (found, "That is no clearance: it says only what was looked at and found."))


def merge_alike(findings: Sequence[Finding]) -> list[Finding]:
    """One finding a lever, the strictest first: acts that share a reason need not be explained twice."""
    kept: dict[str, Finding] = {}
    for finding in findings:
        kept.setdefault(finding.lever, finding)
    return list(kept.values())


def _row_lines(row: ModelRow) -> Iterator[str]:
    for use in row.uses:
        note = f" - {use.note}" if use.note else ""
        yield f"{use.place}: {use.text} ({use.confidence.value}, {use.environment.value}){note}"
    for org in row.builders:
        evidence = f"; {org.evidence}" if org.evidence else ""
        yield f"Weights by {org.name} ({org.country or 'country not known'}), {org.how}, {org.confidence}{evidence}"
    for org in row.repackagers:
        yield f"Re-packaged by {org.name} ({org.country or 'country not known'})"
    if row.endpoint:
        yield f"Runs at {row.endpoint.name} ({row.endpoint.country or 'country not known'})"
    for edge in row.lineage:
        yield f"{edge.child} is built on {edge.base}: {edge.relation}, {edge.confidence}. {edge.evidence}"
    yield from (f"CONFLICT: {conflict}" for conflict in row.conflicts)


def _explain_one(finding: Finding) -> Block:
    title = f"{finding.id}  {finding.lever}: {finding.reach.value} / {finding.effect.value}"
    return Block(title, tuple(explain_finding(finding)))


def explain_lever(lever: Lever) -> Block:
    """A lever's own dates, rules, exceptions and sources."""
    return Block(f"{lever.id}  {lever.title}", tuple(_lever_lines(lever)))


def _lever_lines(lever: Lever) -> Iterator[str]:
    yield lever.summary
    yield f"{lever.authority}, by {lever.issued_by} ({lever.jurisdiction}); {lever.family.value}, {lever.kind}."
    if lever.analogy:
        yield "An analogy: it reaches no model, and shows what a rule of this shape looks like."
    if lever.power_only:
        yield "A power, not an exercise: nothing has been done under it to a model, as far as the evidence goes."
    for span in lever.status:
        until = f" until {span.until}" if span.until else ""
        of = f" (rules {', '.join(span.rules)})" if span.rules else ""
        source = _cite(lever, span.source)
        yield f"{span.status.value} from {span.from_}{until}{of}: {source}; confidence {span.confidence.value}"
        yield from (f"  but: {conflict.says} ({_cite(lever, conflict.source)})" for conflict in span.conflicts)
    yield from (f"Rule {rule.id}: {rule.says} ({_cite(lever, rule.source)})" for rule in lever.rules)
    for exemption in lever.exceptions:
        strength, source = exemption.strength.value, _cite(lever, exemption.source)
        yield f"Exception {exemption.id} ({strength}): {exemption.says} ({source})"
    yield from (f"Consequence {part.id}: {part.says} ({_cite(lever, part.source)})" for part in lever.consequences)
    yield from (f"Conflict: {part.says} ({_cite(lever, part.source)})" for part in lever.conflicts)
    yield f"Evidence to {lever.evidence_horizon}. This is evidence, not legal advice."


def _cite(lever: Lever, key: str) -> str:
    source = lever.sources[key]
    return cite(Citation(source.title, source.mark.value, source.url))
