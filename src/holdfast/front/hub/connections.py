"""Connections on which something else than HTTP is spoken, or broken HTTP: answered and logged as any mistake is.

Left alone, the library would tell strangers its own version, and write a stack trace for each of them.
"""

import re
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from holdfast.front.hub.answers import answer_error, make_request_id
from holdfast.front.hub.site import LOG

_WORDS_MAX: Final = 200
_STATUS: Final = re.compile(r"^\d{3}, message:\s*")


class Runner(web.AppRunner):
    """As aiohttp's, with connections of this file."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **self._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """A connection. What a client did wrong is one line of the log; what we did wrong is told with its place."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what cannot be read, or to what no route answered; the connection ends with it. Raises
        ConnectionError when another answer was begun."""
        name = make_request_id()
        self.log_exception("request %s of %s", name, request.remote, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("another answer was begun")
        if status == 400:
            message = f"This cannot be read as HTTP: {_shorten(message or 'it is broken')}."
        else:
            message = f"A fault in the vault's server; its log has request {name}."
        response = answer_error(status, message, headers={"Server": "holdfast", "X-Request-Id": name})
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Tell what went wrong."""
        error = kw.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            LOG.info("%s cannot be read as HTTP: %s", args[0] % args[1:], _shorten(str(error)))
        elif not isinstance(error, ConnectionError):  # of a client that left the log has a line already
            LOG.error(*args, **kw)


def _shorten(said: str) -> str:
    """What the parser says, without the bytes that it could not read: a token may be among them."""
    return " ".join(_STATUS.sub("", said).partition("\n")[0].partition(": b")[0].split())[:_WORDS_MAX].strip(" :.")
