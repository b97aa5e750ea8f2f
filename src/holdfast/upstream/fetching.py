"""One file from a hub into its spool: in ranges, several at a time, each tried again from where it broke off.

What the server says of the file is held against what the hub's list says, as soon as it says it.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from holdfast.records.errors import ChangedUpstream, NetworkError
from holdfast.records.hub import HubFile
from holdfast.upstream.address import get_origin
from holdfast.upstream.patience import find_told_wait
from holdfast.upstream.refusals import RETRIED, TEXT_BYTES_MAX
from holdfast.upstream.spool import RECORD_BYTES, Span, Spool
from holdfast.upstream.together import run_in_thread, run_together
from holdfast.upstream.wire import Answer, Call, Interrupted, Reply, Wire, hide_query, iterate_body, read_body

PIECE_BYTES: Final = 32 << 20
_PIECES_MAX: Final = 4096
_RESTARTS_MAX: Final = 2
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")
_EXPIRED: Final = frozenset({400, 401, 403, 404, 410})

Progress = Callable[[int], None]
"""Told how many bytes arrived since the last call; less than zero when they are of no use any more."""


class _Altered(Exception):
    """The server calls the content by another name than before: what arrived is of another file."""

    def __init__(self, validator: str) -> None:
        super().__init__(validator)
        self.validator = validator


class _Unranged(Exception):
    """The server sends the whole file though a range was asked."""


class _Busy(Exception):
    """The server asks for patience."""

    def __init__(self, cause: NetworkError, told: float | None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.told = told


@dataclass(slots=True)
class _Source:
    """Where a file's bytes come from. `direct` is where the hub redirected to, until that is refused; `validators` are
    the server's names for the content, by host."""

    file: HubFile
    url: str
    direct: str = ""
    validators: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def address(self) -> str:
        """What is asked next."""
        return self.direct or self.url


class FileFetcher:
    """Fetches files over one wire, with at most `connections` ranges at a time over all of them."""

    def __init__(self, wire: Wire, connections: int, report: Progress) -> None:
        self._wire = wire
        self._slots = asyncio.Semaphore(connections)
        self._report = report

    async def fetch(self, file: HubFile, url: str, spool: Spool) -> None:
        """On return every byte of the file is in the spool, and none of it is proved. Raises NetworkError or a kind of
        StorageError; what arrived stays in the spool."""
        source = _Source(file, url)
        for _ in range(_RESTARTS_MAX + 1):
            try:
                await self._fetch_missing(source, spool)
                return
            except _Altered as altered:
                await self._restart(source, spool, altered.validator)
            except _Unranged:
                await self._restart(source, spool, spool.validator)
                await self._fetch_whole(source, spool)
                return
        raise ChangedUpstream(
            "the file changes while it is fetched", where=hide_query(url), next_step="Run again when it has settled."
        )

    async def _restart(self, source: _Source, spool: Spool, validator: str) -> None:
        self._report(-spool.arrived_bytes)
        source.validators.clear()
        await run_in_thread(partial(spool.restart, validator))

    async def _fetch_missing(self, source: _Source, spool: Spool) -> None:
        pieces = cut(spool.list_missing(), max(PIECE_BYTES, spool.size // _PIECES_MAX))
        await run_together(self._fetch_in_turn(source, spool, piece) for piece in pieces)

    async def _fetch_in_turn(self, source: _Source, spool: Spool, piece: Span) -> None:
        async with self._slots:
            await self._fetch_piece(source, spool, piece)

    async def _fetch_whole(self, source: _Source, spool: Spool) -> None:
        """From a server that knows no ranges: from the start each time, in one stream."""
        async with self._slots:
            failed = 0
            while spool.list_missing():
                try:
                    await self._receive(source, spool, Span(0, spool.size), lambda _: None)
                except (Interrupted, _Busy) as error:
                    failed += 1
                    await self._pause(failed, error)
                    await self._restart(source, spool, spool.validator)

    async def _fetch_piece(self, source: _Source, spool: Spool, piece: Span) -> None:
        at, failed = piece.start, 0

        def advance(end: int) -> None:
            nonlocal at, failed
            at, failed = end, 0

        while at < piece.end:
            asked = source.address
            try:
                await self._receive(source, spool, Span(at, piece.end), advance)
            except (Interrupted, _Busy) as error:
                failed += 1
                await self._pause(failed, error)
                if source.direct == asked:
                    source.direct = ""  # ask the hub again where the file is

    async def _pause(self, failed: int, error: "Interrupted | _Busy") -> None:
        if isinstance(error, _Busy):
            await self._wire.pause(failed, error.told, error.cause)
        else:
            await self._wire.pause(failed, None, error)

    async def _receive(self, source: _Source, spool: Spool, span: Span, advance: Callable[[int], None]) -> None:
        """One request; `advance` is told where what is in the spool ends. Raises Interrupted or _Busy for another
        try."""
        is_whole = span.start == 0 and span.end == spool.size
        headers = {} if is_whole else {"Range": f"bytes={span.start}-{span.end - 1}"}
        async with self._wire.send(Call(source.address, headers=headers)) as answer:
            end = await self._judge(source, spool, span, answer)
            at = span.start
            async with contextlib.aclosing(_gather(answer, end - at)) as records:
                async for record in records:
                    await run_in_thread(partial(spool.write, at, record))
                    at += len(record)
                    self._report(len(record))
                    advance(at)
            if at < end:
                raise Interrupted(
                    f"the connection ended {end - at} bytes early", where=hide_query(source.url), next_step=""
                )

    async def _judge(self, source: _Source, spool: Spool, span: Span, answer: Answer) -> int:
        """Where the bytes of this answer end. Raises what any other answer means."""
        where = hide_query(source.url)
        if answer.status not in (200, 206):
            await self._refuse(source, answer)
        self._compare_names(source, spool, answer)
        if answer.url != source.url and get_origin(answer.url) != self._wire.endpoint.origin:
            source.direct = answer.url
        if answer.status == 200:
            if span.start != 0 or span.end != spool.size:
                raise _Unranged
            _check_size(answer.headers.get("Content-Length"), spool.size, where)
            return spool.size
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if found is None or int(found[1]) != span.start or not span.start <= int(found[2]) < span.end:
            raise NetworkError(
                "the server sends another range than was asked", where=where, next_step="Ask whoever runs the hub."
            )
        if found[3] != "*":
            _check_size(found[3], spool.size, where)
        return int(found[2]) + 1

    async def _refuse(self, source: _Source, answer: Answer) -> None:
        body = await read_body(answer, TEXT_BYTES_MAX) if answer.status != 416 else b""
        cause = self._wire.explain(Reply(answer.url, answer.status, answer.headers, body))
        if answer.status in RETRIED:
            raise _Busy(cause, find_told_wait(answer.headers))
        if answer.status in _EXPIRED and get_origin(answer.url) != self._wire.endpoint.origin:
            raise _Busy(cause, None)  # a signed address that expired; the hub gives another
        if answer.status == 416:
            raise ChangedUpstream(
                f"the file is shorter than the {source.file.size} bytes that the hub lists",
                where=hide_query(source.url),
                next_step="Run again; if it stays so, ask whoever runs the hub.",
            )
        raise cause

    def _compare_names(self, source: _Source, spool: Spool, answer: Answer) -> None:
        """Raises _Altered when the server calls the content otherwise than before, ChangedUpstream when it calls it
        otherwise than the hub's list does."""
        linked = _bare(answer.stated.get("X-Linked-Etag", ""))
        if source.file.sha256 and _SHA256.fullmatch(linked) and linked != source.file.sha256:
            raise ChangedUpstream(
                f"the hub lists sha256 {source.file.sha256} and sends {linked}",
                where=hide_query(source.url),
                next_step="Run again; if it stays so, ask whoever runs the hub.",
            )
        host = get_origin(answer.url).host
        is_home = get_origin(answer.url) == self._wire.endpoint.origin
        name = linked or _bare(answer.headers.get("ETag", ""))
        before = source.validators.setdefault(f"{host} {bool(linked)}", name)
        if name != before:
            raise _Altered(name)
        if name and name != spool.validator and (linked or is_home):
            if spool.validator and spool.arrived_bytes:
                raise _Altered(name)
            if not spool.arrived_bytes:
                spool.restart(name)


def _check_size(stated: str | None, size: int, where: str) -> None:
    if stated is not None and stated.strip() != str(size):
        raise ChangedUpstream(
            f"the file has {stated.strip()[:20]} bytes where the hub lists {size}",
            where=where,
            next_step="Run again; if it stays so, ask whoever runs the hub.",
        )


def _bare(etag: str) -> str:
    """An ETag without its quotes and its mark of weakness."""
    return etag.strip().removeprefix("W/").strip('"')[:200]


async def _gather(answer: Answer, size: int) -> AsyncGenerator[bytes | memoryview]:
    """The first `size` bytes of a body, in records; a body that goes on is cut. What came before a break is given."""
    held: list[memoryview] = []
    held_bytes, left = 0, size
    try:
        async with contextlib.aclosing(iterate_body(answer)) as pieces:
            async for piece in pieces:
                view = memoryview(piece)[:left]
                left -= len(view)
                while view:
                    part, view = view[: RECORD_BYTES - held_bytes], view[RECORD_BYTES - held_bytes :]
                    held.append(part)
                    held_bytes += len(part)
                    if held_bytes == RECORD_BYTES:
                        yield _join(held)
                        held, held_bytes = [], 0
                if not left:
                    break
    except Interrupted:
        if held:
            yield _join(held)
        raise
    if held:
        yield _join(held)


def _join(parts: list[memoryview]) -> bytes | memoryview:
    return parts[0] if len(parts) == 1 else b"".join(parts)


def cut(spans: Iterable[Span], size: int) -> Iterator[Span]:
    """The spans in pieces of at most `size` bytes, which begin at multiples of it."""
    for span in spans:
        at = span.start
        while at < span.end:
            end = min(span.end, (at // size + 1) * size)
            yield Span(at, end)
            at = end
