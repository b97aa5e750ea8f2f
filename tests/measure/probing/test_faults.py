"""Endpoints that are down, withdrawn, limited, slow or odd: missing data and remarks, never answers."""

import os
from collections import Counter
from dataclasses import replace
from unittest import mock

import pytest

from holdfast.measure.probing.oddities import is_withdrawal
from holdfast.measure.probing.planning import Doses
from holdfast.measure.probing.speaking import Speaking, Tongue, make_ask, make_speaker
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Visit
from tests.measure.probing.served import GARBAGE, HANG, RESET, Behaviour, Served
from tests.measure.probing.watched import BORDERS, list_seen, make_monitor, serving, visit

QUICK = Speaking(timeout_s=0.3, tries=1)


def list_faults(paid: Visit) -> set[Fault]:
    return {one.fault for one in paid.seen}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"error": {"message": "The model `a-model` does not exist", "code": "model_not_found"}}'),
        (410, '{"error": {"message": "gone"}}'),
        (451, '{"error": {"message": "not in your country"}}'),
        (400, '{"error": {"message": "The model a-model has been decommissioned", "code": "model_decommissioned"}}'),
        (404, '{"error": "model not found"}'),
        (403, '{"error": {"message": "Model a-model is no longer available"}}'),
        (404, "{}"),
        (500, '{"error": {"message": "The model a-model has been retired"}}'),
    ],
)
def test_a_withdrawn_model_is_told_from_an_outage_and_not_asked_again(status: int, body: str) -> None:
    with serving(fault=status, fault_body=body) as (served, monitor):
        paid = visit(monitor)
        assert any(is_withdrawal(remark) for remark in paid.remarks)
        assert len(served.bodies) <= 16
        assert list_faults(paid) == {Fault.STATUS, Fault.STOPPED}


@pytest.mark.parametrize(
    ("status", "fault"), [(500, Fault.STATUS), (503, Fault.STATUS), (429, Fault.LIMITED), (529, Fault.STATUS)]
)
def test_an_outage_or_a_limit_is_no_withdrawal_and_the_endpoint_is_let_be(status: int, fault: Fault) -> None:
    with serving(fault=status) as (served, monitor):
        paid = visit(monitor, speaking=QUICK)
        assert not any(is_withdrawal(remark) for remark in paid.remarks)
        assert list_faults(paid) == {fault, Fault.STOPPED}
        assert any("let be" in remark for remark in paid.remarks)
        assert len(served.bodies) <= 24


def test_a_page_in_place_of_the_interface_is_no_withdrawal() -> None:
    with serving(fault=404, fault_body="<html>Not found</html>") as (_, monitor):
        (first, *_) = visit(monitor).remarks
        assert first.startswith("refused, status 404: a page instead of the interface")


def test_a_parameter_that_does_not_exist_is_no_withdrawal() -> None:
    with serving(fault=400, fault_body='{"error": "the parameter `seed` does not exist"}') as (_, monitor):
        assert not any(is_withdrawal(remark) for remark in visit(monitor).remarks)


def test_a_limit_that_says_how_long_to_wait_is_waited_for() -> None:
    with serving(fault=429, fault_headers={"retry-after": "0.01"}, faults_left=5) as (served, monitor):
        paid = visit(monitor, speaking=Speaking(tries=4))
        assert list_faults(paid) == {Fault.NONE}
        assert len(served.bodies) == 65


def test_while_a_limit_is_waited_for_no_more_is_sent_than_may_be_under_way() -> None:
    with Served(Behaviour(fault=429, fault_headers={"retry-after": "0.05"})) as served:
        speaker = make_speaker(served.make_endpoint(), Speaking(tries=2, concurrency=3))
        replies = [*speaker.ask([make_ask(number, prompt, Tongue()) for number, prompt in enumerate(BORDERS)])]
        assert len(replies) == len(BORDERS)
        tries: Counter[str] = Counter()
        for body in served.bodies:
            tries[body["messages"][0]["content"]] += 1
            assert sum(count == 1 for count in tries.values()) <= 3
        assert set(tries.values()) == {2}


def test_a_share_of_errors_is_missing_data() -> None:
    with serving(fault=400, fault_share=0.1) as (_, monitor):
        paid = visit(monitor, Doses(10, 0, has_battery=False))
        failed = sum(one.fault is Fault.STATUS for one in paid.seen)
        assert 4 <= failed <= 45
        assert any(remark.startswith(f"{failed} of 200 without an answer") for remark in paid.remarks)


def test_a_wrong_key_is_said_and_shown_nowhere() -> None:
    with Served(Behaviour(key="right")) as served, mock.patch.dict(os.environ, {"WATCH_KEY": "sk-wrong-secret"}):
        monitor = make_monitor(served)
        monitor = replace(monitor, endpoint=replace(monitor.endpoint, key_variable="WATCH_KEY"))
        paid = visit(monitor)
        assert any(remark.startswith("refused, status 401") for remark in paid.remarks)
        assert "sk-wrong-secret" not in repr(paid)
        assert len(served.bodies) <= 16


def test_a_key_may_come_from_elsewhere_than_the_process() -> None:
    with Served(Behaviour(key="right")) as served:
        monitor = make_monitor(served)
        monitor = replace(monitor, endpoint=replace(monitor.endpoint, key_variable="WATCH_KEY"))
        assert not visit(monitor, speaking=Speaking(environ={"WATCH_KEY": "right"})).remarks
        with pytest.raises(ConfigurationError, match="is not set"):
            visit(monitor, speaking=Speaking(environ={}))


def test_no_credit_is_no_limit_of_rate() -> None:
    body = '{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'
    with serving(fault=429, fault_body=body) as (_, monitor):
        assert any(remark.startswith("not paid for") for remark in visit(monitor, speaking=QUICK).remarks)


@pytest.mark.parametrize(("fault", "kind"), [(RESET, Fault.RESET), (GARBAGE, Fault.MALFORMED), (HANG, Fault.TIMEOUT)])
def test_resets_garbage_and_hangs_are_missing_data(fault: str, kind: Fault) -> None:
    with serving(fault=fault) as (_, monitor):
        paid = visit(monitor, speaking=QUICK)
        assert list_faults(paid) == {kind, Fault.STOPPED}
        assert len(paid.seen) == paid.planned


def test_an_endpoint_that_is_not_there_is_missing_data() -> None:
    with serving() as (_, monitor):
        pass
    paid = visit(monitor, speaking=replace(QUICK, connect_s=0.5))
    assert list_faults(paid) == {Fault.CONNECT}
    assert any("no connection" in remark for remark in paid.remarks)
    assert (paid.prompt_tokens, paid.output_tokens) == (0, 0)


def test_reasoning_alone_shows_no_first_token() -> None:
    with serving(reasons=True) as (_, monitor):
        paid = visit(monitor)
        assert list_faults(paid) == {Fault.UNFINISHED}
        assert any("reasoning alone" in remark for remark in paid.remarks)


@pytest.mark.parametrize("behaviour", [{"is_empty": True}, {"reasons": True, "hides_reasoning": True}])
def test_empty_answers_throughout_are_missing_and_said(behaviour: dict[str, bool]) -> None:
    with serving(**behaviour) as (_, monitor):
        paid = visit(monitor)
        assert list_faults(paid) == {Fault.UNFINISHED}
        assert any("are empty" in remark for remark in paid.remarks)


def test_an_endpoint_that_bills_more_than_was_asked_for_is_asked_no_more() -> None:
    with serving(billed=400) as (served, monitor):
        paid = visit(monitor)
        assert paid.output_tokens == 400 * len(served.bodies) <= 400 * 16
        assert any("does not keep to its limit" in remark for remark in paid.remarks)


def test_tokens_that_are_not_counted_are_booked_at_their_worst() -> None:
    with serving(counts=False) as (_, monitor):
        paid = visit(monitor)
        assert paid.output_tokens == 60
        assert paid.prompt_tokens >= 60 * len("border 0")
        assert any("does not count tokens" in remark for remark in paid.remarks)


def test_answers_from_a_cache_are_noticed_by_their_names() -> None:
    with serving(is_cached=True) as (_, monitor):
        paid = visit(monitor, Doses(5, 0, has_battery=False))
        fresh = [one.prompt for one in paid.seen if one.fault is Fault.NONE]
        repeated = [one for one in paid.seen if one.fault is Fault.MALFORMED]
        assert sorted(fresh) == sorted({one.prompt for one in paid.seen})
        assert len(fresh) + len(repeated) == 100
        assert any(remark.startswith(f"{len(repeated)} of 100 answers came from a cache") for remark in paid.remarks)


def test_names_that_answers_to_different_prompts_share_say_nothing_of_a_cache() -> None:
    with serving(answer_name="chat-0") as (_, monitor):
        assert visit(monitor).remarks == ()


def test_answers_from_a_cache_are_noticed_by_headers() -> None:
    with serving(headers={"x-cache": "HIT from edge"}) as (_, monitor):
        paid = visit(monitor)
        assert "60 of 60 answers came from a cache, headers say so: they count as missing" in paid.remarks
        assert list_faults(paid) == {Fault.MALFORMED}


def test_answers_that_do_not_vary_are_noticed() -> None:
    with serving(fixed_temperature=0.0) as (_, monitor):
        assert any("always the same" in remark for remark in visit(monitor).remarks)


def test_answers_that_vary_raise_no_remark() -> None:
    with serving() as (_, monitor):
        assert visit(monitor).remarks == ()


def test_a_question_about_facts_is_asked_even_where_one_channel_fails() -> None:
    with serving(refuses_tools=True) as (_, monitor):
        paid = visit(monitor, Doses(1, 0, has_battery=True))
        assert {one.fault for one in list_seen(paid, Channel.TOOLS)} == {Fault.STATUS}
        assert {one.fault for one in list_seen(paid, Channel.FORMAT)} == {Fault.NONE}
