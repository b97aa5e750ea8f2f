"""Monitors as metrics in Prometheus' text form, for the textfile collector of node_exporter. What is not known is not
there: no metric says zero for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holdfast.records.errors import UsageError
from holdfast.workflows.watching.report import Plain
from holdfast.workflows.watching.wording import Table, get_table, get_tables

OUTCOMES: Final = ("same", "changed", "could not tell")
_BREAKS: Final = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    help: str
    path: tuple[str, ...]


_METRICS: Final = (
    _Metric("suspected", "1 where the quicker rule suspects a change.", ("is_suspected",)),
    _Metric("log_wealth", "Evidence of a change: natural logarithm of the wealth.", ("log_wealth",)),
    _Metric("log_threshold", "What the log wealth must reach for an alarm.", ("log_threshold",)),
    _Metric("alpha", "Bound on the chance that this life ever alarms falsely.", ("alpha",)),
    _Metric("days", "Days judged in this life.", ("days",)),
    _Metric("answers", "Answers judged in this life.", ("answers",)),
    _Metric("shift_found", "The smallest shift found with probability 0.9.", ("shift_found",)),
    _Metric("life", "Number of the present baseline.", ("life",)),
    _Metric("paused", "1 where it is not run.", ("is_paused",)),
    _Metric("cost_usd_month", "US dollars spent this month.", ("cost", "month_usd")),
    _Metric("unpriced_visits_month", "Visits of this month whose price is not known.", ("cost", "unpriced")),
    _Metric("budget_usd_month", "US dollars that a month may cost.", ("cost", "budget_usd")),
    _Metric("tokens_month", "Tokens spent this month.", ("cost", "month_tokens")),
)


def check_metrics_path(path: Path) -> None:
    """Raises UsageError when node_exporter would not read a file of this name."""
    if path.suffix != ".prom":
        raise UsageError(
            f"node_exporter reads files that end in .prom, not {path.name!r}.",
            where="--prometheus",
            next_step=f"Write {path.stem or 'holdfast'}.prom.",
        )


def render_metrics(document: Plain) -> str:
    """The whole file. The same report gives the same bytes."""
    monitors = get_tables(document, "monitors")
    lines = [*_list_outcomes(monitors), *_list_visits(monitors)]
    for metric in _METRICS:
        lines += _list_metric(metric, monitors)
    made = _read_time(document.get("made_at"))
    lines += _head("report_timestamp_seconds", "When this was written, in seconds since 1970.")
    lines += [] if made is None else [f"holdfast_watch_report_timestamp_seconds {made}"]
    return "\n".join(lines) + "\n"


def _list_outcomes(monitors: list[Table]) -> Iterator[str]:
    yield from _head("outcome", "1 for the outcome that holds, 0 for the others.")
    for one in monitors:
        for outcome in OUTCOMES:
            labels = f"{_label(one)},outcome={_quote(outcome)}"
            yield f"holdfast_watch_outcome{{{labels}}} {int(one.get('outcome') == outcome)}"


def _list_visits(monitors: list[Table]) -> Iterator[str]:
    yield from _head("last_visit_timestamp_seconds", "When it was last asked, in seconds since 1970.")
    for one in monitors:
        last = _read_time(one.get("last_visit"))
        if last is not None:
            yield f"holdfast_watch_last_visit_timestamp_seconds{{{_label(one)}}} {last}"


def _list_metric(metric: _Metric, monitors: list[Table]) -> Iterator[str]:
    yield from _head(metric.name, metric.help)
    for one in monitors:
        value = _find(one, metric.path)
        if value is not None:
            yield f"holdfast_watch_{metric.name}{{{_label(one)}}} {value:.12g}"


def _head(name: str, about: str) -> list[str]:
    return [f"# HELP holdfast_watch_{name} {about}", f"# TYPE holdfast_watch_{name} gauge"]


def _find(one: Table, path: tuple[str, ...]) -> float | None:
    *names, last = path
    for name in names:
        one = get_table(one, name)
    value = one.get(last)
    return float(value) if isinstance(value, (int, float)) else None


def _label(one: Table) -> str:
    return f"monitor={_quote(str(one.get('name')))}"


def _quote(text: str) -> str:
    """A label's value: backslash, quotation mark and line feed are escaped, other controls replaced."""
    plain = _BREAKS.sub(lambda found: found[0] if found[0] == "\n" else "\ufffd", text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _read_time(text: object) -> int | None:
    try:
        return int(datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
