"""A monitor's report in words: every outcome with its rate and its tolerance, and never more than is known."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from holdfast.workflows.watching.report import CHANGED_WORDS

Table = Mapping[str, Any]
UNKNOWN: Final = "unknown"
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def say_outcome(report: Table) -> str:
    """`the served distribution changed`, `same, to within a shift of 0.18`, `could not tell`, with *suspected*."""
    outcome, found = report.get("outcome"), report.get("shift_found")
    if outcome == "changed":
        return CHANGED_WORDS
    if outcome == "same":
        said = "same" if found is None else f"same, to within a shift of {found:.2g}"
    else:
        said = "could not tell"
    return f"{said}; a change is suspected" if report.get("is_suspected") else said


def say_promise(report: Table) -> str:
    """At which false-alarm rate and within which tolerance."""
    alpha = report.get("alpha")
    rate = UNKNOWN if not isinstance(alpha, (int, float)) else f"{alpha:.3g}"
    every = report.get("alpha_in_all")
    of = f", of {every:.3g} for all" if isinstance(every, (int, float)) and every != alpha else ""
    shifts = "; ".join(_list_shifts(get_table(report, "epsilon")))
    return f"alpha {rate} for this life{of}; tolerated shift of a day (epsilon): {shifts or UNKNOWN}"


def _list_shifts(epsilon: Table) -> Iterator[str]:
    """Channels of the same tolerance together: `tokens 0.05`, `refusals, format 0.1`."""
    for shift in dict.fromkeys(epsilon.values()):
        yield f"{', '.join(name for name, own in epsilon.items() if own == shift)} {shift:g}"


def say_together(one: Table) -> str:
    """Which of several monitors are changed under a promise for all of them."""
    names = ", ".join(str(name) for name in one.get("changed") or ()) or "none"
    is_share = one.get("control") == "false discoveries"
    what = "mean share of unchanged ones among those named" if is_share else "chance that any unchanged one is named"
    return f"together, changed at a {what} of {one.get('promise'):.2g}: {names}"


def say_evidence(report: Table) -> str:
    """The wealth and the line that it must reach."""
    wealth, line = (report.get(name) for name in ("log_wealth", "log_threshold"))
    days, answers = (say_count(report.get(name), noun) for name, noun in (("days", "day"), ("answers", "answer")))
    return f"evidence {say_times(wealth)} of {say_times(line)} in {days}, {answers}"


def say_times(log: object) -> str:
    """A wealth from its natural logarithm: `12`, `1,000`, `2.0×10³⁵`."""
    if not isinstance(log, (int, float)) or math.isnan(log):
        return UNKNOWN
    power = log / math.log(10)
    if -3 <= power < 6:
        value = math.exp(log)
        return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
    if not math.isfinite(power):
        return "0" if power < 0 else UNKNOWN
    decade = math.floor(power)
    return f"{10 ** (power - decade):.1f}×{say_decade(decade)}"


def say_decade(power: int) -> str:
    """A power of ten: `10³⁵`."""
    return f"10{str(power).translate(_SUPERSCRIPTS)}"


def say_alarm(report: Table) -> str:
    """When it alarmed and when the change probably began; empty without an alarm."""
    alarm = get_table(report, "alarm")
    if not alarm:
        return ""
    after = "" if alarm.get("answers") is None else f" after {say_count(alarm['answers'], 'answer')}"
    return f"alarm on {alarm.get('day')}{after}; {say_start(alarm)}"


def say_start(alarm: Table) -> str:
    """The first day of the change, with its interval."""
    start, low, high = (alarm.get(name) for name in ("start", "start_low", "start_high"))
    if start is None:
        return "when it began is unknown"
    return f"probably since {start}" + (f" (between {low} and {high})" if low and high else ", without an interval")


def say_likeness(report: Table) -> str:
    """What kind of change it looks like: a description; empty without a triage."""
    triage = get_table(report, "triage")
    if not triage:
        return ""
    weights = sorted(get_table(triage, "weights").items(), key=lambda one: -one[1])
    shares = ", ".join(f"{name} {weight:.0%}" for name, weight in weights if weight >= 0.01)
    return f"it looks like: {triage.get('likeness')}" + (f" ({shares})" if shares else "")


def say_cost(report: Table) -> str:
    """This month against the budget."""
    cost = get_table(report, "cost")
    spent, budget = cost.get("month_usd"), cost.get("budget_usd")
    least = "at least " if cost.get("unpriced") else ""
    said = "cost unknown" if spent is None or (least and not spent) else f"{least}{say_usd(spent)}"
    of = "without a budget" if budget is None else f"of {say_usd(budget)}"
    return f"{said} {of} in {cost.get('month')}"


def say_usd(value: float) -> str:
    """`$0.0021`, `$12.30`."""
    return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.2g}" if value >= 1e-4 else f"${value:.1e}"


def say_count(number: object, noun: str) -> str:
    """`1 day`, `12 days`."""
    if not isinstance(number, int):
        return f"an unknown number of {noun}s"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say_moved(one: Table) -> str:
    """`0.31 [0.22, 0.4] of 1,200 answers`."""
    shift, low, high = (one.get(name) for name in ("shift", "low", "high"))
    if shift is None:
        return f"unknown, {say_count(one.get('answers'), 'answer')}"
    ends = "without an interval" if low is None or high is None else f"[{low:.3g}, {high:.3g}]"
    return f"{shift:.3g} {ends} of {say_count(one.get('answers'), 'answer')}"


def get_table(of: Table, name: str) -> Table:
    """The object under a name; an empty one where there is none."""
    found = of.get(name)
    return cast("Table", found) if isinstance(found, Mapping) else {}


def get_tables(of: Table, name: str) -> list[Table]:
    """The objects in the list under a name."""
    return [cast("Table", one) for one in _get_list(of, name) if isinstance(one, Mapping)]


def get_texts(of: Table, name: str) -> list[str]:
    """The texts in the list under a name."""
    return [one for one in _get_list(of, name) if isinstance(one, str)]


def _get_list(of: Table, name: str) -> list[object]:
    found = of.get(name)
    return cast("list[object]", found) if isinstance(found, list) else []
