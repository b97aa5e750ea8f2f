"""What is held, for the page and for metrics: measured when somebody asks, and not again for a few seconds."""

import asyncio
from time import monotonic
from typing import Final

from aiohttp import web

from holdfast.front.hub.site import Site
from holdfast.workflows.overview import Overview

FRESH_S: Final = 15.0


class Overviews:
    """The overview of a few seconds ago at most."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._found: Overview | None = None
        self._at = 0.0
        self._turn = asyncio.Lock()

    async def get(self) -> Overview:
        """Raises a HoldfastError when the catalogue does not answer."""
        async with self._turn:
            if self._found is None or monotonic() - self._at >= FRESH_S:
                self._found = await self._site.ask(self._site.service.read_overview)
                self._at = monotonic()
            return self._found


OVERVIEWS: Final = web.AppKey("overviews", Overviews)


def register(site: Site) -> None:
    """One for all routes."""
    site.app[OVERVIEWS] = Overviews(site)
