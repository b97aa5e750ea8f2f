"""What one sitting tells: scores that are zero on average while nothing changed, and larger when something did."""

import numpy as np
import pytest

from holdfast.measure.drift.one_shot import measure_auc, score_logprobs, score_tokens
from tests.measure.drift.streams import make_shares, shift_shares

BASE = make_shares(1, 5)


def test_the_score_of_tokens_is_zero_on_average_while_nothing_changed() -> None:
    scores = score_tokens(BASE, np.random.default_rng(1).multinomial(12, BASE, size=(20_000, 5)).astype(np.float64))
    assert abs(float(scores.mean())) < 4 * float(scores.std()) / np.sqrt(20_000)


def test_a_changed_endpoint_scores_more_by_tokens_and_by_log_probabilities() -> None:
    generator = np.random.default_rng(2)
    changed = shift_shares(BASE, 2.0, 3)
    usual, other = (generator.multinomial(12, one, size=(300, 5)).astype(np.float64) for one in (BASE, changed))
    assert measure_auc(score_tokens(BASE, usual), score_tokens(BASE, other)) > 0.9
    reference, same, moved = (
        np.log(one) + generator.normal(0, 0.1, (100, 12, *BASE.shape))
        for one in (BASE, BASE, shift_shares(BASE, 0.1, 3))
    )
    assert measure_auc(score_logprobs(reference, same), score_logprobs(reference, moved)) > 0.9


def test_the_auc_is_the_share_of_pairs_in_order() -> None:
    assert measure_auc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == pytest.approx((2 + 1.5) / 4)
