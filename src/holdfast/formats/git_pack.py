"""Git's packs: the objects that a server sends, with differences resolved. Each is named by what it hashes to.

Bounded in what it unpacks, and needs nothing outside the pack.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.formats.errors import ArchiveBomb, BadGitObject, TooManyEntries, at_byte
from holdfast.formats.git import GitObject, make_object

OBJECT_BYTES_MAX: Final = 64 << 20
UNPACKED_BYTES_MAX: Final = 512 << 20
OBJECTS_MAX: Final = 1_000_000
DEPTH_MAX: Final = 200
_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_BY_OFFSET: Final = 6
_BY_ID: Final = 7
_FEED_BYTES: Final = 64 << 10
_AGAIN: Final = "Fetch it again; ask whoever runs the server if it stays so."


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry as it lies in the pack: a whole object, or a difference against the one at an offset or of an id."""

    kind: str
    body: bytes
    base_offset: int = -1
    base_id: str = ""


def read_pack(data: bytes, where: Path) -> list[GitObject]:
    """All objects of a pack, in its order. Raises BadGitObject, TooManyEntries or ArchiveBomb."""
    if len(data) < 32 or data[:4] != b"PACK" or int.from_bytes(data[4:8], "big") not in (2, 3):
        raise _bad("this is no pack", where, 0)
    count = int.from_bytes(data[8:12], "big")
    if count > OBJECTS_MAX:
        raise TooManyEntries(f"{count} objects in one pack", where=str(where), next_step=_AGAIN)
    if hashlib.sha1(data[:-20], usedforsecurity=False).digest() != data[-20:]:
        raise _bad("the pack is not what was sent", where, len(data) - 20)
    entries = dict(_read_entries(data, count, where))
    return _Resolver(entries, where).resolve()


def _read_entries(data: bytes, count: int, where: Path) -> Iterator[tuple[int, _Entry]]:
    at, left = 12, UNPACKED_BYTES_MAX
    for _ in range(count):
        start = at
        try:
            number, size, at = _read_head(data, at)
            base_offset, base_id = -1, ""
            if number == _BY_OFFSET:
                distance, at = _read_distance(data, at)
                base_offset = start - distance
            elif number == _BY_ID:
                base_id, at = data[at : at + 20].hex(), at + 20
        except IndexError:
            raise _bad("the pack ends within an object", where, start) from None
        kind = _KINDS.get(number, "")
        if not kind and number not in (_BY_OFFSET, _BY_ID):
            raise _bad(f"an object of kind {number}", where, start)
        left -= size
        if size > OBJECT_BYTES_MAX or left < 0:
            raise ArchiveBomb("the pack unpacks to more than is read", where=at_byte(where, start), next_step=_AGAIN)
        body, at = _unpack(data, at, size, where)
        yield start, _Entry(kind, body, base_offset, base_id)


def _read_head(data: bytes, at: int) -> tuple[int, int, int]:
    """Kind, unpacked size and where the rest begins."""
    byte = data[at]
    number, size, shift = byte >> 4 & 7, byte & 15, 4
    at += 1
    while byte & 0x80:
        byte = data[at]
        size |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return number, size, at


def _read_distance(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    distance, at = byte & 0x7F, at + 1
    while byte & 0x80:
        byte = data[at]
        distance, at = (distance + 1 << 7) | byte & 0x7F, at + 1
    return distance, at


def _unpack(data: bytes, at: int, size: int, where: Path) -> tuple[bytes, int]:
    """A zlib stream of a stated size, and where it ends."""
    unpacker = zlib.decompressobj()
    found = bytearray()
    start = at
    try:
        while not unpacker.eof and at < len(data):
            fed = data[at : at + _FEED_BYTES]
            found += unpacker.decompress(fed, size + 1 - len(found))
            while unpacker.unconsumed_tail and len(found) <= size:
                found += unpacker.decompress(unpacker.unconsumed_tail, size + 1 - len(found))
            at += len(fed) - len(unpacker.unused_data) - len(unpacker.unconsumed_tail)
            if len(found) > size:
                break
    except zlib.error as error:
        raise _bad(f"an object cannot be unpacked: {error}", where, start) from None
    if len(found) != size or not unpacker.eof:
        raise _bad("an object is not as long as it says", where, start)
    return bytes(found), at


class _Resolver:
    """Applies differences to their bases, which may themselves be differences."""

    def __init__(self, entries: dict[int, _Entry], where: Path) -> None:
        self._entries = entries
        self._where = where
        self._whole: dict[int, GitObject] = {}
        self._offsets: dict[str, int] = {}
        self._left = UNPACKED_BYTES_MAX

    def resolve(self) -> list[GitObject]:
        waiting = list(self._entries)
        while waiting:
            rest = [offset for offset in waiting if not self._try(offset)]
            if len(rest) == len(waiting):
                raise _bad("an object's base is not in the pack", self._where, rest[0])
            waiting = rest
        return [self._whole[offset] for offset in self._entries]

    def _try(self, offset: int) -> bool:
        """Whether the object at an offset is whole now; a base given by an id may come later in the pack."""
        chain: list[int] = []
        here = offset
        while here not in self._whole:
            entry = self._entries.get(here)
            if entry is None or len(chain) > DEPTH_MAX or here in chain:
                raise _bad("an object's base is no object", self._where, offset)
            chain.append(here)
            if entry.kind:
                break
            if entry.base_id and entry.base_id not in self._offsets:
                return False
            here = self._offsets[entry.base_id] if entry.base_id else entry.base_offset
        for here in reversed(chain):
            self._add(here)
        return True

    def _add(self, offset: int) -> None:
        entry = self._entries[offset]
        if entry.kind:
            made = make_object(entry.kind, entry.body)
        else:
            base = self._whole[self._offsets[entry.base_id] if entry.base_id else entry.base_offset]
            made = make_object(base.kind, self._apply(base.body, entry.body, offset))
        self._whole[offset] = made
        self._offsets[made.id] = offset

    def _apply(self, base: bytes, delta: bytes, offset: int) -> bytes:
        try:
            base_size, at = _read_number(delta, 0)
            size, at = _read_number(delta, at)
            self._left -= size
            if size > OBJECT_BYTES_MAX or self._left < 0:
                raise ArchiveBomb("the pack unpacks to more than is read", where=str(self._where), next_step=_AGAIN)
            found = bytearray()
            while at < len(delta):
                part, at = _read_step(base, delta, at)
                found += part
                if len(found) > size:
                    raise IndexError
        except IndexError:
            raise _bad("a difference leads outside its base", self._where, offset) from None
        if len(base) != base_size or len(found) != size:
            raise _bad("a difference is not of its base", self._where, offset)
        return bytes(found)


def _read_step(base: bytes, delta: bytes, at: int) -> tuple[bytes, int]:
    """One step of a difference: bytes of the base, or bytes that stand in it."""
    code = delta[at]
    at += 1
    if not code & 0x80:
        if not code or at + code > len(delta):
            raise IndexError
        return delta[at : at + code], at + code
    start = size = 0
    for number in range(7):
        if code >> number & 1:
            if number < 4:
                start |= delta[at] << 8 * number
            else:
                size |= delta[at] << 8 * (number - 4)
            at += 1
    size = size or 0x10000
    if start + size > len(base):
        raise IndexError
    return base[start : start + size], at


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise IndexError


def _bad(what: str, where: Path, offset: int) -> BadGitObject:
    return BadGitObject(what, where=at_byte(where, offset), next_step=_AGAIN)
