"""Everything that a measurement is asked for with. Nothing in it was sent anywhere yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.measure.cost.workload import Demand
from holdfast.measure.quality.sandbox.running import Isolation
from holdfast.measure.quality.tasks import Suite
from holdfast.measure.results.header import PromptSource
from holdfast.records.measurement import Ask, Endpoint, Load, Objective, Range
from holdfast.workflows.measuring.money import Money


@dataclass(frozen=True, slots=True)
class LoadAsked:
    """Loads for every endpoint, each offered in `runs` repetitions. Without `asks` there is no load.
    `watts` are what a meter shows, by endpoint."""

    loads: tuple[Load, ...] = ()
    asks: tuple[Ask, ...] = ()
    source: PromptSource | None = None
    runs: int = 3
    workers: int = 1
    timeout_s: float = 600.0
    is_cached: bool = False
    tokenizer_file: str = ""
    is_calibrated: bool = True
    watts: Mapping[str, Range] = field(default_factory=dict[str, Range])


@dataclass(frozen=True, slots=True)
class QualityAsked:
    """Suites for every endpoint. `judge` is the endpoint that judges what only a reader can; `isolation` is how code
    that models write is run."""

    suites: tuple[Suite, ...] = ()
    replicates: int = 1
    temperature: float | None = None
    concurrency: int = 4
    judge: Endpoint | None = None
    timeout_s: float = 600.0
    isolation: Isolation = Isolation.REQUIRED


@dataclass(frozen=True, slots=True)
class CostAsked:
    """What each endpoint costs, the demand, what a wrong answer costs, and how much may be spent on measuring."""

    money: Mapping[str, Money] = field(default_factory=dict[str, Money])
    demand: Demand | None = None
    wrong_usd: float | None = None
    usd_max: float | None = None


@dataclass(frozen=True, slots=True)
class MeasureAsked:
    """A whole measurement."""

    endpoints: tuple[Endpoint, ...]
    load: LoadAsked = field(default_factory=LoadAsked)
    quality: QualityAsked = field(default_factory=QualityAsked)
    cost: CostAsked = field(default_factory=CostAsked)
    objective: Objective = field(default_factory=Objective)
    seed: int = 0
    keeps_texts: bool = False
