"""A watch as one document: what each day may be said to be, and what is known of costs, facts and baselines."""

import json
import math
from collections import Counter
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.watching import Channel, Evidence, Fact, Outcome
from holdfast.workflows.watching.heartbeat import mix_suspicions, mix_wealths
from holdfast.workflows.watching.report import (
    Plain,
    Reported,
    count_day,
    make_monitor_report,
    say_day,
    strip_address,
)
from holdfast.workflows.watching.wording import say_promise
from tests.watches import (
    FIRST,
    HOSTILE,
    NOW,
    TODAY,
    make_document,
    make_doubtful,
    make_judgement,
    make_monitor,
    make_new,
    make_quiet,
    make_swapped,
    make_visit,
)


def read(reported: Reported) -> dict[str, object]:
    """As a reader of the JSON has it."""
    return cast("dict[str, object]", json.loads(encode_canonical(make_monitor_report(reported, TODAY))))


def list_states(report: dict[str, object]) -> list[str]:
    """Of all days in their order."""
    return [str(cell["state"]) for cell in cast("list[Plain]", report["cells"])]


# --- days ---------------------------------------------------------------------------------------------------------


def test_every_day_from_the_first_visit_to_today_has_one_state() -> None:
    cells = cast("list[Plain]", read(make_quiet())["cells"])
    assert [cell["day"] for cell in cells] == [say_day(day) for day in range(FIRST, TODAY + 1)]


def test_quiet_days_are_the_same_after_the_reference_and_a_missed_one_is_no_visit() -> None:
    states = list_states(read(make_quiet()))
    assert Counter(states) == {"reference": 14, "same": 65, "no visit": 1, "could not tell": 1}
    assert states[:14] == ["reference"] * 14
    assert states[40] == "no visit"


def test_a_day_of_too_few_answers_could_not_be_told() -> None:
    (cell,) = [one for one in cast("list[Plain]", read(make_quiet())["cells"]) if one["state"] == "could not tell"]
    assert (cell["answered"], cell["planned"], cell["why"]) == (20, 60, "too few answers came")


def test_days_are_changed_from_the_alarm_on_and_not_before() -> None:
    states = list_states(read(make_swapped()))
    assert states[-2:] == ["changed", "changed"]
    assert "changed" not in states[30:-2]
    assert states[14:29] == ["same"] * 15
    assert states[29] == "changed"
    assert states[30:44] == ["reference"] * 14


def test_days_before_an_alarm_are_not_called_the_same_where_nobody_knows_what_would_have_been_found() -> None:
    swapped = make_swapped()
    judgement = replace(swapped.judgement, shift_found=None)
    states = list_states(read(replace(swapped, judgements=(swapped.judgements[0], judgement))))
    assert set(states[44:-3]) <= {"no alarm", "suspected"}
    assert states[44] == "no alarm"


def test_a_monitor_that_cannot_find_a_small_shift_says_same_of_no_day() -> None:
    states = list_states(read(make_doubtful()))
    assert "same" not in states
    assert states[-3:] == ["could not tell", "suspected", "suspected"]


def test_days_without_evidence_after_the_reference_could_not_be_told() -> None:
    reported = make_quiet()
    without = replace(reported, judgements=(make_judgement(evidence=()),))
    assert Counter(list_states(read(without))) == {"reference": 14, "could not tell": 66, "no visit": 1}


def test_a_monitor_without_visits_has_no_day() -> None:
    report = read(make_new())
    assert (report["cells"], report["evidence"], report["last_visit"]) == ([], [], None)


# --- evidence -----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.01, 1)), min_size=1, max_size=6))
def test_wealths_are_mixed_as_wealths_and_not_as_their_logarithms(pairs: list[tuple[float, float]]) -> None:
    channels = list(Channel)[: len(pairs)]
    evidence = [Evidence(1, channel, 9, log, -log) for channel, (log, _) in zip(channels, pairs, strict=True)]
    weights = {channel: weight for channel, (_, weight) in zip(channels, pairs, strict=True)}
    shares = [weight / sum(weights.values()) for weight in weights.values()]
    mean = sum(share * math.exp(log) for share, (log, _) in zip(shares, pairs, strict=True))
    assert mix_wealths(evidence, weights) == pytest.approx(math.log(mean), abs=1e-9)
    even = sum(math.exp(-log) for log, _ in pairs) / len(pairs)
    assert mix_suspicions(evidence, {}) == pytest.approx(math.log(even), abs=1e-9)


def test_the_evidence_in_all_is_told_only_where_it_is_what_was_judged() -> None:
    reported = make_doubtful()
    days = cast("list[Plain]", cast("list[Plain]", read(reported)["evidence"])[0]["days"])
    assert {day["log_wealth"] for day in days} == {None}
    last = [one.log_wealth for one in reported.judgement.evidence if one.day == TODAY]
    judged = math.log(sum(math.exp(one) for one in last) / 2)
    weighed = math.log(0.9 * math.exp(last[0]) + 0.1 * math.exp(last[1]))
    weights = ((Channel.TOKENS, 0.9), (Channel.LOGPROBS, 0.1))
    unequal = replace(reported.judgement, log_wealth=weighed, weights=weights)
    (course,) = cast("list[Plain]", read(replace(reported, judgements=(unequal,)))["evidence"])
    assert cast("list[Plain]", course["days"])[-1]["log_wealth"] == pytest.approx(weighed)
    fitting = replace(reported, judgements=(replace(reported.judgement, log_wealth=judged),))
    days = cast("list[Plain]", cast("list[Plain]", read(fitting)["evidence"])[0]["days"])
    assert days[-1]["log_wealth"] == pytest.approx(judged)
    assert len(cast("dict[str, object]", days[-1]["channels"])) == 2


def test_the_outcome_is_not_said_twice() -> None:
    why = "the served distribution changed: the evidence reached 1 in 2000"
    judgement = replace(make_swapped().judgement, why=why)
    report = read(replace(make_swapped(), judgements=(make_swapped().judgements[0], judgement)))
    assert report["why"] == "the evidence reached 1 in 2000"
    assert read(replace(make_quiet(), judgements=(make_judgement(why=""),)))["why"] == ""


def test_a_wealth_that_is_not_finite_is_unknown() -> None:
    evidence = (Evidence(TODAY, Channel.TOKENS, 60, math.inf, -math.inf),)
    reported = replace(make_quiet(), judgements=(make_judgement(evidence=evidence, log_wealth=math.inf),))
    report = read(reported)
    assert report["log_wealth"] is None
    assert "Infinity" not in json.dumps(report)


# --- facts, lives, cost -------------------------------------------------------------------------------------------


def test_facts_stand_with_the_days_on_which_they_changed() -> None:
    facts = {one["name"]: one["values"] for one in cast("list[Plain]", read(make_swapped())["facts"])}
    assert facts["model"] == [
        {"value": "large-2025", "first": say_day(FIRST), "last": say_day(TODAY - 5)},
        {"value": "large-2026", "first": say_day(TODAY - 4), "last": say_day(TODAY)},
    ]
    assert len(cast("list[object]", facts["fingerprint"])) == 1


def test_a_fact_that_comes_back_is_a_change_each_time() -> None:
    reported = make_quiet()
    visits = tuple(make_visit(number, FIRST + number, model=model) for number, model in enumerate(["a", "b", "a"]))
    report = read(replace(reported, lives=(replace(reported.life, visits=visits),)))
    values = cast("list[Plain]", cast("list[Plain]", report["facts"])[0]["values"])
    assert [one["value"] for one in values] == ["a", "b", "a"]


def test_each_life_tells_on_whose_word_it_began() -> None:
    first, second = cast("list[Plain]", read(make_swapped())["lives"])
    assert (first["by"], first["alarm_day"]) == (None, say_day(FIRST + 29))
    assert (second["by"], second["since"]) == ("Ada", "2025-12-08T09:00:00Z")
    assert str(second["why"]).startswith("the vendor announced")


def test_costs_are_those_of_the_book_and_else_of_the_visits() -> None:
    told = cast("dict[str, float]", read(make_quiet())["cost"])
    assert (told["month_usd"], told["month_tokens"], told["budget_usd"]) == (0.324, 34_020, 1.0)
    assert told["total_usd"] == pytest.approx(80 * 0.012)
    added = cast("dict[str, float]", read(replace(make_quiet(), spending=None))["cost"])
    assert added["month_usd"] == pytest.approx(27 * 0.012)
    assert added["month_tokens"] == 27 * 1260


def test_costs_without_prices_are_unknown_and_not_zero() -> None:
    report = read(replace(make_doubtful(), spending=None))
    cost = cast("dict[str, float | None]", report["cost"])
    assert (cost["month_usd"], cost["total_usd"], cost["total_unpriced"]) == (None, None, 31)


def test_missing_answers_and_remarks_are_counted() -> None:
    report = read(make_quiet())
    assert report["faults"] == {"limited": 40}
    (remark,) = cast("list[Plain]", report["remarks"])
    assert (remark["first"], remark["visits"]) == (say_day(FIRST + 51), 1)


# --- what it does not hold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://user:secret@one.example:8443/v1?key=secret#secret", "https://one.example:8443/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://[::1", "an address that cannot be read"),
    ],
)
def test_addresses_are_told_without_what_could_be_a_credential(url: str, said: str) -> None:
    assert strip_address(url) == said


def test_texts_of_others_are_cut_and_hold_no_controls() -> None:
    reported = make_quiet(HOSTILE)
    visit = replace(reported.life.visits[-1], facts=(Fact("model", "\x1b[31m" + "x" * 5000),))
    report = read(replace(reported, lives=(replace(reported.life, visits=(visit,)),)))
    text = json.dumps(report, ensure_ascii=False)
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)
    assert "x" * 601 not in text
    assert text.encode()


def test_a_tolerance_is_told_for_what_is_bet_on_and_before_for_what_is_to_be() -> None:
    assert read(make_quiet())["epsilon"] == {"tokens": 0.05}
    assert read(make_doubtful())["epsilon"] == {"tokens": 0.05, "logprobs": 0.1}
    new = make_new()
    life = replace(new.life, monitor=make_monitor("new", has_logprobs=True))
    assert read(replace(new, lives=(life,)))["epsilon"] == {"tokens": 0.05, "logprobs": 0.1}
    other = Evidence(TODAY, Channel.REFUSALS, 3, 0.0, 0.0)
    judgement = replace(make_quiet().judgement, evidence=(*make_quiet().judgement.evidence, other))
    report = make_monitor_report(replace(make_quiet(), judgements=(judgement,)), TODAY)
    assert report["epsilon"] == {"tokens": 0.05, "refusals": 0.1}
    assert "(epsilon): tokens 0.05; refusals 0.1" in say_promise(report)


def test_the_document_says_when_it_was_made_and_is_the_same_each_time() -> None:
    document = make_document()
    assert (document["made_at"], document["today"]) == ("2026-01-27T18:30:00Z", "2026-01-27")
    assert encode_canonical(document) == encode_canonical(make_document())
    assert count_day(NOW) == TODAY
    outcomes = [one["outcome"] for one in cast("list[Plain]", document["monitors"])]
    assert outcomes == [Outcome.SAME, Outcome.CHANGED, Outcome.COULD_NOT_TELL, Outcome.COULD_NOT_TELL]
