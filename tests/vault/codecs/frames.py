"""Frames for the tests of the codecs: floats of every kind and what is odd about them, and damaged payloads."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from hypothesis import strategies as st

from holdfast.vault.codecs.kinds import BF16, F8_E4M3, F8_E5M2, F16, F32, INT8, DifferenceKind, Octets

KINDS: Final = (
    BF16, F16, F32, F8_E4M3, F8_E5M2, INT8,
    DifferenceKind(width=2, map=1, shift=0, bits=8),
    DifferenceKind(width=4, map=1, shift=31, bits=1),
    DifferenceKind(width=4, map=0, shift=30, bits=8),
    DifferenceKind(width=1, map=0, shift=7, bits=0),
)  # fmt: skip
PLANES: Final = ((1, 0), (2, 0), (2, 1), (4, 0), (4, 1), (8, 0), (8, 1))
# Zeros of both signs, infinities, NaNs with payloads, the smallest and the largest, in bf16, f16 and f32 at once.
ODD: Final = (
    0x00000000,
    0x80008000,
    0x7F807F80,
    0xFF80FF80,
    0x7FC17FC1,
    0xFFFFFFFF,
    0x00010001,
    0x7F7F7F7F,
    0x7C007C00,
)


def to_bf16(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Octets:
    """Rounded to nearest, little-endian."""
    return (values.astype(np.float32).view(np.uint32) + 0x8000 >> 16).astype("<u2").view(np.uint8)


def make_weights(elements: int, seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What a trained matrix looks like: normal, small."""
    return (np.random.default_rng(seed).standard_normal(elements) * 0.02).astype(np.float32)


@st.composite
def frames(draw: st.DrawFn, width: int) -> bytes:
    """Whole elements: noise, few values, one value or odd floats, of any number from 1."""
    elements = draw(st.one_of(st.integers(1, 70), st.integers(1, 4000)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    style = draw(st.sampled_from(["noise", "few", "one", "odd", "weights"]))
    size = elements * width
    if style == "weights":
        return make_weights(size // 4 + 1, int(rng.integers(2**32))).tobytes()[:size]
    if style == "odd":
        return rng.choice(np.array(ODD, dtype="<u4"), size // 4 + 1).tobytes()[:size]
    high = {"noise": 256, "few": 5, "one": 1}[style]
    return rng.integers(0, high, size, dtype=np.uint8).tobytes()


@st.composite
def pairs(draw: st.DrawFn, width: int) -> tuple[bytes, bytes]:
    """A frame and its base: near, equal in most places, or strangers."""
    base = np.frombuffer(draw(frames(width)), dtype=np.uint8)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    style = draw(st.sampled_from(["near", "sparse", "stranger"]))
    elements = base.view(f"<u{width}")
    if style == "near":
        steps = np.rint(rng.standard_normal(elements.size) * draw(st.sampled_from([0.3, 3, 300]))).astype(np.int64)
        return (elements.astype(np.int64) + steps).astype(f"<u{width}").tobytes(), base.tobytes()
    noise = rng.integers(0, 256, base.size, dtype=np.uint8)
    if style == "sparse":
        noise = np.where(rng.random(base.size) < 0.02, noise, base)
    return noise.tobytes(), base.tobytes()


def flip_bits(payload: bytes) -> Iterator[bytes]:
    """The payload with one bit turned, for every bit."""
    for bit in range(8 * len(payload)):
        hurt = bytearray(payload)
        hurt[bit // 8] ^= 1 << bit % 8
        yield bytes(hurt)


def cut(payload: bytes) -> Iterator[bytes]:
    """The payload cut short at every length."""
    for length in range(len(payload)):
        yield payload[:length]
