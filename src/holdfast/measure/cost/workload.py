"""What was measured of an endpoint, and what will be asked of it: lengths, right answers, highest rate, demand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Answer, Estimate, Range, Sample, Verdict

Array = NDArray[np.float64]
ONE = Range(1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Tokens of each measured request: three arrays of one length. Cached are among the input, reasoning among the
    output. `uncounted`: requests whose tokens nobody told, which are in none of them."""

    input: Array
    cached: Array
    output: Array
    uncounted: int = 0

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float]], uncounted: int = 0) -> Self:
        """Lengths of (input, cached, output) rows."""
        table = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), uncounted)

    def __len__(self) -> int:
        return len(self.input)


def read_lengths(samples: Iterable[Sample]) -> Lengths:
    """The lengths that the endpoint itself counted in its whole answers."""
    rows: list[tuple[float, float, float]] = []
    uncounted = 0
    for sample in samples:
        usage = sample.usage
        if usage.prompt is None or usage.completion is None:
            uncounted += 1
        else:
            rows.append((float(usage.prompt), float(usage.cached or 0), float(usage.completion)))
    return Lengths.of(rows, uncounted)


@dataclass(frozen=True, slots=True)
class Right:
    """How many of `total` judged answers were right. `effective` is how many independent answers those are worth
    (None: all of them); `unknown` answers could not be judged and are in neither number."""

    right: int
    total: int
    effective: float | None = None
    unknown: int = 0


def count_right(answers: Iterable[Answer]) -> Right:
    """Right answers, and what the judged ones are worth given their clusters.

    The worth is p(1-p) over the cluster-robust variance of the share of right answers, at most their number; where all
    are right or all wrong, the number of clusters.
    """
    scores: dict[str, list[int]] = defaultdict(list)
    unknown = 0
    for answer in answers:
        if answer.verdict is Verdict.UNKNOWN:
            unknown += 1
        else:
            scores[answer.cluster or answer.task].append(int(answer.verdict is Verdict.RIGHT))
    total, right = sum(map(len, scores.values())), sum(map(sum, scores.values()))
    effective = _compute_effective(list(scores.values()), right / total) if total else None
    return Right(right, total, effective, unknown)


def _compute_effective(clusters: Sequence[Sequence[int]], share: float) -> float:
    total, count = sum(map(len, clusters)), len(clusters)
    if count < 2 or share in (0.0, 1.0):
        return float(count)
    spread = sum((sum(cluster) - share * len(cluster)) ** 2 for cluster in clusters)
    variance = spread / total**2 * count / (count - 1)
    return min(float(total), share * (1 - share) / variance) if variance > 0 else float(total)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest rate, in requests per second, at which one replica meets the objective: a value for each run, or an
    estimate. `said` names the objective."""

    runs: tuple[float, ...] = ()
    estimate: Estimate | None = None
    said: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything was measured."""
        return bool(self.runs) or (self.estimate is not None and self.estimate.value is not None)


@dataclass(frozen=True, slots=True)
class Demand:
    """Requests per second in each hour of a day (24), of any other cycle, or one for all. Machines are sized for the
    highest hour times `peak_factor`; `scale` is how wrong the whole may be."""

    rates_per_s: tuple[float, ...]
    peak_factor: float = 1.0
    scale: Range = ONE

    @property
    def mean_per_s(self) -> float:
        """The mean over the hours."""
        return sum(self.rates_per_s) / len(self.rates_per_s)

    @property
    def peak_per_s(self) -> float:
        """What the machines must carry."""
        return max(self.rates_per_s) * self.peak_factor
