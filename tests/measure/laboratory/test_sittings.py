"""Single sittings and what other methods make of them: against closed forms and sums over pairs."""

import numpy as np
import pytest
from benchmarks.watch_peers import persist
from benchmarks.watch_sittings import Plan, divide, lead, measure_shares, score_border, score_mmd, score_z
from scipy.stats import norm

PLAN = Plan("loose", 0.0, 8, 3, 50)
SHARES = np.array([[0.5, 0.3, 0.2], [0.6, 0.4, 0.0]])


def test_at_temperature_zero_a_near_tie_is_decided_by_the_noise_of_two_tokens() -> None:
    noise = 0.02 * np.random.default_rng(1).standard_normal((40_000, 1, 2))
    shares = measure_shares(np.array([[0.03, 0.0]]), 0.0, noise)
    assert shares[0, 0] == pytest.approx(norm.cdf(0.03 / (0.02 * 2**0.5)), abs=0.01)


def test_a_sitting_asks_sixty_answers_and_three_at_least_of_every_prompt() -> None:
    served = np.tile([[0.5, 0.5, 0.0]], (8, 1))
    asked = lead(served, served, PLAN, np.random.default_rng(2)).sum(axis=2)
    assert set(asked.sum(axis=1)) == {60.0}
    assert asked.min() >= 3
    assert divide(PLAN).tolist() == [8, 8, 8, 8, 7, 7, 7, 7]


def test_what_moved_is_asked_most() -> None:
    reference = np.tile([[0.5, 0.5]], (8, 1))
    served = reference.copy()
    served[5] = (1.0, 0.0)
    asked = lead(served, reference, PLAN, np.random.default_rng(3)).sum(axis=(0, 2))
    assert asked.argmax() == 5


def test_the_discrepancy_is_the_mean_over_pairs_of_answers_to_a_prompt() -> None:
    reference, counts = np.array([[3.0, 2.0], [4.0, 1.0]]), np.array([[1.0, 2.0], [3.0, 0.0]])
    expected = 0.0
    for one, other in zip(reference, counts, strict=True):
        first, second = (np.repeat([0, 1], row.astype(int)) for row in (one, other))
        same = [
            (a[:, None] == b[None, :]).astype(float) for a, b in ((first, first), (second, second), (first, second))
        ]
        own = [(table.sum() - len(table)) / (len(table) * (len(table) - 1)) for table in same[:2]]
        expected += (sum(own) - 2 * same[2].mean()) * len(second)
    assert float(score_mmd(reference, counts)) == pytest.approx(expected)


def test_peers_score_nothing_where_a_sitting_is_as_the_reference_says() -> None:
    counts = SHARES[None] * 10
    assert score_border(SHARES, counts) == pytest.approx(0)
    assert score_z(SHARES, counts) == pytest.approx(0)


def test_the_border_rule_waits_for_the_third_day() -> None:
    days = [np.array([value]) for value in (0.1, 0.5, 0.4, 0.6, 0.0)]
    assert [float(one[0]) for one in persist(days)] == [0.0, 0.0, 0.1, 0.4, 0.0]
