"""What the figures rest on: prices with day and source, machines in ranges, prompts, seeds, software, notes."""

from collections.abc import Callable, Iterable
from typing import Final

from holdfast.front.web.measuring.load_rows import read_offer, say_kind, say_objective
from holdfast.front.web.measuring.roll import ENDPOINTS_MAX, NAME_MAX, Roll, get_name
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.units import USD, choose_seconds, say_number
from holdfast.front.web.sheets.blocks import Table, make_disclosure, make_list, make_pairs, make_table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_count,
    find_number,
    find_truth,
    get_object,
    get_rows,
    get_text,
    get_texts,
)

_ROWS_MAX: Final = 100
_PRICES: Final = ("input", "output", "cached", "cache_write", "per_request")


def make_small_print(header: JsonObject, costs: JsonObject, roll: Roll) -> list[Markup]:
    """Everything, each part behind its own disclosure; parts of which nothing is known are not there."""
    parts: tuple[tuple[str, Callable[[], Markup | None]], ...] = (
        ("Endpoints, and the models as served", lambda: _make_endpoints(header)),
        ("Loads and the objective", lambda: _make_loads(header)),
        ("Prompts and suites", lambda: _make_prompts(header)),
        ("Prices, with day and source", lambda: _make_prices(header)),
        ("Machines, in ranges with sources", lambda: _make_hardware(header)),
        ("What costs assume", lambda: _make_assumed(costs, roll)),
        ("Energy", lambda: _make_energy(header)),
        ("Seeds, software and the machine that measured", lambda: _make_software(header, costs)),
        ("Notes", lambda: make_list(get_texts(header, "notes"), "plain")),
    )
    made = [(title, make_part()) for title, make_part in parts]
    return [make_disclosure(title, part) for title, part in made if part is not None]


def _make_endpoints(header: JsonObject) -> Markup | None:
    served = {get_name(row, "endpoint"): row for row in get_rows(header, "served", _ROWS_MAX).items}
    rows: list[list[Kid]] = []
    for one in get_rows(header, "endpoints", _ROWS_MAX).items:
        name = get_name(one, "name")
        answer = served.get(name, {})
        streamed = {True: ", streamed", False: ", not streamed", None: ""}[find_truth(one, "is_streaming")]
        how = f"{get_text(one, 'api', 20) or 'unknown'}{streamed}"
        cells = [get_text(answer, key, 200) or "unknown" for key in ("model", "fingerprint", "server")]
        rows.append([make_name(name), get_text(one, "url", 300), get_text(one, "model", 200), *cells, how])
    heads = ["name", "address", "model asked for", "model as served", "fingerprint", "server", "interface"]
    return make_table(Table("Endpoints", heads, rows)) if rows else None


def _make_loads(header: JsonObject) -> Markup | None:
    loads = get_rows(header, "loads", _ROWS_MAX).items
    rows = [[str(number + 1), _say_offer(load), *_say_load(load)] for number, load in enumerate(loads)]
    heads = ["load", "offered", "for", "ends after", "warm-up", "at most under way", "kept up after its end"]
    runs = find_count(header, "runs")
    said = f"Repetitions of all loads, as planned: {'unknown' if runs is None else f'{runs:,}'}. "
    said += f"Objective: {say_objective(header) or 'none was stated'}."
    return join(make("p", None, said), make_table(Table("Loads as planned", heads, rows))) if rows else None


def _say_offer(load: JsonObject) -> str:
    offer = read_offer(load)
    return offer.said if offer.kind in ("closed", "replay") else f"{offer.said}, {say_kind(offer.kind)}"


def _say_load(load: JsonObject) -> list[str]:
    spans = {name: find_number(load, name) for name in ("duration_s", "warmup_s", "cooldown_s")}
    said = {name: "none" if not span else choose_seconds([span]).exactly().say(span) for name, span in spans.items()}
    requests, limit = find_count(load, "requests"), find_count(load, "in_flight_max")
    return [
        said["duration_s"], f"{requests:,} requests" if requests else "its time", said["warmup_s"],
        f"{limit:,}" if limit else "no limit", said["cooldown_s"],
    ]  # fmt: skip


def _make_prompts(header: JsonObject) -> Markup | None:
    pairs: list[tuple[Kid, Kid]] = []
    for row in get_rows(header, "prompts", _ROWS_MAX).items:
        nonce = {
            True: "each with a word of its own before it",
            False: "sent again as they are",
            None: "with or without a word of their own is unknown",
        }
        said = f"{_say_count(row, 'count')} prompts, {nonce[find_truth(row, 'has_nonce')]}; sha256 "
        pairs.append((f"{get_text(row, 'kind', 40)}: {get_text(row, 'name', 200)}", join(said, _code(row, "sha256"))))
    for row in get_rows(header, "suites", _ROWS_MAX).items:
        said = f"{_say_count(row, 'tasks')} tasks from {get_text(row, 'origin', 300) or 'an unknown place'}; sha256 "
        pairs.append((join("suite ", make_name(get_name(row, "name"))), join(said, _code(row, "sha256"))))
    keeps = {True: "kept in the run file", False: "kept as digests alone", None: "unknown"}[
        find_truth(header, "keeps_texts")
    ]
    return make_pairs([*pairs, ("prompts and answers", keeps)]) if pairs else None


def _make_prices(header: JsonObject) -> Markup | None:
    rows: list[list[Kid]] = []
    for name, row in _list_named(header, "prices"):
        cells = [_say_usd(row, key) for key in _PRICES]
        rows.append([make_name(name), *cells, *_say_origin(row), _say_tiers(row)])
    heads = [
        "endpoint",
        "input",
        "output",
        "cached input",
        "input written to a cache",
        "each request",
        "read on",
        "source",
        "with more tokens in",
    ]
    return make_table(Table("US dollars per million tokens", heads, rows)) if rows else None


def _say_origin(row: JsonObject) -> list[Kid]:
    return [get_text(row, "as_of", 40) or "an unknown day", get_text(row, "source", 300) or "nobody named"]


def _say_tiers(row: JsonObject) -> str:
    tiers = get_rows(row, "tiers", 20).items
    said = [
        f"{_say_count(tier, 'above')} tokens in: {_say_usd(tier, 'input')} and {_say_usd(tier, 'output')}"
        for tier in tiers
    ]
    return "; ".join(said) or "the same"


def _make_hardware(header: JsonObject) -> Markup | None:
    parts: list[Markup] = []
    for name, row in _list_named(header, "hardware"):
        title = make("h4", None, make_name(name), ": ", _say_machine(row))
        parts += [title, make_table(_tabulate_entries(name, row)), join(make_list(get_texts(row, "notes"), "plain"))]
    return join(parts) if parts else None


def _say_machine(row: JsonObject) -> str:
    as_of = get_text(row, "as_of", 40) or "an unknown day"
    return f"{get_text(row, 'name', 120)}, as of {as_of}, copies of the server on it: {_say_count(row, 'replicas')}"


def _tabulate_entries(name: str, row: JsonObject) -> Table:
    defaults, left_out = set(get_texts(row, "defaults")), get_texts(row, "left_out")
    entries = get_object(row, "entries")
    rows: list[list[Kid]] = []
    for entry in list(entries)[:_ROWS_MAX]:
        found = get_object(entries, entry)
        by = "a default: nobody stated it" if entry in defaults else "stated"
        ends = [_say_number(found, key) for key in ("low", "mode", "high")]
        rows.append([_word(entry), *ends, by, get_text(found, "source") or "no source"])
    rows.extend([_word(entry), "0", "0", "0", "counted as nothing: nobody stated it", ""] for entry in left_out)
    return Table(f"The machine of {name}", ["entry", "least", "likeliest", "most", "by", "source"], rows)


def _make_assumed(costs: JsonObject, roll: Roll) -> Markup | None:
    items = [
        join(make_name(get_name(row, "name")), ": ", text)
        for row in get_rows(costs, "candidates", _ROWS_MAX).items
        if get_name(row, "name") in roll
        for text in get_texts(row, "assumed")
    ]
    return make_list(items, "plain")


def _make_energy(header: JsonObject) -> Markup | None:
    items = [_say_energy(row) for row in get_rows(header, "energy", _ROWS_MAX).items]
    return make_list(items, "plain")


def _say_energy(row: JsonObject) -> Kid:
    """Of one repetition: what its own words say, and what a request and a token used."""
    run = find_count(row, "run")
    said = get_text(row, "said") or "unknown"
    shares = get_object(row, "shares")
    parts = {"joules_per_request": "J a request", "joules_per_output_token": "J an output token"}
    used = [
        f"; {say_number(joules)} {per}"
        for name, per in parts.items()
        if (joules := find_number(shares, name)) is not None
    ]
    return join(make_name(get_name(row, "endpoint")), "" if run is None else f", run {run + 1}", f": {said}", used)


def _make_software(header: JsonObject, costs: JsonObject) -> Markup:
    machine = get_object(header, "machine")
    memory = find_number(machine, "memory_bytes")
    software = [
        f"{get_text(row, 'name', 60)} {get_text(row, 'version', 60)}"
        for row in get_rows(header, "software", _ROWS_MAX).items
    ]
    spent = find_number(header, "spent_usd")
    return make_pairs([
        ("seed of arrivals, prompts and tasks", _say_number(header, "seed")),
        ("seed of costs", _say_number(costs, "seed")),
        ("software", ", ".join(software) or "unknown"),
        ("processor", f"{get_text(machine, 'processor', 120) or 'unknown'}, {_say_count(machine, 'cores')} cores"),
        ("memory", "unknown" if memory is None else f"{say_number(memory / 2**30)} GiB"),
        ("system", get_text(machine, "system", 120) or "unknown"),
        ("accelerators", ", ".join(get_texts(machine, "gpus", 32)) or "none seen"),
        ("spent on measuring", "not counted" if spent is None else USD.say(spent)),
        ("digests of the run file's parts", _say_digests(header)),
    ])  # fmt: skip


def _say_digests(header: JsonObject) -> Kid:
    digests = get_object(header, "digests")
    said = [join(f"{name[:40]} ", _code(digests, name), " ") for name in list(digests)[:20]]
    return said or "none"


def _list_named(header: JsonObject, name: str) -> Iterable[tuple[str, JsonObject]]:
    found = get_object(header, name)
    for key in list(found)[:ENDPOINTS_MAX]:
        yield key[:NAME_MAX], get_object(found, key)


def _say_usd(row: JsonObject, name: str) -> str:
    value = find_number(row, name)
    if value is None:
        return "as input" if name in ("cached", "cache_write") else "unknown"
    return USD.exactly().say(value)


def _say_number(row: JsonObject, name: str) -> str:
    value = find_number(row, name)
    return "unknown" if value is None else f"{value:.15g}"


def _say_count(row: JsonObject, name: str) -> str:
    count = find_count(row, name)
    return "an unknown number of" if count is None else f"{count:,}"


def _code(row: JsonObject, name: str) -> Markup:
    return make("code", None, get_text(row, name, 100) or "unknown")


def _word(entry: str) -> str:
    """`capital_usd` as words."""
    return entry[:60].replace("_", " ")
