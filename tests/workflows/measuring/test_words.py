"""What stands on the command line, read."""

import datetime
from pathlib import Path

import pytest

from holdfast.measure.cost.hardware import Hardware
from holdfast.measure.quality.sandbox.running import Isolation
from holdfast.records.errors import HoldfastError, MalformedFile, MissingPath, UsageError
from holdfast.records.measurement import Api, Arrivals, Endpoint, Load, Objective, TokenPrice
from holdfast.workflows.measuring.endpoints import is_local, parse_endpoints, parse_pairs
from holdfast.workflows.measuring.joules import parse_watts
from holdfast.workflows.measuring.money import MoneyAsked, find_money
from holdfast.workflows.measuring.wording import (
    LoadWords,
    find_suites,
    make_loads,
    parse_demand,
    parse_isolation,
    parse_numbers,
    parse_objective,
    read_trace,
)

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
HARDWARE = Path(__file__).parents[3] / "examples" / "hardware" / "h100-owned.toml"
LOCAL = Endpoint("local", "http://127.0.0.1:9/v1", "acme/one")
HOSTED = Endpoint("hosted", "https://api.openai.com/v1", "gpt-4o-mini")


def test_an_endpoint_is_a_name_an_address_and_perhaps_a_model() -> None:
    found = parse_endpoints(
        ["a-1=http://127.0.0.1:8000/v1/#org/name", "b=https://example.com/v1"], {"b": "B_KEY"}, {}, Api.CHAT
    )
    assert found == (
        Endpoint("a-1", "http://127.0.0.1:8000/v1", "org/name"),
        Endpoint("b", "https://example.com/v1", "", key_variable="B_KEY"),
    )


def test_the_variable_of_a_key_follows_from_the_name_only_when_it_is_set() -> None:
    text = ["my-host=http://h/v1"]
    assert parse_endpoints(text, {}, {"HOLDFAST_KEY_MY_HOST": "x"}, Api.CHAT)[0].key_variable == "HOLDFAST_KEY_MY_HOST"
    assert parse_endpoints(text, {}, {}, Api.CHAT)[0].key_variable == ""


@pytest.mark.parametrize("text", ["", "local", "=http://h/v1", "a b=http://h/v1", "local=127.0.0.1:8000"])
def test_what_names_no_endpoint_is_told_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoints([text], {}, {}, Api.CHAT)
    assert "--endpoint local=http://127.0.0.1:8000/v1#MODEL" in str(caught.value)


def test_a_password_in_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoints(["a b=http://user:secret@h/v1"], {}, {}, Api.CHAT)
    assert "secret" not in str(caught.value)


def test_names_stand_once_and_what_belongs_to_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="one name"):
        parse_endpoints(["a=http://h/v1", "a=http://i/v1"], {}, {}, Api.CHAT)
    with pytest.raises(UsageError, match="b, which is not named"):
        parse_endpoints(["a=http://h/v1"], {"b": "KEY"}, {}, Api.CHAT)
    with pytest.raises(UsageError):
        parse_pairs("key", ["a"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:1/v1", True), ("http://[::1]:1/v1", True), ("http://localhost/v1", True),
     ("http://10.0.0.1/v1", False), ("https://127.0.0.1.example.com/v1", False)],
)  # fmt: skip
def test_only_this_machine_is_local(url: str, expected: bool) -> None:
    assert is_local(Endpoint("x", url, "m")) is expected


def test_loads_are_closed_open_replayed_or_rising(tmp_path: Path) -> None:
    base = Load(Arrivals.POISSON, duration_s=5)
    closed = make_loads(base, LoadWords(concurrency="1,4"))
    assert [(one.arrivals, one.concurrency) for one in closed] == [(Arrivals.CLOSED, 1), (Arrivals.CLOSED, 4)]
    assert [one.rate_per_s for one in make_loads(base, LoadWords(rate="0.5,2"))] == [0.5, 2.0]
    trace = tmp_path / "trace"
    trace.write_text("0\n0.25\n\n1.5\n")
    assert make_loads(base, LoadWords(trace=trace))[0].offsets_s == (0.0, 0.25, 1.5)
    (ramp,) = make_loads(base, LoadWords(ramp="10-40"), seed=1)
    assert ramp.arrivals is Arrivals.REPLAY
    assert 60 < len(ramp.offsets_s) < 200  # 25 a second on average, for five seconds
    assert make_loads(base, LoadWords()) == ()
    with pytest.raises(UsageError, match="one kind of load"):
        make_loads(base, LoadWords(concurrency="1", rate="1"))


@pytest.mark.parametrize("text", ["", "0", "-1", "a", "1,,2", "nan", "inf", "1e12"])
def test_numbers_are_above_zero(text: str) -> None:
    with pytest.raises(UsageError):
        parse_numbers("--rate", text)


@pytest.mark.parametrize("text", ["1\n0.5\n", "x\n", "-1\n", ""])
def test_a_trace_that_is_none_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "trace"
    trace.write_text(text)
    with pytest.raises(MalformedFile):
        read_trace(trace)
    with pytest.raises(MissingPath):
        read_trace(tmp_path / "none")


def test_an_objective_bounds_what_it_names() -> None:
    assert parse_objective("ttft=0.5, e2e=10", 0.95) == Objective(0.5, None, 10.0, 0.95)
    for text in ("ttft", "speed=1", "ttft=0"):
        with pytest.raises(UsageError):
            parse_objective(text, 0.99)
    with pytest.raises(UsageError):
        parse_objective("", 0)


def test_a_demand_is_one_rate_or_a_day() -> None:
    assert parse_demand("") is None
    one, day = parse_demand("0.5"), parse_demand(",".join(["1"] * 23 + ["2"]))
    assert one is not None
    assert one.mean_per_s == 0.5
    assert day is not None
    assert (day.peak_per_s, day.mean_per_s) == (2.0, 25 / 24)
    with pytest.raises(UsageError, match="these are 3"):
        parse_demand("1,2,3")


def test_suites_are_made_or_read(tmp_path: Path) -> None:
    (made,) = find_suites(["probe:easy,medium:choice"], 3, 7)
    assert [task.family for task in made.tasks] == ["choice/easy"] * 3 + ["choice/medium"] * 3
    golden = tmp_path / "golden.jsonl"
    golden.write_text('{"id": "1", "prompt": "Say yes.", "checks": [{"type": "exact", "value": "yes"}]}\n')
    assert len(find_suites([str(golden)], 3, 7)[0].tasks) == 1
    for name in ("probe:hardest", "probe:easy:nothing", str(tmp_path / "none.jsonl")):
        with pytest.raises(HoldfastError):
            find_suites([name], 3, 7)


def test_a_price_is_stated_looked_up_or_unknown_with_a_reason() -> None:
    money = find_money([LOCAL, HOSTED], MoneyAsked({}, {}), NOW)
    assert money["local"].cost is None
    assert "its machine was not described" in money["local"].reason
    assert isinstance(money["hosted"].price, TokenPrice)
    assert money["hosted"].price.as_of
    stated = find_money([LOCAL], MoneyAsked({"local": "0.5/1.5/0.1"}, {}), NOW)["local"].price
    assert stated is not None
    assert (stated.input, stated.output, stated.cached, stated.as_of) == (0.5, 1.5, 0.1, "2026-11-20")
    named = find_money([LOCAL], MoneyAsked({"local": "openai/gpt-4o-mini"}, {}), NOW)["local"].price
    assert named == money["hosted"].price


def test_a_price_that_is_not_known_is_unknown_and_not_nothing() -> None:
    money = find_money([Endpoint("x", "https://api.openai.com/v1", "gpt-99-nothing")], MoneyAsked({}, {}), NOW)["x"]
    assert money.cost is None
    assert money.reason


def test_a_machine_is_read_from_its_file_and_excludes_a_price() -> None:
    money = find_money([LOCAL], MoneyAsked({}, {"local": str(HARDWARE)}), NOW)
    assert isinstance(money["local"].cost, Hardware)
    with pytest.raises(UsageError, match="not both"):
        find_money([LOCAL], MoneyAsked({"local": "1/2"}, {"local": str(HARDWARE)}), NOW)
    for text in ("1", "1/2/3/4", "-1/2"):
        with pytest.raises(UsageError):
            find_money([LOCAL], MoneyAsked({"local": text}, {}), NOW) if text != "1" else parse_watts({"x": "1/2"})


def test_watts_are_one_number_or_a_range() -> None:
    assert parse_watts({"a": "300", "b": "1/2/3"})["b"].mode == 2.0
    for text in ("", "3/2/1", "1/2", "x"):
        with pytest.raises(UsageError):
            parse_watts({"a": text})


def test_code_of_models_is_isolated_or_limited_and_nothing_else() -> None:
    assert parse_isolation("isolated") is Isolation.REQUIRED
    assert parse_isolation("limited") is Isolation.WANTED
    with pytest.raises(UsageError, match="run as free"):
        parse_isolation("free")
