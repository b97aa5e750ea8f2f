"""`holdfast measure compare`: two runs, figure by figure, with intervals of the differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.quality.tallies import Tally
from holdfast.measure.results.header import RunHeader
from holdfast.measure.statistics.contrasts import Contrast, contrast
from holdfast.measure.summary.level import LevelSummary
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Estimate, Load
from holdfast.workflows.measuring.figures import Figures, find_figures
from holdfast.workflows.measuring.opening import read_run

_LATENCIES: Final = ("ttft", "first_answer", "tpot", "end_to_end")
_PARTS: Final = ("mean", "p50", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both runs. `load` is None for quality; the contrast is the first less the second."""

    endpoint: str
    load: Load | None
    what: str
    contrast: Contrast


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures that both runs have. `notes` say where they were not measured alike."""

    first: str
    second: str
    rows: tuple[Compared, ...]
    notes: tuple[str, ...]


def compare_runs(first: Path, second: Path) -> Comparison:
    """Compare. Raises what reading raises, and UsageError where the runs have nothing in common."""
    one, other = read_run(first), read_run(second)
    found = find_figures(one), find_figures(other)
    names = _match([end.name for end in one.header.endpoints], [end.name for end in other.header.endpoints])
    rows = tuple(_compare(found[0], found[1], names))
    if not rows:
        raise UsageError(
            "the runs have no figure in common",
            where=f"{first}, {second}",
            next_step="Measure the same loads or suites.",
        )
    return Comparison(str(first), str(second), rows, tuple(_note(one.header, other.header)))


def _match(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    """Endpoints of one name; where each run has only one, those."""
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    return [(name, name) for name in first if name in second]


def _compare(first: Figures, second: Figures, names: Sequence[tuple[str, str]]) -> Iterator[Compared]:
    for one, other in names:
        said = one if one == other else f"{one}, {other}"
        for level in (level for level in first.loads if level.endpoint == one):
            match = next((two for two in second.loads if two.endpoint == other and two.load == level.load), None)
            if match is not None:
                yield from _compare_levels(said, level, match)
        for quality in (quality for quality in first.quality if quality.endpoint == one):
            fellow = next((two for two in second.quality if two.endpoint == other and _is_same(quality, two)), None)
            if fellow is not None:
                part = quality.family or quality.use or quality.suite
                yield Compared(said, None, f"right: {part}", contrast(quality.judged, fellow.judged))


def _compare_levels(said: str, one: LevelSummary, other: LevelSummary) -> Iterator[Compared]:
    for what, pair in _list_figures(one, other):
        yield Compared(said, one.load, what, contrast(*pair))


def _list_figures(one: LevelSummary, other: LevelSummary) -> Iterator[tuple[str, tuple[Estimate, Estimate]]]:
    for name in _LATENCIES:
        if name in one.latencies and name in other.latencies:
            for part in _PARTS:
                yield f"{name} {part}", (getattr(one.latencies[name], part), getattr(other.latencies[name], part))
    yield "requests_per_s", (one.requests_per_s, other.requests_per_s)
    yield "output_tokens_per_s", (one.output_tokens_per_s, other.output_tokens_per_s)
    yield "errors", (one.errors, other.errors)
    if one.good is not None and other.good is not None:
        yield "good", (one.good, other.good)


def _is_same(one: Tally, other: Tally) -> bool:
    return (one.suite, one.family, one.use) == (other.suite, other.family, other.use)


def _note(one: RunHeader, other: RunHeader) -> Iterator[str]:
    if one.machine != other.machine:
        yield "they were measured from different machines"
    if [source.sha256 for source in one.prompts] != [source.sha256 for source in other.prompts]:
        yield "their prompts differ"
    if [suite["sha256"] for suite in one.suites] != [suite["sha256"] for suite in other.suites]:
        yield "their suites differ: shares are of other tasks"
    for header in (one, other):
        if not header.is_whole:
            yield "one of them was stopped before its end"
