"""The search for border prompts, in pools whose true distributions are known."""

from collections import Counter
from dataclasses import replace

import pytest

from holdfast.measure.probing.border import SearchState, find_border_prompts, find_gap
from holdfast.measure.probing.pool import PoolPrompt, make_pool
from holdfast.measure.probing.search import Search
from holdfast.measure.probing.speaking import Speaking, make_speaker
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import FirstToken
from tests.measure.probing.served import Behaviour, Served
from tests.measure.probing.watched import BrokenOff, go_through, make_quest

POOL = make_pool(5, 300)
SMALL = Search(kept=6, spares=2, portion=60, pool=300)
FOLDED = {" yes": "yes", "Yes": "yes", "No": "no", " no": "no"}


def list_folded(served: Served, text: str) -> list[float]:
    """The shares of words that differ in more than case and white space, the largest first."""
    shares: Counter[str] = Counter()
    for word, share in served.list_shares(text, 0.1).items():
        shares[FOLDED.get(word, word)] += share  # type: ignore[assignment]
    return sorted(shares.values(), reverse=True)


def test_prompts_that_are_found_are_borders_and_the_best_come_first() -> None:
    with Served() as served:
        states, found = go_through(find_border_prompts(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL)))
        balances = [one.balance for one in (*found.kept, *found.spares)]
        assert (len(found.kept), len(found.spares), found.why) == (6, 2, "")
        assert balances == sorted(balances, reverse=True)
        for one in found.kept:
            first, second, *_ = list_folded(served, one.prompt.text)
            assert second / first > 0.15  # 20 answers with less would be as balanced as 12:8 once in 1,000
        assert states[-1] == found.state
        assert found.state.requests == len(served.bodies)


def test_prompts_whose_tokens_differ_in_case_or_white_space_alone_are_none() -> None:
    with Served(Behaviour(spread=0.001)) as served:  # at 0.001 all words are about as likely
        served.behaviour = Behaviour(spread=0.001)
        everything = find_border_prompts(POOL[:20], make_speaker(served.make_endpoint()), make_quest(SMALL))
        assert go_through(everything)[1].kept
    assert find_gap(FirstToken("Yes", -0.7, (("Yes", -0.7), (" yes", -0.7), ("No", -3.0)))) == pytest.approx(2.3)
    assert find_gap(FirstToken("Yes", -0.7, (("Yes", -0.7), ("YES ", -0.9)))) is None


def test_three_answers_are_asked_of_each_and_twenty_of_those_that_differ() -> None:
    with Served() as served:
        search = replace(SMALL, kept=100, spares=0, portion=100)
        _, found = go_through(find_border_prompts(POOL[:100], make_speaker(served.make_endpoint()), make_quest(search)))
        asked = Counter(body["messages"][0]["content"] for body in served.bodies)
    assert set(asked.values()) == {3, 23}
    assert found.state.requests == 3 * 100 + 20 * sum(count == 23 for count in asked.values())
    assert found.why.startswith(f"{len(found.kept)} border prompts in 100 that were asked")


def test_log_probabilities_take_one_answer_in_place_of_three() -> None:
    with Served() as served:
        search = replace(SMALL, kept=100, spares=0, portion=100)
        speaker = make_speaker(served.make_endpoint())
        _, found = go_through(find_border_prompts(POOL[:100], speaker, make_quest(search, logprobs=20)))
        asked = Counter(body["messages"][0]["content"] for body in served.bodies)
        assert set(asked.values()) == {1, 21}
        for text, count in asked.items():
            shares = list_folded(served, text)
            assert (count == 21) == (shares[1] / shares[0] > 0.4966) or abs(shares[1] / shares[0] - 0.5) < 0.2
        assert found.kept


@pytest.mark.parametrize("limit", [{"requests_max": 137}, {"tokens_max": 4000}])
def test_a_limit_is_never_passed(limit: dict[str, int]) -> None:
    with Served() as served:
        quest = make_quest(replace(SMALL, **limit))
        _, found = go_through(find_border_prompts(POOL, make_speaker(served.make_endpoint()), quest))
        state = found.state
        assert 0 < state.requests == len(served.bodies) <= limit.get("requests_max", 1 << 30)
        assert state.prompt_tokens + state.output_tokens <= limit.get("tokens_max", 1 << 30)
        assert "limit of requests or tokens" in found.why


def test_a_search_that_was_broken_off_goes_on_where_it_was() -> None:
    with Served() as served:
        speaker = make_speaker(served.make_endpoint(), Speaking(concurrency=2))
        first, broken = go_through(
            find_border_prompts(POOL, BrokenOff(speaker, after=150), make_quest(replace(SMALL, kept=90)))
        )
        assert broken.why.startswith("interrupted")
        assert broken.state.requests >= len(served.bodies)  # what was under way is counted
        before = {body["messages"][0]["content"] for body in served.bodies}
        served.bodies.clear()
        quest = make_quest(replace(SMALL, kept=90))
        states, found = go_through(find_border_prompts(POOL, speaker, quest, first[-1]))
        after = {body["messages"][0]["content"] for body in served.bodies}
    assert found.state.requests > broken.state.requests
    assert before | after == {one.text for one in POOL}
    assert [state.portions for state in states] == [1, 2, 3, 4, 5]


def test_a_finished_portion_is_not_asked_again() -> None:
    with Served() as served:
        speaker = make_speaker(served.make_endpoint())
        quest = make_quest(replace(SMALL, kept=90))
        search = find_border_prompts(POOL, speaker, quest)
        state = next(search)
        search.close()
        before = {body["messages"][0]["content"] for body in served.bodies}
        served.bodies.clear()
        go_through(find_border_prompts(POOL, speaker, quest, state))
        assert not before & {body["messages"][0]["content"] for body in served.bodies}


def test_a_search_does_not_go_on_in_another_pool() -> None:
    with Served() as served, pytest.raises(ConfigurationError, match="another pool"):
        next(find_border_prompts(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL), SearchState("other")))


def test_the_state_of_a_search_holds_no_answer() -> None:
    with Served() as served:
        _, found = go_through(find_border_prompts(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL)))
    digests = {symbol for one in found.state.candidates for symbol, _ in one.counts}
    assert digests
    assert all(len(symbol) == 24 and int(symbol, 16) >= 0 for symbol in digests)


def test_few_of_one_kind_are_kept_while_there_are_others() -> None:
    pool = [PoolPrompt(f"same {number}", "same") for number in range(40)]
    pool += [PoolPrompt(f"other {number}", f"kind {number}") for number in range(40)]
    with Served(Behaviour(spread=0.1)) as served:  # nearly every prompt is a border
        search = replace(SMALL, kept=12, spares=0, kind_max=2, portion=80, balance_good=0.0, balance_min=0.0)
        _, found = go_through(find_border_prompts(pool, make_speaker(served.make_endpoint()), make_quest(search)))
    assert sum(one.prompt.text.startswith("same") for one in found.kept) == 2


def test_an_endpoint_whose_answers_never_vary_has_no_border_prompts() -> None:
    with Served(Behaviour(fixed_temperature=0.0)) as served:
        _, found = go_through(find_border_prompts(POOL[:60], make_speaker(served.make_endpoint()), make_quest(SMALL)))
    assert not found.kept
    assert found.why == "0 border prompts in 60 that were asked: answers to the others do not vary"


def test_a_model_that_is_withdrawn_meanwhile_ends_the_search() -> None:
    with Served(Behaviour(fault=410)) as served:
        _, found = go_through(find_border_prompts(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL)))
        assert found.why.startswith("withdrawn: ")
        assert len(served.bodies) <= 16


def test_an_endpoint_that_is_not_there_ends_the_search() -> None:
    with Served() as served:
        endpoint = served.make_endpoint()
    _, found = go_through(find_border_prompts(POOL, make_speaker(endpoint, Speaking(connect_s=0.5)), make_quest(SMALL)))
    assert found.why.startswith("no connection")
