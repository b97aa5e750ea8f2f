"""Conditions are changed by name, and nothing that is not understood is passed over."""

import json

import pytest
from benchmarks.watch_laboratory.conditions import (
    LIMITS,
    Behaviour,
    Conditions,
    InvalidConditions,
    list_conditions,
    read_conditions,
)


def test_what_is_not_named_stays() -> None:
    before = Conditions(noise=0.5, behaviours=(Behaviour.EMPTY,))
    after = read_conditions(b'{"variant": "int4", "share": 0.25}', before)
    assert after == Conditions("int4", 0.25, 0.5, behaviours=(Behaviour.EMPTY,))


def test_conditions_come_back_as_they_are_listed() -> None:
    given = Conditions("swap", day=3, behaviours=tuple(Behaviour))
    assert read_conditions(json.dumps(list_conditions(given)).encode(), Conditions()) == given


def test_every_number_has_limits() -> None:
    assert {*list_conditions(Conditions())} == {*LIMITS, "variant", "behaviours"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"[" * 60000, "not JSON"),
        (b" " * 70000, "65536 bytes"),
        (b'{"nois": 1}', "no field 'nois'"),
        (b'{"noise": "1"}', "noise"),
        (b'{"noise": true}', "noise"),
        (b'{"noise": NaN}', "noise"),
        (b'{"share": 1.5}', "0 to 1"),
        (b'{"status": 200}', "no error"),
        (b'{"day": 1.5}', "whole number"),
        (b'{"variant": "int5"}', "no variant 'int5'"),
        (b'{"behaviours": ["sulks"]}', "sulks"),
        (b'{"behaviours": "caches"}', "caches"),
        (b'{"behaviours": [["caches"]]}', "caches"),
    ],
)
def test_what_is_not_understood_is_told_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidConditions, match=reason):
        read_conditions(body, Conditions())
