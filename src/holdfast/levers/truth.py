"""Three-valued logic over columns: no < unknown < yes, so that and = minimum, or = maximum, not = mirror."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from holdfast.records.lever import Truth

Truths = npt.NDArray[np.uint8]  # shape (1,) for what holds for all rows alike, else (rows,)

NO: Final = 0
UNKNOWN: Final = 1
YES: Final = 2

_WORDS: Final = (Truth.NO, Truth.UNKNOWN, Truth.YES)


def same(value: int) -> Truths:
    """One truth for all rows."""
    return np.array([value], dtype=np.uint8)


def from_bool(value: bool | None) -> Truths:
    """None is unknown."""
    return same(UNKNOWN if value is None else YES if value else NO)


def all_of(parts: Iterable[Truths]) -> Truths:
    """Kleene and; of nothing: yes."""
    result = same(YES)
    for part in parts:
        result = np.minimum(result, part)
    return result


def any_of(parts: Iterable[Truths]) -> Truths:
    """Kleene or; of nothing: no."""
    result = same(NO)
    for part in parts:
        result = np.maximum(result, part)
    return result


def negate(part: Truths) -> Truths:
    """Kleene not."""
    return np.subtract(np.uint8(YES), part)


def word(value: int) -> Truth:
    """The record's word for a code."""
    return _WORDS[int(value)]
