"""What is said of a monitor follows from its visits alone: same, changed, or could not tell and why."""

from dataclasses import replace

import numpy as np
import pytest

from holdfast.measure.drift.judging import collect_evidence, judge
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Likeness, Outcome, Seen, Visit, WatchSettings
from tests.measure.drift.streams import (
    PROMPTS,
    Shares,
    draw_visit,
    draw_visits,
    make_monitor,
    make_shares,
    shift_shares,
)

MONITOR = make_monitor()
BASE: Shares = make_shares(1)
CHANGED = shift_shares(BASE, 1.8, 2)
BURN_IN = draw_visits([BASE] * 14, 3)


def watch(days: list[Shares], seed: int = 3) -> list[Visit]:
    """Monitored days after one burn-in."""
    return [*BURN_IN, *(draw_visit(shares, 14 + place, 60, seed) for place, shares in enumerate(days))]


def test_a_quiet_endpoint_is_the_same_to_within_a_stated_shift() -> None:
    told = judge(MONITOR, watch([BASE] * 16))
    assert told.outcome is Outcome.SAME, told.why
    assert told.shift_found is not None
    assert told.shift_found <= 0.25
    assert told.alarm_day is None
    assert not told.is_suspected


def test_a_changed_endpoint_is_changed_and_the_first_day_lies_in_its_interval() -> None:
    told = judge(MONITOR, watch([BASE] * 10 + [CHANGED] * 10))
    assert told.outcome is Outcome.CHANGED
    assert "the served distribution changed" in told.why
    assert told.alarm_day is not None
    assert told.start_low is not None
    assert told.start_high is not None
    assert told.alarm_day >= 20_024
    assert told.shift_found == judge(MONITOR, watch([BASE] * (told.alarm_day - 20_014))).shift_found
    assert told.start_low <= 20_024 <= told.start_high
    assert told.triage is not None
    assert sum(weight for _, weight in told.triage.weights) == pytest.approx(1)


def test_another_model_is_caught_within_ten_answers() -> None:
    other = [draw_visit(BASE, number, 60, 3, "x") for number in range(24, 26)]
    told = judge(MONITOR, [*watch([BASE] * 10), *other])
    assert told.alarm_answers is not None
    assert told.alarm_answers - 600 <= 10
    assert told.triage is not None
    assert told.triage.likeness is Likeness.MODEL


def test_an_alarm_stays_when_the_change_passes() -> None:
    told = judge(MONITOR, watch([CHANGED] * 8 + [BASE] * 8))
    assert told.outcome is Outcome.CHANGED


def test_a_burn_in_that_is_not_finished_cannot_tell() -> None:
    told = judge(MONITOR, BURN_IN[:9])
    assert (told.outcome, told.days) == (Outcome.COULD_NOT_TELL, 0)
    assert "9 of 14 days" in told.why


def test_no_visits_cannot_tell() -> None:
    assert judge(MONITOR, []).outcome is Outcome.COULD_NOT_TELL


def test_missing_answers_cannot_tell() -> None:
    quiet = watch([BASE] * 3)
    gone = tuple(replace(one, fault=Fault.TIMEOUT) for one in quiet[-1].seen[1:])
    lost = replace(quiet[-1], seen=(quiet[-1].seen[0], *gone))
    told = judge(MONITOR, [*quiet[:-1], lost])
    assert told.outcome is Outcome.COULD_NOT_TELL
    assert "121 of 180 planned answers" in told.why


def test_a_last_visit_without_an_answer_says_what_the_endpoint_said() -> None:
    quiet = watch([BASE] * 3)
    lost = tuple(replace(one, fault=Fault.STATUS) for one in quiet[-1].seen)
    told = judge(MONITOR, [*quiet[:-1], replace(quiet[-1], seen=lost, remarks=("withdrawn: model_not_found",))])
    assert told.outcome is Outcome.COULD_NOT_TELL
    assert "withdrawn: model_not_found" in told.why


def test_answers_from_a_cache_are_no_evidence() -> None:
    other = replace(draw_visit(BASE, 14, 60, 3, "x"), remarks=("answers from a cache",))
    told = judge(MONITOR, [*BURN_IN, other])
    assert told.outcome is Outcome.COULD_NOT_TELL
    assert "cache" in told.why


def test_too_few_answers_for_the_resolution_cannot_tell_and_say_what_would_be_found() -> None:
    told = judge(MONITOR, watch([BASE] * 2))
    assert told.outcome is Outcome.COULD_NOT_TELL
    assert "0.35 is asked for" in told.why


def test_a_tolerance_that_hides_too_much_is_said() -> None:
    restless = make_monitor(WatchSettings(epsilon=((Channel.TOKENS, 0.2),)))
    assert "restless" in judge(restless, watch([BASE] * 2)).why


def test_the_order_in_which_visits_are_given_does_not_matter() -> None:
    visits = watch([BASE] * 2 + [CHANGED] * 3)
    assert judge(MONITOR, visits) == judge(MONITOR, visits[::-1])


def test_later_visits_change_nothing_in_the_evidence_before_them() -> None:
    visits = watch([BASE] * 3 + [CHANGED] * 3)
    assert collect_evidence(MONITOR, visits)[:3] == collect_evidence(MONITOR, visits[:17])


def test_a_clock_that_was_set_back_is_just_another_day() -> None:
    visits = watch([BASE] * 3)
    back = replace(visits[-1], day=visits[-1].day - 2)
    assert judge(MONITOR, [*visits[:-1], back]).days == 3


def test_a_second_life_must_be_surer() -> None:
    second = make_monitor(WatchSettings(life=2))
    first_told, second_told = judge(MONITOR, BURN_IN), judge(second, BURN_IN)
    assert (first_told.alpha, second_told.alpha) == pytest.approx((0.001 / 2, 0.001 / 6))
    assert second_told.log_threshold - first_told.log_threshold == pytest.approx(np.log(3))


def test_refusals_alone_raise_an_alarm_and_look_like_a_policy() -> None:
    def add(visit: Visit, is_refused: bool) -> Visit:
        word = "refused" if is_refused else "answered"
        battery = tuple(Seen(Channel.REFUSALS, prompt, 0, word) for prompt in range(16))
        return replace(visit, seen=(*visit.seen, *battery), planned=visit.planned + 16)

    visits = [add(visit, visit.number >= 16) for visit in watch([BASE] * 5)]
    told = judge(MONITOR, visits)
    assert told.outcome is Outcome.CHANGED
    assert told.start_day == 20_016
    assert told.triage is not None
    assert told.triage.likeness is Likeness.POLICY


def test_log_probabilities_that_move_a_little_raise_an_alarm_though_tokens_hardly_move() -> None:
    def draw(number: int, shift: float) -> Visit:
        generator = np.random.default_rng((7, number))
        seen = []
        for _ in range(20):
            logits = np.arange(5) * -0.5 + generator.normal(0, 0.02, 5) + shift * np.array([1, -1, 1, -1, 1])
            pairs = tuple((f"s{place}", float(value)) for place, value in enumerate(logits))
            seen.append(Seen(Channel.LOGPROBS, int(generator.integers(5)), 0, logprobs=pairs))
        plain = draw_visit(BASE, number, 60 if number >= 14 else 900, 3)
        return replace(plain, seen=(*plain.seen, *seen), planned=plain.planned + 20)

    quiet = [draw(number, 0.0) for number in range(20)]
    told = judge(MONITOR, [*quiet, *(draw(number, 0.08) for number in range(20, 24))])
    assert told.outcome is Outcome.CHANGED
    assert told.start_day == 20_020
    assert told.alarm_day is not None
    assert judge(MONITOR, quiet).outcome is not Outcome.CHANGED


def test_a_battery_without_border_prompts_cannot_say_how_small_a_change_it_would_find() -> None:
    battery = tuple(Seen(Channel.FORMAT, prompt, 0, "kept") for prompt in range(16))
    visits = [Visit(number, number, 0, 16, battery) for number in range(20)]
    told = judge(make_monitor(prompts=0), visits)
    assert told.outcome is Outcome.COULD_NOT_TELL
    assert "no border prompts" in told.why


def test_what_a_monitor_cannot_see_is_named() -> None:
    told = judge(MONITOR, BURN_IN)
    assert any("8-bit" in words for words in told.blind)
    assert PROMPTS == 20
