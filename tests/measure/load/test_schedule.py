"""Arrivals are what their name says, whoever sends them, and each request has its phase."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.measure.load.scripted import make_exchange

from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.schedule import Schedule, check_load, draw_schedule
from holdfast.measure.load.sweeping import make_ramp, make_sweep, spread_levels
from holdfast.measure.load.turns import NEVER, ClosedTurns, OpenTurns, Share, deal
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Arrivals, Load, Phase

SECOND = 1_000_000_000


def draw(load: Load, seed: int = 0) -> Schedule:
    return draw_schedule(load, np.random.default_rng(seed))


def poisson(rate: float, **more: float) -> Load:
    return Load(Arrivals.POISSON, rate_per_s=rate, **more)  # type: ignore[arg-type]


def test_poisson_arrivals_are_poisson_by_three_tests() -> None:
    seconds = draw(poisson(400, duration_s=60)).offsets_ns / 1e9
    gaps = np.diff(seconds)
    counts = np.bincount(seconds.astype(int), minlength=60)
    assert stats.kstest(gaps, "expon", args=(0, 1 / 400)).pvalue > 0.001
    dispersion = counts.var(ddof=1) / counts.mean()
    assert stats.chi2.ppf(0.0005, 59) / 59 < dispersion < stats.chi2.ppf(0.9995, 59) / 59
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 3.3 / np.sqrt(gaps.size)


def test_dealt_to_workers_arrivals_are_the_same_arrivals() -> None:
    schedule = draw(poisson(50, duration_s=5, warmup_s=2))
    offsets = array("q", schedule.offsets_ns.tobytes())
    parts = [deal(offsets, schedule.warmup, schedule.steady, Share(number, 3)) for number in range(3)]
    turns = [
        (turns.take(), turns) for part in parts for turns in [OpenTurns(7, part)] for _ in range(len(part.offsets_ns))
    ]
    found = sorted((turn.number, turn.scheduled_ns, turn.phase) for turn, _ in turns)
    phases = [Phase.WARMUP] * schedule.warmup + [Phase.STEADY] * schedule.steady
    assert found == [(n, 7 + at, phase) for n, (at, phase) in enumerate(zip(offsets, phases, strict=True))]


def test_the_same_seed_gives_the_same_arrivals_and_another_seed_others() -> None:
    load = poisson(100, requests=50)
    assert (draw(load, 1).offsets_ns == draw(load, 1).offsets_ns).all()
    assert (draw(load, 1).offsets_ns != draw(load, 2).offsets_ns).all()


def test_constant_arrivals_are_evenly_spaced() -> None:
    schedule = draw(Load(Arrivals.CONSTANT, rate_per_s=4, duration_s=2, warmup_s=1))
    assert schedule.offsets_ns.tolist() == [n * SECOND // 4 for n in range(1, 12)]
    assert (schedule.warmup, schedule.steady) == (3, 8)


def test_a_replay_is_replayed() -> None:
    schedule = draw(Load(Arrivals.REPLAY, offsets_s=(0.0, 0.5, 0.5, 2.25), warmup_s=0.25))
    assert schedule.offsets_ns.tolist() == [0, SECOND // 2, SECOND // 2, 9 * SECOND // 4]
    assert (schedule.warmup, schedule.steady) == (1, 3)


@given(
    st.sampled_from([Arrivals.POISSON, Arrivals.CONSTANT]),
    st.floats(0.5, 200),
    st.floats(0, 3),
    st.integers(0, 60),
    st.floats(0, 3),
    st.floats(0, 3),
)
def test_a_load_ends_by_time_or_number_whichever_is_first(
    arrivals: Arrivals, rate: float, duration_s: float, requests: int, warmup_s: float, cooldown_s: float
) -> None:
    load = Load(arrivals, 1, rate, (), duration_s, requests, warmup_s, 0, cooldown_s)
    if not duration_s and not requests:
        with pytest.raises(ConfigurationError):
            draw(load)
        return
    schedule = draw(load)
    offsets, end = schedule.offsets_ns, schedule.warmup + schedule.steady
    assert (np.diff(offsets) >= 0).all()
    assert (offsets[: schedule.warmup] < warmup_s * SECOND + 1).all()
    assert (offsets[schedule.warmup : end] >= warmup_s * SECOND - 1).all()
    if requests:
        assert schedule.steady <= requests
    if duration_s:
        assert (offsets[:end] <= (warmup_s + duration_s) * SECOND + 1).all()
    if not cooldown_s:
        assert offsets.size == end
    elif offsets.size > end:
        assert offsets[-1] <= (warmup_s + duration_s if duration_s else 1e9) * SECOND + cooldown_s * SECOND + 1


@pytest.mark.parametrize(
    "load",
    [
        Load(Arrivals.CLOSED, 0, duration_s=1),
        Load(Arrivals.CLOSED, 1),
        poisson(0, duration_s=1),
        poisson(-1, duration_s=1),
        poisson(float("nan"), duration_s=1),
        poisson(1, duration_s=float("inf")),
        Load(Arrivals.REPLAY),
        Load(Arrivals.REPLAY, offsets_s=(1.0, 0.5)),
        Load(Arrivals.REPLAY, offsets_s=(-1.0,)),
        Load(Arrivals.REPLAY, offsets_s=(float("nan"),)),
    ],
)
def test_an_impossible_load_is_refused(load: Load) -> None:
    with pytest.raises(ConfigurationError, match="nothing was sent"):
        check_load(load)


def test_a_load_without_end_in_memory_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="more than"):
        draw(poisson(1e8, duration_s=1e6))


def end(turn: Turn, at_ns: int) -> Exchange:
    exchange = make_exchange([])
    exchange.turn, exchange.end_ns = turn, at_ns
    return exchange


def run(turns: ClosedTurns | OpenTurns, seconds_each: float) -> list[Turn]:
    """All turns, where each answer takes so long."""
    now, taken, under_way = 0, list[Turn](), list[tuple[int, Turn]]()
    while turns.due_ns != NEVER or under_way:
        if under_way and under_way[0][0] <= turns.due_ns:
            now, turn = under_way.pop(0)
            turns.end(end(turn, now))
        else:
            now = max(now, turns.due_ns)
            turn = turns.take()
            taken.append(turn)
            under_way.append((now + int(seconds_each * SECOND), turn))
            under_way.sort(key=lambda pair: pair[0])
    return taken


def test_a_closed_loop_keeps_as_many_under_way_and_ends_by_time() -> None:
    taken = run(ClosedTurns(0, Load(Arrivals.CLOSED, 4, duration_s=2, warmup_s=1), Share()), 0.25)
    by_phase = {phase: sum(turn.phase is phase for turn in taken) for phase in Phase}
    assert by_phase == {Phase.WARMUP: 4 + 4 + 3 + 3, Phase.STEADY: 32, Phase.COOLDOWN: 0}
    assert [turn.number for turn in taken] == list(range(len(taken)))


def test_a_closed_loop_ends_by_number() -> None:
    taken = run(ClosedTurns(0, Load(Arrivals.CLOSED, 4, requests=10), Share()), 0.25)
    assert [turn.phase for turn in taken] == [Phase.STEADY] * 10
    assert [turn.scheduled_ns for turn in taken[:5]] == [0, 0, 0, 0, SECOND // 4]


def test_cool_down_keeps_the_load_up_until_the_steady_ones_are_done() -> None:
    taken = run(ClosedTurns(0, Load(Arrivals.CLOSED, 2, requests=3, cooldown_s=60), Share()), 1.0)
    assert [turn.phase for turn in taken] == [Phase.STEADY] * 3 + [Phase.COOLDOWN]
    load = Load(Arrivals.CONSTANT, rate_per_s=10, requests=10, cooldown_s=60)
    schedule = draw(load)
    dealt = deal(array("q", schedule.offsets_ns.tobytes()), schedule.warmup, schedule.steady, Share())
    phases = [turn.phase for turn in run(OpenTurns(0, dealt), 0.55)]
    assert phases == [Phase.STEADY] * 10 + [Phase.COOLDOWN] * 5


def test_an_open_loop_with_a_limit_queues_and_keeps_the_moments() -> None:
    dealt = deal(array("q", [0, 1, 2, 3]), 0, 4, Share())
    turns = OpenTurns(0, dealt, in_flight_max=2)
    first, _ = turns.take(), turns.take()
    assert turns.due_ns == NEVER
    turns.end(end(first, 50))
    assert turns.due_ns == 2
    assert turns.take().scheduled_ns == 2


@given(st.integers(0, 100), st.integers(1, 7))
def test_shares_add_up(total: int, workers: int) -> None:
    counts = [Share(number, workers).count(total) for number in range(workers)]
    assert counts == [len(range(number, total, workers)) for number in range(workers)]


def test_a_sweep_is_the_base_at_each_value() -> None:
    base = poisson(1, duration_s=5)
    assert [load.rate_per_s for load in make_sweep(base, spread_levels(1, 16, 5))] == pytest.approx([1, 2, 4, 8, 16])
    closed = make_sweep(Load(Arrivals.CLOSED, 1, duration_s=5), (1, 2.6))
    assert [load.concurrency for load in closed] == [1, 3]
    for values in ((), (0.0,), (1.0,) * 101):
        with pytest.raises(ConfigurationError):
            make_sweep(base, values)


def test_a_ramp_rises_as_it_should() -> None:
    load = make_ramp(poisson(1, duration_s=100, warmup_s=10), (10.0, 110.0), seed=3)
    counts = np.histogram(load.offsets_s, bins=11, range=(0, 110))[0]
    expected = np.array([100, *(10 * (15 + 10 * number) for number in range(10))])
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 0.001
    assert abs(counts.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())
    check_load(load)
