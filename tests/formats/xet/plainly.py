"""Xet's rules once more, as plainly as they can be written, to hold the package to."""

from collections.abc import Sequence
from hashlib import sha256

from blake3 import blake3

from holdfast.formats.xet.gear_table import build_gear_table

CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")


def make_stream(size: int) -> bytes:
    """The first bytes of SHA-256(0), SHA-256(1), …, each counter as 8 bytes little-endian."""
    return b"".join(sha256(number.to_bytes(8, "little")).digest() for number in range(size // 32 + 1))[:size]


def cut(data: bytes) -> list[int]:
    """The lengths of a file's chunks, a byte at a time."""
    table = [int(number) for number in build_gear_table()]
    lengths: list[int] = []
    gear = start = 0
    for place, byte in enumerate(data, 1):
        gear = (2 * gear + table[byte]) % 2**64
        length = place - start
        if (length >= 8192 and gear < 2**48) or length == 131072:
            lengths.append(length)
            gear, start = 0, place
    return lengths + [len(data) - start] * (start < len(data))


def split(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    """`data` in parts of these lengths."""
    return [data[sum(lengths[:number]) :][:length] for number, length in enumerate(lengths)]


def spell(digest: bytes) -> str:
    """The text of a hash."""
    return "".join(digest[start : start + 8][::-1].hex() for start in (0, 8, 16, 24))


def hash_chunk(data: bytes) -> bytes:
    """The hash of a chunk."""
    return blake3(data, key=CHUNK_KEY).digest()


def hash_tree(nodes: list[tuple[bytes, int]]) -> bytes:
    """The root over (hash, length), level after level over whole lists."""
    if len(nodes) == 1:
        return nodes[0][0]
    level: list[tuple[bytes, int]] = []
    while nodes:
        ends = [
            end for end in range(3, min(len(nodes), 9) + 1) if int.from_bytes(nodes[end - 1][0][24:], "little") % 4 == 0
        ]
        group = nodes[: (ends or [9])[0]]
        text = "".join(f"{spell(digest)} : {length}\n" for digest, length in group)
        level.append((blake3(text.encode(), key=NODE_KEY).digest(), sum(length for _, length in group)))
        nodes = nodes[len(group) :]
    return hash_tree(level)


def hash_file(data: bytes) -> bytes:
    """The Xet hash of a file."""
    nodes = [(hash_chunk(part), len(part)) for part in split(data, cut(data))]
    return blake3(hash_tree(nodes), key=bytes(32)).digest() if nodes else bytes(32)
