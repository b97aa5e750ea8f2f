"""Bodies of requests: small ones as JSON, large ones straight into files, written and hashed by threads.

At most two MiB of a body are in memory. A client that vanishes ends its request; what it sent is let go of.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar, cast

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError

from holdfast.records.access import BadRequest, TooLarge

JSON_BYTES_MAX: Final = 16 << 20
_PIECE_BYTES: Final = 1 << 20
_RECEIVING: Final = 8
_TAKING_IN: Final = 3
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Receivers:
    """Threads that write what is received, and others that take it into the vault: few, since each uses all cores."""

    def __init__(self) -> None:
        self._writing = ThreadPoolExecutor(_RECEIVING, thread_name_prefix="receiving")
        self._keeping = ThreadPoolExecutor(_TAKING_IN, thread_name_prefix="keeping")

    async def write(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Something short at the disk."""
        return await _wait(self._writing, lambda: work(*args, **kwargs))

    async def keep(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Something at the vault. It is done to its end, also when nobody waits for it any more."""
        return await _wait(self._keeping, lambda: work(*args, **kwargs))

    async def receive(self, request: web.Request, write: Callable[[bytes], None]) -> None:
        """Hand a request's body to `write`, piece by piece, in order. Raises what `write` does, and ConnectionError
        when the client ends before its body does."""
        pending: asyncio.Future[None] | None = None
        gathered = bytearray()
        try:
            while chunk := await read_some(request):
                gathered += chunk
                if len(gathered) < _PIECE_BYTES:
                    continue
                if pending is not None:
                    await pending
                piece, gathered = bytes(gathered), bytearray()
                pending = asyncio.ensure_future(self.write(write, piece))
            if pending is not None:
                await pending
            pending = None
            if gathered:
                await self.write(write, bytes(gathered))
        finally:
            if pending is not None:
                with contextlib.suppress(Exception):
                    await pending

    def close(self) -> None:
        """Let threads end."""
        self._writing.shutdown()
        self._keeping.shutdown()


async def _wait(pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    """What `work` gives. It is waited for even when the request is cancelled: it may use what the request opened."""
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        with contextlib.suppress(BaseException):
            await future
        raise


async def read_some(request: web.Request) -> bytes:
    """The next bytes, none at the end. Raises ConnectionError when there will be none, BadRequest when they cannot be
    unpacked."""
    try:
        return await request.content.readany()
    except (web.HTTPException, ConnectionError):
        raise
    except web.RequestPayloadError as error:
        if isinstance(error.__cause__, ContentEncodingError):
            raise BadRequest("the body is not packed as its head says", next_step="Send it as it is.") from error
        raise ConnectionResetError(f"the body ended early: {error!r}") from error
    except Exception as error:  # each version of aiohttp has an error of its own for a body that ends early
        raise ConnectionResetError(f"the body ended early: {error!r}") from error


async def read_body(request: web.Request, bytes_max: int) -> bytes:
    """A body that is held in memory. Raises TooLarge."""
    gathered = bytearray()
    while chunk := await read_some(request):
        gathered += chunk
        if len(gathered) > bytes_max:
            raise TooLarge(f"the body has more than {bytes_max:,} bytes", next_step="Ask for less at once.")
    return bytes(gathered)


async def read_json(request: web.Request, bytes_max: int = JSON_BYTES_MAX) -> dict[str, Any]:
    """A body that is a JSON object; no body is an empty one. Raises BadRequest or TooLarge."""
    gathered = await read_body(request, bytes_max)
    try:
        plain: object = json.loads(gathered or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {str(error)[:200]}", next_step="Send a JSON object.") from error
    if not isinstance(plain, dict):
        raise BadRequest("the body is no JSON object", next_step="Send a JSON object.")
    return cast("dict[str, Any]", plain)


def get_text(said: dict[str, Any], key: str, characters_max: int = 300) -> str:
    """A text of a JSON object, empty when there is none. Raises BadRequest."""
    value: object = said.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > characters_max or not value.isprintable():
        raise BadRequest(f"{key} is no text of at most {characters_max} letters", next_step="Send one.")
    return value
