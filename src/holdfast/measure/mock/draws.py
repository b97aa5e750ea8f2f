"""Random numbers of one request: they depend on the mock's seed, the request and what they are for, and on no other
request. server.c draws the same ones."""

import math
from enum import IntEnum
from typing import Final

from holdfast.measure.mock.spec import Distribution, Shape

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_SQUEEZE: Final = 0.0331


class Purpose(IntEnum):
    """What numbers are for. Each purpose has a sequence of its own."""

    SCENARIO = 1
    TTFT = 2
    LENGTH = 3
    GAP = 4
    CHUNK = 5
    WORD = 6
    IDENTITY = 7


class Draws:
    """A sequence of numbers (splitmix64: Steele, Lea and Flood, 2014)."""

    __slots__ = ("_count", "_state")

    def __init__(self, seed: int, request: int, purpose: Purpose) -> None:
        state = mix((seed + _STEP) & _MASK)
        self._state = mix(mix(state ^ (request & _MASK)) + purpose)
        self._count = 0

    def draw_bits(self) -> int:
        """64 random bits."""
        self._state = (self._state + _STEP) & _MASK
        return mix(self._state)

    def draw_share(self) -> float:
        """Uniform in [0, 1), a multiple of 2^-53."""
        return (self.draw_bits() >> 11) * 2.0**-53

    def draw(self, wanted: Distribution, first: int = 0) -> float:
        """A number of the distribution, never negative. A script begins at its value `first`."""
        place, self._count = first + self._count, self._count + 1
        match wanted.shape:
            case Shape.CONSTANT:
                return wanted.mean
            case Shape.LOGNORMAL:
                return self._draw_lognormal(wanted.mean, wanted.cv)
            case Shape.GAMMA:
                return self._draw_gamma(wanted.mean, wanted.cv)
            case Shape.RECORDED:
                return wanted.values[self.draw_bits() % len(wanted.values)]
            case Shape.SCRIPTED:
                return wanted.values[place % len(wanted.values)]

    def _draw_normal(self) -> float:
        radius = math.sqrt(-2.0 * math.log(1.0 - self.draw_share()))
        return radius * math.cos(2.0 * math.pi * self.draw_share())

    def _draw_lognormal(self, mean: float, cv: float) -> float:
        if mean <= 0.0:
            return 0.0
        variance = math.log(1.0 + cv * cv)
        return math.exp(math.log(mean) - variance / 2.0 + math.sqrt(variance) * self._draw_normal())

    def _draw_gamma(self, mean: float, cv: float) -> float:
        if mean <= 0.0 or cv <= 0.0:
            return max(mean, 0.0)
        shape = 1.0 / (cv * cv)
        return self._draw_standard_gamma(shape) * (mean * cv * cv)

    def _draw_standard_gamma(self, shape: float) -> float:
        """By Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)."""
        boost = 1.0
        if shape < 1.0:
            boost = math.pow(1.0 - self.draw_share(), 1.0 / shape)
            shape += 1.0
        d = shape - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        while True:
            normal = self._draw_normal()
            cube = 1.0 + c * normal
            if cube <= 0.0:
                continue
            cube = cube * cube * cube
            share = 1.0 - self.draw_share()
            if share < 1.0 - _SQUEEZE * (normal * normal) * (normal * normal):
                return boost * d * cube
            if math.log(share) < 0.5 * normal * normal + d * (1.0 - cube + math.log(cube)):
                return boost * d * cube


def mix(bits: int) -> int:
    """The finaliser of splitmix64: every bit of the result depends on every bit that is given."""
    bits &= _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)
