"""What is done to a matrix of a model, and to the logits that come out of it. Needs no PyTorch."""

import numpy as np
from benchmarks.watch_laboratory.catalogue import Serving, Weights
from benchmarks.watch_laboratory.tables import ABSENT, compute_softmax
from numpy.typing import NDArray

GROUP = 32  # inputs that share a scale where fewer than 8 bits are left
GREEN_SHARE = 0.5
Matrix = NDArray[np.float32]


def alter_matrix(matrix: Matrix, weights: Weights, amount: float, seed: int) -> Matrix:
    """A matrix of shape (outputs, inputs) as a variant leaves it. Raises ValueError for what takes training."""
    match weights:
        case Weights.BASE:
            return matrix
        case Weights.HALF:
            return round_half(matrix)
        case Weights.ROUNDED:
            return round_matrix(matrix, round(amount))
        case Weights.PRUNED:
            return prune_matrix(matrix, amount)
        case Weights.NOISED:
            noise = np.random.default_rng(seed).standard_normal(matrix.shape, np.float32)
            return np.asarray(matrix + np.float32(amount * matrix.std()) * noise, np.float32)
        case _:
            raise ValueError(f"{weights} is not a change of single matrices: it is read from its own file")


def round_half(matrix: Matrix) -> Matrix:
    """To bfloat16 and back: to nearest, ties to even."""
    bits = np.ascontiguousarray(matrix, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return np.asarray(rounded.view(np.float32))


def round_matrix(matrix: Matrix, bits: int) -> Matrix:
    """Symmetric, to nearest; a scale for each output (8 bits), or for each group of inputs (fewer)."""
    levels = 2 ** (bits - 1) - 1
    outputs, inputs = matrix.shape
    width = GROUP if bits < 8 and inputs % GROUP == 0 else inputs
    groups = matrix.reshape(outputs, inputs // width, width)
    scales = np.maximum(np.abs(groups).max(axis=2, keepdims=True), np.float32(1e-12)) / np.float32(levels)
    return np.asarray(np.rint(groups / scales) * scales, np.float32).reshape(matrix.shape)


def prune_matrix(matrix: Matrix, share: float) -> Matrix:
    """The smallest entries set to zero: exactly round(share * size) of them."""
    count = round(share * matrix.size)
    pruned = matrix.copy().reshape(-1)
    pruned[np.argsort(np.abs(pruned), kind="stable")[:count]] = 0
    return pruned.reshape(matrix.shape)


def adjust_logits(logits: NDArray[np.float64], serving: Serving, symbols: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logits of shape (symbols,) after penalties and watermark, which look at the prompt's symbols."""
    if serving.repetition != 1.0:
        seen = np.unique(symbols)
        logits = logits.copy()
        logits[seen] = np.where(logits[seen] > 0, logits[seen] / serving.repetition, logits[seen] * serving.repetition)
    if serving.watermark:
        logits = logits + serving.watermark * find_green(len(logits), int(symbols[-1]))
    return logits


def find_green(size: int, before: int) -> NDArray[np.bool_]:
    """Which symbols a watermark favours after a symbol: half of them."""
    return np.random.default_rng((size, before)).permutation(size) < round(size * GREEN_SHARE)


def sharpen_logits(logits: NDArray[np.float64], serving: Serving, temperature: float) -> NDArray[np.float64]:
    """The logits that give what is served when they are sampled from at the temperature asked for."""
    logits = logits / serving.temperature_scale
    if serving.top_p >= 1.0:
        return logits
    chances = compute_softmax(logits, temperature)
    order = np.argsort(-chances, kind="stable")
    is_cut = np.cumsum(chances[order]) - chances[order] >= serving.top_p
    cut = logits.copy()
    cut[order[is_cut]] = ABSENT
    return cut
