"""Joules from recorded series: closed forms for counters and trapezoids, and each reason for which they do not hold."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.energy.energy import SAID, Energy, Reason, SensorKind, make_not_measurable, share_energy
from holdfast.measure.energy.judging import Series, integrate_power, judge_device, judge_energy
from holdfast.measure.energy.sensors import Reading
from holdfast.measure.energy.wall import measure_wall
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Range

RECORDED = Path(__file__).parent / "board.json"


def make_series(
    joules: Sequence[float | None] | None,
    watts: Sequence[float | None] | None,
    step_s: float = 1.0,
    wraps_at_j: float | None = None,
) -> Series:
    count = len(joules or watts or ())
    pairs = zip(joules or [None] * count, watts or [None] * count, strict=True)
    times = [100.0 + step_s * number for number in range(count)]
    return Series("board 0", SensorKind.GPU, wraps_at_j, times, [Reading(j, w) for j, w in pairs])


def make_steady(seconds: int = 90, watts: float = 300.0, step_s: float = 1.0) -> Series:
    steps = int(seconds / step_s)
    return make_series([5.0 + watts * step_s * n for n in range(steps + 1)], [watts] * (steps + 1), step_s)


def test_steady_power_for_ninety_seconds_is_power_times_time() -> None:
    energy = judge_energy([make_steady()])
    assert (energy.joules, energy.seconds, energy.watts) == (27_000.0, 90.0, 300.0)
    assert (energy.is_valid, energy.reasons, energy.boundary) == (True, (), "1 × GPU board")


def test_idle_boards_are_part_of_the_sum() -> None:
    energy = judge_energy([make_steady(), make_steady(watts=60.0)])
    assert energy.joules == 90 * 360.0
    assert energy.boundary == "2 × GPU board"


def test_a_series_as_boards_tell_it_holds_and_is_its_counters_way() -> None:
    """Made to be as a board's: 75 s with ramps and ripple, the counter in steps of 100 ms, the power a mean of the last
    second, and one look that came late."""
    content = json.loads(RECORDED.read_text())
    readings = [Reading(row["mj"] / 1000, row["mw"] / 1000) for row in content]
    series = Series("board 0", SensorKind.GPU, None, [row["s"] for row in content], readings)
    energy = judge_energy([series])
    assert energy.reasons == ()
    assert energy.joules == pytest.approx((content[-1]["mj"] - content[0]["mj"]) / 1000)
    (device,) = energy.devices
    assert device.integrated_j == pytest.approx(device.counted_j, rel=0.05)


@given(st.lists(st.tuples(st.floats(0.01, 2.9), st.floats(0, 1000)), min_size=2, max_size=40))
def test_trapezoids_are_the_sum_of_their_areas(points: list[tuple[float, float]]) -> None:
    times = list(np.cumsum([step for step, _ in points]))
    watts = [power for _, power in points]
    areas = sum((t2 - t1) * (w1 + w2) / 2 for t1, t2, w1, w2 in zip(times, times[1:], watts, watts[1:], strict=False))
    assert integrate_power(times, watts) == pytest.approx(areas, abs=1e-9)


def test_a_counter_that_came_round_goes_on() -> None:
    series = make_series([980.0, 995.0, 10.0, 25.0], None, wraps_at_j=1_000.0)
    assert judge_device(series).reasons == (Reason.COUNTER_RESET, Reason.ONE_SOURCE)  # 1 s at 2 kW could be twice round
    series = make_series([262_000.0, 262_100.0, 57.0, 157.0], None, wraps_at_j=262_143.0)
    assert judge_device(series).joules == pytest.approx(300.0)


def test_a_counter_that_could_have_come_round_unseen_is_not_believed() -> None:
    series = make_series([0.0, 100.0], None, step_s=200.0, wraps_at_j=262_143.0)
    assert judge_device(series).joules is None


def test_a_counter_without_a_range_that_goes_back_was_reset() -> None:
    energy = judge_energy([make_series([500.0, 600.0, 3.0] + [4.0 + n for n in range(70)], None)])
    assert energy.joules is None
    assert Reason.COUNTER_RESET in energy.reasons


def test_counter_and_power_that_differ_by_more_than_five_percent_are_not_believed() -> None:
    good = make_series([312.0 * n for n in range(91)], [300.0] * 91)
    assert judge_energy([good]).is_valid
    bad = make_series([320.0 * n for n in range(91)], [300.0] * 91)
    energy = judge_energy([bad])
    assert (energy.joules, energy.reasons) == (None, (Reason.DISAGREEMENT,))
    assert (energy.devices[0].counted_j, energy.devices[0].integrated_j) == (28_800.0, 27_000.0)


def test_power_alone_needs_readings_three_seconds_apart_at_most() -> None:
    assert judge_energy([make_series(None, [100.0] * 40, step_s=3.0)]).reasons == (Reason.ONE_SOURCE,)
    energy = judge_energy([make_series(None, [100.0] * 40, step_s=3.1)])
    assert (energy.joules, energy.reasons) == (None, (Reason.GAP, Reason.ONE_SOURCE))


def test_a_counter_bridges_a_gap_and_says_that_it_was_not_checked() -> None:
    energy = judge_energy([make_steady(step_s=5.0)])
    assert (energy.joules, energy.reasons) == (27_000.0, (Reason.UNCHECKED_GAP,))


def test_a_short_window_is_marked() -> None:
    energy = judge_energy([make_steady(seconds=59)])
    assert (energy.is_valid, energy.reasons) == (True, (Reason.SHORT_WINDOW,))
    assert Reason.SHORT_WINDOW not in judge_energy([make_steady(seconds=60)]).reasons


def test_one_lost_sensor_makes_the_whole_unknown() -> None:
    lost = make_series([1.0, 2.0, 3.0], None)
    broken = Series(*(lost.name, lost.kind, None, lost.times_s), [Reading(1.0), Reading(fault=Reason.SENSOR_LOST)] * 2)
    energy = judge_energy([make_steady(), broken])
    assert (energy.joules, energy.reasons) == (None, (Reason.SENSOR_LOST,))


def test_numbers_that_come_and_go_are_a_lost_sensor() -> None:
    assert judge_device(make_series([1.0, None, 3.0], [5.0, 5.0, None])).reasons == (Reason.SENSOR_LOST,)


def test_one_reading_is_too_few_and_none_is_no_sensor() -> None:
    assert judge_energy([make_series([1.0], None)]).reasons == (Reason.TOO_FEW_READINGS, Reason.SHORT_WINDOW)
    assert judge_energy([]).reasons == (Reason.NO_SENSOR,)


def test_idle_power_is_told_apart_and_subtracted_from_nothing() -> None:
    energy = judge_energy([make_steady()], judge_energy([make_steady(watts=55.0)]))
    assert (energy.joules, energy.idle_watts) == (27_000.0, 55.0)


def test_a_hosted_endpoint_is_not_measurable_and_says_why() -> None:
    energy = make_not_measurable(Reason.HOSTED)
    assert energy.say() == "not measurable; the machine belongs to somebody else, who does not tell"
    shares = share_energy(energy, 10, 1000)
    assert (shares.joules_per_request, shares.joules_per_output_token, shares.output_tokens_per_joule) == (None,) * 3


def test_energy_is_shared_by_requests_and_output_tokens() -> None:
    shares = share_energy(judge_energy([make_steady()]), 90, 54_000)
    assert (shares.joules_per_request, shares.joules_per_output_token) == (300.0, 0.5)
    assert shares.output_tokens_per_joule == 2.0
    assert share_energy(judge_energy([make_steady()]), 0, 0).joules_per_request is None


def test_a_meters_watts_carry_their_doubt() -> None:
    energy = measure_wall(Range(95, 100, 110, "plug meter, ±5 %"), 120.0, Range(40, 42, 45))
    assert (energy.low, energy.joules, energy.high, energy.idle_watts) == (11_400, 12_000, 13_200, 42)
    assert energy.say() == "12,000 J of all that the meter sees; one source alone, checked against no other"
    assert Reason.SHORT_WINDOW in measure_wall(Range(1, 1, 1), 30.0).reasons
    with pytest.raises(UsageError, match="rise from low to high"):
        measure_wall(Range(5, 4, 6), 60.0)


def test_every_reason_has_words_and_every_energy_a_json_form() -> None:
    assert set(SAID) == set(Reason)
    for energy in (judge_energy([make_steady()]), Energy(None, 0.0, "", (), tuple(Reason))):
        assert encode_canonical(energy)
        assert energy.say()
