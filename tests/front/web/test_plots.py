"""Scales, ticks, numbers in words and markup, whatever the numbers and texts are."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.front.web.plots.looks import choose_look, draw_key
from holdfast.front.web.plots.markup import join, make
from holdfast.front.web.plots.scales import Span, make_linear_scale, make_scale, make_scale_of
from holdfast.front.web.plots.units import (
    SHARE,
    USD,
    choose_seconds,
    choose_usd,
    make_estimate,
    say_estimate,
    say_exact,
    say_number,
    say_tick,
)
from holdfast.records.measurement import Estimate

NUMBERS = st.floats(-1e15, 1e15).filter(lambda one: one == 0 or abs(one) > 1e-15)
ABOVE = st.floats(1e-12, 1e12)
UP = Span(200.0, 20.0)


def _read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_scale_holds_its_values_between_ticks_that_are_even(values: list[float]) -> None:
    scale = make_linear_scale([0.0, *values], UP)
    slack = 1e-8 * (scale.high - scale.low)
    assert scale.low - slack <= min(0.0, *values) <= max(0.0, *values) <= scale.high + slack
    steps = [later - earlier for earlier, later in pairwise(scale.ticks)]
    assert 1 <= len(steps) <= 8
    assert max(steps) - min(steps) <= 1e-9 * max(abs(tick) for tick in scale.ticks)
    mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
    assert min(abs(mantissa - nice) for nice in (1, 2, 2.5, 5)) < 1e-6


@given(st.lists(ABOVE, min_size=2, max_size=20), st.lists(ABOVE, min_size=2, max_size=20))
def test_a_larger_value_lies_further_along_the_span(values: list[float], others: list[float]) -> None:
    for scale in (make_scale(values, UP), make_scale_of(values, UP)):
        places = [scale.place(value) for value in sorted([*values, *others])]
        assert all(later <= earlier + 1e-9 for earlier, later in pairwise(places))
        assert all(20.0 <= place <= 200.0 for place in places)


@given(st.lists(ABOVE, min_size=2, max_size=20))
def test_logarithmic_ticks_are_few_and_within(values: list[float]) -> None:
    scale = make_scale(values, UP)
    assert scale.is_log == (max(values) > 30 * min(values))
    assert 1 <= len(scale.ticks) <= 12
    assert all(scale.low * (1 - 1e-9) <= tick <= scale.high * (1 + 1e-9) for tick in scale.ticks)


def test_equal_ratios_are_equally_far_on_a_logarithmic_scale() -> None:
    scale = make_scale([1.0, 1000.0], UP)
    steps = [scale.place(10.0**power) - scale.place(10.0 ** (power + 1)) for power in range(3)]
    assert steps == pytest.approx([steps[0]] * 3)


@given(NUMBERS)
def test_a_number_is_said_to_three_digits(value: float) -> None:
    said = say_number(value)
    assert _read(said) == pytest.approx(value, rel=0.00501)
    assert _read(say_exact(value)) == pytest.approx(value, rel=5.1e-6)


@given(st.floats(1e-6, 1e9), st.integers(-20, 20))
def test_a_tick_is_said_exactly_and_differs_from_its_neighbour(rough: float, number: int) -> None:
    scale = make_linear_scale([0.0, rough], UP)
    step = scale.ticks[1] - scale.ticks[0]
    said = [say_tick(step * one, step) for one in (number, number + 1)]
    assert said[0] != said[1]
    assert _read(said[0]) == pytest.approx(step * number, rel=1e-6, abs=step * 1e-6)


@pytest.mark.parametrize(
    ("estimate", "unit", "said"),
    [
        (Estimate(0.2314, 0.22, 0.2449, 400), choose_seconds([0.2314]), "231 ms [220, 245]"),
        (Estimate(0.9342, 0.912, 0.9511, 400), SHARE, "93.4 % [91.2, 95.1]"),
        (Estimate(-0.0021, -0.003, 0.0001, 9), USD, "−$0.00210 [−0.00300, 0.000100]"),
        (Estimate(None, None, None, 3, missing=1), SHARE, "unknown: 1 more sample"),
        (Estimate(None, None, None, 3, missing=1234), SHARE, "unknown: 1,234 more samples"),
        (Estimate(None, None, None, 3, missing=None), SHARE, "unknown"),
        (Estimate(0.5, 0.4, None, 3), SHARE, "50.0 % [40.0, no end]"),
        (Estimate(0.5, None, None, 3), SHARE, "50.0 %, without an interval"),
    ],
)
def test_an_estimate_is_said_with_its_interval_or_what_is_missing(estimate: Estimate, unit: object, said: str) -> None:
    assert say_estimate(estimate, unit) == said  # type: ignore[arg-type]
    assert re.sub(r"<[^>]+>", "", make_estimate(estimate, unit)).replace(" without", ", without") == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("most", "axis"),
    [
        (2.0, "US dollars per request"),
        (0.002, "US dollars per 1,000 requests"),
        (2e-6, "US dollars per million requests"),
        (0.0, "US dollars per million requests"),
    ],
)
def test_what_costs_little_is_said_of_many(most: float, axis: str) -> None:
    assert choose_usd([most], "request").axis == axis


@given(st.text(), st.text())
def test_text_stays_text_and_attributes_stay_attributes(text: str, value: str) -> None:
    made = make("p", {"title": value, "lang": None}, text, make("b", None, text), None, [text, None])
    read = ET.fromstring(made)
    assert [child.tag for child in read.iter()] == ["p", "b"]
    assert set(read.keys()) == {"title"}
    assert join(text) == join(join(text))


def test_looks_of_six_differ_in_shape_dash_and_colour_and_stay_apart_after_that() -> None:
    looks = [choose_look(number) for number in range(36)]
    first = looks[:6]
    assert (
        len({one.shape for one in first}) == len({one.dash for one in first}) == len({one.colour for one in first}) == 6
    )
    assert len({(one.colour, one.shape) for one in looks}) == 36
    for look in looks:
        ET.fromstring(draw_key(look))
