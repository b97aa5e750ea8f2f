"""What holdfast.toml, the environment and flags decide, and where each value came from."""

import datetime
from dataclasses import dataclass, field

from holdfast.records.lever import Effect, PartyFacts, Reach
from holdfast.records.report import StandIn, Waiver
from holdfast.records.use import Environment


@dataclass(frozen=True, slots=True)
class Policy:
    """What makes `check` fail. Without a policy there is only an inventory."""

    reach: tuple[Reach, ...] = ()
    effect: tuple[Effect, ...] = ()
    environments: tuple[Environment, ...] = ()  # none named: all
    unpinned: bool = False  # a moving alias breaks the policy
    unresolved: bool = False  # a use without a name breaks the policy


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: `default`, `holdfast.toml:12`, `HOLDFAST_PARTY`, `--as`."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was decided before a verb begins."""

    party: PartyFacts
    on: datetime.date
    scenarios: tuple[str, ...] = ()
    target: str | None = None
    exclude: tuple[str, ...] = ()
    policy: Policy | None = None
    waivers: tuple[Waiver, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    jobs: int = 0  # 0: one a core
    cache: str = ""  # empty: the user's cache folder
    data: str = ""  # empty: the packaged rule data
    endpoint: str = ""  # the hub that models are pulled from; empty: Hugging Face's own
    origins: tuple[Origin, ...] = field(default=())
