"""Xet on a site: its routes, and the thread that computes what they tell."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from holdfast.front.hub.guard import Guard
from holdfast.front.hub.site import LOG, Site
from holdfast.front.hub.writing import Desk
from holdfast.front.hub.xet import PLACE, answer_absent
from holdfast.front.hub.xet_read import register_xet_reading
from holdfast.front.hub.xet_write import register_xet_writing
from holdfast.records.errors import HoldfastError
from holdfast.workflows.xet_arriving import XetArriving
from holdfast.workflows.xet_serving import FROM_BYTES, XetReading, open_index

_SWEEP_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class XetAsked:
    """Files of `from_bytes` and more are told to clients as Xet's. `environ` says where the user's cache folder is."""

    from_bytes: int = FROM_BYTES
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def open_xet(site: Site, guard: Guard, asked: XetAsked, desk: Desk | None = None) -> None:
    """Let Xet's clients read from a site that is not yet listening, and write to it where there is a desk."""
    index = open_index(asked.environ)
    reading = XetReading(site.service, index, asked.from_bytes, lambda: site.streams > 0)
    xet = register_xet_reading(site, reading, guard.gate.ticket_key)
    if desk is not None:
        arriving = XetArriving(desk.writer, index, asked.from_bytes)
        register_xet_writing(desk, xet, arriving)
        site.app.cleanup_ctx.append(_sweeping(desk, arriving))
    xet.on("*", "/{tail:.*}", answer_absent)
    guard.gate.foreign.append(f"{PLACE}/")

    async def live(_app: web.Application) -> AsyncGenerator[None]:
        reading.start()
        yield
        await asyncio.to_thread(reading.close)

    site.app.cleanup_ctx.append(live)


def _sweeping(desk: Desk, arriving: XetArriving) -> Callable[[web.Application], AsyncGenerator[None]]:
    async def live(_app: web.Application) -> AsyncGenerator[None]:
        task = asyncio.create_task(_sweep(desk, arriving))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return live


async def _sweep(desk: Desk, arriving: XetArriving) -> None:
    while True:
        try:
            await desk.receivers.write(arriving.sweep, datetime.now(UTC))
        except HoldfastError as error:
            LOG.warning("old xorbs could not be taken away: %s (%s)", error.what, error.where)
        await asyncio.sleep(_SWEEP_S)
