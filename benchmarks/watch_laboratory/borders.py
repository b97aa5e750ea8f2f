"""Which prompts have a first token that is nearly balanced: found as a client has to, by asking. Needs no PyTorch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ASKED_FIRST, ASKED_AGAIN = 3, 20
NOISE = 0.02  # of the logits, from query to query
CHUNK = 256  # prompts at once


def find_borders(
    logits: NDArray[np.float32], symbols: Sequence[str], temperature: float, draws: np.random.Generator
) -> list[int]:
    """The rows of logits (prompts, symbols) whose answers vary, the most balanced first.

    Three answers to each prompt; those that differ are asked twenty times more. Left out: answers that differ in white
    space or case only."""
    first = ask(logits, ASKED_FIRST, temperature, draws)
    rows = np.flatnonzero((first != first[:, :1]).any(axis=1))
    again = ask(logits[rows], ASKED_AGAIN, temperature, draws)
    found = [(compute_balance(answers, symbols), int(row)) for row, answers in zip(rows, again, strict=True)]
    return [row for balance, row in sorted(found, key=lambda one: (-one[0], one[1])) if balance > 0]


def ask(logits: NDArray[np.float32], times: int, temperature: float, draws: np.random.Generator) -> NDArray[np.int64]:
    """Answers of shape (prompts, times): the largest of logits with Gumbel's noise is a draw from their softmax."""
    answers = np.empty((len(logits), times), np.int64)
    for start in range(0, len(logits), CHUNK):
        part = logits[start : start + CHUNK]
        for time in range(times):
            shaken = (part + NOISE * draws.standard_normal(part.shape, np.float32)) / temperature
            shaken += draws.gumbel(size=part.shape)
            answers[start : start + len(part), time] = shaken.argmax(axis=1)
    return answers


def compute_balance(answers: NDArray[np.int64], symbols: Sequence[str]) -> float:
    """How often the second answer came for each time the first did; 0 where they hardly differ."""
    values, counts = np.unique(answers, return_counts=True)
    if len(values) < 2:
        return 0.0
    order = np.argsort(-counts, kind="stable")
    one, other = (symbols[int(values[place])] for place in order[:2])
    if one.strip().casefold() == other.strip().casefold():
        return 0.0
    return float(counts[order[1]] / counts[order[0]])
