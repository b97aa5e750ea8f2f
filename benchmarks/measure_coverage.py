"""Whether intervals hold what they say: simulated runs with correlated latencies whose truth is known in closed form.

Run as `python -m benchmarks.measure_coverage`. Where a row says that so many runs were known, the others got no number:
too few samples for how correlated they are. A goal that is missed ends with exit code 1.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.measure_methods import METHODS
from benchmarks.measure_series import Queue, Smooth, Source
from scipy import stats

from holdfast.measure.statistics.answers import compare_answers
from holdfast.measure.statistics.contrasts import compare_distributions, compare_means, compare_quantiles
from holdfast.measure.statistics.distributions import Array
from holdfast.measure.statistics.exact_pairs import Discordance, compute_difference, compute_mcnemar
from holdfast.measure.statistics.means import estimate_mean
from holdfast.measure.statistics.quantiles import estimate_quantiles
from holdfast.measure.statistics.rates import Flow, estimate_rate
from holdfast.measure.statistics.shares import Interval, compute_share, estimate_clustered, estimate_share
from holdfast.records.measurement import Answer, Estimate, Verdict

LEVELS = (0.5, 0.95, 0.99)
COVERED = (0.93, 0.97)
REJECTED = (0.035, 0.065)
KNOWN_MIN = 0.9  # where fewer runs get a number, it is the share of wrong intervals among all runs that counts
BEYOND_MIN = 20  # samples beyond a quantile; with fewer, comparisons may reject less often than the goal
SEED = 20261123
MISSED = "   MISSED"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of `runs` simulated runs were `known`, and how many intervals did not hold the truth, by side."""

    runs: int
    known: int
    below: int
    above: int
    width: float

    @property
    def covered(self) -> float:
        """Of those that are known."""
        return 1 - (self.below + self.above) / self.known if self.known else math.nan

    @property
    def is_reached(self) -> bool:
        """Nearly always known: within the goal on both sides. Seldom known: hardly ever wrong."""
        if self.known >= KNOWN_MIN * self.runs:
            return COVERED[0] <= self.covered <= COVERED[1]
        return self.below + self.above <= (1 - COVERED[0]) * self.runs


def main() -> None:
    """Print the tables; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="simulated runs per row")
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    asked = parser.parse_args()
    reached = [one for name in asked.tables for one in TABLES[name](asked.runs)]
    print(f"\n{sum(reached)} of {len(reached)} goals reached")
    sys.exit(0 if all(reached) else 1)


def print_within(runs: int) -> Iterator[bool]:
    """One run, latencies as AR(1) in logarithms: every figure, every length, every correlation."""
    print_head(f"one run, {runs} simulated; goal {COVERED[0]:.0%} to {COVERED[1]:.0%}")
    for samples, correlation in itertools.product((250, 500, 1000, 2000, 5000, 10_000), (0.0, 0.3, 0.5, 0.8, 0.9)):
        plain, long_tailed = Smooth(correlation, 0.5), Smooth(correlation, 1.0)
        name = f"n {samples:>6,}  rho {correlation}"
        drawn = plain.draw(make_random(samples, correlation), runs, samples)
        yield from print_source(name, plain, drawn)
        again = drawn**2  # the same in logarithms, twice as wide
        yield print_row(f"{name}  mean, long tail", tally([estimate_mean([row]) for row in again], long_tailed.mean))


def print_source(name: str, source: Source, drawn: Array, mark: str = MISSED) -> Iterator[bool]:
    """Rows of the mean and of quantiles."""
    yield print_row(f"{name}  mean", tally([estimate_mean([row]) for row in drawn], source.mean), mark)
    found = [estimate_quantiles([row], LEVELS) for row in drawn]
    for place, level in enumerate(LEVELS):
        truth = source.find_quantile(level)
        yield print_row(f"{name}  p{level * 100:.0f}", tally([row[place] for row in found], truth), mark)


def print_queue(runs: int) -> Iterator[bool]:
    """What no method was made for: times in a queue with one server. Printed without a goal."""
    print_head("one run, time in an M/M/1 queue; for information")
    for samples, load in itertools.product((2000, 10_000), (0.5, 0.8)):
        source = Queue(load)
        drawn = source.draw(make_random(samples, load), min(runs, 500), samples)
        list(print_source(f"n {samples:>6,}  load {load}", source, drawn, mark=""))
    yield True


def print_between(runs: int) -> Iterator[bool]:
    """Several runs whose level differs by a lognormal factor; the truth is the mean over runs of each run's figure."""
    print_head("several runs of 1,000, rho 0.5")
    for count, spread in itertools.product((2, 3, 5), (0.0, 0.1)):
        source, random = Smooth(0.5, 0.5), make_random(count, spread)
        factors = np.exp(spread * random.standard_normal((runs * count, 1)))
        drawn = (source.draw(random, runs * count, 1000) * factors).reshape(runs, count, 1000)
        mean_factor, name = math.exp(spread**2 / 2), f"{count} runs  spread {spread}"
        yield print_row(f"{name}  mean", tally([estimate_mean(list(one)) for one in drawn], source.mean * mean_factor))
        found = [estimate_quantiles(list(one), LEVELS) for one in drawn]
        for place, level in enumerate(LEVELS):
            truth = source.find_quantile(level) * mean_factor
            yield print_row(f"{name}  p{level * 100:.0f}", tally([row[place] for row in found], truth))


def print_methods(runs: int) -> Iterator[bool]:
    """What other methods do on the same runs: the reason for the one that is used."""
    samples, count = 2000, min(runs, 500)
    print(f"\n=== methods, n {samples:,}, {count} simulated: share of intervals that hold the truth (median width)")
    print(
        f"{'':<34}" + "".join(f"{f'rho {correlation}':>18}" for correlation in (0.0, 0.5, 0.9)) + f"{'queue 0.8':>18}"
    )
    sources: list[Source] = [Smooth(0.0, 1.0), Smooth(0.5, 1.0), Smooth(0.9, 1.0), Queue(0.8)]
    drawn = [source.draw(make_random(samples, place), count, samples) for place, source in enumerate(sources)]
    for (name, method), level in itertools.product(METHODS.items(), (None, 0.95)):
        cells: list[str] = []
        for source, rows in zip(sources, drawn, strict=True):
            truth = source.mean if level is None else source.find_quantile(level)
            seen = tally([method(row, level) for row in rows], truth)
            share = f"{seen.covered:.1%}" if seen.known else "unknown"
            note = f"({seen.width / truth:.2f})" if seen.known == seen.runs else f"({seen.known / seen.runs:.0%} known)"
            cells.append(f"{share} {note}")
        print(f"{name + (', mean' if level is None else ', p95'):<34}" + "".join(f"{c:>18}" for c in cells), flush=True)
    yield True


def print_same(runs: int) -> Iterator[bool]:
    """A against A: two runs of one endpoint."""
    print(
        f"\n=== A/A, {runs} pairs: share that differ; goal {REJECTED[0]:.1%} to {REJECTED[1]:.1%} where all are known"
    )
    for samples, correlation in itertools.product((1000, 4000), (0.0, 0.5, 0.9)):
        source = Smooth(correlation, 0.5)
        drawn = source.draw(make_random(samples, correlation, 7), 2 * runs, samples)
        rows = [([one], [other]) for one, other in zip(drawn[::2], drawn[1::2], strict=True)]
        name = f"n {samples:>6,}  rho {correlation}"
        yield print_rejections(f"{name}  mean", [compare_means(a, b).is_different for a, b in rows])
        contrasts = [compare_quantiles(a, b, LEVELS) for a, b in rows]
        for place, level in enumerate(LEVELS):
            least = REJECTED[0] if samples * (1 - level) >= BEYOND_MIN else 0.0
            found = [row[place].is_different for row in contrasts]
            yield print_rejections(f"{name}  p{level * 100:.0f}", found, least)
        p_values = [compare_distributions(a, b, SEED).p_value for a, b in rows]
        yield print_rejections(f"{name}  distribution", [None if p is None else p <= 0.05 for p in p_values])
    yield from print_same_runs(runs)


def print_same_runs(runs: int) -> Iterator[bool]:
    """A against A, three and five runs each, whose level differs from run to run. Welch's test rejects less often than
    it may where there are few runs: that is the price of not assuming that both endpoints vary alike."""
    for count in (3, 5):
        source, random = Smooth(0.5, 0.5), make_random(count, 8)
        factors = np.exp(0.1 * random.standard_normal((runs * 2 * count, 1)))
        drawn = (source.draw(random, runs * 2 * count, 400) * factors).reshape(runs, 2, count, 400)
        rows = [(list(one), list(other)) for one, other in drawn]
        found = [compare_means(a, b).is_different for a, b in rows]
        yield print_rejections(f"{count} runs each  mean", found, least=0.0)
        found = [compare_quantiles(a, b, (0.95,))[0].is_different for a, b in rows]
        yield print_rejections(f"{count} runs each  p95", found, least=0.0)


def print_shares(runs: int) -> Iterator[bool]:
    """Shares within a limit of latency, correlated in time; shares right in clusters; rates."""
    print_head("shares and rates")
    for share, correlation in itertools.product((0.9, 0.99), (0.0, 0.5, 0.8)):
        source = Smooth(correlation, 1.0)
        good = source.draw(make_random(share, correlation), runs, 3000) < source.find_quantile(share)
        yield print_row(f"share {share}  rho {correlation}", tally([estimate_share([row]) for row in good], share))
    for clusters, alike in itertools.product((20, 60), (0.3, 0.7)):
        random = make_random(clusters, alike)
        found = [estimate_clusters(random, clusters, alike) for _ in range(runs)]
        yield print_row(f"{clusters} clusters of 5  alike {alike}", tally(found, 0.6))
    flows = [make_random(1, number).exponential(1 / 20, 3000).cumsum() for number in range(runs)]
    yield print_row("Poisson rate", tally([estimate_rate([Flow(times, 0, 100)]) for times in flows], 20))


def estimate_clusters(random: np.random.Generator, clusters: int, alike: float) -> Estimate:
    """Clusters of five answers whose right ones are correlated by `alike` (beta-binomial)."""
    weight = (1 - alike) / alike
    chances = random.beta(0.6 * weight, 0.4 * weight, clusters)
    scores = (random.random((clusters, 5)) < chances[:, None]).astype(np.float64).ravel()
    return estimate_clustered(scores, [str(number // 5) for number in range(scores.size)], Interval.JEFFREYS)


def print_pairs(runs: int) -> Iterator[bool]:
    """Paired answers: by enumeration where each task stands alone, by simulation where they are in clusters."""
    print("\n=== paired answers: exact intervals never cover less than 95 %, tests never reject more than 5 %")
    for tasks in (10, 25):
        least, most = enumerate_pairs(tasks)
        print(f"{tasks} tasks, every outcome: least coverage {least:.2%}, most rejections of no difference {most:.2%}")
        yield least >= 0.95
        yield most <= 0.05
    for clusters in (8, 20, 60):
        random = make_random(clusters, 9)
        pairs = [draw_answers(random, clusters) for _ in range(min(runs, 1000))]
        found = [compare_answers(*pair, SEED).is_different for pair in pairs]
        rejected = sum(one is True for one in found) / len(found)
        print(f"{clusters} clusters of 5 tasks, no difference: {rejected:.2%} rejected", flush=True)
        yield rejected <= REJECTED[1]


def enumerate_pairs(tasks: int) -> tuple[float, float]:
    """The least coverage and the most rejections over a grid of truths."""
    outcomes = [(a, b) for a in range(tasks + 1) for b in range(tasks + 1 - a)]
    seen = [Discordance(tasks, *outcome) for outcome in outcomes]
    ends, p_values = [compute_difference(one) for one in seen], np.array([compute_mcnemar(one) for one in seen])
    counts = np.array([(a, b, tasks - a - b) for a, b in outcomes])
    least, most = 1.0, 0.0
    for first, second in itertools.product(np.linspace(0.02, 0.5, 13), repeat=2):
        weights = stats.multinomial.pmf(counts, tasks, [first, second, 1 - first - second])
        holds = np.array([low - 1e-9 <= first - second <= high + 1e-9 for low, high in ends])
        least = min(least, float(weights[holds].sum()))
        most = max(most, float(weights[p_values <= 0.05].sum())) if first == second else most
    return least, most


def draw_answers(random: np.random.Generator, clusters: int) -> tuple[list[Answer], list[Answer]]:
    """Two endpoints that are as good on average, and differ from cluster to cluster."""
    hard, lean = random.beta(1, 1, clusters), random.normal(0, 0.2, clusters)
    return tuple(
        [
            make_answer(cluster, task, bool(random.random() < np.clip(hard[cluster] + side * lean[cluster], 0, 1)))
            for cluster, task in itertools.product(range(clusters), range(5))
        ]
        for side in (1, -1)
    )  # type: ignore[return-value]


def make_answer(cluster: int, task: int, is_right: bool) -> Answer:
    """A judged answer with nothing else to it."""
    verdict = Verdict.RIGHT if is_right else Verdict.WRONG
    return Answer(
        "endpoint", "suite", "family", "use", str(cluster), f"{cluster}/{task}", 0, verdict, None, "exact", "",
        None, None, None, None, "", "",
    )  # fmt: skip


def make_random(*words: float) -> np.random.Generator:
    """A generator of its own for each row."""
    return np.random.default_rng([SEED, *(round(word * 1000) for word in words)])


def tally(estimates: Sequence[Estimate], truth: float) -> Tally:
    """Count on which side intervals miss."""
    ends = np.array([(one.low, one.high) for one in estimates if one.is_known], dtype=np.float64).reshape(-1, 2)
    below, above = int((truth > ends[:, 1]).sum()), int((truth < ends[:, 0]).sum())
    width = float(np.median(ends[:, 1] - ends[:, 0])) if len(ends) else math.nan
    return Tally(len(estimates), len(ends), below, above, width)


def print_head(title: str) -> None:
    """The head of a table of tallies."""
    print(f"\n=== {title}")
    print(f"{'':<38}{'known':>7}{'covered':>9}{'95 % of that':>17}{'too low':>9}{'too high':>10}{'wrong of all':>14}")


def print_row(name: str, seen: Tally, mark: str = MISSED) -> bool:
    """One row, marked where its goal is not reached; whether it is."""
    if not seen.known:
        print(f"{name:<38}{0:>7.0%}  unknown", flush=True)
        return True
    low, high = compute_share(seen.covered * seen.known, seen.known, Interval.WILSON)
    wrong = (seen.below + seen.above) / seen.runs
    parts = (seen.below / seen.known, seen.above / seen.known, wrong)
    told = "" if seen.is_reached else mark
    row = f"{name:<38}{seen.known / seen.runs:>7.0%}{seen.covered:>9.1%}{f'{low:.1%} to {high:.1%}':>17}"
    print(f"{row}{parts[0]:>9.1%}{parts[1]:>10.1%}{parts[2]:>14.1%}{told}", flush=True)
    return seen.is_reached


def print_rejections(name: str, found: Sequence[bool | None], least: float = REJECTED[0]) -> bool:
    """How often the same is called different; where most are known, against the goal on both sides."""
    known, different = sum(one is not None for one in found), sum(one is True for one in found)
    rate = different / known if known else 0.0
    is_reached = different / len(found) <= REJECTED[1]
    if known >= KNOWN_MIN * len(found):
        is_reached = least <= rate <= REJECTED[1]
    low, high = compute_share(different, max(known, 1), Interval.WILSON)
    interval = f"{low:.1%} to {high:.1%}" if known else "unknown"
    told = "" if is_reached else MISSED
    print(f"{name:<38}{known / len(found):>7.0%}{rate:>9.1%}{interval:>17}{told}", flush=True)
    return is_reached


TABLES: dict[str, Callable[[int], Iterator[bool]]] = {
    "within": print_within,
    "between": print_between,
    "same": print_same,
    "shares": print_shares,
    "pairs": print_pairs,
    "methods": print_methods,
    "queue": print_queue,
}


if __name__ == "__main__":
    main()
