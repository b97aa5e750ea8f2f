"""What each endpoint costs, with what is not known of it, and each pair of endpoints compared."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from holdfast.front.web.measuring.roll import ENDPOINTS_MAX, Roll, get_name
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.units import SHARE, USD, Unit, choose_usd, make_estimate, make_number, say_number
from holdfast.front.web.sheets.blocks import Table, make_list, make_table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_number,
    find_truth,
    get_estimate,
    get_rows,
    get_texts,
)
from holdfast.records.measurement import Estimate

_COUNT: Final = Unit("", is_exact=True)
_STATED: Final = Unit("US dollars", 1.0, "", "$", is_exact=True)
_PAIRS_MAX: Final = 66
_PER_REQUEST: Final = {
    "usd_per_request": "a request, at the demand",
    "usd_per_request_when_full": "a request, when the machine is full",
    "usd_per_correct": "a right answer",
    "usd_total": "a request, with the price of wrong answers",
}
_USD: Final = {
    "usd_per_million_input": "a million input tokens (the whole cost over them)",
    "usd_per_million_output": "a million output tokens (the whole cost over them)",
    "usd_per_million_tokens": "a million tokens of both",
    "usd_per_hour": "an hour",
}
_OTHERS: Final = {
    "share_right": ("share of right answers", SHARE),
    "utilisation": ("use of the machines", SHARE),
    "replicas": ("copies of the server", _COUNT),
    "machines": ("machines", _COUNT),
}


def read_candidates(costs: JsonObject, roll: Roll) -> list[JsonObject]:
    """The candidates on the roll."""
    return [row for row in get_rows(costs, "candidates", 100).items if get_name(row, "name") in roll][:ENDPOINTS_MAX]


def make_cost_table(costs: JsonObject, roll: Roll) -> Markup | None:
    """A row for each figure, a column for each endpoint; nothing where there are no costs."""
    candidates = read_candidates(costs, roll)
    if not candidates:
        return None
    heads: list[Kid] = ["US dollars for", *(_make_head(one) for one in candidates)]
    rows: list[list[Kid]] = []
    for name, said in _PER_REQUEST.items():
        unit = choose_usd(_list_values(candidates, name), "request")
        rows.append([_scale(said, unit), *(make_estimate(get_estimate(one, name), unit) for one in candidates)])
    for name, said in _USD.items():
        rows.append([said, *(make_estimate(get_estimate(one, name), USD) for one in candidates)])
    for name, (said, unit) in _OTHERS.items():
        rows.append([said, *(_make_other(one, name, unit) for one in candidates)])
    return make_table(Table("What it costs: medians and intervals", heads, rows))


def _make_other(one: JsonObject, name: str, unit: Unit) -> Kid:
    """A hosted model has no machines of one's own."""
    if find_truth(one, "is_hosted") and name != "share_right":
        return "none: hosted"
    return make_estimate(get_estimate(one, name), unit)


def say_terms(costs: JsonObject) -> list[Kid]:
    """Under what demand, with what price of a wrong answer, and how it was computed."""
    rate, peak, wrong = (find_number(costs, name) for name in ("rate_per_s", "peak_per_s", "wrong_usd"))
    confidence, draws = find_number(costs, "confidence"), find_number(costs, "draws")
    priced = "A wrong answer has no stated price." if wrong is None else f"A wrong answer costs {_STATED.say(wrong)}."
    return [
        join("For ", make_number(rate, Unit("", 1.0, "requests a second", is_exact=True)), " on average, ",
             make_number(peak, Unit("", 1.0, "at the peak", is_exact=True)), ". ", priced),
        f"All uncertain numbers were drawn {_say(draws)} times; each figure is the median of the draws with the "
        f"interval that holds {'an unknown share' if confidence is None else SHARE.say(confidence)} of them.",
    ]  # fmt: skip


def make_unknown_list(costs: JsonObject, roll: Roll) -> Markup | None:
    """What cannot be said of each endpoint, and why."""
    items = [
        join(make_name(get_name(one, "name")), ": ", text)
        for one in read_candidates(costs, roll)
        for text in get_texts(one, "unknown")
    ]
    return make_list(items, "unknowns")


def say_pairs(costs: JsonObject) -> list[Markup]:
    """Which of two is cheaper, and from what price of a wrong answer that turns."""
    return [_say_pair(row) for row in get_rows(costs, "pairs", _PAIRS_MAX).items]


def _make_head(one: JsonObject) -> Kid:
    hosted = find_truth(one, "is_hosted")
    kind = "" if hosted is None else ", hosted" if hosted else ", own machine"
    return join(make_name(get_name(one, "name")), make("span", {"class": "sub"}, kind.removeprefix(", ")))


def _scale(said: str, unit: Unit) -> str:
    """`1,000 requests, at the demand` where one of them would cost too little to read."""
    many = {1e3: "1,000", 1e6: "a million"}.get(unit.factor)
    if many is None:
        return said
    thing, mark, rest = said.removeprefix("a ").partition(",")
    return f"{many} {thing}s{mark}{rest}"


def _list_values(candidates: Iterable[JsonObject], name: str) -> list[float]:
    values = [get_estimate(one, name).value for one in candidates]
    return [value for value in values if value is not None]


def _say_pair(row: JsonObject) -> Markup:
    first, second = (make_name(get_name(row, name)) for name in ("first", "second"))
    cheaper, saving = find_number(row, "cheaper"), get_estimate(row, "saving_usd")
    if cheaper is None:
        return join(first, " against ", second, ": which is cheaper is unknown.")
    said = join(first, " is cheaper than ", second, " in ", make_number(cheaper, SHARE), " of the draws")
    return join(said, _say_saving(saving), *_say_total(row), *_say_flip(row))


def _say_saving(saving: Estimate) -> Kid:
    """What the first saves, or costs more."""
    if saving.value is None:
        return "; what it saves is unknown"
    unit = choose_usd([saving.value], "request")
    per = unit.axis.removeprefix("US dollars ")
    if saving.value >= 0:
        return join("; it saves ", make_estimate(saving, unit), f" {per}")
    low, high = (None if end is None else -end for end in (saving.high, saving.low))
    more = replace(saving, value=-saving.value, low=low, high=high)
    return join("; it costs ", make_estimate(more, unit), f" more {per}")


def _say_total(row: JsonObject) -> Sequence[Kid]:
    better = find_number(row, "better")
    if better is None:
        return (". ",)
    return ("; with the price of wrong answers it is cheaper in ", make_number(better, SHARE), ". ")


def _say_flip(row: JsonObject) -> Sequence[Kid]:
    flips, flip = find_number(row, "flips"), get_estimate(row, "flip_usd")
    if flips is None:
        return ("At what price of a wrong answer that turns is unknown.",)
    if not flips:
        return ("No price of a wrong answer turns that: the cheaper one is the righter one in every draw.",)
    return (
        "In ", make_number(flips, SHARE), " of the draws one of them is cheaper and the other righter; then a wrong "
        "answer that costs ", make_estimate(flip, USD), " turns which is cheaper in all.",
    )  # fmt: skip


def _say(number: float | None) -> str:
    return "an unknown number of" if number is None else say_number(number)
