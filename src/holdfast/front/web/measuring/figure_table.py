"""The figures of an endpoint: a row for each, a column for each load, with intervals and marks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.measuring.load_rows import QUANTILES, Level, Levels
from holdfast.front.web.measuring.roll import Roll
from holdfast.front.web.plots.looks import draw_key
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.units import SHARE, Unit, choose_seconds, make_estimate, make_number
from holdfast.front.web.sheets.blocks import Table, make_disclosure, make_table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import find_count, find_number, get_object
from holdfast.records.measurement import Estimate

_PER_SECOND: Final = Unit("per second", 1.0, "/s")
_PLAIN: Final = Unit("")
_LATENCIES: Final = {
    "ttft": "time to first token",
    "end_to_end": "time to the end",
    "tpot": "time per output token",
}
_MORE_LATENCIES: Final = {
    "ttft": "time to first token",
    "ttft_sent": "the same, from the sending",
    "first_answer": "time to the first token that is no reasoning",
    "first_answer_sent": "the same, from the sending",
    "tpot": "time per output token",
    "gap": "gap between two events",
    "end_to_end": "time to the end",
    "end_to_end_sent": "the same, from the sending",
}
_RATES: Final = {
    "requests_per_s": "answers per second",
    "goodput_per_s": "good answers per second",
    "output_tokens_per_s": "output tokens per second",
}
_SHARES: Final = {"good": "good, of all requests", "errors": "errors, of all requests"}
_MORE_SHARES: Final = {
    "refusals": "refusals",
    "cut": "cut at the limit of tokens",
    "late": "sent more than 2 ms after they were due",
}
_NUMBERS: Final[Mapping[str, tuple[str, Unit]]] = {
    "cached": ("of input tokens, read from a cache", SHARE),
    "events_per_token": ("events per output token", _PLAIN),
    "little": ("off from Little's law", SHARE),
    "counted_more": ("more tokens by our count", SHARE),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row: its name and what it holds for a level."""

    name: Kid
    read: Callable[[Level], Kid]


def make_figure_tables(levels: Levels, roll: Roll) -> list[Markup]:
    """For each endpoint the main figures, and behind a disclosure all others."""
    return [_make_tables(name, own, roll) for name, own in levels.by_endpoint.items()]


def _make_tables(name: str, levels: Sequence[Level], roll: Roll) -> Markup:
    everywhere = find_marks_everywhere(levels)
    return make(
        "div", {"class": "endpoint"},
        make("h3", None, draw_key(roll.get_look(name)), " ", make_name(name)),
        join("At every load: ", _make_marks(everywhere)) if everywhere else None,
        make_table(_tabulate(f"Figures of {name}", levels, _list_main(levels))),
        make_disclosure("All its figures", make_table(_tabulate(f"All figures of {name}", levels, _list_all(levels)))),
    )  # fmt: skip


def _tabulate(caption: str, levels: Sequence[Level], lines: Sequence[_Line]) -> Table:
    heads = ["", *(level.offer.said for level in levels)]
    return Table(caption, heads, [[line.name, *(line.read(level) for level in levels)] for line in lines])


def _list_main(levels: Sequence[Level]) -> list[_Line]:
    lines = [line for name, said in _LATENCIES.items() for line in _list_latency(levels, name, said, QUANTILES)]
    lines += [_make_line(said, name, _PER_SECOND) for name, said in _RATES.items()]
    lines += [_make_line(said, name, SHARE) for name, said in _SHARES.items()]
    return [*lines, _Line("requests", _say_requests), _make_mark_line(levels)]


def find_marks_everywhere(levels: Sequence[Level]) -> list[str]:
    """The marks that all of several loads bear: said once."""
    if len(levels) < 2:
        return []
    return [mark for mark in levels[0].marks if all(mark in level.marks for level in levels)]


def _list_all(levels: Sequence[Level]) -> list[_Line]:
    quantiles = ("mean", "p50", "p90", "p95", "p99")
    lines = [line for name, said in _MORE_LATENCIES.items() for line in _list_latency(levels, name, said, quantiles)]
    lines += [_make_line(said, name, _PER_SECOND) for name, said in _RATES.items()]
    lines.append(_make_line("input tokens per second", "input_tokens_per_s", _PER_SECOND))
    lines += [_make_line(said, name, SHARE) for name, said in {**_SHARES, **_MORE_SHARES}.items()]
    lines += [_make_plain(said, name, unit) for name, (said, unit) in _NUMBERS.items()]
    lines.append(_make_line("dispersion of the sends (1: Poisson)", "dispersion", _PLAIN))
    lines.append(_Line("99 of 100 sent no later after the schedule than", _make_lateness))
    return [*lines, _Line("requests", _say_requests), _Line("faults", _say_faults), _make_mark_line(levels)]


def _list_latency(levels: Sequence[Level], name: str, said: str, quantiles: Sequence[str]) -> list[_Line]:
    """A row for each percentile; none where nothing of it is known and nothing is missing."""
    estimates = [level.get_latency(name, quantile) for level in levels for quantile in quantiles]
    if not any(one.value is not None or one.missing for one in estimates):
        return []
    return [_make_latency(levels, name, f"{said}, {quantile}", quantile) for quantile in quantiles]


def _make_latency(levels: Sequence[Level], name: str, said: str, quantile: str) -> _Line:
    """In one unit for all loads."""
    values = [level.get_latency(name, quantile).value for level in levels]
    unit = choose_seconds([value for value in values if value is not None])
    return _Line(said, lambda level: make_estimate(level.get_latency(name, quantile), unit))


def _make_line(said: str, name: str, unit: Unit) -> _Line:
    return _Line(said, lambda level: _make_figure(level, name, unit))


def _make_figure(level: Level, name: str, unit: Unit) -> Kid:
    if name in ("good", "goodput_per_s") and level.row.get(name) is None:
        return "no objective"
    one: Estimate = level.get_estimate(name)
    return make_estimate(one, unit)


def _make_plain(said: str, name: str, unit: Unit) -> _Line:
    return _Line(said, lambda level: make_number(find_number(level.row, name), unit))


def _make_lateness(level: Level) -> Kid:
    late = find_number(level.row, "lateness_p99_s")
    return make_number(late, choose_seconds([] if late is None else [late]))


def _say_requests(level: Level) -> Kid:
    whole, every, runs = (find_count(level.row, name) for name in ("whole", "requests", "runs"))
    if every is None:
        return "unknown"
    in_runs = "" if runs is None else f", in {runs:,} run{'' if runs == 1 else 's'}"
    return f"{'unknown' if whole is None else f'{whole:,}'} whole of {every:,}{in_runs}"


def _say_faults(level: Level) -> Kid:
    faults = get_object(level.row, "faults")
    counts = [(name, find_count(faults, name)) for name in list(faults)[:20]]
    return ", ".join(f"{count:,} × {name[:40]}" for name, count in counts if count) or "none"


def _make_mark_line(levels: Sequence[Level]) -> _Line:
    everywhere = find_marks_everywhere(levels)
    return _Line("marks", lambda level: _make_marks([mark for mark in level.marks if mark not in everywhere]))


def _make_marks(marks: Sequence[str]) -> Kid:
    items = [make("li", {"class": "warning"}, mark) for mark in marks]
    return make("ul", {"class": "marks"}, items) if items else join("none")
