"""A lever's status on a day, and what a status does to a rule's reach and effect."""

import datetime
from collections.abc import Mapping

from holdfast.records.finding import Citation, Standing
from holdfast.records.lever import Effect, Lever, Reach, Status, StatusSpan

# What becomes of a rule under each status: None keeps the rule's own value.
REACH_UNDER: Mapping[Status, Reach | None] = {
    Status.IN_FORCE: None,
    Status.ENJOINED_IN_PART: Reach.CONTESTED,
    Status.IN_TEXT_UNENFORCED: Reach.CONTESTED,
    Status.CONDITIONAL_ON_GUIDANCE: Reach.CONDITIONAL,
}
EFFECT_UNDER: Mapping[Status, Effect | None] = {
    Status.IN_FORCE: None,
    Status.ENJOINED_IN_PART: Effect.AT_RISK,
    Status.IN_TEXT_UNENFORCED: Effect.OPEN,
    Status.CONDITIONAL_ON_GUIDANCE: Effect.AT_RISK,
}


def find_standing(lever: Lever, on: datetime.date, rule: str | None = None) -> Standing | None:
    """The status on a day (of one rule, when spans name rules); None before the lever's first day."""
    spans = [span for span in lever.status if not span.rules or rule in span.rules]
    begun = sorted((span for span in spans if span.from_ <= on), key=lambda span: (span.from_, bool(span.rules)))
    if not begun:
        return None
    span = begun[-1]
    if span.until is None or on < span.until:
        return _standing(lever, span, span.status, span.from_)
    if span.after is None:
        return _standing(lever, span, Status.LAPSED, span.until)
    return _standing(lever, span, span.after, span.until)


def _standing(lever: Lever, span: StatusSpan, status: Status, since: datetime.date) -> Standing:
    source = lever.sources[span.source]
    return Standing(
        status=status,
        since=since,
        until=span.until if status is span.status else None,
        unverified=status is not span.status and since > lever.evidence_horizon,
        from_scenario=False,
        confidence=span.confidence.value,
        citation=Citation(source.title, source.mark.value, source.url),
        note=span.note,
        conflicts=tuple(conflict.says for conflict in span.conflicts),
    )


def assume_standing(status: Status, on: datetime.date) -> Standing:
    """A status that a scenario supposes."""
    return Standing(status, on, None, unverified=False, from_scenario=True, confidence="supposed", citation=None)


def reach_under(standing: Standing, rule_reach: Reach) -> Reach:
    """What a rule's reach becomes under a standing. A status that does not bind leaves the act open."""
    if standing.status not in REACH_UNDER or rule_reach is Reach.OPEN:
        return Reach.OPEN
    return REACH_UNDER[standing.status] or rule_reach


def effect_under(standing: Standing, rule_effect: Effect) -> Effect:
    """What a rule's effect becomes; unverified standing makes the practice unknown."""
    if standing.status not in EFFECT_UNDER or rule_effect is Effect.OPEN:
        return Effect.OPEN
    if standing.unverified:
        return Effect.UNKNOWN
    return EFFECT_UNDER[standing.status] or rule_effect
