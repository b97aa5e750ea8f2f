"""A xorb's chunks in a few bytes each, to be kept beside its body: what parse_xorb found, without parsing it again."""

import struct
from typing import Final

import numpy as np
from blake3 import blake3

from holdfast.formats.xet.codings import Coding
from holdfast.formats.xet.errors import TruncatedBody, WrongHash
from holdfast.formats.xet.hashes import HASH_BYTES
from holdfast.formats.xet.xorb import StoredChunk, Xorb

_HEAD: Final = struct.Struct("<8s32sI")
_MAGIC: Final = b"HFXORBDR"
_CHUNK: Final = np.dtype([("hash", "V32"), ("length", "<u4"), ("offset", "<u4"), ("stored", "<u4"), ("coding", "<u4")])
_NEXT: Final = "Delete it: it is made again from the xorb."


def encode_directory(xorb: Xorb) -> bytes:
    """What is known of a xorb, with a check at the end."""
    chunks = np.zeros(len(xorb.chunks), _CHUNK)
    chunks["hash"] = np.frombuffer(b"".join(chunk.hash for chunk in xorb.chunks), "V32")
    for field in ("length", "offset", "stored", "coding"):
        chunks[field] = [getattr(chunk, field) for chunk in xorb.chunks]
    body = _HEAD.pack(_MAGIC, xorb.hash, len(xorb.chunks)) + chunks.tobytes()
    return body + blake3(body).digest()


def decode_directory(data: bytes) -> Xorb:
    """What encode_directory wrote; a footer is not among it. Raises TruncatedBody or WrongHash."""
    body = data[:-HASH_BYTES]
    if len(body) < _HEAD.size:
        raise TruncatedBody(f"{len(data):,} bytes are no directory of a xorb", next_step=_NEXT)
    magic, digest, count = _HEAD.unpack_from(body)
    if magic != _MAGIC or blake3(body).digest() != data[-HASH_BYTES:]:
        raise WrongHash("the directory of a xorb is not what was written", next_step=_NEXT)
    chunks = np.frombuffer(body, _CHUNK, count, _HEAD.size)
    numbers = (chunks[field].tolist() for field in ("length", "offset", "stored", "coding"))
    return Xorb(
        digest,
        tuple(
            StoredChunk(chunk.tobytes(), length, offset, stored, Coding(coding))
            for chunk, length, offset, stored, coding in zip(chunks["hash"], *numbers, strict=True)
        ),
        has_footer=False,
    )
