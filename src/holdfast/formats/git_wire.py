"""Git on the wire: pkt-lines of the smart protocol (version 0), and packs, written without deltas. Runs no git."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from holdfast.formats.errors import BadGitObject
from holdfast.formats.git import GitObject

FLUSH: Final = b"0000"
LINE_BYTES_MAX: Final = 65_520
SIDE_BAND_BYTES: Final = LINE_BYTES_MAX - 5
_LINES_MAX: Final = 200_000
_KINDS: Final = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_NEXT: Final = "Use git as it is."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: commits that it wants, those that it has, where its own history ends (`shallow`), how
    deep it wants to look (0: all the way), and whether it has said all (`done`). One that is not `talking` yet has said
    what it wants alone."""

    wants: tuple[str, ...]
    haves: tuple[str, ...]
    shallow: frozenset[str]
    depth: int
    capabilities: frozenset[str]
    talking: bool
    done: bool


def make_line(text: bytes) -> bytes:
    """A pkt-line: its length in four hexadecimal digits, then the text."""
    assert len(text) + 4 <= LINE_BYTES_MAX, "a line is short"
    return b"%04x" % (len(text) + 4) + text


def split_lines(data: bytes) -> Iterator[bytes | None]:
    """The texts of pkt-lines, None for a flush. Raises BadGitObject."""
    at = 0
    for _ in range(_LINES_MAX):
        if at == len(data):
            return
        try:
            length = int(data[at : at + 4].decode("ascii"), 16)
        except ValueError as error:
            raise _bad(at, "no length of a line stands here") from error
        if length == 0:
            yield None
            at += 4
            continue
        if not 4 <= length <= LINE_BYTES_MAX or at + length > len(data):
            raise _bad(at, f"a line of {length} bytes does not fit")
        yield data[at + 4 : at + length].removesuffix(b"\n")
        at += length
    raise _bad(at, f"more than {_LINES_MAX:,} lines")


def _bad(at: int, what: str) -> BadGitObject:
    return BadGitObject(what, where=f"the request, byte {at}", next_step=_NEXT)


def read_wish(data: bytes) -> Wish:
    """What a request to git-upload-pack says. Raises BadGitObject."""
    wants: list[str] = []
    haves: list[str] = []
    shallow: list[str] = []
    capabilities: list[str] = []
    depth, done, flushes, after = 0, False, 0, 0
    for line in split_lines(data):
        after += flushes > 0
        flushes += line is None
        word, _, rest = (line or b"").partition(b" ")
        if word == b"want":
            name, *said = rest.decode("ascii", "replace").split(" ")
            wants.append(_check_id(name))
            capabilities += said
        elif word == b"have":
            haves.append(_check_id(rest.decode("ascii", "replace")))
        elif word == b"shallow":
            shallow.append(_check_id(rest.decode("ascii", "replace")))
        elif word == b"deepen":
            depth = _read_depth(rest)
        elif word == b"done":
            done = True
        elif line:
            raise BadGitObject(f"{line[:60]!r} is not understood", where="the request", next_step=_NEXT)
    return Wish(tuple(wants), tuple(haves), frozenset(shallow), depth, frozenset(capabilities), after > 0, done)


def _check_id(text: str) -> str:
    if len(text) != 40 or not set(text) <= set("0123456789abcdef"):
        raise BadGitObject(f"{text[:60]!r} is no id of git", where="the request", next_step=_NEXT)
    return text


def _read_depth(text: bytes) -> int:
    if not text.isdigit() or len(text) > 10:
        raise BadGitObject(f"{text[:60]!r} is no depth", where="the request", next_step=_NEXT)
    return int(text)


def iterate_pack(count: int, objects: Iterable[GitObject]) -> Iterator[bytes]:
    """The bytes of a pack of so many objects, an object a piece."""
    digest = hashlib.sha1(usedforsecurity=False)
    head = b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big")
    digest.update(head)
    yield head
    written = 0
    for one in objects:
        piece = _write_size(_KINDS[one.kind], len(one.body)) + zlib.compress(one.body)
        digest.update(piece)
        written += 1
        yield piece
    assert written == count, "a pack says how many objects it has before the first"
    yield digest.digest()


def _write_size(kind: int, size: int) -> bytes:
    """The kind and the size of an object: four bits of it, then seven at a time, the least first."""
    found = bytearray()
    byte, size = kind << 4 | size & 15, size >> 4
    while size:
        found.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    found.append(byte)
    return bytes(found)


def wrap_in_band(piece: bytes) -> Iterator[bytes]:
    """A piece of a pack as lines of side band 1."""
    for at in range(0, len(piece), SIDE_BAND_BYTES):
        yield make_line(b"\1" + piece[at : at + SIDE_BAND_BYTES])
