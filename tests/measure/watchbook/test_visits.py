"""Visits and monitors as bodies: nothing is lost on the way, and nothing strange comes back."""

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.measure.watchbook.bodies import (
    decode_acceptance,
    decode_body,
    decode_monitor,
    encode_acceptance,
    encode_body,
    encode_monitor,
)
from holdfast.measure.watchbook.visits import decode_visit, encode_visit
from holdfast.records.errors import MalformedFile, NewerBook
from holdfast.records.measurement import Fault
from holdfast.records.watchbook import Decision
from holdfast.records.watching import Channel, Fact, Seen, Visit
from tests.measure.watchbook.seen import make_monitor, make_visit

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(-1e300, 1e300)
COUNTS = st.integers(0, 1 << 62)
SEEN = st.builds(
    Seen,
    channel=st.sampled_from(Channel),
    prompt=st.integers(0, 10_000),
    at_ns=st.integers(-(1 << 60), 1 << 62),
    symbol=WORDS,
    number=st.none() | NUMBERS,
    logprobs=st.lists(st.tuples(WORDS, NUMBERS), max_size=4).map(tuple),
    fault=st.sampled_from(Fault),
)
VISITS = st.builds(
    Visit,
    number=COUNTS,
    day=st.integers(0, 100_000),
    seed=COUNTS,
    planned=COUNTS,
    seen=st.lists(SEEN, max_size=8).map(tuple),
    facts=st.lists(st.builds(Fact, WORDS, WORDS), max_size=3).map(tuple),
    prompt_tokens=COUNTS,
    output_tokens=COUNTS,
    cost_usd=st.none() | NUMBERS,
    remarks=st.lists(WORDS, max_size=3).map(tuple),
)


def write(visit: Visit) -> str:
    return encode_body(encode_visit(visit))


def read(body: str) -> Visit:
    return decode_visit(decode_body(body))


@settings(max_examples=40)
@given(VISITS)
def test_a_visit_comes_back_as_it_was(visit: Visit) -> None:
    body = write(visit)
    assert read(body) == visit
    assert write(read(body)) == body


def test_every_field_of_a_visit_and_of_an_answer_is_written() -> None:
    names = {field.name for kind in (Visit, Seen) for field in dataclasses.fields(kind)}
    renamed = names - {"seen", "at_ns"} | {"after_ns", "value", "words", "reserved"}
    assert set(encode_visit(make_visit(0))) == renamed


def test_a_visit_of_four_hundred_answers_is_some_kilobytes() -> None:
    visit = make_visit(1, 400)
    size = len(write(visit).encode())
    assert size < 32_000
    assert size < len(encode_body(visit).encode()) / 2


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_left_out(number: float) -> None:
    seen = Seen(Channel.LOGPROBS, 0, 1, "a", number, (("a", -0.5), ("b", number)))
    visit = Visit(0, 1, 2, 1, (seen,), cost_usd=number)
    back = read(write(visit))
    assert (back.seen[0].number, back.seen[0].logprobs, back.cost_usd) == (None, (("a", -0.5),), None)


BROKEN: list[tuple[str, object]] = [
    ("number", "1"),
    ("number", True),
    ("number", None),
    ("day", 1.5),
    ("words", [1]),
    ("words", None),
    ("channel", [99] * 8),
    ("channel", [-1] * 8),
    ("channel", ["tokens"] * 8),
    ("prompt", [0]),
    ("after_ns", [None] * 8),
    ("value", ["1"] * 8),
    ("value", [10**400] * 8),
    ("logprobs", [[0]] * 8),
    ("logprobs", [[0, "x"]] * 8),
    ("logprobs", [0] * 8),
    ("facts", [["one"]]),
    ("facts", {}),
    ("cost_usd", "0.1"),
    ("remarks", [None]),
]


@pytest.mark.parametrize(("member", "value"), BROKEN)
def test_a_visit_that_is_none_is_refused_by_the_name_of_its_member(member: str, value: object) -> None:
    fields = {**encode_visit(make_visit(0)), member: value}
    with pytest.raises(MalformedFile, match=f"{member}|columns") as caught:
        decode_visit(fields)
    assert caught.value.next_step


def test_what_a_newer_version_wrote_is_told_as_such() -> None:
    fields = encode_visit(make_visit(0))
    with pytest.raises(NewerBook, match="'mood'"):
        decode_visit({**fields, "mood": 1})
    with pytest.raises(NewerBook, match="'telepathy'"):
        decode_visit({**fields, "words": ["telepathy", "", *json.loads(json.dumps(fields["words"]))[2:]]})
    monitor = json.loads(encode_monitor(make_monitor()))
    monitor["endpoint"]["colour"] = "red"
    with pytest.raises(NewerBook, match="'colour'"):
        decode_monitor(json.dumps(monitor))


def test_a_monitor_and_a_decision_come_back_as_they_were() -> None:
    monitor = make_monitor("a b\u00e9", 3, 1.5)
    assert decode_monitor(encode_monitor(monitor)) == monitor
    decision = Decision("ada", "because\nthe vendor said so")
    assert decode_acceptance(encode_acceptance(decision, monitor)) == (decision, monitor)


def test_a_monitor_written_before_a_member_existed_has_its_default() -> None:
    fields = json.loads(encode_monitor(make_monitor()))
    del fields["salt"]
    assert decode_monitor(json.dumps(fields)).salt == ""


@pytest.mark.parametrize(
    "body", ["", "[]", "7", "nul", '{"name":1}', "{}", "[" * 100_000, '{"a":NaN}', '{"name":' + "9" * 5000 + "}"]
)
def test_a_monitor_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(MalformedFile):
        decode_monitor(body)


@settings(max_examples=30)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda one: st.lists(one, max_size=3))
)
def test_no_member_of_any_value_breaks_the_reader(value: object) -> None:
    fields = encode_visit(make_visit(0))
    for name in fields:
        try:
            decode_visit({**fields, name: value})
        except (MalformedFile, NewerBook) as error:
            assert error.next_step  # noqa: PT017 - either is right
