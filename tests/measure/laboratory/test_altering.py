"""Changes of matrices and logits do what their names say, reckoned another way."""

import numpy as np
import pytest
from benchmarks.watch_laboratory.altering import (
    GROUP,
    adjust_logits,
    alter_matrix,
    find_green,
    prune_matrix,
    round_half,
    round_matrix,
    sharpen_logits,
)
from benchmarks.watch_laboratory.catalogue import Serving, Weights
from benchmarks.watch_laboratory.tables import compute_softmax

MATRIX = np.random.default_rng(5).standard_normal((24, 64)).astype(np.float32)
LOGITS = np.array([2.0, 1.0, 0.5, -1.0, -3.0])


@pytest.mark.parametrize("bits", [3, 4])
def test_rounding_keeps_few_levels_in_a_group_and_errs_by_half_a_step_at_most(bits: int) -> None:
    rounded = round_matrix(MATRIX, bits)
    for row, kept in zip(MATRIX, rounded, strict=True):
        for start in range(0, len(row), GROUP):
            group, found = row[start : start + GROUP], kept[start : start + GROUP]
            step = np.abs(group).max() / (2 ** (bits - 1) - 1)
            assert np.abs(group - found).max() <= step / 2 * 1.0001
            assert len(np.unique(np.rint(found / step))) <= 2**bits - 1


def test_eight_bits_share_a_scale_along_a_whole_output() -> None:
    steps = np.abs(MATRIX).max(axis=1, keepdims=True) / 127
    assert np.allclose(np.rint(MATRIX / steps), round_matrix(MATRIX, 8) / steps, atol=1e-3)


def test_a_matrix_of_zeros_stays_as_it_is() -> None:
    assert not round_matrix(np.zeros((4, GROUP), np.float32), 4).any()


def test_half_precision_is_the_nearer_of_the_two_numbers_with_eight_bits() -> None:
    below = (MATRIX.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    above = ((MATRIX.view(np.uint32) & np.uint32(0xFFFF0000)) + np.uint32(0x10000)).view(np.float32)
    nearest = np.minimum(np.abs(MATRIX - below), np.abs(MATRIX - above))
    assert np.array_equal(np.abs(MATRIX - round_half(MATRIX)), nearest)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_pruning_sets_exactly_the_smallest_share_to_zero(share: float) -> None:
    pruned = prune_matrix(MATRIX, share)
    count = round(share * MATRIX.size)
    assert (pruned == 0).sum() == count
    assert np.abs(MATRIX[pruned == 0]).max() <= np.abs(pruned[pruned != 0]).min()


def test_noise_has_the_size_asked_for_and_repeats_from_its_seed() -> None:
    noised = alter_matrix(MATRIX, Weights.NOISED, 0.25, 7)
    assert (noised - MATRIX).std() / MATRIX.std() == pytest.approx(0.25, rel=0.1)
    assert np.array_equal(noised, alter_matrix(MATRIX, Weights.NOISED, 0.25, 7))


def test_what_takes_training_is_no_change_of_a_matrix() -> None:
    with pytest.raises(ValueError, match="its own file"):
        alter_matrix(MATRIX, Weights.TUNED, 8, 0)


def test_top_p_keeps_the_fewest_symbols_that_reach_it() -> None:
    chances = compute_softmax(LOGITS, 1.0)
    served = compute_softmax(sharpen_logits(LOGITS, Serving(top_p=0.8), 1.0), 1.0)
    kept = int((served > 0).sum())
    assert np.sort(chances)[::-1][:kept].sum() >= 0.8 > np.sort(chances)[::-1][: kept - 1].sum()
    assert np.allclose(served[:kept], chances[:kept] / chances[:kept].sum())


def test_a_temperature_scale_is_a_power_of_the_chances() -> None:
    chances = compute_softmax(LOGITS, 0.5) ** (1 / 2.0)
    served = compute_softmax(sharpen_logits(LOGITS, Serving(temperature_scale=2.0), 0.5), 0.5)
    assert np.allclose(served, chances / chances.sum())


def test_a_watermark_multiplies_the_odds_of_half_the_symbols() -> None:
    logits, symbols = np.zeros(100), np.array([3, 9])
    served = compute_softmax(adjust_logits(logits, Serving(watermark=1.5), symbols), 1.0)
    green = find_green(100, 9)
    assert green.sum() == 50
    assert served[green].min() / served[~green].max() == pytest.approx(np.exp(1.5))


def test_a_repetition_penalty_lowers_what_stands_in_the_prompt_alone() -> None:
    served = adjust_logits(LOGITS, Serving(repetition=2.0), np.array([0, 4]))
    assert served.tolist() == [1.0, 1.0, 0.5, -1.0, -6.0]
    assert LOGITS.tolist() == [2.0, 1.0, 0.5, -1.0, -3.0]
