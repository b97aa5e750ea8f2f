"""Visits to an endpoint that serves a known distribution."""

import json
import math
from collections import Counter
from dataclasses import replace

import pytest

from holdfast.measure.load.prices import Budget
from holdfast.measure.probing.digests import digest_text
from holdfast.measure.probing.planning import Doses, is_battery_due, make_doses, plan_visit, split_doses
from holdfast.measure.probing.reading import ANSWERED, REFUSED
from holdfast.measure.probing.speaking import Speaking, make_speaker
from holdfast.records.measurement import Api, Fault, TokenPrice
from holdfast.records.watching import Channel, Dialect, Fact, Visit
from tests.measure.probing.served import WORDS, Behaviour, Served
from tests.measure.probing.watched import (
    BORDERS,
    NOON_NS,
    SALT,
    SENTINELS,
    TOKENS_ONLY,
    WORD_OF,
    BrokenOff,
    list_seen,
    make_monitor,
    serving,
    visit,
)

EVERYTHING = Doses(3, 2, has_battery=True)


def test_answers_come_as_often_as_the_model_gives_them() -> None:
    with serving() as (served, monitor):
        paid = visit(monitor, Doses(60, 0, has_battery=False))
        for place, prompt in enumerate(BORDERS[:5]):
            own = [one.symbol for one in list_seen(paid, Channel.TOKENS) if one.prompt == place]
            shares: dict[str, float] = {}
            for word, share in served.list_shares(prompt.text, 0.1).items():
                shares[word.strip() or word] = shares.get(word.strip() or word, 0.0) + share
            for word, share in shares.items():
                found = sum(WORD_OF[symbol] == word for symbol in own)
                assert abs(found - len(own) * share) <= 5 * math.sqrt(len(own) * share * (1 - share)) + 1


def test_border_prompts_are_drawn_uniformly_with_replacement() -> None:
    with serving() as (_, monitor):
        plan = plan_visit(monitor, 1, 20_000, Doses(500, 0, has_battery=False))
        counts = Counter(probe.place for probe in plan.probes)
    chi_square = sum((count - 500) ** 2 / 500 for count in counts.values())
    assert len(counts) == len(BORDERS)
    assert 5 < chi_square < 50  # 19 degrees of freedom: outside with a chance of 1 in 1,000


def test_what_is_asked_follows_from_the_seed_and_not_from_the_answers() -> None:
    orders: list[list[str]] = []
    for seed in (1, 2):
        with serving(seed=seed) as (served, monitor):
            visit(monitor, speaker=make_speaker(monitor.endpoint, Speaking(concurrency=1)))
            orders.append([body["messages"][0]["content"] for body in served.bodies])
    with serving() as (served, monitor):
        visit(monitor, number=2, speaker=make_speaker(monitor.endpoint, Speaking(concurrency=1)))
        assert orders[0] == orders[1]
        assert [body["messages"][0]["content"] for body in served.bodies] != orders[0]


def test_what_was_seen_is_in_the_order_of_asking_however_many_are_asked_at_once() -> None:
    with serving() as (_, monitor):
        plan = plan_visit(monitor, 1, 20_000, TOKENS_ONLY)
        paid = visit(monitor, speaker=make_speaker(monitor.endpoint, Speaking(concurrency=8)))
        assert [one.prompt for one in paid.seen] == [probe.place for probe in plan.probes]


def test_a_border_prompt_is_asked_for_one_token_without_seed_penalties_or_stream() -> None:
    with serving() as (served, monitor):
        visit(monitor)
        for body in served.bodies:
            assert set(body) == {"model", "messages", "max_tokens", "temperature"}
            assert (body["max_tokens"], body["temperature"]) == (1, 0.1)


def test_the_limit_has_the_name_that_the_endpoint_knows() -> None:
    with serving(wants_completion_tokens=True) as (served, monitor):
        paid = visit(replace(monitor, dialect=Dialect(limit="max_completion_tokens")))
        assert not paid.remarks
        assert all("max_tokens" not in body and body["max_completion_tokens"] == 1 for body in served.bodies)


def test_no_text_of_an_answer_is_in_a_visit() -> None:
    with serving(answer="a most unusual answer") as (_, monitor):
        said = repr(visit(monitor, EVERYTHING))
    assert "unusual" not in said
    assert not any(f"'{word}'" in said for word in WORDS)


@pytest.mark.parametrize("api", [Api.CHAT, Api.COMPLETIONS, Api.RESPONSES])
def test_log_probabilities_are_the_models_own_on_every_interface(api: Api) -> None:
    with Served() as served:
        monitor = make_monitor(served, api)
        paid = visit(monitor, Doses(0, 4, has_battery=False))
        seen = list_seen(paid, Channel.LOGPROBS)
        total = math.log(sum(math.exp(value) for _, value in served.list_logits("x")))
        expected = sorted((value - total for _, value in served.list_logits("x")), reverse=True)[:20]
        assert seen
        for one in (one for one in seen if one.prompt == 0):
            assert [log for _, log in one.logprobs] == pytest.approx(expected)
            assert one.symbol in {*WORD_OF}


def test_log_probabilities_that_are_no_longer_given_are_missing_and_said() -> None:
    with serving(logprobs_max=0) as (_, monitor):
        paid = visit(monitor, Doses(1, 4, has_battery=False))
        assert {one.fault for one in list_seen(paid, Channel.LOGPROBS)} == {Fault.MALFORMED}
        assert {one.fault for one in list_seen(paid, Channel.TOKENS)} == {Fault.NONE}
        assert any("without log probabilities" in remark for remark in paid.remarks)


def test_the_battery_is_asked_once_each_and_kept_by_a_model_that_keeps_it() -> None:
    with serving() as (_, monitor):
        paid = visit(monitor, Doses(0, 0, has_battery=True))
    symbols = {channel: {one.symbol for one in list_seen(paid, channel)} for channel in Channel}
    assert paid.planned == len(paid.seen) == 24 + 9 + 3 + 14 + 2 * 6
    assert symbols[Channel.FORMAT] == symbols[Channel.TOOLS] == {"kept"}
    assert symbols[Channel.REFUSALS] == {ANSWERED}
    assert all((one.number or 0) > 0 for one in list_seen(paid, Channel.LATENCY))


def test_a_policy_that_refuses_more_shows_in_refusals_alone() -> None:
    with serving(refused=0.5) as (_, monitor):
        paid = visit(monitor, Doses(0, 0, has_battery=True))
        declined = sum(one.symbol == REFUSED for one in list_seen(paid, Channel.REFUSALS))
        assert 4 <= declined <= 20


def test_a_format_or_a_tool_call_that_is_broken_shows() -> None:
    with serving(answer="Certainly!", call='{"city": 5}') as (served, monitor):
        paid = visit(monitor, Doses(0, 0, has_battery=True))
        assert {one.symbol for one in list_seen(paid, Channel.TOOLS)} == {"not called"}
        assert Counter(one.symbol for one in list_seen(paid, Channel.FORMAT))["broken"] >= 7
        served.behaviour = Behaviour(call='{"city": 5}')
        paid = visit(monitor, Doses(0, 0, has_battery=True))
        assert {one.symbol for one in list_seen(paid, Channel.TOOLS)} == {"broken"}


def test_another_tokenizer_shows_in_the_counts_of_fixed_strings_and_of_border_prompts() -> None:
    with serving() as (served, monitor):
        before = visit(monitor, EVERYTHING)
        served.behaviour = Behaviour(letters_per_token=2.0)
        after = visit(monitor, EVERYTHING)
    for channel in (Channel.TOKENIZER, Channel.TOKENS):
        pairs = zip(list_seen(before, channel), list_seen(after, channel), strict=True)
        assert all((one.number or 0) < (other.number or 0) for one, other in pairs)


def test_declared_facts_are_kept_and_what_changes_with_every_answer_is_not() -> None:
    headers = {"server": "nginx", "x-served-by": "node-7", "x-request-id": "abc", "openai-processing-ms": "12"}
    with serving(headers=headers, fingerprint="fp-9", model="other-model") as (_, monitor):
        assert visit(monitor).facts == (
            Fact("fingerprint", "fp-9"),
            Fact("header server", "nginx"),
            Fact("header x-served-by", "node-7"),
            Fact("model", "other-model"),
        )


def test_tokens_and_dollars_are_the_servers_own() -> None:
    with serving() as (served, monitor):
        paid = visit(replace(monitor, usd_input=2.0, usd_output=8.0))
        said = sum(math.ceil(len(body["messages"][0]["content"].encode()) / 4) + 7 for body in served.bodies)
    assert (paid.prompt_tokens, paid.output_tokens) == (said, 60)
    assert paid.cost_usd == pytest.approx((said * 2 + 60 * 8) / 1e6)


def test_without_a_price_the_cost_is_not_known() -> None:
    with serving() as (_, monitor):
        assert visit(monitor).cost_usd is None


def test_a_limit_of_tokens_is_never_passed_and_what_was_not_asked_is_missing() -> None:
    with serving() as (_, monitor):
        paid = visit(monitor, tokens_max=300)
        answered = [one for one in paid.seen if one.fault is Fault.NONE]
        assert 0 < paid.prompt_tokens + paid.output_tokens <= 300
        assert 0 < len(answered) < paid.planned == len(paid.seen)
        assert {one.fault for one in paid.seen} == {Fault.NONE, Fault.STOPPED}
        assert any("limit of tokens" in remark for remark in paid.remarks)


def test_a_purse_is_never_overdrawn() -> None:
    price = TokenPrice(2.0, 8.0)
    purse = Budget(0.0007)
    with serving() as (_, monitor):
        speaking = Speaking(price=price, purse=purse, concurrency=2)
        paid = visit(replace(monitor, usd_input=2.0, usd_output=8.0), speaking=speaking)
        assert paid.cost_usd is not None
        assert paid.cost_usd == pytest.approx(purse.spent_usd)
        assert purse.spent_usd <= 0.0007
        assert any(remark.startswith("stopped: ") for remark in paid.remarks)


def test_ctrl_c_keeps_what_was_seen() -> None:
    with serving() as (_, monitor):
        speaker = BrokenOff(make_speaker(monitor.endpoint, Speaking()), after=10)
        paid = visit(monitor, speaker=speaker)
        assert sum(one.fault is Fault.NONE for one in paid.seen) == 10
        assert sum(one.fault is Fault.STOPPED for one in paid.seen) == 50
        assert any(remark.startswith("interrupted") for remark in paid.remarks)


def test_the_battery_is_due_weekly_and_every_other_day_while_the_reference_is_collected() -> None:
    with serving() as (_, monitor):
        settings = replace(monitor.settings, burn_in_days=6)
        seen = visit(monitor, Doses(0, 0, has_battery=True)).seen
    days: list[int] = []
    visits: list[Visit] = []
    for day in range(100, 130):
        if is_battery_due(settings, visits, day, 100):
            days.append(day)
            visits.append(Visit(day, day, 0, 1, seen))
    assert days == [100, 102, 104, 111, 118, 125]


def test_a_day_in_several_visits_asks_as_much_as_in_one_on_average() -> None:
    with serving() as (_, monitor):
        whole = make_doses(monitor.settings, has_battery=True)
        plans = [plan_visit(monitor, number, 1, split_doses(whole, 7, number % 7)) for number in range(700)]
        asked = Counter(probe.channel for plan in plans for probe in plan.probes)
        assert asked[Channel.TOKENS] == pytest.approx(100 * 80, abs=5 * math.sqrt(700 / 4))
        assert asked[Channel.LOGPROBS] == pytest.approx(100 * 8, abs=5 * math.sqrt(700 / 4))
        assert asked[Channel.FORMAT] == 100 * 9


def test_a_visit_begins_with_its_sentinels_and_draws_them() -> None:
    with serving() as (_, monitor):
        watched = replace(monitor, prompts=(*monitor.prompts, *SENTINELS))
        plans = [plan_visit(watched, number, 1, make_doses(watched.settings)) for number in range(200)]
        firsts = [[probe.channel for probe in plan.probes[:10]] for plan in plans]
        assert all(set(channels) == {Channel.SENTINELS} for channels in firsts)
        assert all(probe.channel is not Channel.SENTINELS for plan in plans for probe in plan.probes[10:])
        asked = Counter(probe.place for plan in plans for probe in plan.probes[:10])
        assert all(count == pytest.approx(200, abs=5 * math.sqrt(200)) for count in asked.values())
        assert {len({probe.place for probe in plan.probes[:10]}) for plan in plans} != {10}


def test_a_reference_asks_every_border_prompt_and_sentinel_as_often() -> None:
    with serving() as (_, monitor):
        watched = replace(monitor, prompts=(*monitor.prompts, *SENTINELS))
        doses = make_doses(watched.settings, is_burn_in=True)
        whole = Counter((one.channel, one.place) for one in plan_visit(watched, 1, 1, doses).probes)
        assert {count for (channel, _), count in whole.items() if channel is Channel.TOKENS} == {60}
        assert {count for (channel, _), count in whole.items() if channel is Channel.SENTINELS} == {40}
        part = Counter(one.place for one in plan_visit(watched, 1, 1, split_doses(doses, 7, 0)).probes[:57])
        assert set(part.values()) <= {5, 6}


def test_an_opening_is_read_as_a_whole_and_white_space_around_it_does_not_matter() -> None:
    with serving(answer="  A river, of course. It has always been one for as long as we know.\n") as (_, monitor):
        watched = replace(monitor, prompts=SENTINELS)
        paid = visit(watched, make_doses(watched.settings))
        assert {one.symbol for one in paid.seen} == {
            digest_text("A river, of course. It has always been one for a", SALT)
        }
    with serving(is_empty=True) as (_, monitor):
        paid = visit(replace(monitor, prompts=SENTINELS), make_doses(monitor.settings))
        assert {(one.symbol, one.fault) for one in paid.seen} == {("", Fault.UNFINISHED)}


def test_whole_doses_are_asked_exactly() -> None:
    with serving() as (_, monitor):
        sizes = {len(plan_visit(monitor, number, 1, TOKENS_ONLY).probes) for number in range(100)}
        assert sizes == {60}


def test_moments_are_those_of_the_clock_that_was_given() -> None:
    with serving() as (_, monitor):
        assert {one.at_ns for one in visit(monitor).seen} == {NOON_NS}


def test_a_system_prompt_goes_before_the_question() -> None:
    with serving() as (served, monitor):
        prompt = replace(BORDERS[0], system="Be brief.")
        visit(replace(monitor, prompts=(prompt,)))
        assert [turn["role"] for turn in served.bodies[0]["messages"]] == ["system", "user"]
        assert json.dumps(served.bodies[0]["messages"][0]["content"]) == '"Be brief."'


def test_a_monitors_salt_must_be_hexadecimal() -> None:
    from holdfast.records.errors import MalformedFile

    with serving() as (_, monitor), pytest.raises(MalformedFile, match="salt"):
        visit(replace(monitor, salt="not hexadecimal"))
    assert bytes.fromhex(SALT)
