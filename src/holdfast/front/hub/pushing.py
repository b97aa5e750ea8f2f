"""The routes that write, where they stand, and what goes on beside them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Final

from aiohttp import web

from holdfast.front.hub.changes import REFUSED, Changes
from holdfast.front.hub.commits import Commits
from holdfast.front.hub.guard import Guard
from holdfast.front.hub.lfs import Lfs
from holdfast.front.hub.site import LOG, Site
from holdfast.front.hub.writing import Desk
from holdfast.workflows.hub_writing.writer import HubWriter, WriteAsked

_SWEEP_S: Final = 3600.0
_METHODS: Final = ("POST", "PUT", "DELETE")


def open_desk(site: Site, guard: Guard, asked: WriteAsked) -> Desk:
    """Let clients write to the vault of a site, which is not yet listening."""
    desk = Desk(site, HubWriter(asked), guard.gate.ticket_key, is_open=guard.gate.asked.anonymous)
    _register(desk)

    async def live(_app: web.Application) -> AsyncGenerator[None]:
        sweeping = asyncio.get_running_loop().create_task(_sweep(desk))
        yield
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        desk.close()

    site.app.cleanup_ctx.append(live)
    return desk


def _register(desk: Desk) -> None:
    site, commits, changes, lfs = desk.site, Commits(desk), Changes(desk), Lfs(desk)
    site.on("POST", "preupload", commits.preupload)
    site.on("POST", "commit", commits.commit)
    site.on("POST", "branch", changes.create_branch)
    site.on("DELETE", "branch", changes.delete_branch)
    site.on("POST", "tag", changes.create_tag)
    site.on("DELETE", "tag", changes.delete_tag)
    site.on("PUT", "settings", changes.set)
    for word in REFUSED:
        for method in _METHODS:
            site.on(method, word, changes.refuse)
    site.at("POST", "/api/validate-yaml", commits.check_card)
    site.at("POST", "/api/repos/create", changes.create)
    site.at("DELETE", "/api/repos/delete", changes.delete)
    site.at("POST", "/api/repos/move", changes.move)
    site.on("POST", "git", lfs.post, is_api=False)
    site.on("PUT", "git", lfs.put, is_api=False)


async def _sweep(desk: Desk) -> None:
    """Take away what clients have left that never came back."""
    while True:
        if gone := await desk.receivers.write(desk.writer.uploads.sweep, time.time()):
            LOG.info("%d files of uploads that were given up were taken away", gone)
        await asyncio.sleep(_SWEEP_S)
