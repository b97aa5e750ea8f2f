"""What the codecs of docs/format.md are told about numbers, and the error when a payload is not theirs."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.records.errors import BadFrame

Octets: TypeAlias = NDArray[np.uint8]
Buffer: TypeAlias = bytes | bytearray | memoryview | Octets

PLANE_WIDTHS: Final = (1, 2, 4, 8)
DIFFERENCE_WIDTHS: Final = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class DifferenceKind:
    """How codec 4 reads elements of `width` bytes: `map` 0 is sign and magnitude (floats), 1 plain integers; the
    context of an element is `(base >> shift) & (2^bits - 1)`, the exponent of the base's element."""

    width: int
    map: int
    shift: int
    bits: int

    def is_known(self) -> bool:
        """Whether docs/format.md allows it."""
        return (
            self.width in DIFFERENCE_WIDTHS
            and self.map in (0, 1)
            and 0 <= self.bits <= 8
            and 0 <= self.shift < 8 * self.width
        )


BF16: Final = DifferenceKind(width=2, map=0, shift=7, bits=8)
F16: Final = DifferenceKind(width=2, map=0, shift=10, bits=5)
F32: Final = DifferenceKind(width=4, map=0, shift=23, bits=8)
F8_E4M3: Final = DifferenceKind(width=1, map=0, shift=3, bits=4)
F8_E5M2: Final = DifferenceKind(width=1, map=0, shift=2, bits=5)
INT8: Final = DifferenceKind(width=1, map=1, shift=0, bits=0)


def view_octets(buffer: Buffer) -> Octets:
    """The bytes behind a contiguous buffer, without a copy."""
    return np.frombuffer(buffer, dtype=np.uint8)


def is_same(left: Buffer, right: Buffer) -> bool:
    """Whether two buffers hold the same bytes. `==` of memoryviews takes as long as encoding does, and NumPy notes its
    answer for every element: words are compared in a quarter of the time of bytes."""
    one, other = view_octets(left), view_octets(right)
    if one.size != other.size:
        return False
    words = one.size // 8 * 8
    alike = np.array_equal(one[:words].view(np.uint64), other[:words].view(np.uint64))
    return alike and np.array_equal(one[words:], other[words:])


def refuse(codec: str) -> BadFrame:
    """The error for a payload that `codec` cannot have written; whoever knows the pack and the offset adds them."""
    return BadFrame(f"the payload is not what the codec {codec!r} writes")
