"""A run as tables: speed at each load, quality, money. It prints the plain JSON of a run file's header."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.measure_words import (
    UNKNOWN,
    Plain,
    get_rows,
    get_table,
    round_to,
    tell,
    tell_load,
    tell_seconds,
    tell_share,
    tell_usd,
)
from holdfast.records.canonical_json import to_plain

_FAMILIES_SHOWN: Final = 40


def print_run(console: Console, header: object, place: str) -> None:
    """Everything that a run says, the most asked for first."""
    run = get_table(to_plain(header))
    figures = get_table(run.get("figures"))
    for table in (_make_speed(figures), _make_latencies(figures), _make_quality(figures), _make_costs(figures)):
        if table.row_count:
            console.print(table)
    for line in _tell_lines(run, figures):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"run file  {place}", markup=False, soft_wrap=True)


def _start(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _make_speed(figures: Plain) -> Table:
    table = _start(
        "Under load", "endpoint", "load", "requests/s", "output tokens/s", "good", "errors", "requests", "marks"
    )
    for row in get_rows(figures.get("loads")):
        marks = "; ".join(str(mark).partition(":")[0] for mark in row.get("marks") or ())
        good = tell_share(row["good"]) if row.get("good") else ""
        table.add_row(
            escape(str(row.get("endpoint"))), tell_load(row.get("load")), tell(row.get("requests_per_s")),
            tell(row.get("output_tokens_per_s")), good, tell_share(row.get("errors")), str(row.get("requests")), marks,
        )  # fmt: skip
    return table


def _make_latencies(figures: Plain) -> Table:
    table = _start("Latency, from the schedule", "endpoint", "load", "of", "mean", "p50", "p95", "p99")
    for row in get_rows(figures.get("loads")):
        latencies = get_table(row.get("latencies"))
        for name, said in _list_latencies(latencies):
            spread = get_table(latencies[name])
            cells = [tell_seconds(spread.get(part)) for part in ("mean", "p50", "p95", "p99")]
            table.add_row(escape(str(row.get("endpoint"))), tell_load(row.get("load")), said, *map(escape, cells))
    return table


def _list_latencies(latencies: Plain) -> Iterator[tuple[str, str]]:
    names = {"ttft": "first token", "first_answer": "first answer", "tpot": "each token", "end_to_end": "whole answer"}
    for name, said in names.items():
        is_same = name == "first_answer" and latencies.get(name) == latencies.get("ttft")
        if name in latencies and not is_same:
            yield name, said


def _make_quality(figures: Plain) -> Table:
    table = _start("Quality", "endpoint", "tasks", "right", "unknown as wrong", "asked", "unknown", "declined", "cut")
    for row in get_rows(figures.get("quality"))[:_FAMILIES_SHOWN]:
        part = row.get("family") or (f"for {row['use']}" if row.get("use") else f"all of {row.get('suite')}")
        counts = [str(row.get(name)) for name in ("asked", "unknown", "refused", "cut")]
        right, least = escape(tell_share(row.get("judged"))), escape(tell_share(row.get("least")))
        table.add_row(escape(str(row.get("endpoint"))), escape(str(part)), right, least, *counts)
    return table


def _make_costs(figures: Plain) -> Table:
    table = _start("Money", "endpoint", "a request", "a right answer", "million output tokens", "replicas", "used")
    for row in get_rows(get_table(figures.get("costs")).get("candidates")):
        table.add_row(
            escape(str(row.get("name"))), escape(tell_usd(row.get("usd_per_request"))),
            escape(tell_usd(row.get("usd_per_correct"))), escape(tell_usd(row.get("usd_per_million_output"))),
            "" if row.get("is_hosted") else escape(tell(row.get("replicas"))),
            "" if row.get("is_hosted") else escape(tell_share(row.get("utilisation"))),
        )  # fmt: skip
    return table


def _tell_lines(run: Plain, figures: Plain) -> Iterator[str]:
    for knee in get_rows(figures.get("knees")):
        said = f"{tell(knee.get('rate_per_s'))} requests/s" if knee.get("level") is not None else UNKNOWN
        yield f"knee      {knee.get('endpoint')}: {said}; {knee.get('said')}"
    for pair in get_rows(figures.get("comparisons")):
        yield f"compared  {_tell_comparison(pair)}"
    yield from _tell_costs(get_table(figures.get("costs")))
    for one in get_rows(run.get("calibrations")):
        yield f"client    {one.get('endpoint')}: {_tell_overhead(one)}"
    joules = {f"{one.get('endpoint')}: {one.get('said')}": None for one in get_rows(run.get("energy"))}
    yield from (f"energy    {text}" for text in joules)
    marks = {str(mark): None for row in get_rows(figures.get("loads")) for mark in row.get("marks") or ()}
    yield from (f"mark      {mark}" for mark in marks if ":" in mark)
    yield from (f"stopped   {note}" for note in run.get("notes") or ())


def _tell_comparison(pair: Plain) -> str:
    found = get_table(pair.get("comparison"))
    of = f" for {found['use']}" if found.get("use") else ""
    p_value, detectable = found.get("p_value"), found.get("detectable")
    seen = "cannot be told" if p_value is None else f"p = {p_value:.3g}"
    least = "" if detectable is None else f"; {found.get('tasks')} tasks show differences from {detectable:.0%} on"
    names = f"{pair.get('first')} less {pair.get('second')}{of}"
    return f"{names}: {tell(found.get('difference'), 100.0, ' points')}, {seen}{least}"


def _tell_costs(costs: Plain) -> Iterator[str]:
    for row in get_rows(costs.get("candidates")):
        yield from (f"unknown   {row.get('name')}: {text}" for text in row.get("unknown") or ())
        yield from (f"assumed   {row.get('name')}: {text}" for text in row.get("assumed") or ())
    for pair in get_rows(costs.get("pairs")):
        if pair.get("cheaper") is not None:
            yield f"cheaper   {pair['first']} than {pair['second']} with a chance of {pair['cheaper']:.0%}"
        flips = pair.get("flips")
        if flips:
            yield f"flips     where a wrong answer costs {tell_usd(pair.get('flip_usd'))} (in {flips:.0%} of draws)"
        even = get_table(pair.get("break_even"))
        if even:
            yield _tell_break_even(even)


def _tell_break_even(even: Plain) -> str:
    feasible = even.get("feasible")
    said = "unknown whether it can be carried" if feasible is None else f"carried with a chance of {feasible:.0%}"
    rate = tell(even.get("rate_per_s"), 1.0, " requests/s")
    return f"even      {even.get('owned')} with {even.get('hosted')} at {rate}; {said}"


def _tell_overhead(calibration: Plain) -> str:
    ttft = tell(calibration.get("ttft_p50"), 1e3, " ms")
    reasons = "; ".join(map(str, calibration.get("reasons") or ()))
    return f"it adds {ttft} to the first token; {calibration.get('verdict')}{f' ({reasons})' if reasons else ''}"


def print_calibration(console: Console, calibration: object) -> None:
    """What a calibration found."""
    found = get_table(to_plain(calibration))
    rows: Mapping[str, Any] = {
        "first token, p50": tell_seconds(found.get("ttft_p50")),
        "first token, p99": tell_seconds(found.get("ttft_p99")),
        "gaps, p99": tell_seconds(found.get("gap_p99")),
        "sent late": tell_share(found.get("late")),
        "answers seem longer": tell_share(found.get("stretch")),
    }
    console.print(f"{found.get('verdict')} at {tell_load(found.get('load'))}", style="bold", markup=False)
    for what, said in rows.items():
        console.print(f"  {what:<20} {said}", markup=False)
    per_token = found.get("cpu_s_per_token")
    if isinstance(per_token, float):
        console.print(f"  {'processor':<20} {per_token * 1e6:.1f} µs a token", markup=False)
    console.print(f"  {'tokens':<20} {round_to(float(found.get('tokens_per_s') or 0))}/s", markup=False)
    for reason in found.get("reasons") or ():
        console.print(f"  {reason}", markup=False)
    if found.get("usable_at"):
        console.print(f"  usable at {tell_load(found['usable_at'])}", markup=False)


def print_bill(console: Console, answer: object) -> None:
    """A bill, and what it would have been elsewhere."""
    bill = get_table(to_plain(answer))
    paid = bill.get("paid_usd")
    said = "what was paid is not told" if paid is None else f"paid {paid:,.2f} USD"
    console.print(f"{said} in {bill.get('days')} days", style="bold", markup=False)
    table = _start("", "where", "would have cost", "for what was paid", "saved", "cheaper with a chance of")
    for place in get_rows(bill.get("places")):
        own, cheaper = place.get("paid_usd"), place.get("cheaper")
        table.add_row(
            escape(str(place.get("name"))), escape(tell_usd(place.get("usd"))),
            UNKNOWN if own is None else f"{own:,.2f} USD", escape(tell_usd(place.get("saving_usd"))),
            UNKNOWN if cheaper is None else f"{cheaper:.0%}",
        )  # fmt: skip
    console.print(table)
    for place in get_rows(bill.get("places")):
        for one in get_rows(place.get("unpriced")):
            console.print(f"  {place.get('name')}: not priced: {one.get('what')}: {one.get('reason')}", markup=False)
        for note in place.get("notes") or ():
            console.print(f"  {place.get('name')}: {note}", markup=False)
    for note in bill.get("notes") or ():
        console.print(f"  {note}", markup=False)


def print_comparison(console: Console, comparison: object) -> None:
    """Two runs, figure by figure."""
    found = get_table(to_plain(comparison))
    table = _start("", "endpoint", "load", "figure", "first", "second", "ratio", "they differ")
    for row in get_rows(found.get("rows")):
        pair, what = get_table(row.get("contrast")), str(row.get("what"))
        tell_one = _find_teller(what)
        different = pair.get("is_different")
        table.add_row(
            escape(str(row.get("endpoint"))), tell_load(row["load"]) if row.get("load") else "", escape(what),
            escape(tell_one(pair.get("first"))), escape(tell_one(pair.get("second"))), escape(tell(pair.get("ratio"))),
            UNKNOWN if different is None else "yes" if different else "not seen",
        )  # fmt: skip
    console.print(table)
    for note in found.get("notes") or ():
        console.print(f"note  {note}", markup=False)


def _find_teller(what: str) -> Callable[[object], str]:
    if what.startswith(("right", "errors", "good")):
        return tell_share
    return tell if what.endswith("_per_s") else tell_seconds
