"""Findings as sentences with their sources: what was asked, what answers it, who says so, what was not known."""

from collections.abc import Iterator

from holdfast.records.finding import Citation, Finding, Ground, Objection, Standing
from holdfast.records.lever import Reach, Strength, Truth

_TRUTH = {Truth.YES: "yes", Truth.NO: "no", Truth.UNKNOWN: "not known"}
_REACH = {
    "forbidden": "is forbidden",
    "licence-needed": "needs a licence",
    "conditional": "depends on a condition that is not met yet",
    "contested": "is contested",
    "unknown": "cannot be decided from what is known",
    "open": "is not reached: no lever found",
}
_EFFECT = {
    "closed": "the channel is closed",
    "degraded": "the channel is degraded",
    "at-risk": "the channel is at risk",
    "unknown": "what happens in practice is not known",
    "open": "the channel stays open",
}


def explain_finding(finding: Finding) -> Iterator[str]:
    """A finding as lines of prose, the answer first."""
    through = f" through {finding.channel}" if finding.channel else ""
    yield (
        f"For {finding.party}, to {finding.act} {finding.model}{through} on {finding.on} "
        f"{_REACH[finding.reach.value]}; {_EFFECT[finding.effect.value]}."
    )
    yield f"Lever: {finding.lever_title} ({finding.lever})."
    yield from _standing_lines(finding.standing)
    if finding.supposed and not finding.standing.from_scenario:
        yield "It reaches this model because the scenario puts somebody on a list."
    for ground in finding.grounds:
        yield from _ground_lines(ground)
    yield f"Evidence to {finding.horizon}. This is evidence, not legal advice."


def _standing_lines(standing: Standing) -> Iterator[str]:
    if standing.from_scenario:
        yield f"Status: {standing.status.value}, as the scenario supposes."
        return
    until = f", until {standing.until}" if standing.until else ""
    source = f" ({cite(standing.citation)})" if standing.citation else ""
    yield f"Status: {standing.status.value} since {standing.since}{until}{source}; confidence {standing.confidence}."
    if standing.unverified:
        yield "Unverified: the text says so, but the day lies past the evidence, and nothing later was seen."
    if standing.note:
        yield f"Note: {standing.note}"
    for conflict in standing.conflicts:
        yield f"Another source says otherwise: {conflict}"


def _ground_lines(ground: Ground) -> Iterator[str]:
    answer = "applies" if ground.truth is Truth.YES else "may apply: a fact it asks for is not known"
    yield f"Ground {ground.rule}: {ground.says}"
    yield f"  It {answer}. Source: {cite(ground.citation)}; confidence {ground.confidence}."
    if ground.reach is not ground.would_be and ground.would_be is not Reach.OPEN:
        yield f"  In force and with its conditions met it would make the act {ground.would_be.value}."
    for reason in ground.reasons:
        yield f"  - {reason.text}: {_TRUTH[reason.truth]}"
    for objection in ground.objections:
        yield from _objection_lines(objection)


def _objection_lines(objection: Objection) -> Iterator[str]:
    if objection.truth is Truth.NO:
        yield f"  Exception that does not apply here: {objection.says}"
        return
    strength = "settled" if objection.strength is Strength.SETTLED else "argued, not settled"
    applies = "applies" if objection.truth is Truth.YES else "may apply"
    yield f"  Exception that {applies} ({strength}): {objection.says} Source: {cite(objection.citation)}."


def cite(citation: Citation | None) -> str:
    """Title, mark and address of a source."""
    if citation is None:
        return "no source"
    return f"{citation.title} [{citation.mark}]{f' <{citation.url}>' if citation.url else ''}"
