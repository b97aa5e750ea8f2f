"""Which codecs do the work: the compiled ones where they were compiled, else the same in NumPy."""

import functools
import os
from typing import Final, Protocol

from holdfast.vault.codecs.kinds import Buffer, DifferenceKind
from holdfast.vault.codecs.native import find_native_kernel
from holdfast.vault.codecs.plain import PlainKernel

CHOICE: Final = "HOLDFAST_KERNEL"  # `plain` asks for NumPy, to compare or to rule the compiled one out


class Kernel(Protocol):
    """The codecs 2 and 4 of docs/format.md. Encoders give None for what would not get shorter; decoders raise BadFrame
    for what no encoder wrote; `proves_` decodes what was just encoded and compares. Safe to share between threads."""

    name: str

    def encode_planes(self, raw: Buffer, width: int, rotation: int) -> bytes | None: ...

    def decode_planes(self, payload: Buffer, length: int) -> memoryview: ...

    def proves_planes(self, payload: Buffer, raw: Buffer) -> bool: ...

    def encode_difference(self, raw: Buffer, base: Buffer, kind: DifferenceKind) -> bytes | None: ...

    def decode_difference(self, payload: Buffer, base: Buffer, length: int) -> memoryview: ...

    def proves_difference(self, payload: Buffer, base: Buffer, raw: Buffer) -> bool: ...


@functools.cache
def get_kernel() -> Kernel:
    """The fastest kernel there is here; HOLDFAST_KERNEL=plain forces the one in NumPy."""
    native = None if os.environ.get(CHOICE) == "plain" else find_native_kernel()
    return native or PlainKernel()
