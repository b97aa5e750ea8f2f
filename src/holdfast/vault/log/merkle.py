"""Merkle trees of RFC 6962 over SHA-256, as pure functions. Hashes come from a reader; no medium, clock or key here.

A tree of n leaves is a row of complete subtrees. Every function that needs hashes takes a reader of complete subtrees:
`read(level, index)` is the hash over the leaves from `index << level` up to, not including, `(index + 1) << level`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

HashReader: TypeAlias = Callable[[int, int], bytes]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def compute_root(size: int, read: HashReader) -> bytes:
    """The root of the first `size` leaves."""
    return _compute_range(0, size, read) if size else EMPTY_ROOT


def split_range(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees (level, index) that make up the leaves from `begin` to `end`, greatest first.

    `begin` is a multiple of the greatest power of two in the width, as it is wherever RFC 6962 cuts a tree.
    """
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def fold_peaks(peaks: list[bytes]) -> bytes:
    """The root over complete subtrees, greatest first; at least one."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hash_node(peak, root)
    return root


def reduce_complete(hashes: list[bytes]) -> bytes:
    """The root over a power of two of subtrees of one height."""
    while len(hashes) > 1:
        hashes = [hash_node(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def prove_inclusion(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1: from the leaf's sibling up to the root's child."""
    return tuple(_compute_range(begin, end, read) for begin, end, _ in _walk_to_leaf(index, size))


def compute_root_of_inclusion(index: int, size: int, leaf: bytes, proof: tuple[bytes, ...]) -> bytes | None:
    """The root that a proof leads to from the hash of a leaf; None when it has a wrong length or place."""
    if not 0 <= index < size:
        return None
    steps = _walk_to_leaf(index, size)
    if len(steps) != len(proof):
        return None
    node = leaf
    for (_, _, is_left), sibling in zip(steps, proof, strict=True):
        node = hash_node(sibling, node) if is_left else hash_node(node, sibling)
    return node


def prove_consistency(old: int, new: int, read: HashReader) -> tuple[bytes, ...]:
    """PROOF(old, D[new]) of RFC 6962, 2.1.2; empty when nothing needs proof. 0 <= old <= new."""
    if old in (0, new):
        return ()
    begin, steps = _walk_to_edge(old, new)
    seed = (_compute_range(begin, old, read),) if begin else ()
    return seed + tuple(_compute_range(first, last, read) for first, last, _ in steps)


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: tuple[bytes, ...]) -> bool:
    """Whether a proof shows that the tree `new` (size, root) begins with the tree `old`."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    begin, steps = _walk_to_edge(old_size, new_size)
    siblings = proof[1:] if begin else proof
    if len(siblings) != len(steps) or (begin and not proof):
        return False
    before = after = proof[0] if begin else old_root
    for (_, _, is_left), sibling in zip(steps, siblings, strict=True):
        if is_left:
            before = hash_node(sibling, before)
            after = hash_node(sibling, after)
        else:
            after = hash_node(after, sibling)
    return before == old_root and after == new_root


class Frontier:
    """The root of a growing tree, in memory that grows with its logarithm."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def add(self, leaf: bytes) -> None:
        """Take in the hash of the next leaf."""
        node, size = leaf, self.size
        while size & 1:
            node = hash_node(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of what was taken in so far."""
        return fold_peaks(self._peaks) if self._peaks else EMPTY_ROOT


def _compute_range(begin: int, end: int, read: HashReader) -> bytes:
    return fold_peaks([read(level, index) for level, index in split_range(begin, end)])


def _cut(begin: int, end: int) -> int:
    # RFC 6962 cuts n > 1 leaves at the greatest power of two that is smaller than n.
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _walk_to_leaf(index: int, size: int) -> list[tuple[int, int, bool]]:
    """The siblings (begin, end, whether it is the left one) on the way from a leaf up to the root."""
    begin, end = 0, size
    siblings: list[tuple[int, int, bool]] = []
    while end - begin > 1:
        middle = _cut(begin, end)
        if index < middle:
            siblings.append((middle, end, False))
            end = middle
        else:
            siblings.append((begin, middle, True))
            begin = middle
    return siblings[::-1]


def _walk_to_edge(old: int, new: int) -> tuple[int, list[tuple[int, int, bool]]]:
    """Where the last subtree that ends at `old` begins, and its siblings on the way up to the root of `new`."""
    begin, end = 0, new
    siblings: list[tuple[int, int, bool]] = []
    while end != old:
        middle = _cut(begin, end)
        if old <= middle:
            siblings.append((middle, end, False))
            end = middle
        else:
            siblings.append((begin, middle, True))
            begin = middle
    return begin, siblings[::-1]
