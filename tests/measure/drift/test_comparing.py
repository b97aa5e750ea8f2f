"""A host is compared with a reference by an exact test, and the power is stated; several monitors keep one promise."""

from dataclasses import replace

import numpy as np
import pytest

from holdfast.measure.drift.comparing import compare_served, compute_p_value, measure_distance, tabulate
from holdfast.measure.drift.judging import judge
from holdfast.measure.drift.together import judge_family
from holdfast.measure.drift.triage import find_nearest
from holdfast.records.watching import Channel, Control, Moved, Outcome, Visit
from tests.measure.drift.streams import draw_visit, make_monitor, make_shares, shift_shares

BASE = make_shares(1)


def ask(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]], seed: int, answers: int = 600) -> list[Visit]:
    return [draw_visit(shares, 0, answers, seed)]


def test_a_faithful_host_serves_the_same_to_within_a_stated_shift() -> None:
    told = compare_served(ask(BASE, 1), ask(BASE, 2), 0.01)
    assert told.outcome is Outcome.SAME
    assert told.shift_found is not None
    assert told.shift_found <= 0.25


def test_a_host_that_serves_another_distribution_is_told_apart() -> None:
    told = compare_served(ask(BASE, 1), ask(shift_shares(BASE, 1.3, 3), 2), 0.01)
    assert told.outcome is Outcome.CHANGED
    assert told.triage is not None


def test_faithful_hosts_are_told_apart_no_more_often_than_stated() -> None:
    generator = np.random.default_rng(1)
    pairs = [tabulate(ask(BASE, 2 * n, 80), ask(BASE, 2 * n + 1, 80))[Channel.TOKENS] for n in range(50)]
    values = [compute_p_value(pair, generator, 99) for pair in pairs]
    assert sum(value <= 0.05 for value in values) <= 8  # more: one time in a thousand


def test_hosts_without_common_prompts_cannot_be_compared() -> None:
    told = compare_served(ask(BASE, 1), [], 0.01)
    assert (told.outcome, told.p_value) == (Outcome.COULD_NOT_TELL, None)


def test_the_distance_of_two_samples_is_that_of_chi_square_for_two_symbols() -> None:
    first, second = np.array([[[30.0, 10.0]]]), np.array([[[20.0, 20.0]]])
    gap = 0.75 - 0.5
    assert measure_distance(first, second)[0] == pytest.approx(2 * gap**2 * 40 * 40 / 80)


def test_of_several_monitors_the_k_largest_are_called_where_the_k_th_is_large_enough() -> None:
    plain = judge(make_monitor(), [])
    logs = [np.log(450.0), np.log(300.0), 0.0, -1.0]
    judgements = [replace(plain, log_wealth=float(value)) for value in logs]
    both = judge_family(judgements, 0.01, Control.DISCOVERIES)
    wise = judge_family(judgements, 0.01, Control.FAMILY_WISE)
    assert both.is_changed == (True, True, False, False)  # 400 and 200 are needed
    assert wise.is_changed == (True, False, False, False)  # 400 each
    assert both.promise == pytest.approx(0.01 + 4 * 0.0005 * 0.2)


def test_the_nearest_signature_is_that_whose_channels_moved_alike() -> None:
    def move(tokens: float, refusals: float) -> tuple[Moved, ...]:
        pairs = ((Channel.TOKENS, tokens), (Channel.REFUSALS, refusals))
        return tuple(Moved(channel, shift, shift, shift, 9) for channel, shift in pairs)

    known = {"four-bit": move(0.25, 0.0), "swap": move(0.9, 0.2), "policy": move(0.1, 0.8)}
    nearest = find_nearest(move(0.3, 0.0), known)
    assert nearest[0][1] == pytest.approx(0.05 / np.sqrt(2))
    assert [name for name, _ in nearest] == ["four-bit", "swap", "policy"]
