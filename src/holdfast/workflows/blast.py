"""What stops: from findings to uses, services and one sentence. Only what is in force or supposed stops anything."""

import datetime
from collections.abc import Iterable, Sequence

from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind
from holdfast.records.report import Blast, ModelRow

USING = frozenset({"use", "possess", "download", "serve", "pay"})


def does_stop(findings: Iterable[Finding]) -> bool:
    """Whether a finding closes a channel that a use needs, or forbids the use."""
    return any(
        finding.effect is Effect.CLOSED or (finding.reach is Reach.FORBIDDEN and finding.act in USING)
        for finding in findings
    )


def is_at_risk(row: ModelRow) -> bool:
    """Something bites, but nothing stops."""
    limited = row.reach not in (Reach.OPEN, Reach.UNKNOWN) or row.effect not in (Effect.OPEN, Effect.UNKNOWN)
    return limited and not row.stops


def is_unknown(row: ModelRow) -> bool:
    """Nothing is known to bite, and something could not be decided."""
    undecided = row.reach is Reach.UNKNOWN or row.effect is Effect.UNKNOWN
    return undecided and not row.stops and not is_at_risk(row)


def compute_blast(rows: Sequence[ModelRow], asks: str, on: datetime.date) -> Blast:
    """Counts and the headline. `asks` is the scenario's phrase, empty for the rules as they stand."""
    stopping = [row for row in rows if row.stops]
    services = tuple(sorted({use.service for row in stopping for use in row.uses if use.service}))
    uses = sum(len(row.uses) for row in stopping)
    covered = sum(len(row.uses) for row in stopping if row.stand_in)
    at_risk = sum(len(row.uses) for row in rows if is_at_risk(row))
    unknown = sum(len(row.uses) for row in rows if is_unknown(row))
    blast = Blast(uses, services, covered, at_risk, unknown, "")
    headline = _headline(blast, asks, on, _when(stopping))
    return Blast(uses, services, covered, at_risk, unknown, headline)


def _when(stopping: Sequence[ModelRow]) -> str:
    kinds = {row.kind for row in stopping}
    if kinds == {Kind.HOSTED}:
        return "at once"
    return "at their next cold start" if kinds == {Kind.WEIGHTS} else "at once or at their next cold start"


def _headline(blast: Blast, asks: str, on: datetime.date, when: str) -> str:
    lead = f"If {asks}: " if asks else f"On {on}: "
    if blast.uses:
        where = f" in {_count(len(blast.services), 'service')}" if blast.services else ""
        verb = "stops" if blast.uses == 1 else "stop"
        text = f"{_count(blast.uses, 'use')}{where} {verb} {when}; {_covered(blast.covered)}"
    else:
        text = "no use is stopped by a lever that was found"
    rest = [f"{blast.at_risk} more at risk"] * bool(blast.at_risk) + [f"{blast.unknown} unknown"] * bool(blast.unknown)
    return f"{lead}{text}{'; ' + ', '.join(rest) if rest else ''}."


def _covered(covered: int) -> str:
    return f"{covered} {'has' if covered == 1 else 'have'} an approved stand-in"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
