"""Border prompts are found by asking alone."""

import numpy as np
from benchmarks.watch_laboratory.borders import ask, compute_balance, find_borders
from benchmarks.watch_laboratory.tables import compute_softmax

SYMBOLS = ("yes", " Yes", "no", "tea")


def test_ties_are_found_as_often_as_three_answers_differ_and_sure_answers_never() -> None:
    ties, sure = np.tile([5, 0, 5, 0], (400, 1)), np.tile([5, 0, 0, 0], (100, 1))
    found = find_borders(np.vstack((ties, sure)).astype(np.float32), SYMBOLS, 0.1, np.random.default_rng(1))
    assert max(found) < 400
    assert abs(len(found) / 400 - 0.75) < 0.1


def test_the_most_balanced_come_first() -> None:
    gaps = np.repeat([0.0, 0.15], 200)
    logits = np.stack([np.full(400, 5.0), np.zeros(400), 5.0 - gaps, np.zeros(400)], axis=1)
    found = find_borders(logits.astype(np.float32), SYMBOLS, 0.1, np.random.default_rng(1))
    half = len(found) // 2
    assert np.mean(np.array(found[:half]) < 200) > np.mean(np.array(found[half:]) < 200) + 0.3


def test_answers_that_differ_in_white_space_and_case_only_are_no_border() -> None:
    logits = np.array([[5, 5, 0, 0]], np.float32)
    assert find_borders(logits, SYMBOLS, 0.1, np.random.default_rng(1)) == []


def test_balance_is_how_often_the_second_came_for_each_first() -> None:
    assert compute_balance(np.array([0, 0, 0, 2, 2, 3]), SYMBOLS) == 2 / 3
    assert compute_balance(np.array([0, 0]), SYMBOLS) == 0.0


def test_answers_are_drawn_from_the_softmax() -> None:
    logits = np.array([[1.0, 0.9, 0.85, 0.8]], np.float32)
    answers = ask(logits, 4000, 0.1, np.random.default_rng(2))[0]
    shares = np.bincount(answers, minlength=4) / 4000
    assert np.abs(shares - compute_softmax(logits, 0.1)[0]).max() < 0.03
