"""What a lever means for a party: reach and effect apart, every ground with its reasons and sources."""

import datetime
from dataclasses import dataclass

from holdfast.records.lever import Effect, Reach, Status, Strength, Truth


@dataclass(frozen=True, slots=True)
class Reason:
    """One tested fact in words, and whether it holds."""

    text: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class Citation:
    """A source as it is shown: title, how it was read, and where."""

    title: str
    mark: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """An exception that defeats, limits or may defeat a rule."""

    id: str
    says: str
    strength: Strength
    truth: Truth
    citation: Citation
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule (or consequence) of one lever, applied."""

    rule: str
    says: str
    truth: Truth  # whether its condition holds
    reach: Reach
    effect: Effect
    would_be: Reach  # the reach the rule has once its condition holds and it is in force
    would_effect: Effect
    confidence: str
    citation: Citation
    reasons: tuple[Reason, ...] = ()
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A lever's status on the day, since when, on whose word."""

    status: Status
    since: datetime.date
    until: datetime.date | None
    unverified: bool  # the status follows from the text, but the day lies past the evidence
    from_scenario: bool
    confidence: str
    citation: Citation | None
    note: str | None = None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """party × act × channel × model × lever × date → reach, effect, reasons and sources."""

    id: str
    party: str
    act: str
    channel: str
    model: str
    lever: str
    lever_title: str
    on: datetime.date
    reach: Reach
    effect: Effect
    standing: Standing
    grounds: tuple[Ground, ...]
    horizon: datetime.date
    supposed: bool = False  # it rests on what a scenario supposes: a status, or somebody's place on a list

    @property
    def bites(self) -> bool:
        """Whether the lever changes anything on that day."""
        return self.reach is not Reach.OPEN or self.effect is not Effect.OPEN
