"""What stops, counted by hand: the expectation that pages and exports are held against."""

from collections.abc import Sequence

from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind
from holdfast.records.report import Blast, ModelRow, WhatIfRow


def compute_blast(rows: Sequence[ModelRow], lead: str) -> Blast:
    """Counts by hand: what stops, what is at risk, what is unknown, each use once."""
    stopping = [row for row in rows if row.stops]
    uses = sum(len(row.uses) for row in stopping)
    services = tuple(sorted({use.service for row in stopping for use in row.uses if use.service}))
    covered = sum(len(row.uses) for row in stopping if row.stand_in)
    at_risk = sum(len(row.uses) for row in rows if state_of(row) == "at-risk")
    unknown = sum(len(row.uses) for row in rows if state_of(row) == "unknown")
    kinds = {row.kind for row in stopping}
    when = "at once" if kinds == {Kind.HOSTED} else "at their next cold start"
    when = "at once or at their next cold start" if len(kinds) > 1 else when
    said = f"{uses} use{'' if uses == 1 else 's'} in {len(services)} service{'' if len(services) == 1 else 's'} "
    said += (
        f"{'stops' if uses == 1 else 'stop'} {when}; {covered} {'has' if covered == 1 else 'have'} an approved stand-in"
    )
    said = said if uses else "no use is stopped by a lever that was found"
    rest = [f"{at_risk} more at risk"] * bool(at_risk) + [f"{unknown} unknown"] * bool(unknown)
    headline = f"{lead}{said}{'; ' + ', '.join(rest) if rest else ''}."
    return Blast(uses, services, covered, at_risk, unknown, headline)


def state_of(row: ModelRow | WhatIfRow) -> str:
    """The word of a row: stops, at-risk, unknown or none."""
    if row.stops:
        return "stops"
    if row.reach not in (Reach.OPEN, Reach.UNKNOWN) or row.effect not in (Effect.OPEN, Effect.UNKNOWN):
        return "at-risk"
    return "unknown" if Reach.UNKNOWN is row.reach or Effect.UNKNOWN is row.effect else "none"
