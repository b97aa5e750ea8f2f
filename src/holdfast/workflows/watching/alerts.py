"""What is told when a monitor's outcome calls for it: one alarm per change, one note when it is closed, no reminders.

What was told is read from the book, so that two runs or a lost machine tell nothing twice and forget nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

from holdfast.records.watchbook import Alarm, Life
from holdfast.records.watching import Outcome
from holdfast.workflows.watching.alert_issue import render_issue
from holdfast.workflows.watching.alert_metrics import check_metrics_path, render_metrics
from holdfast.workflows.watching.alert_webhook import Sender, Webhook, post_alert
from holdfast.workflows.watching.report import (
    CHANGED_WORDS,
    Plain,
    Reported,
    clean_texts,
    make_monitor_report,
    say_day,
    say_why,
)
from holdfast.workflows.writing import write_text

FORMAT: Final = 1


class AlertKind(StrEnum):
    """What is told of a change."""

    CHANGED = "changed"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to tell, and to which outlets it was not told yet. `id` is the same at every try; `day` is the alarm's,
    and None for a note that closes one. `is_new`: no entry of the book tells of it."""

    id: str
    kind: AlertKind
    monitor: str
    life: int
    day: int | None
    words: str
    outlets: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where to tell it. Files are written at every run, webhooks are called when there is something to tell."""

    markdown: Path | None = None
    prometheus: Path | None = None
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What a run told. `alarms` are for the book, each with its monitor; `warnings` say what could not be told and is
    tried again at the next run."""

    alerts: tuple[Alert, ...]
    alarms: tuple[tuple[str, Alarm], ...]
    warnings: tuple[str, ...]


Record = Callable[[str, Alarm], object]


def check_outlets(outlets: Outlets) -> None:
    """Raises UsageError when an outlet cannot be used, before anything is asked."""
    if outlets.prometheus is not None:
        check_metrics_path(outlets.prometheus)


def tell(
    reported: Sequence[Reported], document: Plain, outlets: Outlets, sender: Sender, *, record: Record | None = None
) -> Told:
    """Send what was not sent yet, then write the files. `document` is the report of the same monitors. `record` is
    given each alarm as soon as it was sent; without it they are in the result.

    Raises OutputError when a file cannot be written; a webhook that fails is a warning."""
    alarms: list[tuple[str, Alarm]] = []
    keep: Record = record or (lambda name, alarm: alarms.append((name, alarm)))
    alerts: list[Alert] = []
    warnings: list[str] = []
    for one in reported:
        for alert in list_alerts(one, [webhook.outlet for webhook in outlets.webhooks]):
            sent, failed = _send(alert, one, outlets.webhooks, sender)
            if alert.is_new or sent:
                keep(alert.monitor, Alarm(alert.life, alert.day, alert.words, sent))
            alerts.append(alert)
            warnings += failed
    write_files(document, outlets)
    return Told(tuple(alerts), tuple(alarms), tuple(warnings))


def write_files(document: Plain, outlets: Outlets) -> None:
    """The issue's text and the metrics as they stand, each replaced in one step. Raises OutputError."""
    if outlets.markdown is not None:
        write_text(outlets.markdown, render_issue(document), what="The issue's text")
    if outlets.prometheus is not None:
        check_metrics_path(outlets.prometheus)
        write_text(outlets.prometheus, render_metrics(document), what="The metrics")


def list_alerts(reported: Reported, outlets: Sequence[str]) -> Iterator[Alert]:
    """What is to be told of a monitor now, the earlier first; nothing where all of it was told to every outlet. That a
    change is closed is told only to whom it was told."""
    lives = reported.lives
    for number, (earlier, later) in enumerate(pairwise(lives), 1):
        if later.decision is not None:
            yield from _list_close(_make_acceptance(earlier, later), earlier, lives[number:], outlets)
    yield from _list_present(reported, outlets)


def make_alert_document(alert: Alert, reported: Reported) -> Plain:
    """What a webhook is sent: the alert and the monitor's report, without its days."""
    today = max((visit.day for visit in reported.life.visits), default=0)
    whole = make_monitor_report(reported, today)
    left_out = {"cells", "evidence", "remarks"}
    document = {
        "format": FORMAT,
        "id": alert.id,
        "kind": alert.kind.value,
        "monitor": alert.monitor,
        "words": alert.words,
        "report": {name: value for name, value in whole.items() if name not in left_out},
    }
    return cast("Plain", clean_texts(document))


def _list_present(reported: Reported, outlets: Sequence[str]) -> Iterator[Alert]:
    life, outcome = reported.life, reported.judgement.outcome
    if outcome is Outcome.CHANGED:
        told = _list_alarms(life)
        done = {outlet for one in told for outlet in one.sent_to}
        rest = tuple(outlet for outlet in outlets if outlet not in done)
        if rest or not told:
            yield replace(_make_alarm(reported), outlets=rest, is_new=not told)
    elif outcome is Outcome.SAME:
        yield from _list_close(_make_resolution(life), life, [life], outlets)


def _list_close(alert: Alert, closed: Life, after: Sequence[Life], outlets: Sequence[str]) -> Iterator[Alert]:
    """A note that closes a life's alarm, to who was told of the alarm and not of its close."""
    number = closed.monitor.settings.life
    notes = [one for life in after for one in life.alarms if one.day is None and one.life == number]
    done = {outlet for one in notes for outlet in one.sent_to}
    told = {outlet for one in _list_alarms(closed) for outlet in one.sent_to}
    rest = tuple(outlet for outlet in outlets if outlet in told - done)
    if rest:
        yield replace(alert, outlets=rest, is_new=not notes)


def _list_alarms(life: Life) -> list[Alarm]:
    """The entries that tell of its change: a suspicion is none, and a note that closes one has no day."""
    return [one for one in life.alarms if one.day is not None and not one.is_suspected]


def _make_alarm(reported: Reported) -> Alert:
    life, judgement = reported.life, reported.judgement
    day = (
        judgement.alarm_day if judgement.alarm_day is not None else max((visit.day for visit in life.visits), default=0)
    )
    since = f", probably since {say_day(judgement.start_day)}" if judgement.start_day is not None else ""
    why = say_why(judgement)
    words = f"{life.monitor.name}: {CHANGED_WORDS}{since}. {why[:1].upper()}{why[1:]}".strip()
    return _make_alert(AlertKind.CHANGED, life, day, words)


def _make_acceptance(earlier: Life, later: Life) -> Alert:
    assert later.decision is not None
    why = f" by {later.decision.by}: {later.decision.why}" if later.decision.by else f": {later.decision.why}"
    words = f"{earlier.monitor.name}: the change was accepted{why}"
    return _make_alert(AlertKind.ACCEPTED, earlier, None, words)


def _make_resolution(life: Life) -> Alert:
    words = f"{life.monitor.name}: what is served is again like the reference."
    return _make_alert(AlertKind.RESOLVED, life, None, words)


def _make_alert(kind: AlertKind, life: Life, day: int | None, words: str) -> Alert:
    name, number = life.monitor.name, life.monitor.settings.life
    text = f"holdfast watch alert\n{name}\n{number}\n{life.since}\n{kind}\n"
    identity = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
    return Alert(identity, kind, name, number, day, words, (), is_new=True)


def _send(
    alert: Alert, reported: Reported, webhooks: Sequence[Webhook], sender: Sender
) -> tuple[tuple[str, ...], list[str]]:
    """To which outlets it went, and why not to others."""
    document = make_alert_document(alert, reported)
    wanted = [webhook for webhook in webhooks if webhook.outlet in alert.outlets]
    warnings = {webhook.outlet: post_alert(webhook, alert.id, document, sender) for webhook in wanted}
    sent = tuple(outlet for outlet, warning in warnings.items() if not warning)
    return sent, [warning for warning in warnings.values() if warning]
