"""Serves an engine's API on a port of loopback until somebody ends it, or the engine ends by itself."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from holdfast.front.openai.app import make_app
from holdfast.records.errors import UsageError
from holdfast.workflows.engines.servers import HOST
from holdfast.workflows.run import Running

_LOOK_S: Final = 0.2
_FAREWELL_S: Final = 5.0


def serve_engine(running: Running, tell: Callable[[int], None]) -> None:
    """Return on Ctrl-C or SIGTERM. `tell` is given the port once it answers; port 0 takes a free one.

    Raises UsageError when the port is taken, EngineError when the engine ends by itself.
    """
    if not asyncio.run(_serve(running, tell)):
        raise running.explain_end()


async def _serve(running: Running, tell: Callable[[int], None]) -> bool:
    """Whether it was told to end."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError, RuntimeError):  # not in the main thread: whoever called sees to its own end
            loop.add_signal_handler(one, told.set)
    runner = web.AppRunner(make_app(running), access_log=None, handler_cancellation=True, shutdown_timeout=_FAREWELL_S)
    await runner.setup()
    try:
        await _listen(runner, running.port)
        tell(runner.addresses[0][1])
        while not told.is_set() and not running.process.is_over:
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), _LOOK_S)
    finally:
        await runner.cleanup()
    return told.is_set()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}", where="--port", next_step="Choose another, or 0 for any."
        ) from error
