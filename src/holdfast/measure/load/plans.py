"""What a load is asked for with, and what comes of it."""

from dataclasses import dataclass

from holdfast.measure.load.effort import Effort
from holdfast.records.measurement import Ask, Endpoint, Load, Reply, Sample, TokenPrice, Window


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Loads to offer to one endpoint, one after the other: the n-th is level n.

    `asks` are taken in turn, from the first in each level. Each prompt begins with a nonce, unless `is_cached`: then
    prompts are the same again and again, and caches may know them. The nonces follow from `seed` and `salt`: with a
    salt that was used before, a server has seen the prompts before. `run` counts repetitions of the plan. A server
    that is ours (`is_ours`) is told the sample's number in a header. Workers that are `is_urgent` run before all
    ordinary work where the system allows it. Texts are kept only with `keeps_replies`.
    """

    endpoint: Endpoint
    asks: tuple[Ask, ...]
    loads: tuple[Load, ...]
    salt: str
    seed: int = 0
    run: int = 0
    workers: int = 1
    timeout_s: float = 600.0
    connect_s: float = 30.0
    is_cached: bool = False
    is_ours: bool = False
    is_urgent: bool = True
    keeps_replies: bool = False
    price: TokenPrice | None = None
    tokenizer_file: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the level, and requests of it. `spent_usd` is over all levels that are over."""

    level: int
    levels: int
    sent: int
    ended: int
    failed: int
    spent_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What was seen, in the order in which it was due. `stopped` says why, where a run ended before its time: all that
    was seen until then is here."""

    samples: tuple[Sample, ...]
    replies: tuple[Reply, ...] = ()
    windows: tuple[Window, ...] = ()
    efforts: tuple[Effort, ...] = ()
    stopped: str = ""

    @property
    def was_stopped(self) -> bool:
        """Whether it ended before its time."""
        return bool(self.stopped)
