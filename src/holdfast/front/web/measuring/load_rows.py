"""Figures of loads as a run file holds them: an endpoint at a load, and its knee."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.measuring.roll import Roll, get_name
from holdfast.front.web.plots.units import SHARE, Unit, choose_seconds, say_exact
from holdfast.front.web.sheets.plain import (
    NOTHING,
    JsonObject,
    find_count,
    find_number,
    get_estimate,
    get_list,
    get_object,
    get_rows,
    get_text,
    get_texts,
)
from holdfast.records.measurement import Estimate

LEVELS_MAX: Final = 64
QUANTILES: Final = ("p50", "p95", "p99")
_MARKS_MAX: Final = 12
_SAID_MAX: Final = 2
_CLIENT_BOUND: Final = "client-bound"
_NOT_REACHED: Final = "not reached"
_KINDS: Final = {
    "closed": "Closed loop: so many requests are under way at a time, a new one when one ends.",
    "poisson": "Open loop: requests come at random (Poisson) so many a second, however slow the answers are.",
    "constant": "Open loop: requests come evenly so many a second, however slow the answers are.",
    "replay": "Open loop: requests come as they once came.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A load as it was offered: `size` is how many at a time, or how many a second; None where it is neither.
    `said`: `16 at a time`, `8/s`, `a replay of 120 arrivals`."""

    kind: str
    size: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Level:
    """An endpoint at a load. Estimates that it has not are unknown."""

    endpoint: str
    number: int
    offer: Offer
    row: JsonObject
    marks: tuple[str, ...]

    @property
    def is_client_bound(self) -> bool:
        """Whether its figures are the client's and not the server's."""
        return any(mark.startswith(_CLIENT_BOUND) for mark in self.marks)

    def get_estimate(self, name: str) -> Estimate:
        """A figure by its name."""
        return get_estimate(self.row, name)

    def get_latency(self, name: str, quantile: str) -> Estimate:
        """`ttft`, `p99`."""
        return get_estimate(get_object(self.row, "latencies", name), quantile)


@dataclass(frozen=True, slots=True)
class Knee:
    """The highest load that meets the objective: its level (None: none does), what is carried there, and in words
    whether it was found between two loads."""

    endpoint: str
    said: str
    level: int | None
    rate: Estimate

    @property
    def is_bracketed(self) -> bool:
        """Whether a higher load was tried, and did not meet it."""
        return self.level is not None and not self.said.startswith(_NOT_REACHED)


@dataclass(frozen=True, slots=True)
class Levels:
    """All that was loaded: levels by endpoint in the order of their loads, knees, and how many rows were left out."""

    by_endpoint: Mapping[str, Sequence[Level]]
    knees: Mapping[str, Knee]
    left_out: int

    def list_all(self) -> list[Level]:
        """Every endpoint's."""
        return [level for levels in self.by_endpoint.values() for level in levels]


@dataclass(frozen=True, slots=True)
class Across:
    """What loads stand for on the x axis: their sizes where all are of one kind, else their numbers."""

    unit: Unit
    name: str
    is_sized: bool
    kind: str

    def place(self, level: Level) -> float:
        """Of a level."""
        return level.offer.size if self.is_sized and level.offer.size is not None else level.number + 1.0


def read_levels(figures: JsonObject, roll: Roll) -> Levels:
    """The figures of those on the roll."""
    rows = get_rows(figures, "loads", LEVELS_MAX * 12)
    found: dict[str, list[Level]] = {}
    for row in rows.items:
        level = _read_level(row)
        if level.endpoint in roll:
            found.setdefault(level.endpoint, []).append(level)
    ordered = {name: sorted(levels, key=_weigh)[:LEVELS_MAX] for name, levels in found.items()}
    left_out = rows.left_out + sum(len(found[name]) - len(ordered[name]) for name in found)
    knees = [_read_knee(row) for row in get_rows(figures, "knees", 100).items]
    return Levels(ordered, {one.endpoint: one for one in knees}, left_out)


def read_offer(load: JsonObject) -> Offer:
    """A load in words."""
    kind = get_text(load, "arrivals", 20) or "unknown"
    if kind == "closed":
        size = find_number(load, "concurrency")
        return Offer(kind, size, "unknown" if size is None else f"{say_exact(size)} at a time")
    if kind == "replay":
        return Offer(kind, None, f"a replay of {len(get_list(load, 'offsets_s')):,} arrivals")
    size = find_number(load, "rate_per_s")
    return Offer(kind, size, "unknown" if size is None else f"{say_exact(size)}/s")


def say_objective(header: JsonObject) -> str:
    """The bounds in words; empty where there are none."""
    objective = get_object(header, "objective")
    words = {"ttft_s": "first token within", "tpot_s": "time per token within", "end_to_end_s": "end within"}
    bounds = [(said, find_number(objective, name)) for name, said in words.items()]
    said = [f"{word} {choose_seconds([bound]).exactly().say(bound)}" for word, bound in bounds if bound is not None]
    share = find_number(objective, "share")
    wanted = (
        "" if share is None else f" (and a load meets it when {SHARE.exactly().say(share)} of its requests are good)"
    )
    return f"{', '.join(said)}{wanted}" if said else ""


def find_across(levels: Iterable[Level]) -> Across:
    """The x axis for levels."""
    offers = [level.offer for level in levels]
    kinds = {offer.kind for offer in offers}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if not kind or any(offer.size is None for offer in offers):
        return Across(Unit("number of the load", 1.0), "number of the load, as in the table", False, "")
    if kind == "closed":
        return Across(Unit("requests at a time", is_exact=True), "requests at a time", True, kind)
    return Across(Unit("requests per second"), f"requests per second, as offered ({say_kind(kind)})", True, kind)


def say_kinds(levels: Iterable[Level]) -> str:
    """What kinds of load were offered, and what that means."""
    return " ".join(_KINDS[kind] for kind in dict.fromkeys(level.offer.kind for level in levels) if kind in _KINDS)


def say_lacking(levels: Iterable[Level], find: Callable[[Level], Estimate]) -> str:
    """At which loads an estimate is unknown, and what is missing there; empty where it is known at all of them."""
    lacking = [(level, one) for level in levels if (one := find(level)).value is None]
    if len(lacking) > _SAID_MAX and len({say_missing(one) for _, one in lacking}) == 1:
        return f"unknown at {', '.join(level.offer.said for level, _ in lacking)}{_say_each(lacking[0][1])}"
    parts = [f"{level.offer.said}{say_missing(one)}" for level, one in lacking]
    return f"unknown at {', '.join(parts)}" if parts else ""


def list_drawn(estimates: Iterable[Estimate]) -> list[float]:
    """All values and ends that are known, of what cannot be below nothing: there an interval is drawn from nothing."""
    return [max(end, 0.0) for end in list_known(estimates)]


def list_known(estimates: Iterable[Estimate]) -> list[float]:
    """All values and ends that are known."""
    return [end for one in estimates for end in (one.low, one.value, one.high) if end is not None]


def _read_level(row: JsonObject) -> Level:
    offer = read_offer(get_object(row, "load"))
    marks = tuple(get_texts(row, "marks", _MARKS_MAX))
    return Level(get_name(row, "endpoint"), find_count(row, "level") or 0, offer, row, marks)


def _read_knee(row: JsonObject) -> Knee:
    rate = get_estimate(row, "rate_per_s") if "rate_per_s" in row else NOTHING
    return Knee(get_name(row, "endpoint"), get_text(row, "said", 120), find_count(row, "level"), rate)


def _weigh(level: Level) -> tuple[float, int]:
    return (level.number if level.offer.size is None else level.offer.size, level.number)


def _say_each(one: Estimate) -> str:
    return f"{say_missing(one)} each" if one.missing else ""


def say_missing(one: Estimate) -> str:
    """` (12 more samples)`; empty where nothing is known to be missing."""
    return f" ({one.missing:,} more sample{'' if one.missing == 1 else 's'})" if one.missing else ""


def say_kind(kind: str) -> str:
    """A kind of arrivals in words."""
    return {"poisson": "Poisson", "constant": "even gaps", "closed": "closed loop"}.get(kind, kind)
