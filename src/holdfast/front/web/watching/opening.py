"""The answer in plain words: what may be said of each endpoint, at which rate, and why."""

from collections.abc import Sequence

from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import JsonObject, find_truth, get_rows, get_text, get_texts
from holdfast.front.web.watching.states import get_state, make_state
from holdfast.workflows.watching.alert_issue import say_headline
from holdfast.workflows.watching.wording import say_alarm, say_evidence, say_outcome, say_promise

MONITORS_MAX = 100


def list_monitors(document: JsonObject) -> Sequence[JsonObject]:
    """At most a hundred."""
    return get_rows(document, "monitors", MONITORS_MAX).items


def say_watch_headline(document: JsonObject) -> str:
    """One line, as text."""
    return say_headline(list(list_monitors(document)))


def say_watch_facts(document: JsonObject) -> str:
    """When, and what it rests on."""
    left_out = get_rows(document, "monitors", MONITORS_MAX).left_out
    more = f" · {left_out:,} more endpoints are in the figures' JSON" if left_out else ""
    made = get_text(document, "made_at", 40) or "an unknown time"
    return f"As of {made}{more} · could not tell is neither a yes nor a no"


def make_answers(monitors: Sequence[JsonObject]) -> Markup:
    """For each endpoint its outcome, always with alpha and epsilon."""
    return make("dl", {"class": "found"}, [_make_answer(number, one) for number, one in enumerate(monitors, 1)])


def _make_answer(number: int, monitor: JsonObject) -> Markup:
    head = make("a", {"href": f"#m{number}"}, make_name(get_text(monitor, "name", 200)))
    paused = make("p", None, "Paused: it is not run.") if find_truth(monitor, "is_paused") else None
    said = [make("p", None, one) for one in make_sentences(monitor)]
    return make("div", None, make("dt", None, head), make("dd", None, said, paused))


def make_sentences(monitor: JsonObject) -> list[Kid]:
    """Outcome, why, when, at which rate."""
    sentences: list[Kid] = [
        join(make_state(get_state(monitor, "outcome"), say_outcome(monitor)), ". ", _say_why(monitor))
    ]
    if alarm := say_alarm(monitor):
        sentences.append(f"{alarm[:1].upper()}{alarm[1:]}.")
    sentences.append(make("span", {"class": "muted"}, f"{say_promise(monitor)}; {say_evidence(monitor)}."))
    sentences += [make("span", {"class": "warning"}, notice) for notice in get_texts(monitor, "notices", 10)]
    return sentences


def _say_why(monitor: JsonObject) -> str:
    why = get_text(monitor, "why")
    return f"{why[:1].upper()}{why[1:]}" if why else ""
