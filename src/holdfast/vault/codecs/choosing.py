"""Encodes a frame the smallest way that is known for its type, proves that it comes back, and decodes any frame."""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Final

import zstandard

from holdfast.records.errors import BadFrame, NotVerified
from holdfast.vault.codecs.kernel import get_kernel
from holdfast.vault.codecs.kinds import is_same
from holdfast.vault.codecs.types import ElementType
from holdfast.vault.packs.writing import EncodedFrame

_ZSTD_LEVEL: Final = 3
_PLAINLY_SMALL: Final = 0.3  # no weights are coded alone in less
_SMALL: Final = 4096  # bytes; an rANS stream has 128 bytes of states and a table, zstd does as well here


class Codec(IntEnum):
    """The codecs of docs/format.md. An id never changes its meaning."""

    RAW = 0
    ZSTD = 1
    PLANES = 2
    SAME = 3
    DIFFERENCE = 4


NEEDS_BASE: Final = frozenset({Codec.SAME, Codec.DIFFERENCE})


def encode_frame(raw: memoryview, kind: ElementType, base: memoryview | None) -> EncodedFrame:
    """The smallest encoding of `raw`: alone, or against `base` (the same frame of the object's base).

    What is returned was decoded and compared. Raises NotVerified when an encoder errs.
    """
    codec, payload = _choose(raw, kind, base)
    if not _proves(codec, payload, raw, base):
        raise NotVerified(
            f"codec {codec} did not give back what it was given",
            where="while encoding",
            next_step="Nothing was written. Check this machine's memory, and report it.",
        )
    return EncodedFrame(codec, len(raw), payload)


def _proves(codec: Codec, payload: bytes | memoryview, raw: memoryview, base: memoryview | None) -> bool:
    """Whether the payload, decoded, is `raw`."""
    if codec is Codec.PLANES:
        return get_kernel().proves_planes(payload, raw)
    if codec is Codec.DIFFERENCE:
        assert base is not None
        return get_kernel().proves_difference(payload, base, raw)
    return is_same(decode_frame(codec, payload, len(raw), base), raw)


def _choose(raw: memoryview, kind: ElementType, base: memoryview | None) -> tuple[Codec, bytes | memoryview]:
    if base is not None and is_same(raw, base):
        return Codec.SAME, b""
    best: tuple[Codec, bytes | memoryview] = (Codec.RAW, raw)
    for codec, payload in _try_codecs(raw, kind, base):
        if payload is not None and len(payload) < len(best[1]):
            best = codec, payload
        if codec is Codec.DIFFERENCE and len(best[1]) < _PLAINLY_SMALL * len(raw):
            break
    return best


def _try_codecs(
    raw: memoryview, kind: ElementType, base: memoryview | None
) -> Iterator[tuple[Codec, bytes | memoryview | None]]:
    yield Codec.DIFFERENCE, _encode_difference(raw, kind, base)
    yield Codec.PLANES, _encode_planes(raw, kind)
    yield Codec.ZSTD, _encode_zstd(raw, kind)


def _encode_difference(raw: memoryview, kind: ElementType, base: memoryview | None) -> bytes | None:
    if base is None or kind.difference is None or not len(raw) or len(raw) % kind.width:
        return None
    return get_kernel().encode_difference(raw, base, kind.difference)


def _encode_planes(raw: memoryview, kind: ElementType) -> bytes | None:
    if not len(raw) or (len(raw) < _SMALL and not kind.noisy):
        return None
    width, rotation = (kind.width, kind.rotation) if len(raw) % kind.width == 0 else (1, 0)
    return get_kernel().encode_planes(raw, width, rotation)


def _encode_zstd(raw: memoryview, kind: ElementType) -> bytes | None:
    """Weights are noise to zstd, unless they repeat: a sample tells."""
    if kind.noisy and len(raw) > 4 * _SMALL and not _repeats(raw):
        return None
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(raw)


def _repeats(raw: memoryview) -> bool:
    middle = len(raw) // 2
    sample = raw[middle : middle + 4 * _SMALL]
    return len(zstandard.ZstdCompressor(level=1).compress(sample)) < len(sample) // 2


def decode_frame(
    codec: int, payload: bytes | memoryview, raw_bytes: int, base: memoryview | None
) -> bytes | memoryview:
    """The raw bytes of a frame. Raises BadFrame when the payload does not follow its codec, or the codec is unknown."""
    decode = _DECODERS.get(codec)
    if decode is None:
        raise BadFrame(f"codec {codec} is not known", next_step="Install a newer holdfast; all else can be read.")
    if codec in NEEDS_BASE and (base is None or len(base) != raw_bytes):
        raise BadFrame("the base of a frame is missing or of another length", next_step="Run `holdfast verify`.")
    raw = decode(payload, raw_bytes, base)
    if len(raw) != raw_bytes:
        raise BadFrame(f"a frame came out with {len(raw)} bytes for {raw_bytes}", next_step="Run `holdfast verify`.")
    return raw


_Decoder = Callable[["bytes | memoryview", int, "memoryview | None"], "bytes | memoryview"]


def _decode_zstd(payload: bytes | memoryview, raw_bytes: int, _base: memoryview | None) -> bytes:
    try:
        if zstandard.frame_content_size(payload) > raw_bytes:  # it would be believed, and that much memory taken
            raise BadFrame("a zstd frame is longer than its frame says", next_step="Run `holdfast verify`.")
        return zstandard.ZstdDecompressor().decompress(payload, max_output_size=raw_bytes, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise BadFrame(f"zstd: {error}", next_step="Run `holdfast verify`.") from error


def _decode_difference(payload: bytes | memoryview, raw_bytes: int, base: memoryview | None) -> memoryview:
    assert base is not None
    return get_kernel().decode_difference(payload, base, raw_bytes)


def _decode_same(payload: bytes | memoryview, _raw_bytes: int, base: memoryview | None) -> memoryview:
    assert base is not None
    if len(payload):
        raise BadFrame("a frame that equals its base has a payload", next_step="Run `holdfast verify`.")
    return base


_DECODERS: Final[Mapping[int, _Decoder]] = {
    Codec.RAW: lambda payload, _raw, _base: payload,
    Codec.ZSTD: _decode_zstd,
    Codec.PLANES: lambda payload, raw_bytes, _base: get_kernel().decode_planes(payload, raw_bytes),
    Codec.SAME: _decode_same,
    Codec.DIFFERENCE: _decode_difference,
}
