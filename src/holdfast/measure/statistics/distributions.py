"""Quantiles of the distributions that intervals are made of. Needs scipy, of the extra `measure`."""

from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.records.errors import ConfigurationError

Array = NDArray[np.float64]
_HALVINGS: Final = 45


def get_special() -> ModuleType:
    """scipy.special, loaded when the first interval is made. Raises ConfigurationError where it is not installed."""
    try:
        from scipy import special
    except ImportError as error:
        raise ConfigurationError(
            "intervals need the extra `measure`", next_step="Run pip install 'holdfast[measure]'."
        ) from error
    return special


def find_t(share: float, degrees: float) -> float:
    """The quantile of Student's t."""
    return float(get_special().stdtrit(degrees, share))


def find_normal(share: float) -> float:
    """The quantile of the standard normal distribution."""
    return float(get_special().ndtri(share))


def find_chi_square(share: float, degrees: float) -> float:
    """The quantile of chi square."""
    return float(get_special().chdtri(degrees, 1 - share))


def find_beta(share: float, first: float, second: float) -> float:
    """The quantile of the beta distribution; 0 or 1 where a parameter is 0."""
    if first <= 0:
        return 0.0
    return 1.0 if second <= 0 else float(get_special().betaincinv(first, second, share))


def find_rank(share: float, samples: float, level: float) -> float:
    """The rank of the order statistic, among so many independent samples, that lies below the quantile `level` with
    probability `share`. Ranks between two are of neighbours interpolated (Hutson 1999); from 0 to `samples` + 1."""
    incomplete = get_special().betainc
    low, high = 0.0, samples + 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_below = incomplete(middle, samples + 1 - middle, level) > share
        low, high = (middle, high) if is_below else (low, middle)
    return (low + high) / 2
