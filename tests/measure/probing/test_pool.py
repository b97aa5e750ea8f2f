"""The pool of prompts, and what a watch costs."""

from pathlib import Path

import pytest

from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.planning import plan_cost
from holdfast.measure.probing.pool import make_pool, read_pool
from holdfast.measure.probing.search import Search
from holdfast.records.errors import LimitExceeded, MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Endpoint
from holdfast.records.watching import Channel, Dialect, Monitor, Prompt, WatchSettings


def test_a_pool_has_three_thousand_short_prompts_of_many_kinds() -> None:
    pool = make_pool(0)
    texts = [one.text for one in pool]
    assert len(texts) == len(set(texts)) == 3000
    assert len({one.kind for one in pool}) > 100
    assert max(len(text) for text in texts) < 120
    assert all(text.strip() for text in texts)


def test_the_same_seed_makes_the_same_pool_and_another_another() -> None:
    assert make_pool(7, 500) == make_pool(7, 500)
    assert {one.text for one in make_pool(7, 500)} != {one.text for one in make_pool(8, 500)}


def test_no_pattern_is_left_in_a_prompt() -> None:
    for one in make_pool(3):
        assert not {"{a}", "{b}", "{k}", "{i}", "{j}"} & set(one.text.split())


def test_a_users_own_file_takes_the_pools_place(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("\ufeffone\n\n two  \none\r\nthree\n", encoding="utf-8")
    assert [one.text for one in read_pool(file)] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", MalformedFile),
        (b"one\n", MalformedFile),
        (b"\xff\xfe\n", MalformedFile),
        (b"a\n" + b"x" * 2001, LimitExceeded),
        (b"a\n" * 200_001, LimitExceeded),
        (b"a" * ((16 << 20) + 1), LimitExceeded),
    ],
)
def test_a_file_that_is_no_pool_is_refused(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes(content)
    with pytest.raises(error, match=r"prompts\.txt"):
        read_pool(file)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_pool(tmp_path / "none.txt")
    with pytest.raises(UnreadableFile):
        read_pool(tmp_path)


def make_monitor(**more: object) -> Monitor:
    borders = tuple(Prompt(Channel.TOKENS, "x" * 40) for _ in range(20))
    settings = WatchSettings(rounds=3, burn_in_rounds=10, burn_in_days=14, battery_days=7)
    return Monitor("it", Endpoint("it", "http://127.0.0.1:1/v1", "m"), settings, borders, **more)  # type: ignore[arg-type]


def test_the_cost_of_border_prompts_alone_is_arithmetic() -> None:
    plan = plan_cost(make_monitor(usd_input=2.0, usd_output=8.0), Search(pool=3000))
    prompt = 40 * 0.3 + 10
    assert plan.day.requests == pytest.approx(60)
    assert plan.day.usd == pytest.approx(60 * (prompt * 2 + 8) / 1e6)
    assert plan.month.usd == pytest.approx((plan.day.usd or 0) * 365.25 / 12)
    assert plan.burn_in.requests == pytest.approx(14 * 200)
    assert plan.search.requests == pytest.approx(3000 * 3 + 360 * 20 + 120 * 12)
    assert plan.enrolment.requests == pytest.approx(plan.search.requests + plan.burn_in.requests)


def test_the_battery_costs_a_share_of_it_a_day_and_seven_of_it_in_the_burn_in() -> None:
    plain = plan_cost(make_monitor())
    monitor = make_monitor()
    whole = Monitor(monitor.name, monitor.endpoint, monitor.settings, (*monitor.prompts, *make_battery()))
    plan = plan_cost(whole)
    assert plan.battery.requests == len(make_battery())
    assert plan.day.requests - plain.day.requests == pytest.approx(plan.battery.requests / 7)
    assert plan.burn_in.requests - plain.burn_in.requests == pytest.approx(plan.battery.requests * 7)


def test_an_endpoint_that_takes_no_limit_of_one_token_costs_more() -> None:
    one, sixteen = plan_cost(make_monitor()), plan_cost(make_monitor(dialect=Dialect(tokens_min=16)))
    assert sixteen.day.output_tokens == pytest.approx(16 * one.day.output_tokens)


def test_without_prices_tokens_are_known_and_dollars_are_not() -> None:
    plan = plan_cost(make_monitor())
    assert plan.month.output_tokens > 0
    assert plan.month.usd is None
