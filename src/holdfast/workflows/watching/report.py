"""What a watch knows of its monitors as one plain document: pages, tables and alerts are drawn from it alone.

It holds no answers and no prompts, and addresses without what could be a credential in them.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, cast
from urllib.parse import urlsplit

from holdfast.measure.drift.evidence import find_epsilon
from holdfast.records.canonical_json import to_plain
from holdfast.records.measurement import Fault
from holdfast.records.watchbook import Life, Spending
from holdfast.records.watching import Channel, Evidence, Judgement, Monitor, Visit
from holdfast.workflows.watching.heartbeat import DayCell, group_evidence, list_days, mix_suspicions, mix_wealths

Plain = Mapping[str, object]
CHANGED_WORDS: Final = "the served distribution changed"
_EPOCH: Final = date(1970, 1, 1)
_REMARKS_MAX: Final = 200
TEXT_MAX: Final = 600
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CLOSE: Final = 1e-6  # of logarithms that ought to be equal


@dataclass(frozen=True, slots=True)
class Reported:
    """A monitor and what is known of it. `lives` are all of its lives, the present one last, and `judgements` one for
    each; `next_visit` is in words or a time, `notices` are what else is known (a retirement), in words."""

    lives: tuple[Life, ...]
    judgements: tuple[Judgement, ...]
    spending: Spending | None = None
    is_paused: bool = False
    next_visit: str = ""
    notices: tuple[str, ...] = ()

    @property
    def life(self) -> Life:
        """The present one."""
        return self.lives[-1]

    @property
    def monitor(self) -> Monitor:
        """As it is watched now."""
        return self.lives[-1].monitor

    @property
    def judgement(self) -> Judgement:
        """Of the present life."""
        return self.judgements[-1]


def make_watch_report(reported: Sequence[Reported], now: datetime, version: str) -> Plain:
    """All monitors in their order, as they stand at a moment. The same records give the same document."""
    today = count_day(now)
    return {
        "holdfast": version,
        "made_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "today": say_day(today),
        "monitors": [make_monitor_report(one, today) for one in reported],
    }


def make_monitor_report(reported: Reported, today: int) -> Plain:
    """One monitor as it stands on a day. Texts of others are cut, and hold nothing that turns what is around them."""
    monitor, visits = reported.monitor, [visit for life in reported.lives for visit in life.visits]
    report = {
        "name": monitor.name,
        "endpoint": {
            "url": strip_address(monitor.endpoint.url),
            "model": monitor.endpoint.model,
            "api": monitor.endpoint.api.value,
            "has_logprobs": monitor.has_logprobs,
        },
        "is_paused": reported.is_paused,
        **_make_outcome(reported.judgement, monitor),
        "life": monitor.settings.life,
        "lives": [_make_life(*pair) for pair in zip(reported.lives, reported.judgements, strict=True)],
        "cells": _make_cells(reported, today),
        "evidence": _make_evidence(reported),
        "facts": list(_list_facts(visits)),
        "cost": _make_cost(reported, visits, today),
        "faults": _count_faults(reported.life.visits),
        "remarks": _list_remarks(visits),
        "notices": list(reported.notices),
        "last_visit": _find_last_visit(visits),
        "next_visit": reported.next_visit,
    }
    return cast("Plain", clean_texts(report))


def clean_texts(value: object) -> object:
    """A plain value whose texts are at most 600 characters long, without controls and half characters."""
    if isinstance(value, str):
        text = _UNFIT.sub("\ufffd", value)
        return text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
    if isinstance(value, Mapping):
        return {str(name): clean_texts(item) for name, item in cast("Plain", value).items()}
    if isinstance(value, list):
        return [clean_texts(item) for item in cast("list[object]", value)]
    return value


def count_day(moment: datetime) -> int:
    """Whole days since 1970-01-01 UTC."""
    return (moment.astimezone(UTC).date() - _EPOCH).days


def say_day(day: int) -> str:
    """`YYYY-MM-DD`."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def say_why(judgement: Judgement) -> str:
    """Why, without saying the outcome again."""
    return judgement.why.removeprefix(CHANGED_WORDS).lstrip(":;,. ") or judgement.why


def strip_address(url: str) -> str:
    """An address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    except ValueError:
        return "an address that cannot be read"


def _say_known(day: int | None) -> str | None:
    return None if day is None else say_day(day)


def _make_outcome(judgement: Judgement, monitor: Monitor) -> Plain:
    """The outcome with all that it must be read with."""
    settings = monitor.settings
    return {
        "outcome": judgement.outcome.value,
        "why": say_why(judgement),
        "is_suspected": judgement.is_suspected,
        "alpha": judgement.alpha,
        "alpha_in_all": settings.alpha,
        "epsilon": {channel.value: find_epsilon(settings, channel) for channel in _list_watched(judgement, monitor)},
        "alarm_free_days": settings.alarm_free_days,
        "log_wealth": _keep_finite(judgement.log_wealth),
        "log_threshold": _keep_finite(judgement.log_threshold),
        "days": judgement.days,
        "answers": judgement.answers,
        "resolution": settings.resolution,
        "shift_found": judgement.shift_found,
        "alarm": _make_alarm(judgement),
        "moved": [to_plain(one) for one in (judgement.triage.moved if judgement.triage else ())],
        "triage": _make_triage(judgement),
        "blind": list(judgement.blind),
    }


def _list_watched(judgement: Judgement, monitor: Monitor) -> list[Channel]:
    """The channels that are bet on, or that are to be."""
    judged = {one.channel for one in judgement.evidence}
    planned = {channel for channel, _ in monitor.settings.epsilon}
    planned -= set() if monitor.has_logprobs else {Channel.LOGPROBS}
    planned -= {Channel.SENTINELS} - {prompt.channel for prompt in monitor.prompts}
    return [channel for channel in Channel if channel in (judged or planned)]


def _make_alarm(judgement: Judgement) -> Plain | None:
    if judgement.alarm_day is None:
        return None
    return {
        "day": say_day(judgement.alarm_day),
        "answers": judgement.alarm_answers,
        "start": _say_known(judgement.start_day),
        "start_low": _say_known(judgement.start_low),
        "start_high": _say_known(judgement.start_high),
    }


def _make_triage(judgement: Judgement) -> Plain | None:
    triage = judgement.triage
    if triage is None:
        return None
    return {
        "likeness": triage.likeness.value,
        "weights": {likeness.value: weight for likeness, weight in triage.weights},
        "nearest": [{"name": name, "distance": distance} for name, distance in triage.nearest],
        "words": triage.words,
    }


def _make_life(life: Life, judgement: Judgement) -> Plain:
    return {
        "life": life.monitor.settings.life,
        "since": life.since,
        "by": None if life.decision is None else life.decision.by,
        "why": None if life.decision is None else life.decision.why,
        "alpha": judgement.alpha,
        "outcome": judgement.outcome.value,
        "alarm_day": _say_known(judgement.alarm_day),
        "start_day": _say_known(judgement.start_day),
        "likeness": judgement.triage.likeness.value if judgement.triage else None,
        "days": judgement.days,
        "told": [
            {"words": one.words, "day": _say_known(one.day), "to": list(one.sent_to), "is_suspected": one.is_suspected}
            for one in life.alarms
        ],
    }


def _make_cells(reported: Reported, today: int) -> list[Plain]:
    """Days of all lives; a day on which one life ends and the next begins counts for the later one."""
    cells: dict[int, DayCell] = {}
    starts = [min((visit.day for visit in life.visits), default=None) for life in reported.lives[1:]]
    for life, judgement, start in zip(reported.lives, reported.judgements, [*starts, None], strict=True):
        end = today if start is None else start - 1
        cells.update({cell.day: cell for cell in list_days(life, judgement, end)})
    return [
        {
            "day": say_day(cell.day), "state": cell.state.value, "why": cell.why, "visits": cell.visits,
            "answered": cell.answered, "planned": cell.planned,
        }
        for _, cell in sorted(cells.items())
    ]  # fmt: skip


def _make_evidence(reported: Reported) -> list[Plain]:
    """Of each life the course of its evidence, by channel and in all; in all it is None where it cannot be said."""
    return [
        _make_course(life, judgement)
        for life, judgement in zip(reported.lives, reported.judgements, strict=True)
        if judgement.evidence
    ]


def _make_course(life: Life, judgement: Judgement) -> Plain:
    weights, is_known = dict(judgement.weights), _is_mixture(judgement)
    return {
        "life": life.monitor.settings.life,
        "log_threshold": _keep_finite(judgement.log_threshold),
        "weights": {channel.value: weight for channel, weight in judgement.weights},
        "days": [
            {
                "day": say_day(day),
                "log_wealth": _keep_finite(mix_wealths(own, weights)) if is_known else None,
                "log_suspicion": _keep_finite(mix_suspicions(own, weights)),
                "channels": {one.channel.value: _make_channel_day(one) for one in own},
            }
            for day, own in group_evidence(judgement.evidence).items()
        ],
    }


def _make_channel_day(one: Evidence) -> Plain:
    return {
        "answers": one.answers,
        "log_wealth": _keep_finite(one.log_wealth),
        "log_suspicion": _keep_finite(one.log_suspicion),
    }


def _keep_finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _is_mixture(judgement: Judgement) -> bool:
    """Whether the channels of the last day make the wealth that was judged, so that other days' can be said too."""
    last = max(one.day for one in judgement.evidence)
    mixed = mix_wealths([one for one in judgement.evidence if one.day == last], dict(judgement.weights))
    return mixed == judgement.log_wealth or abs(mixed - judgement.log_wealth) <= _CLOSE


def _list_facts(visits: Iterable[Visit]) -> Iterable[Plain]:
    """What the endpoint said of itself: each value with the first and last day of an unbroken run of it."""
    runs: dict[str, list[tuple[str, int, int]]] = {}
    for visit in sorted(visits, key=lambda one: (one.day, one.number)):
        for fact in visit.facts:
            own = runs.setdefault(fact.name, [])
            if own and own[-1][0] == fact.value:
                own[-1] = (fact.value, own[-1][1], visit.day)
            else:
                own.append((fact.value, visit.day, visit.day))
    for name, own in runs.items():
        yield {
            "name": name,
            "values": [{"value": value, "first": say_day(first), "last": say_day(last)} for value, first, last in own],
        }


def _make_cost(reported: Reported, visits: Sequence[Visit], today: int) -> Plain:
    """Dollars and tokens of this month and of all; None where a visit's price is not known."""
    month, spending = say_day(today)[:7], reported.spending
    own = [visit for visit in visits if say_day(visit.day)[:7] == month]
    is_told = spending is not None and spending.month == month
    return {
        "month": month,
        "month_usd": spending.cost_usd if spending and is_told else _add_costs(own),
        "month_tokens": spending.tokens if spending and is_told else _add_tokens(own),
        "unpriced": spending.unpriced if spending and is_told else sum(visit.cost_usd is None for visit in own),
        "budget_usd": reported.monitor.usd_per_month_max,
        "total_usd": _add_costs(visits),
        "total_tokens": _add_tokens(visits),
        "total_unpriced": sum(visit.cost_usd is None for visit in visits),
        "visits": len(visits),
    }


def _add_costs(visits: Sequence[Visit]) -> float | None:
    """Of the visits whose price is known; None where there are visits and none has a price."""
    known = [visit.cost_usd for visit in visits if visit.cost_usd is not None]
    return sum(known) if known or not visits else None


def _add_tokens(visits: Iterable[Visit]) -> int:
    return sum(visit.prompt_tokens + visit.output_tokens for visit in visits)


def _count_faults(visits: Iterable[Visit]) -> Plain:
    """How often each kind of fault took an answer, in the present life."""
    faults = [seen.fault for visit in visits for seen in visit.seen if seen.fault is not Fault.NONE]
    return {fault.value: faults.count(fault) for fault in sorted(set(faults))}


def _list_remarks(visits: Iterable[Visit]) -> list[Plain]:
    """What was odd, each once, with its first and last day; the latest first."""
    found: dict[str, tuple[int, int, int]] = {}
    for visit in sorted(visits, key=lambda one: one.day):
        for remark in visit.remarks:
            first, _, count = found.get(remark, (visit.day, visit.day, 0))
            found[remark] = (first, visit.day, count + 1)
    latest = sorted(found.items(), key=lambda one: one[1][1], reverse=True)[:_REMARKS_MAX]
    return [
        {"text": text, "first": say_day(first), "last": say_day(last), "visits": count}
        for text, (first, last, count) in latest
    ]


def _find_last_visit(visits: Sequence[Visit]) -> str | None:
    """When the last answer was asked for, in UTC."""
    last = max((seen.at_ns for visit in visits for seen in visit.seen), default=None)
    if last is None:
        return None
    return datetime.fromtimestamp(last // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
