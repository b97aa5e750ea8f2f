"""Which chunks and which hash files have for Xet's clients: computed once from verified bytes, and remembered.

One small file each in the user's cache folder, by the sha256. It can be deleted at any time: it is computed again.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Final

from holdfast.formats.xet.chunking import iterate_chunks
from holdfast.formats.xet.cutting import Buffer
from holdfast.formats.xet.hashes import to_text
from holdfast.formats.xet.layout import LayoutMaker, XetLayout, decode_layout, encode_layout
from holdfast.records.errors import MalformedFile, NotVerified

LAYOUTS_MAX: Final = 64
_FRESH_S: Final = 5.0
_LAYOUT_BYTES_MAX: Final = 1 << 30


class XetIndex:
    """The layouts in a folder. Many threads and processes may use it."""

    def __init__(self, folder: Path, watch: Callable[[], float] = monotonic) -> None:
        self._folder = folder
        self._watch = watch
        self._hashes: dict[str, str] = {}
        self._names: frozenset[str] = frozenset()
        self._listed_at = float("-inf")
        self._layouts: OrderedDict[str, XetLayout] = OrderedDict()
        self._turn = threading.Lock()

    def find(self, sha256: str) -> XetLayout | None:
        """The layout of a file of this sha256 (in hexadecimal); None when it is not known."""
        with self._turn:
            found = self._layouts.get(sha256)
            if found is not None:
                self._layouts.move_to_end(sha256)
                return found
        found = self._read(sha256)
        if found is not None:
            self._remember(sha256, found)
        return found

    def find_hash(self, sha256: str) -> str:
        """The text of the file's Xet hash, empty when it is not known. Costs no more than a look, mostly."""
        known = self._hashes.get(sha256, "")
        if known or not self._is_there(sha256):
            return known
        found = self.find(sha256)
        return "" if found is None else to_text(found.hash)

    def put(self, layout: XetLayout) -> None:
        """Remember a layout. One that cannot be written is computed again another time."""
        sha256 = layout.sha256.hex()
        self._remember(sha256, layout)
        part = self._folder / f"{sha256}.{secrets.token_hex(6)}.part"
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(encode_layout(layout))
                part.replace(self._folder / sha256)
            finally:
                part.unlink(missing_ok=True)

    @contextlib.contextmanager
    def hold(self) -> Generator[bool]:
        """Whether this process is the one that computes, for the time of the block."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            yield True  # nothing is shared here
            return
        try:
            yield _lock(descriptor)
        finally:
            os.close(descriptor)

    def _is_there(self, sha256: str) -> bool:
        if sha256 in self._names:
            return True
        if self._watch() - self._listed_at < _FRESH_S:
            return False
        with contextlib.suppress(OSError):
            self._names = frozenset(os.listdir(self._folder))
        self._listed_at = self._watch()
        return sha256 in self._names

    def _read(self, sha256: str) -> XetLayout | None:
        path = self._folder / sha256
        try:
            if path.stat().st_size > _LAYOUT_BYTES_MAX:
                return None
            layout = decode_layout(path.read_bytes())
        except (OSError, MalformedFile):
            return None
        return layout if layout.sha256.hex() == sha256 else None

    def _remember(self, sha256: str, layout: XetLayout) -> None:
        with self._turn:
            self._hashes[sha256] = to_text(layout.hash)
            self._layouts[sha256] = layout
            while len(self._layouts) > LAYOUTS_MAX:
                self._layouts.popitem(last=False)


def compute_layout(pieces: Iterable[Buffer], sha256: str) -> XetLayout:
    """The layout of the file that these pieces give; a piece may be overwritten once the next is asked for.

    Raises NotVerified when the bytes do not have this sha256.
    """
    digest = hashlib.sha256()

    def pass_on() -> Iterator[Buffer]:
        for piece in pieces:
            digest.update(piece)
            yield piece

    maker = LayoutMaker()
    for hashes, lengths in iterate_chunks(pass_on()):
        maker.add(hashes, lengths)
    if digest.hexdigest() != sha256:
        raise NotVerified("the bytes are not those of this file", where=f"sha256 {sha256}", next_step="Verify it.")
    return maker.finish(digest.digest())


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a medium without locks: better twice than never
    return True
