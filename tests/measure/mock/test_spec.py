"""A spec reads back as it was written, and one that is impossible is refused with its place."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.mock.spec import (
    Distribution,
    Ending,
    Framing,
    MockSpec,
    Opening,
    Scenario,
    Shape,
    Stall,
    StallOf,
    UsageSaid,
)
from holdfast.measure.mock.spec_json import check_spec, parse_spec, read_spec, write_spec
from holdfast.measure.mock.starting import start_mock
from holdfast.records.errors import ConfigurationError, LimitExceeded, MissingPath, UnreadableFile

SHARES = st.floats(0, 50)
DISTRIBUTIONS = st.builds(
    Distribution, st.sampled_from([Shape.CONSTANT, Shape.LOGNORMAL, Shape.GAMMA]), mean=SHARES, cv=SHARES
) | st.builds(
    Distribution,
    st.sampled_from([Shape.RECORDED, Shape.SCRIPTED]),
    values=st.lists(SHARES, min_size=1, max_size=4).map(tuple),
)
SCENARIOS = st.builds(
    Scenario,
    name=st.text("abc-_", min_size=1),
    weight=st.floats(0.1, 9),
    status=st.sampled_from([200, 429, 503]),
    retry_after_s=st.none() | SHARES,
    opening=st.sampled_from(Opening),
    framing=st.sampled_from(Framing),
    usage=st.sampled_from(UsageSaid),
    ending=st.sampled_from(Ending),
    is_refusal=st.booleans(),
)
STALLS = st.builds(Stall, st.sampled_from(StallOf), at_s=SHARES, duration_s=SHARES, request=st.integers(0, 99))
SPECS = st.builds(
    MockSpec,
    ttft_s=DISTRIBUTIONS,
    output_tokens=st.none() | DISTRIBUTIONS,
    seed=st.integers(0, 2**63 - 1),
    text=st.text(max_size=9),
    queue_max=st.none() | st.integers(0, 9),
    stalls=st.lists(STALLS, max_size=3).map(tuple),
    scenarios=st.lists(SCENARIOS, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple),
)


@given(SPECS)
def test_a_spec_reads_back_as_it_was_written(spec: MockSpec) -> None:
    assert parse_spec(write_spec(spec)) == spec


def test_what_is_left_out_has_its_default() -> None:
    assert parse_spec("{}") == MockSpec()
    assert parse_spec(b'{"ttft_s": 0.5, "scenarios": [{"name": "x"}]}') == MockSpec(
        ttft_s=Distribution(mean=0.5), scenarios=(Scenario(name="x"),)
    )


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"ttft": 1}, "`ttft` is unknown here"),
    ({"ttft_s": "fast"}, "ttft_s: it must be an object"),
    ({"ttft_s": {"mean": "x"}}, "ttft_s: mean: it must be a number"),
    ({"ttft_s": {"shape": "normal"}}, '"normal" is not one of constant, lognormal, gamma, recorded, scripted'),
    ({"ttft_s": -1}, "finite and not negative"),
    ({"ttft_s": {"shape": "gamma", "mean": 1, "cv": 101}}, "the most is 100"),
    ({"gap_s": {"shape": "recorded"}}, "`recorded` wants `values`"),
    ({"gap_s": {"values": [1]}}, "takes `mean` and `cv`"),
    ({"gap_s": {"shape": "scripted", "values": [1, "2"]}}, "gap_s: values[1]: it must be a number"),
    ({"seed": 1.5}, "seed: it must be a whole number"),
    ({"seed": True}, "seed: it must be a whole number"),
    ({"seed": -1}, "seed: -1 is not from 0"),
    ({"port": 65536}, "port: 65536 is not from 0 to 65535"),
    ({"text": 5}, "text: it must be a text"),
    ({"is_realtime": 1}, "is_realtime: it must be true or false"),
    ({"model": ""}, "model: it must be a name"),
    ({"model": "a\u0004"}, "model: it must be a name"),
    ({"scenarios": []}, "from one to 1000"),
    ({"scenarios": {}}, "scenarios: it must be a list"),
    ({"scenarios": [5]}, "scenarios[0]: it must be an object"),
    ({"scenarios": [{}, {}]}, "two have the same name"),
    ({"scenarios": [{"weight": 0}]}, "a `weight` above 0"),
    ({"scenarios": [{"name": "a b"}]}, "scenarios[0].name: it must be printable ASCII"),
    ({"scenarios": [{"status": 302}]}, "it must be 200, or from 400 to 599"),
    ({"scenarios": [{"status": 700}]}, "status: 700 is not from 200 to 599"),
    ({"scenarios": [{"split_s": 1e9}]}, "split_s: 1000000000.0 is not from 0 to 3600"),
    ({"stalls": [{"of": "all"}]}, "it lacks a member that has no default"),
    ({"stalls": [{"of": "all", "at_s": -1, "duration_s": 1}]}, "stalls[0].at_s: -1 is not from 0 to 86400"),
]


@pytest.mark.parametrize(("plain", "said"), FAULTS, ids=[json.dumps(plain) for plain, _ in FAULTS])
def test_an_impossible_spec_is_refused_with_its_place(plain: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_spec(json.dumps(plain), "s.json")
    assert said in str(caught.value)
    assert str(caught.value).startswith("s.json")


@pytest.mark.parametrize(
    "text", ["", "[]", "5", "{", '{"ttft_s": NaN}', '{"gap_s": {"mean": 1e999}}', "[" * 100_000, "\udc80"]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_spec(text)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="no such file"):
        read_spec(tmp_path / "none.json")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_spec(tmp_path)
    long = tmp_path / "long.json"
    long.write_bytes(b" " * ((16 << 20) + 1))
    with pytest.raises(LimitExceeded, match="longer than"):
        read_spec(long)


def test_a_mock_of_an_impossible_spec_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="from one to 1000"):
        start_mock(MockSpec(scenarios=()))


def test_every_field_is_in_the_page_for_users() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "measure-mock.md").read_text("utf-8")
    names = [field.name for kind in (MockSpec, Distribution, Scenario, Stall) for field in fields(kind)]
    values = [value for kind in (Shape, Opening, Framing, UsageSaid, Ending, StallOf) for value in kind]
    assert [name for name in (*names, *values) if f"`{name}`" not in page] == []


def test_the_specs_in_the_page_for_users_can_be_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "measure-mock.md").read_text("utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```json\n")[1:]]
    assert len(blocks) >= 3
    for block in blocks:
        check_spec(parse_spec(block))


def test_the_example_in_the_page_for_users_runs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "measure-mock.md").read_text("utf-8")
    exec(page.split("```python\n")[1].partition("```")[0], {})
