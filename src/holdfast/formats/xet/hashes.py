"""Xet's hashes: BLAKE3 with a key for each purpose, and a tree whose groups end where the hashes themselves say.

A hash is 32 bytes; its text is four little-endian 64-bit words in hexadecimal, so each 8 bytes stand reversed.
"""

import re
import struct
from collections.abc import Iterable
from typing import Final

from blake3 import blake3

from holdfast.formats.xet.cutting import Buffer
from holdfast.formats.xet.errors import BadHashText

HASH_BYTES: Final = 32
EMPTY_FILE: Final = bytes(HASH_BYTES)
_CHUNK_KEY: Final = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY: Final = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_TERM_KEY: Final = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_FILE_KEY: Final = bytes(32)
_CHILDREN_MIN: Final = 3
_CHILDREN_MAX: Final = 9


def to_text(digest: bytes) -> str:
    """The text of a hash, as in addresses, headers and JSON."""
    return swap_words(digest).hex()


def from_text(text: str) -> bytes:
    """The hash that a text tells; raises BadHashText."""
    if not re.fullmatch("[0-9a-f]{64}", text, re.ASCII):
        reason = f"{text[:80]!r} is no hash: 64 digits from 0-9 and a-f are one"
        raise BadHashText(reason, next_step="Ask with the hash as it was given.")
    return swap_words(bytes.fromhex(text))


def swap_words(digest: bytes) -> bytes:
    """Each group of 8 bytes reversed: how a shard stores an ordinary SHA-256, and back."""
    return struct.pack("<4Q", *struct.unpack(">4Q", digest))


def compute_chunk_hash(data: Buffer) -> bytes:
    """The hash of a chunk's unpacked bytes."""
    return blake3(data, key=_CHUNK_KEY).digest()


def compute_xorb_hash(chunks: Iterable[tuple[bytes, int]]) -> bytes:
    """The hash of a xorb of these (hash, unpacked length), at least one."""
    tree = Tree()
    for digest, length in chunks:
        tree.add(digest, length)
    return tree.compute_root()


def compute_file_hash(root: bytes | None) -> bytes:
    """The hash of the file whose chunks' tree has this root; None is that of the empty file."""
    return EMPTY_FILE if root is None else blake3(root, key=_FILE_KEY).digest()


def compute_term_hash(digests: Iterable[bytes]) -> bytes:
    """The verification hash of a term over the hashes of its chunks."""
    return blake3(b"".join(digests), key=_TERM_KEY).digest()


class Tree:
    """A tree over (hash, length) that come one by one; holds at most eight a level.

    A group ends with its third or a later child whose last word is divisible by 4, or with its ninth.
    """

    def __init__(self) -> None:
        self._levels: list[list[tuple[bytes, int]]] = []
        self._counts: list[int] = []

    def add(self, digest: bytes, length: int) -> None:
        """The next leaf. The tree goes on as if none before had been the last."""
        level = 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
                self._counts.append(0)
            group = self._levels[level]
            group.append((digest, length))
            self._counts[level] += 1
            if len(group) < _CHILDREN_MIN or (digest[24] & 3 and len(group) < _CHILDREN_MAX):
                return
            digest, length = _join(group)
            group.clear()
            level += 1

    def find_root(self) -> bytes | None:
        """The root over the leaves so far, or None when there are none. More may be added afterwards."""
        carried: tuple[bytes, int] | None = None
        for group, count in zip(self._levels, self._counts, strict=True):
            children = [*group, *([carried] if carried else [])]
            if count + bool(carried) == 1:
                return children[0][0]
            carried = _join_rest(children)
        return carried[0] if carried else None

    def compute_root(self) -> bytes:
        """The root over at least one leaf."""
        root = self.find_root()
        assert root is not None, "a tree has leaves"
        return root


def _join_rest(children: list[tuple[bytes, int]]) -> tuple[bytes, int] | None:
    return _join(children) if children else None


def _join(children: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    lines = "".join(f"{to_text(digest)} : {length}\n" for digest, length in children)
    return blake3(lines.encode("ascii"), key=_NODE_KEY).digest(), sum(length for _, length in children)
