"""Bets on symbols are fair against everything within the tolerance, and free where nothing can be won."""

import numpy as np
from scipy.optimize import linprog

from holdfast.measure.drift import bets
from holdfast.measure.drift.bets import BLOCK, Ground, Places, bet_day, plan_bets, start_learning
from holdfast.measure.drift.margins import Array
from tests.measure.drift.streams import PROMPTS, make_shares, shift_shares

EPSILON = 0.05


def make_ground(shares: Array, endpoints: int = 1) -> Ground:
    every = np.repeat(shares[None], endpoints, axis=0)
    one = np.ones(endpoints)
    return Ground(every, every, 400 * one, EPSILON * one, 0.05 * one, 1e-4)


def draw(shares: Array, answers: int, seed: int, endpoints: int = 1) -> tuple[Places, Places]:
    generator = np.random.default_rng(seed)
    prompts = generator.integers(0, len(shares), (endpoints, answers))
    symbols = (generator.random((endpoints, answers, 1)) > shares.cumsum(axis=1)[prompts]).sum(axis=-1)
    return prompts, np.minimum(symbols, shares.shape[1] - 1)


def find_worst_mean(factors: Array, shares: Array) -> float:
    """The largest mean of a bet over all distributions whose mean distance is the tolerance, by linear programming:
    q = p + up - down."""
    prompts, symbols = shares.shape
    gain, size = np.exp(factors).ravel() / prompts, prompts * symbols
    rows = np.kron(np.eye(prompts), np.ones(symbols))
    solved = linprog(
        -np.concatenate([gain, -gain]),
        A_ub=np.concatenate([np.zeros(size), np.full(size, 1 / prompts)])[None],
        b_ub=[EPSILON],
        A_eq=np.concatenate([rows, -rows], axis=1),
        b_eq=np.zeros(prompts),
        bounds=[(0, None)] * size + [(0, share) for share in shares.ravel()],
    )
    return float(gain @ shares.ravel() - solved.fun)


def test_no_distribution_within_the_tolerance_makes_a_bet_that_was_learnt_win_on_average() -> None:
    shares = make_shares(1)
    ground, changed = make_ground(shares), shift_shares(shares, 2.0, 2)
    learnt = start_learning(ground)
    bet_day(ground, learnt, *draw(changed, 200, 3))
    factors = plan_bets(ground, learnt)
    assert (factors != 0).any()
    for learner in range(bets.HALF_LIVES.size):
        assert find_worst_mean(factors[:, 0, learner].T, shares) <= 1


def test_a_bet_on_a_changed_endpoint_wins_on_average() -> None:
    shares = make_shares(1)
    ground, changed = make_ground(shares), shift_shares(shares, 2.0, 2)
    learnt = start_learning(ground)
    bet_day(ground, learnt, *draw(changed, 200, 3))
    growth = (changed.T[:, None] * plan_bets(ground, learnt)[:, 0]).sum(axis=0).mean(axis=1)
    assert (growth[:3] > 0.02).all()


def test_a_quiet_endpoint_is_hardly_bet_on() -> None:
    shares = make_shares(4)
    ground = make_ground(shares, 20)
    learnt = start_learning(ground)
    gains = [bet_day(ground, learnt, *draw(shares, 60, day, 20))[:, :, -1] for day in range(20)]
    assert abs(float(np.mean(gains))) < 0.2


def test_many_endpoints_at_once_are_each_as_if_alone() -> None:
    first, second = make_shares(5), make_shares(6)
    both = make_ground(first, 2)
    both = Ground(np.stack([first, second]), np.stack([first, second]), both.answers, both.epsilon, both.distance, 1e-4)
    prompts, symbols = draw(shift_shares(first, 2.0, 7), 150, 8, 2)
    together = bet_day(both, start_learning(both), prompts, symbols)
    for row, shares in enumerate((first, second)):
        alone = make_ground(shares)
        single = bet_day(alone, start_learning(alone), prompts[row : row + 1], symbols[row : row + 1])
        np.testing.assert_allclose(single[0], together[row], atol=1e-9)


def test_a_missing_answer_neither_wins_nor_teaches() -> None:
    shares = make_shares(9)
    ground = make_ground(shares)
    prompts, symbols = draw(shift_shares(shares, 2.0, 1), 15 * BLOCK, 2)
    holes: Places = np.full((1, BLOCK), -1, dtype=np.int64)
    later = np.concatenate([prompts[:, :-BLOCK], holes, prompts[:, -BLOCK:]], axis=1)
    answers = np.concatenate([symbols[:, :-BLOCK], np.zeros_like(holes), symbols[:, -BLOCK:]], axis=1)
    plain = bet_day(ground, start_learning(ground), prompts, symbols)
    holed = bet_day(ground, start_learning(ground), later, answers)
    np.testing.assert_allclose(plain[:, :, -1], holed[:, :, -1], atol=0.01)  # bets that nobody took are counted


def test_every_prompt_is_asked_of_the_ground() -> None:
    assert make_ground(make_shares(1)).made.shape[1] == PROMPTS
