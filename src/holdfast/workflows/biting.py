"""What bites a row: one finding a lever, the worst first. Judges nothing; it only chooses what outputs name."""

from dataclasses import dataclass

from holdfast.records.finding import Finding, Ground
from holdfast.records.lever import Effect, Reach, Truth
from holdfast.records.report import ModelRow
from holdfast.records.use import Confidence

REACH_SAID = {
    Reach.FORBIDDEN: "is forbidden",
    Reach.LICENCE_NEEDED: "needs a licence",
    Reach.CONDITIONAL: "depends on a condition",
    Reach.CONTESTED: "is contested",
    Reach.UNKNOWN: "could not be judged: a fact is not known",
    Reach.OPEN: "is not restricted by it",
}
EFFECT_SAID = {
    Effect.CLOSED: "the channel is closed",
    Effect.DEGRADED: "the channel is degraded",
    Effect.AT_RISK: "the channel is at risk",
    Effect.UNKNOWN: "what happens in practice is not known",
    Effect.OPEN: "the channel stays open",
}


@dataclass(frozen=True, slots=True)
class Bite:
    """One lever on one row: its worst finding, and every finding of that lever that bites."""

    worst: Finding
    findings: tuple[Finding, ...]

    @property
    def acts(self) -> tuple[str, ...]:
        """The acts that the lever bites, in the order they were asked."""
        return tuple(dict.fromkeys(finding.act for finding in self.findings))


def find_bites(row: ModelRow) -> list[Bite]:
    """The levers that bite a row, worst first, each once."""
    by_lever: dict[str, list[Finding]] = {}
    for finding in sorted((f for f in row.findings if f.bites), key=severity):
        by_lever.setdefault(finding.lever, []).append(finding)
    return [Bite(listed[0], tuple(listed)) for listed in by_lever.values()]


def severity(finding: Finding) -> tuple[int, int]:
    """Sorts the worst first: by what happens in practice, then by what the law says."""
    return (list(Effect).index(finding.effect), list(Reach).index(finding.reach))


def find_decisive_ground(finding: Finding) -> Ground | None:
    """The ground that gives the finding its answer; None when a finding states no ground."""
    order = (list(Effect), list(Reach))
    return min(finding.grounds, key=lambda g: (order[0].index(g.effect), order[1].index(g.reach)), default=None)


def is_unresolved(row: ModelRow) -> bool:
    """Whether the row stands for an expression and not for a model: it has no name, and so no lever was assessed."""
    return row.uses[0].confidence is Confidence.UNRESOLVED


def say_bite(bite: Bite) -> str:
    """A lever on a row in words: the decisive rule, whether it is known to apply, and what follows."""
    worst, ground = bite.worst, find_decisive_ground(bite.worst)
    rule = f"{ground.says} " if ground else ""
    doubt = "Whether it applies is not known. " if ground and ground.truth is Truth.UNKNOWN else ""
    acts = " or ".join(bite.acts)
    return f"{rule}{doubt}To {acts} {worst.model} {REACH_SAID[worst.reach]}; {EFFECT_SAID[worst.effect]}."


def say_standing(finding: Finding) -> str:
    """A lever's status in a few words, and whether it is only supposed."""
    if finding.standing.from_scenario:
        return "supposed by the scenario"
    past = ", unverified after the evidence ends" if finding.standing.unverified else ""
    return f"{finding.standing.status.value} since {finding.standing.since}{past}"
