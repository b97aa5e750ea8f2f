"""What may be said of a monitor: same, changed, or could not tell, computed anew from its visits."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from holdfast.measure.drift.blindness import list_blind
from holdfast.measure.drift.days import Day, Life, gather_life, is_cached
from holdfast.measure.drift.evidence import (
    Followed,
    Grounds,
    find_epsilon,
    follow,
    make_grounds,
    make_tokens,
)
from holdfast.measure.drift.forecasting import Plan, find_shift
from holdfast.measure.drift.onset import find_onset
from holdfast.measure.drift.tolerance import RESTLESS
from holdfast.measure.drift.triage import make_triage
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Evidence, Judgement, Monitor, Outcome, Visit

WINDOW_DAYS: Final = 14  # what *same* is said of
_DONE_MIN: Final = 0.9  # of what was planned


def judge(monitor: Monitor, visits: Sequence[Visit]) -> Judgement:
    """Of the visits of the monitor's present life, in any order. It depends on nothing else: the same visits always
    give the same judgement."""
    life = gather_life(monitor, visits)
    grounds = make_grounds(monitor, life)
    followed = follow(monitor, grounds, life.monitored)
    if followed.alarm is not None:
        return _tell_change(monitor, life, grounds, followed)
    shift = _find_resolution(monitor, life.monitored, grounds)
    why = _say_why_not(monitor, visits, life, grounds, shift)
    outcome = Outcome.COULD_NOT_TELL if why else Outcome.SAME
    return _tell(monitor, life, grounds, followed, (outcome, why or _say_same(monitor, life, shift), shift))


def collect_evidence(monitor: Monitor, visits: Sequence[Visit]) -> tuple[Evidence, ...]:
    """The evidence alone: each monitored day's, in each channel."""
    life = gather_life(monitor, visits)
    return follow(monitor, make_grounds(monitor, life), life.monitored).evidence


def _tell(
    monitor: Monitor, life: Life, grounds: Grounds, followed: Followed, said: tuple[Outcome, str, float | None]
) -> Judgement:
    outcome, why, shift = said
    return Judgement(
        outcome=outcome,
        why=why,
        alpha=grounds.alpha,
        log_wealth=followed.log_wealth,
        log_threshold=grounds.log_threshold,
        days=len(life.monitored),
        answers=sum(day.answered for day in life.monitored),
        evidence=followed.evidence,
        is_suspected=followed.log_suspicion_max >= math.log(monitor.settings.alarm_free_days),
        shift_found=shift,
        blind=list_blind(monitor, grounds),
        weights=tuple(grounds.weights.items()),
    )


def _tell_change(monitor: Monitor, life: Life, grounds: Grounds, followed: Followed) -> Judgement:
    alarm = followed.alarm
    assert alarm is not None
    onset = find_onset(grounds, life.monitored, alarm)
    triage = make_triage(grounds, life, onset)
    before = _find_resolution(monitor, life.monitored[: alarm.place], grounds)
    days = [life.monitored[place].day for place in (onset.first, onset.low, onset.high)]
    why = (
        f"the served distribution changed: the evidence reached 1 in {1 / grounds.alpha:.0f} on its"
        f" {_count(alarm.place + 1, 'monitored day')}, after {alarm.answers} answers"
    )
    return replace(
        _tell(monitor, life, grounds, followed, (Outcome.CHANGED, why, before)),
        is_suspected=True,
        alarm_day=alarm.day,
        alarm_answers=alarm.answers,
        start_day=days[0],
        start_low=days[1],
        start_high=days[2],
        triage=triage,
    )


def _say_why_not(monitor: Monitor, visits: Sequence[Visit], life: Life, grounds: Grounds, shift: float | None) -> str:
    """Why it cannot be told; empty where it can."""
    settings = monitor.settings
    if not life.monitored:
        known = len({day.day for day in life.burn_in})
        return f"the reference is not finished: {known} of {_count(settings.burn_in_days, 'day')}"
    if not grounds.weights:
        return "no probe had enough answers during the burn-in to be compared with"
    if any(is_cached(visit) for visit in visits if visit.day >= life.monitored[-1].day):
        return "answers came from a cache: they say nothing of the model that is served now"
    if silence := _say_silence(max(visits, key=lambda one: one.number)):
        return silence
    window = _list_window(life)
    planned, answered = sum(day.planned for day in window), sum(day.answered for day in window)
    if answered < _DONE_MIN * planned:
        return f"only {answered} of {planned} planned answers came in the last {_count(len(window), 'day')}"
    if Channel.TOKENS not in grounds.weights:
        return "there are no border prompts: what size of change would be found cannot be said"
    if find_epsilon(settings, Channel.TOKENS) > RESTLESS:
        return f"the endpoint is too restless: its days differ by up to {find_epsilon(settings, Channel.TOKENS):.2f}"
    if shift is None or shift > settings.resolution:
        least = "no shift" if shift is None else f"only shifts from {shift:.2f} on"
        return f"{least} would be found with probability 0.9, and {settings.resolution:.2f} is asked for"
    return ""


def _say_silence(last: Visit) -> str:
    """That the last visit brought no answer, in the words of the endpoint where it said why; empty where it brought
    one."""
    if any(one.fault is Fault.NONE for one in last.seen):
        return ""
    return f"nothing was answered at the last visit: {'; '.join(last.remarks) or 'no reason is known'}"


def _say_same(monitor: Monitor, life: Life, shift: float | None) -> str:
    window = _list_window(life)
    assert shift is not None
    return (
        f"no evidence of a change; with the answers of the last {_count(len(window), 'day')} a lasting shift of"
        f" {shift:.2f} would be found with probability 0.9 (tolerance"
        f" {find_epsilon(monitor.settings, Channel.TOKENS):.2f})"
    )


def _find_resolution(monitor: Monitor, days: Sequence[Day], grounds: Grounds) -> float | None:
    """By replay: changes planted into the reference, watched with as many answers as the last of these days had."""
    window = days[-WINDOW_DAYS:]
    counts = [len(day.list_seen(Channel.TOKENS)) for day in window]
    if grounds.tokens is None or not counts or not sum(counts):
        return None
    tokens = make_tokens(grounds.tokens, find_epsilon(monitor.settings, Channel.TOKENS))
    quiet = len(days) - len(window)
    each = max(int(np.mean(counts)), 1)
    plan = Plan(each, len(window), quiet, grounds.weights[Channel.TOKENS], grounds.log_threshold, 40)
    return find_shift(tokens, plan, monitor.settings.seed)


def _list_window(life: Life) -> tuple[Day, ...]:
    return life.monitored[-WINDOW_DAYS:]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
