"""`holdfast diff`: the same models judged in two worlds, and only what differs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Reach


@dataclass(frozen=True, slots=True)
class Answer:
    """A lever's answer in one world; a lever that says nothing is open."""

    reach: Reach
    effect: Effect
    status: str


@dataclass(frozen=True, slots=True)
class Change:
    """One model, act and lever whose answer differs."""

    model: str
    act: str
    channel: str
    lever: str
    title: str
    before: Answer
    after: Answer


SILENT = Answer(Reach.OPEN, Effect.OPEN, "says nothing")


def compute_changes(before: Iterable[Finding], after: Iterable[Finding]) -> list[Change]:
    """Differences of reach, effect or status, sorted by model and lever."""
    first, second = _by_key(before), _by_key(after)
    changes = [
        Change(
            *key,
            title=(first.get(key) or second[key]).lever_title,
            before=_answer(first.get(key)),
            after=_answer(second.get(key)),
        )
        for key in sorted({*first, *second})
    ]
    return [change for change in changes if change.before != change.after]


def keep_biting(changes: Sequence[Change]) -> list[Change]:
    """Only changes of reach or effect: a bill that is proposed changes a status, and nothing for anyone."""
    return [c for c in changes if (c.before.reach, c.before.effect) != (c.after.reach, c.after.effect)]


def _by_key(findings: Iterable[Finding]) -> dict[tuple[str, str, str, str], Finding]:
    return {(f.model, f.act, f.channel, f.lever): f for f in findings}


def _answer(finding: Finding | None) -> Answer:
    if finding is None:
        return SILENT
    return Answer(finding.reach, finding.effect, finding.standing.status.value)
