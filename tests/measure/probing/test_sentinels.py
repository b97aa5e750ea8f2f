"""The search for sentinels, at an endpoint whose answers open in ways that are known."""

from collections import Counter
from dataclasses import replace

from holdfast.measure.probing.pool import make_pool
from holdfast.measure.probing.search import Search
from holdfast.measure.probing.sentinels import choose_sentinels, find_sentinels
from holdfast.measure.probing.speaking import make_speaker
from holdfast.measure.probing.spending import Meter
from holdfast.records.watching import Channel
from tests.measure.probing.served import Behaviour, Served
from tests.measure.probing.watched import make_quest

POOL = make_pool(5, 120)
SMALL = Search(sentinels=6, sentinel_prompts=30)


def test_sentinels_are_asked_for_their_openings_and_those_of_another_model_differ() -> None:
    with Served() as served:
        speaker, meter = make_speaker(served.make_endpoint()), Meter()
        found = find_sentinels(POOL, speaker, make_quest(SMALL), meter, [POOL[0].text])
        assert len(found) == 6
        assert all((one.channel, one.tokens_max) == (Channel.SENTINELS, 12) for one in found)
        assert POOL[0].text not in {one.text for one in found}
        asked = Counter(body["messages"][0]["content"] for body in served.bodies)
        assert set(asked.values()) == {12}
        assert meter.requests == len(served.bodies) == 30 * 12
        assert {(body["max_tokens"], body["temperature"]) for body in served.bodies} == {(12, 0.1)}


def test_many_openings_that_come_again_go_before_few_and_before_ones_that_always_differ() -> None:
    heard = {
        "always other": [f"a{place}" for place in range(12)],
        "always one": ["b"] * 12,
        "one of four": [f"c{place % 4}" for place in range(12)],
        "one of two": [f"d{place % 2}" for place in range(12)],
        "once empty": ["", *[f"e{place % 4}" for place in range(11)]],
        "hardly heard": ["f", "g"],
    }
    assert choose_sentinels(heard, 12, 9) == ["one of four", "one of two", "always one"]


def test_of_prompts_that_usually_open_alike_one_is_kept() -> None:
    heard = {name: ["Yes, of course", "Yes, of course", "No"] * 4 for name in "abc"}
    assert choose_sentinels(heard, 12, 9) == ["a"]


def test_an_endpoint_that_says_nothing_or_is_gone_has_none() -> None:
    with Served(Behaviour(is_empty=True)) as served:
        assert find_sentinels(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL), Meter()) == ()
        endpoint = served.make_endpoint()
    assert find_sentinels(POOL, make_speaker(endpoint), make_quest(SMALL), Meter()) == ()


def test_the_limit_of_tokens_is_never_passed() -> None:
    with Served() as served:
        meter = Meter(tokens_max=2000)
        find_sentinels(POOL, make_speaker(served.make_endpoint()), make_quest(SMALL), meter)
        assert 0 < meter.tokens <= 2000
        served.bodies.clear()
        find_sentinels(POOL, make_speaker(served.make_endpoint()), make_quest(replace(SMALL, sentinels=0)), Meter())
        assert served.bodies == []
