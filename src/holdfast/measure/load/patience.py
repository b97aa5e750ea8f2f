"""How long to wait before another try: what the endpoint says, else longer each time, with chance mixed in."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from holdfast.records.measurement import Fault, Sample

_SECONDS: Final = re.compile(r"\s*(\d{1,7}(?:\.\d{1,6})?)\s*")
RETRIED_STATUS: Final = frozenset({408, 409, 425, 500, 502, 503, 504, 520, 522, 524, 529})


@dataclass(frozen=True, slots=True)
class Patience:
    """`tries` in all; waits begin at `base_s` and double up to `longest_s`. An endpoint that asks for more than
    `told_s_max` is not waited for."""

    tries: int = 5
    base_s: float = 0.5
    longest_s: float = 30.0
    told_s_max: float = 120.0

    def find_wait(self, sample: Sample, chance: random.Random) -> float | None:
        """Seconds until another try; None when there is to be none."""
        if sample.retries + 1 >= self.tries or not is_passing(sample):
            return None
        if sample.retry_after_s is not None:
            return sample.retry_after_s + chance.random() / 10 if sample.retry_after_s <= self.told_s_max else None
        ceiling: float = min(self.longest_s, self.base_s * 2.0**sample.retries)
        return ceiling * (0.5 + 0.5 * chance.random())


def is_passing(sample: Sample) -> bool:
    """Whether another try may well do better, and the endpoint has not begun to answer this one."""
    if sample.fault is Fault.STATUS:
        return sample.status in RETRIED_STATUS
    if sample.fault is Fault.RESET:
        return sample.first_byte_ns is None
    return sample.fault in (Fault.LIMITED, Fault.CONNECT)


def find_told_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait, by its Retry-After: a number, or a date beside the answer's own."""
    told = headers.get("retry-after", "")
    if found := _SECONDS.fullmatch(told):
        return float(found[1])
    try:
        return max(0.0, (parsedate_to_datetime(told) - parsedate_to_datetime(headers["date"])).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None
