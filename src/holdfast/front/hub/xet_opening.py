"""Xet on a site: its routes, and the thread that computes what they tell."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from holdfast.front.hub.guard import Guard
from holdfast.front.hub.site import Site
from holdfast.front.hub.writing import Desk
from holdfast.front.hub.xet import PLACE, answer_absent
from holdfast.front.hub.xet_read import register_xet_reading
from holdfast.front.hub.xet_write import register_xet_writing
from holdfast.workflows.xet_arriving import XetArriving
from holdfast.workflows.xet_serving import FROM_BYTES, XetReading, open_index


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
        register_xet_writing(desk, xet, XetArriving(desk.writer, index, asked.from_bytes))
    xet.on("*", "/{tail:.*}", answer_absent)
    guard.gate.foreign.append(f"{PLACE}/")

    async def live(_app: web.Application) -> AsyncGenerator[None]:
        reading.start()
        yield
        await asyncio.to_thread(reading.close)

    site.app.cleanup_ctx.append(live)
