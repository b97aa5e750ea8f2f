"""`holdfast measure calibrate`: the client against a server whose truth is known, at the intended load."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.measure.load.calibrating import Calibration, Intended, Usability, calibrate_down
from holdfast.measure.load.plans import Progress
from holdfast.measure.load.running import Watching
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Api, Arrivals, Load
from holdfast.workflows.measuring.wording import LoadWords, make_loads

__all__ = ["CalibrateAsked", "Calibration", "Usability", "run_calibration"]


@dataclass(frozen=True, slots=True)
class CalibrateAsked:
    """The load to be calibrated for, one concurrency or one rate, and about what the endpoint does under it."""

    concurrency: str = ""
    rate: str = ""
    duration_s: float = 20.0
    ttft_s: float = 0.1
    gap_s: float = 0.01
    prompt_tokens: int = 64
    answer_tokens: int = 64
    api: str = Api.CHAT
    workers: int = 1


def run_calibration(asked: CalibrateAsked, salt: str, tell: Callable[[Progress], None]) -> Calibration:
    """Calibrate, and where the client is not usable find a load at which it is. Raises UsageError for several loads."""
    base = Load(Arrivals.POISSON, duration_s=asked.duration_s, warmup_s=2.0, cooldown_s=2.0)
    concurrency = asked.concurrency or ("" if asked.rate else "64")
    loads = make_loads(base, LoadWords(concurrency, asked.rate))
    if len(loads) != 1:
        raise UsageError(
            "one load is calibrated at a time", where="--concurrency, --rate", next_step="Give the highest one."
        )
    intended = Intended(
        loads[0], asked.ttft_s, asked.gap_s, asked.prompt_tokens, asked.answer_tokens, Api(asked.api), asked.workers
    )
    return calibrate_down(intended, salt, watching=Watching(tell))
