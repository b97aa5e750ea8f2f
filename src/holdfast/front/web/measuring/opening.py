"""The answer in plain words: who was measured, when and on what, whether it may be believed, and what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.front.web.measuring.client import Calibration, make_calibration_table, say_client
from holdfast.front.web.measuring.cost_table import say_pairs
from holdfast.front.web.measuring.curves import read_break_evens, say_break_even
from holdfast.front.web.measuring.load_rows import Level, Levels
from holdfast.front.web.measuring.quality_plot import say_comparison
from holdfast.front.web.measuring.quality_rows import QualityRows
from holdfast.front.web.measuring.roll import Roll, get_name
from holdfast.front.web.measuring.throughput_plot import PER_SECOND, say_knee
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.units import SHARE, USD, choose_usd, make_estimate, make_seconds
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_count,
    find_truth,
    get_estimate,
    get_object,
    get_rows,
    get_text,
    get_texts,
)

_PAIRS_SAID = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """What was read from a header."""

    header: JsonObject
    costs: JsonObject
    roll: Roll
    levels: Levels
    quality: QualityRows
    calibrations: Sequence[Calibration]


def say_headline(measured: Measured) -> str:
    """One line, as text."""
    day = get_text(measured.header, "started_at", 30)[:10] or "an unknown day"
    names = list(measured.roll.names)
    who = " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "Nobody"
    more = f" and {measured.roll.left_out:,} more" if measured.roll.left_out else ""
    return f"{who}{more}, measured on {day}"


def say_facts(measured: Measured) -> str:
    """With how many loads, runs and tasks, and on which machine."""
    header = measured.header
    machine = get_object(header, "machine")
    loads = len(get_rows(header, "loads", 10_000).items)
    tasks = sum(find_count(row, "tasks") or 0 for row in get_rows(header, "suites", 1000).items)
    cores = find_count(machine, "cores")
    parts = [
        f"started {get_text(header, 'started_at', 30) or 'at an unknown time'}",
        f"{_count(loads, 'load')}, {_count(find_count(header, 'runs'), 'time')} each" if loads else "no load",
        f"{_count(tasks, 'task')}" if tasks else "no tasks",
        f"from {get_text(machine, 'processor', 80) or 'an unknown processor'}, {_count(cores, 'core')}",
    ]
    return " · ".join(parts)


def make_opening(measured: Measured) -> Markup:
    """What was found, part by part."""
    parts: list[tuple[str, Sequence[Kid]]] = [
        ("The run", [_say_whole(measured.header)]),
        ("The client", say_client(measured.calibrations, list(measured.levels.by_endpoint))),
        ("How fast", [*_say_fast(measured.levels)]),
        ("How good", [*_say_good(measured)]),
        ("How dear", [*_say_dear(measured)]),
    ]
    rows = [
        make("div", None, make("dt", None, name), make("dd", None, [make("p", None, one) for one in said]))
        for name, said in parts
        if said
    ]
    return join(make("dl", {"class": "found"}, rows), make_calibration_table(measured.calibrations))


def _say_whole(header: JsonObject) -> Kid:
    is_whole = find_truth(header, "is_whole")
    if is_whole:
        return "The run is whole: all that was planned was measured."
    notes = "; ".join(get_texts(header, "notes", 10))
    if is_whole is None:
        return "Whether the run is whole is unknown."
    return join(
        make("b", None, "The run was stopped before its end"),
        f": {notes or 'it does not say why'}. What follows rests on what came until then.",
    )


def _say_fast(levels: Levels) -> Iterable[Kid]:
    if not levels.by_endpoint:
        yield "Unknown: no load was offered."
    for name, own in levels.by_endpoint.items():
        knee = levels.knees.get(name)
        best = next((one for one in own if knee is not None and one.number == knee.level), own[-1])
        yield _say_speed(name, best)
        if knee is not None:
            yield say_knee(knee, own)


def _say_speed(name: str, level: Level) -> Kid:
    """At the highest load that met the objective, or at the highest."""
    if level.is_client_bound:
        return join(make_name(name), f" at {level.offer.said}: unknown, what was seen is the client's own speed.")
    half, most = level.get_latency("ttft", "p50"), level.get_latency("ttft", "p99")
    tokens = level.get_estimate("output_tokens_per_s")
    answers = make_estimate(level.get_estimate("requests_per_s"), PER_SECOND)
    return join(
        make_name(name), f" at {level.offer.said}: time to first token ", make_seconds(half), " (median) and ",
        make_seconds(most), " (99th percentile); answers ", answers, ", output tokens ",
        make_estimate(tokens, PER_SECOND), ".",
    )  # fmt: skip


def _say_good(measured: Measured) -> Iterable[Kid]:
    quality = measured.quality
    if not quality.rights:
        yield "Unknown: no answer was judged."
    for one in quality.rights:
        if one.group.is_all:
            count = one.find_count("asked")
            asked = "" if count is None else f" of {count:,} asked"
            yield join(
                make_name(one.endpoint),
                ", ",
                make_name(one.group.suite),
                ": ",
                make_estimate(one.judged, SHARE),
                f" right{asked}.",
            )
    for compared in quality.comparisons[:_PAIRS_SAID]:
        if compared.group.is_all:
            yield say_comparison(compared)


def _say_dear(measured: Measured) -> Iterable[Kid]:
    costs = measured.costs
    candidates = [row for row in get_rows(costs, "candidates", 100).items if get_name(row, "name") in measured.roll]
    if not candidates:
        yield "Unknown: neither prices nor machines were stated."
        return
    unit = choose_usd(
        [value for row in candidates if (value := get_estimate(row, "usd_per_request").value) is not None], "request"
    )
    for row in candidates:
        usd = make_estimate(get_estimate(row, "usd_per_request"), unit)
        right = make_estimate(get_estimate(row, "usd_per_correct"), USD)
        yield join(
            make_name(get_name(row, "name")),
            ": ",
            usd,
            f" {unit.axis.removeprefix('US dollars ')}; ",
            right,
            " per right answer.",
        )
    yield from say_pairs(costs)[:_PAIRS_SAID]
    yield from [say_break_even(one) for one in read_break_evens(costs)][:_PAIRS_SAID]


def _count(number: int | None, noun: str) -> str:
    return f"an unknown number of {noun}s" if number is None else f"{number:,} {noun}{'' if number == 1 else 's'}"
