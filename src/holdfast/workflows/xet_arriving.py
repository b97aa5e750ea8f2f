"""Files as Xet's clients send them: a shard says of which chunks of which xorbs each is made.

A file is put together from xorbs that arrived, compared with its Xet hash and its SHA-256, and only then taken in. Who
merely knows the hash of a xorb, or of a file, gets nothing by it: whoever names chunks that another has sent must prove
to know what each of them hashes to, and these hashes are told to nobody.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from holdfast.formats.xet.chunking import iterate_chunks
from holdfast.formats.xet.errors import UnknownXorb
from holdfast.formats.xet.hashes import from_text, to_text
from holdfast.formats.xet.layout import LayoutMaker
from holdfast.formats.xet.shard import SHARD_BYTES_MAX, FileRecord, parse_shard
from holdfast.formats.xet.terms import check_file, iterate_file_chunks
from holdfast.formats.xet.xorb import XORB_BYTES_MAX, Xorb, unpack_chunk
from holdfast.workflows.hub_writing.uploads import Announced, Incoming, wrong_digest
from holdfast.workflows.hub_writing.writer import HubWriter
from holdfast.workflows.xet_index import XetIndex
from holdfast.workflows.xet_spool import IncomingXorb, XorbSpool, map_body

BODY_BYTES_MAX: Final = max(XORB_BYTES_MAX, SHARD_BYTES_MAX)
_UNSAID: Final = "0" * 64
_REMEMBERED: Final = 32


class XetArriving:
    """What Xet's clients send. Its methods may be called by many threads."""

    def __init__(self, writer: HubWriter, index: XetIndex, from_bytes: int) -> None:
        self._writer = writer
        self._index = index
        self._from_bytes = from_bytes
        self._spool = XorbSpool(writer.uploads, writer.common)

    def sweep(self, now: datetime) -> int:
        """Take away xorbs that servers have in common and nobody counts on any more; how many."""
        return self._spool.sweep(now)

    def receive(self, day: str, digest: str) -> IncomingXorb:
        """A xorb to write, sent to a day's address. Raises BadHashText or NoSpace."""
        return self._spool.receive(day, from_text(digest))

    def take_shard(self, name: str, day: str, body: bytes) -> bool:
        """Take in every file of a shard for a model; whether any was not here before.

        Raises MalformedFile for a shard or a file that does not hold, WrongContent for one of another SHA-256.
        """
        shard = parse_shard(body)
        held = _Held(self._spool, day)
        for file in shard.files:
            check_file(file, held.find)
        taken = [self._take(name, file, held) for file in shard.files]
        return any(taken)

    def _take(self, name: str, file: FileRecord, held: "_Held") -> bool:
        sha256 = file.sha256.hex() if file.sha256 is not None else _UNSAID
        announced = Announced(sha256, file.size)
        if self._writer.list_arrived(name, [announced], lambda _name: False).get(announced) == "":
            return False
        with self._writer.uploads.receive(announced) as incoming:
            maker = _put_together(file, held, incoming)
            found = incoming.finish()
            if file.sha256 is not None and found != sha256:
                raise wrong_digest(announced)
            self._writer.take_in(name, incoming.path, Announced(found, file.size))
        layout = maker.finish(bytes.fromhex(found))
        if layout.hash == file.hash and file.size >= self._from_bytes:
            self._index.put(layout)
        return True


class _Held:
    """The xorbs of one day; the last few are remembered."""

    def __init__(self, spool: XorbSpool, day: str) -> None:
        self._find = lru_cache(_REMEMBERED)(partial(spool.find, day))

    def find(self, digest: bytes) -> Xorb | None:
        """What is known of a xorb."""
        held = self._find(digest)
        return held.xorb if held else None

    def get_path(self, digest: bytes) -> Path:
        """Where the body of one that was found lies. Raises UnknownXorb when it is gone meanwhile."""
        held = self._find(digest)
        if held is None:
            raise UnknownXorb(f"xorb {to_text(digest)} is gone", where="shard", next_step="Send it again.")
        return held.path


def _put_together(file: FileRecord, held: _Held, incoming: Incoming) -> LayoutMaker:
    """Write a file's bytes, and cut them anew: a hash that is told to others is never taken from who sent the file."""

    def give() -> Iterator[bytes]:
        opened, body = b"", memoryview(b"")
        for digest, chunk in iterate_file_chunks(file, held.find):
            if digest != opened:
                opened, body = digest, map_body(held.get_path(digest))
            data = unpack_chunk(body, chunk)
            incoming.write(data)
            yield data

    maker = LayoutMaker()
    for hashes, lengths in iterate_chunks(give()):
        maker.add(hashes, lengths)
    return maker
