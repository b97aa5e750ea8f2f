"""What each element type offers to the codecs: how wide it is, where its exponent lies, how differences are taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.vault.codecs.kinds import BF16, F8_E4M3, F8_E5M2, F16, F32, INT8, DifferenceKind


@dataclass(frozen=True, slots=True)
class ElementType:
    """`width` in bytes and `rotation` in bits for codec 2; `difference` when codec 4 is of use; `noisy` for types of
    which zstd makes nothing that planes do not."""

    width: int
    rotation: int = 0
    difference: DifferenceKind | None = None
    noisy: bool = True


BYTES: Final = ElementType(1, noisy=False)

_TYPES: Final[Mapping[str, ElementType]] = {
    "BF16": ElementType(2, 1, BF16),
    "F16": ElementType(2, 0, F16),
    "F32": ElementType(4, 1, F32),
    "F64": ElementType(8, 1),
    "F8_E4M3": ElementType(1, 0, F8_E4M3),
    "F8_E4M3FNUZ": ElementType(1, 0, F8_E4M3),
    "F8_E5M2": ElementType(1, 0, F8_E5M2),
    "F8_E5M2FNUZ": ElementType(1, 0, F8_E5M2),
    "I8": ElementType(1, 0, INT8, noisy=False),
    "U8": ElementType(1, 0, INT8, noisy=False),
    "I16": ElementType(2, noisy=False),
    "U16": ElementType(2, noisy=False),
    "I32": ElementType(4, noisy=False),
    "U32": ElementType(4, noisy=False),
    "I64": ElementType(8, noisy=False),
    "U64": ElementType(8, noisy=False),
    "C64": ElementType(4, 1),
}


def get_element_type(dtype: str) -> ElementType:
    """What is known of a type by its format's name; blocks of quantised weights and unknown types are bytes."""
    return _TYPES.get(dtype, BYTES)
