"""How small the codecs make things, against the entropies that they approach, computed here with NumPy."""

import numpy as np
import pytest
from numpy.typing import NDArray

from holdfast.vault.codecs.kernel import get_kernel
from holdfast.vault.codecs.kinds import BF16
from tests.vault.codecs.frames import make_weights, to_bf16

FRAME_BYTES = 1 << 20


def compute_entropy_bytes(symbols: NDArray[np.int64]) -> float:
    _, counts = np.unique(symbols, return_counts=True)
    return float(-(counts * np.log2(counts / counts.sum())).sum() / 8)


def to_order(octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    elements = octets.view("<i2").astype(np.int64)
    return np.where(elements < 0, -(elements & 0x7FFF) - 1, elements)


def test_lone_bf16_is_within_one_percent_of_the_order_0_bound_of_the_exponent_split() -> None:
    raw = to_bf16(make_weights(FRAME_BYTES // 2))
    rotated = raw.view("<u2").astype(np.int64)
    rotated = (rotated << 1 | rotated >> 15) & 0xFFFF
    bound = compute_entropy_bytes(rotated >> 8) + min(compute_entropy_bytes(rotated & 255), rotated.size)
    payload = get_kernel().encode_planes(raw, 2, 1)
    assert payload is not None
    assert len(payload) <= 1.01 * bound


def test_lone_f32_is_within_one_percent_of_the_order_0_bound_of_its_planes() -> None:
    raw = np.frombuffer(make_weights(FRAME_BYTES // 4).tobytes(), dtype=np.uint8)
    rotated = raw.view("<u4").astype(np.int64)
    rotated = (rotated << 1 | rotated >> 31) & 0xFFFFFFFF
    bound = sum(compute_entropy_bytes(rotated >> shift & 255) for shift in (24, 16, 8, 0))
    payload = get_kernel().encode_planes(raw, 4, 1)
    assert payload is not None
    assert len(payload) <= 1.01 * bound


@pytest.mark.parametrize("step", [2e-5, 2e-4, 2e-3])
def test_a_fine_tune_is_within_five_percent_of_its_entropy_given_the_exponent_of_the_base(step: float) -> None:
    weights = make_weights(FRAME_BYTES // 2)
    base, raw = to_bf16(weights), to_bf16(weights + step * 50 * make_weights(weights.size, 2))
    difference = to_order(raw) - to_order(base)
    exponent = base.view("<u2").astype(np.int64) >> 7 & 255
    bound = sum(compute_entropy_bytes(difference[exponent == one]) for one in np.unique(exponent))
    payload = get_kernel().encode_difference(raw, base, BF16)
    assert payload is not None
    assert len(payload) <= 1.05 * bound


def test_upcast_bf16_costs_as_much_as_bf16() -> None:
    raw = to_bf16(make_weights(FRAME_BYTES // 4))
    upcast = (raw.view("<u2").astype(np.uint32) << 16).astype("<u4").tobytes()
    narrow, wide = get_kernel().encode_planes(raw, 2, 1), get_kernel().encode_planes(upcast, 4, 1)
    assert narrow is not None
    assert wide is not None
    assert len(wide) <= len(narrow) + 0.13 * raw.size / 2  # the sign goes to a plane of its own
