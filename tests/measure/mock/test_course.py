"""Deadlines: what stalls do to them, and how many tokens there are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.mock.asking import Asked
from holdfast.measure.mock.course import Course, Freeze, advance, count_ns, list_freezes
from holdfast.measure.mock.spec import Distribution, MockSpec, Scenario, Shape, Stall, StallOf

FREEZES = st.lists(st.builds(Freeze, st.integers(0, 60), st.integers(0, 20)), max_size=4).map(
    lambda freezes: tuple(sorted(freezes, key=lambda freeze: freeze.begin_ns))
)


def ask(limit: int | None = None, *, ignores_end: bool = False) -> Asked:
    return Asked(False, limit, ignores_end, False, 0, 1, ())


@given(st.integers(0, 80), st.integers(0, 80), FREEZES)
def test_a_clock_that_stands_still_is_counted_second_by_second(at: int, step: int, freezes: tuple[Freeze, ...]) -> None:
    def is_frozen(moment: int) -> bool:
        return any(freeze.begin_ns <= moment < freeze.begin_ns + freeze.duration_ns for freeze in freezes)

    moment = at
    while is_frozen(moment):
        moment += 1
    for _ in range(step):
        moment += 1
        while is_frozen(moment):
            moment += 1
    assert advance(at, step, freezes) == moment


@given(st.integers(0, 80), st.integers(0, 40), st.integers(0, 40), FREEZES)
def test_two_steps_are_as_long_as_one(at: int, one: int, other: int, freezes: tuple[Freeze, ...]) -> None:
    assert advance(advance(at, one, freezes), other, freezes) == advance(at, one + other, freezes)


def test_stalls_count_from_the_first_request_or_from_the_one_they_are_of() -> None:
    stalls = (
        Stall(StallOf.STREAM, at_s=1, duration_s=2, request=7),
        Stall(StallOf.ALL, at_s=3, duration_s=4),
        Stall(StallOf.ACCEPT, at_s=0, duration_s=9),
    )
    second = 1_000_000_000
    every = Freeze(13 * second, 4 * second)
    assert list_freezes(stalls, 10 * second, key=8, read_ns=50 * second) == (every,)
    assert list_freezes(stalls, 10 * second, key=7, read_ns=5 * second) == (Freeze(6 * second, 2 * second), every)


def test_an_answer_is_as_long_as_the_request_allows_or_as_is_drawn() -> None:
    plain = Course(MockSpec(tokens_default=9, tokens_max=50), 1)
    assert [plain.count_tokens(ask(limit)) for limit in (None, 3, 70)] == [(9, True), (3, True), (50, True)]
    drawn = Course(MockSpec(output_tokens=Distribution(mean=20), tokens_default=9, tokens_max=50), 1)
    assert [drawn.count_tokens(ask(limit)) for limit in (None, 3, 70)] == [(20, False), (3, True), (20, False)]
    assert drawn.count_tokens(ask(30, ignores_end=True)) == (30, True)
    assert Course(MockSpec(output_tokens=Distribution()), 1).count_tokens(ask(30)) == (1, False)


def test_what_is_drawn_for_a_request_does_not_depend_on_others() -> None:
    spec = MockSpec(gap_s=Distribution(Shape.LOGNORMAL, mean=0.01, cv=0.5), ttft_s=Distribution(Shape.GAMMA, 0.1, 0.3))
    one = Course(spec, 12)
    drawn = (one.draw_first_ns(0), [one.draw_gap_ns(1) for _ in range(5)])
    Course(spec, 11).draw_gap_ns(1)
    other = Course(spec, 12)
    assert (other.draw_first_ns(0), [other.draw_gap_ns(9) for _ in range(5)]) == drawn


def test_prompts_and_neighbours_cost_time_where_the_spec_says() -> None:
    spec = MockSpec(prefill_s_per_token=0.001, gap_s_per_stream=0.002)
    assert Course(spec, 1).draw_first_ns(30) == 130_000_000
    assert Course(spec, 1).draw_gap_ns(4) == 18_000_000


def test_scenarios_without_weight_are_not_drawn() -> None:
    spec = MockSpec(scenarios=(Scenario("a", weight=0), Scenario("b", weight=2), Scenario("c", weight=0)))
    assert {Course(spec, key).choose_scenario() for key in range(200)} == {1}


def test_seconds_become_nanoseconds_within_bounds() -> None:
    assert [count_ns(seconds) for seconds in (-1.0, 0.0, 1e-9, 0.0100000004, 1e30)] == [0, 0, 1, 10_000_000, 10**15]
    assert count_ns(np.inf) == 10**15
