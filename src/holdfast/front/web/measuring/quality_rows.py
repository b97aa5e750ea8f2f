"""Figures of quality as a run file holds them: shares of right answers, and pairs compared task by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.measuring.roll import Roll, get_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_count,
    find_number,
    get_estimate,
    get_object,
    get_rows,
    get_text,
)
from holdfast.records.measurement import Estimate

GROUPS_MAX: Final = 60
COMPARISONS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Group:
    """Answers that belong together: a suite's family, its use, or all of it (both empty)."""

    suite: str
    family: str
    use: str

    @property
    def said(self) -> str:
        """In words, without the suite."""
        return self.family or (f"for {self.use}" if self.use else "all tasks")

    @property
    def is_all(self) -> bool:
        """Whether it is all of it."""
        return not self.family and not self.use


@dataclass(frozen=True, slots=True)
class Right:
    """An endpoint's answers in a group: the share of right ones among those `judged`, and at `least`, with those that
    were not judged as wrong."""

    endpoint: str
    group: Group
    judged: Estimate
    least: Estimate
    row: JsonObject

    def find_count(self, name: str) -> int | None:
        """How many were `asked`, `right`, `unknown`, `refused`, `cut`."""
        return find_count(self.row, name)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two endpoints on the same tasks: the first's share less the second's. `detectable`: the smallest true difference
    that so many tasks would likely have shown."""

    first: str
    second: str
    group: Group
    difference: Estimate
    detectable: float | None
    p_value: float | None
    tasks: int | None
    unpaired: int | None
    method: str


@dataclass(frozen=True, slots=True)
class QualityRows:
    """All of it; `left_out` says how many groups and comparisons are not shown."""

    rights: Sequence[Right]
    comparisons: Sequence[Comparison]
    left_out: int

    def list_groups(self) -> list[Group]:
        """Each once, in their order."""
        return list(dict.fromkeys(one.group for one in self.rights))

    def find_right(self, endpoint: str, group: Group) -> Right | None:
        """An endpoint's answers in a group."""
        return next((one for one in self.rights if (one.endpoint, one.group) == (endpoint, group)), None)


def read_quality(figures: JsonObject, roll: Roll) -> QualityRows:
    """The quality of those on the roll."""
    rows = get_rows(figures, "quality", 5000)
    rights = [one for one in map(_read_right, rows.items) if one.endpoint in roll]
    groups = list(dict.fromkeys(one.group for one in rights))
    kept = set(groups[:GROUPS_MAX])
    pairs = get_rows(figures, "comparisons", COMPARISONS_MAX)
    compared = [one for one in map(_read_comparison, pairs.items) if one.first in roll and one.second in roll]
    left_out = rows.left_out + pairs.left_out + len(groups) - len(kept)
    return QualityRows([one for one in rights if one.group in kept], compared, left_out)


def _read_right(row: JsonObject) -> Right:
    group = Group(get_name(row, "suite"), get_name(row, "family"), get_name(row, "use"))
    return Right(get_name(row, "endpoint"), group, get_estimate(row, "judged"), get_estimate(row, "least"), row)


def _read_comparison(row: JsonObject) -> Comparison:
    found = get_object(row, "comparison")
    p_value = find_number(found, "p_adjusted")
    return Comparison(
        get_name(row, "first"), get_name(row, "second"), Group("", "", get_name(found, "use")),
        get_estimate(found, "difference"), find_number(found, "detectable"),
        find_number(found, "p_value") if p_value is None else p_value, find_count(found, "tasks"),
        find_count(found, "unpaired"), get_text(found, "method", 80),
    )  # fmt: skip
