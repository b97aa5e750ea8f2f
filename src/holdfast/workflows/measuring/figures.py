"""All figures of a run, from its samples and answers alone: whoever has the file computes the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, cast

from holdfast.measure.cost.costs import Costs
from holdfast.measure.cost.workload import Capacity
from holdfast.measure.quality.tallies import GroupBy, Tally, compare_endpoints, tally_answers
from holdfast.measure.results.file import RunFile
from holdfast.measure.results.header import JsonObject
from holdfast.measure.statistics.answers import PairedComparison
from holdfast.measure.summary.knee import Knee
from holdfast.measure.summary.level import LevelSummary
from holdfast.measure.summary.whole import Client, Summary, summarise
from holdfast.records.canonical_json import to_plain
from holdfast.records.measurement import Answer, Objective
from holdfast.workflows.measuring.costing import compute_costs

_BELIEVED: Final = {"usable": True, "not usable": False}
_GROUPS: Final = ((GroupBy.ENDPOINT, GroupBy.SUITE), (GroupBy.ENDPOINT, GroupBy.SUITE, GroupBy.FAMILY))
_USES: Final = (GroupBy.ENDPOINT, GroupBy.USE)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two endpoints on the tasks that both were asked."""

    first: str
    second: str
    comparison: PairedComparison


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run file's `figures` holds. `quality` goes by suite, then family, then use where uses are named."""

    loads: tuple[LevelSummary, ...]
    knees: tuple[Knee, ...]
    quality: tuple[Tally, ...]
    comparisons: tuple[Pair, ...]
    costs: Costs | None


def compute_figures(run: RunFile) -> JsonObject:
    """The figures as plain JSON."""
    return cast("JsonObject", to_plain(find_figures(run)))


def find_figures(run: RunFile) -> Figures:
    """The figures of a run."""
    summary = _summarise(run)
    names = [endpoint.name for endpoint in run.header.endpoints]
    return Figures(
        loads=summary.levels,
        knees=summary.knees,
        quality=tuple(_tally(run.answers)),
        comparisons=tuple(_compare(run.answers, names, run.header.seed)),
        costs=compute_costs(run, make_capacities(summary.knees)),
    )


def _tally(answers: Sequence[Answer]) -> list[Tally]:
    found = [tally for groups in _GROUPS for tally in tally_answers(answers, groups)]
    return found + [tally for tally in tally_answers(answers, _USES) if tally.use]


def _compare(answers: Sequence[Answer], names: Sequence[str], seed: int) -> list[Pair]:
    """Every two endpoints: all uses together, then each."""
    return [
        Pair(first, second, comparison)
        for first, second in combinations(names, 2)
        if answers
        for comparison in compare_endpoints(answers, (first, second), seed)
    ]


def make_capacities(knees: Sequence[Knee]) -> dict[str, Capacity]:
    """What each endpoint carries, where that was found."""
    return {
        knee.endpoint: Capacity(tuple(rate for rate in knee.rates_per_s if rate > 0), said=knee.said)
        for knee in knees
        if knee.is_known
    }


def _summarise(run: RunFile) -> Summary:
    header = run.header
    windows = {one.endpoint: one.windows for one in header.windows}
    client = Client(_read_believed(header.calibrations), was_stopped=not header.is_whole)
    return summarise(run.samples, header.loads, windows, header.objective or Objective(), client)


def _read_believed(calibrations: Sequence[JsonObject]) -> Mapping[str, bool | None]:
    return {str(one["endpoint"]): _BELIEVED.get(str(one.get("verdict"))) for one in calibrations}
