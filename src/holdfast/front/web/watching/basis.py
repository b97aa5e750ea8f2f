"""What a monitor's outcome rests on: what the endpoint says of itself, baselines, remarks, settings and blind spots."""

from typing import Final

from holdfast.front.web.plots.markup import Kid, Markup, join, make
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
from holdfast.front.web.watching.states import get_state, make_state
from holdfast.workflows.watching.wording import say_promise

_ROWS_MAX: Final = 300


def make_basis(monitor: JsonObject) -> Markup:
    """Blind spots in sight, the rest behind disclosures."""
    blind = get_texts(monitor, "blind", 40)
    return join(
        make("h3", None, "What it cannot see"),
        make_list(blind, "unknowns") if blind else make("p", {"class": "is-unknown"}, "They are not stated."),
        _make_facts(monitor),
        _make_lives(monitor),
        make_disclosure("Settings", _make_settings(monitor)),
        _make_remarks(monitor),
    )


def _make_facts(monitor: JsonObject) -> Markup:
    """What the endpoint says of itself, each value with its days."""
    rows: list[list[Kid]] = []
    for fact in get_rows(monitor, "facts", _ROWS_MAX).items:
        values = get_rows(fact, "values", _ROWS_MAX).items
        for number, value in enumerate(values):
            mark = make("span", {"class": "warning"}, "changed") if number else ""
            days = f"{get_text(value, 'first', 10)} to {get_text(value, 'last', 10)}"
            rows.append([get_text(fact, "name", 80), make("code", None, get_text(value, "value", 200)), days, mark])
    title = "What it says of itself"
    if not rows:
        return make_disclosure(title, make("p", None, "It said nothing of itself."))
    return make_disclosure(title, make_table(Table(title, ["fact", "value", "days", ""], rows)))


def _make_lives(monitor: JsonObject) -> Markup:
    """Each baseline: since when, on whose word, and what came of it."""
    rows = [_make_life(life) for life in get_rows(monitor, "lives", _ROWS_MAX).items]
    heads = ["life", "since", "on whose word", "why", "alpha", "outcome", "alarm", "looked like", "told"]
    return make_disclosure("Baselines and accepted changes", make_table(Table("Baselines", heads, rows)))


def _make_life(life: JsonObject) -> list[Kid]:
    alpha = find_number(life, "alpha")
    told = [get_text(one, "words") for one in get_rows(life, "told", 20).items]
    return [
        str(find_count(life, "life") or "?"), get_text(life, "since", 40)[:10] or "unknown",
        get_text(life, "by", 100) or "enrolled", get_text(life, "why"), "unknown" if alpha is None else f"{alpha:.3g}",
        make_state(get_state(life, "outcome")), _say_alarm(life), get_text(life, "likeness", 60),
        make_list(told, "plain") or "nothing",
    ]  # fmt: skip


def _say_alarm(life: JsonObject) -> str:
    alarm, start = get_text(life, "alarm_day", 10), get_text(life, "start_day", 10)
    return f"{alarm}, probably since {start}" if alarm and start else alarm or "none"


def _make_settings(monitor: JsonObject) -> Markup:
    endpoint = get_object(monitor, "endpoint")
    found, asked = find_number(monitor, "shift_found"), find_number(monitor, "resolution")
    free = find_count(monitor, "alarm_free_days")
    tells = {True: "offered and tracked", False: "not offered", None: "unknown"}[find_truth(endpoint, "has_logprobs")]
    return make_pairs([
        ("endpoint", make("code", None, get_text(endpoint, "url", 200))),
        ("model", make_name(get_text(endpoint, "model", 200))),
        ("interface", get_text(endpoint, "api", 40) or "unknown"),
        ("log probabilities", tells),
        ("promise", say_promise(monitor)),
        ("quicker rule", "unknown" if free is None else f"a false suspicion in {free:,} days on average"),
        ("resolution asked for", "unknown" if asked is None else f"a shift of {asked:g}"),
        ("resolution reached", "unknown" if found is None else f"a shift of {found:.2g}, with probability 0.9"),
        ("last visit", get_text(monitor, "last_visit", 40) or "none"),
        ("next visit", get_text(monitor, "next_visit", 80) or "not planned here"),
    ])  # fmt: skip


def _make_remarks(monitor: JsonObject) -> Markup | None:
    remarks = [_make_remark(one) for one in get_rows(monitor, "remarks", _ROWS_MAX).items]
    faults = get_object(monitor, "faults")
    rows = [*remarks, *(_make_fault(name, faults) for name in list(faults)[:40])]
    if not rows:
        return None
    return make_disclosure("Remarks and faults", make_table(Table("Remarks", ["what", "days", "how often"], rows)))


def _make_remark(one: JsonObject) -> list[Kid]:
    days = f"{get_text(one, 'first', 10)} to {get_text(one, 'last', 10)}"
    return [get_text(one, "text"), days, f"{find_count(one, 'visits') or 0:,} visits"]


def _make_fault(name: str, faults: JsonObject) -> list[Kid]:
    return [f"no answer: {name[:40]}", "in this life", f"{find_count(faults, name) or 0:,} answers"]
