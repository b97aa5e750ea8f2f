"""What whoever runs the server asks: `/healthz`, does it live; `/readyz`, does it answer; `/metrics`, what it does."""

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from aiohttp import web

import holdfast
from holdfast.front.hub.answers import answer_json
from holdfast.front.hub.guard import GUARD, METRICS, Guard, measure_auditor
from holdfast.front.hub.metrics import Numbers
from holdfast.front.hub.overviews import OVERVIEWS
from holdfast.front.hub.site import LOG, Site
from holdfast.front.hub.trace import require
from holdfast.records.access import Scope
from holdfast.records.errors import HoldfastError
from holdfast.records.vault import CopyState
from holdfast.workflows.overview import Overview, count_ready, find_oldest

READY_WAIT_S: Final = 5.0
FRESH_S: Final = 1.0


def register(site: Site) -> None:
    """Add the routes."""
    health = _Health(site)
    site.at("GET", "/healthz", health.tell_alive)
    site.at("GET", "/readyz", health.tell_ready)
    site.at("GET", "/metrics", health.tell_numbers)


class _Health:
    """Answers for monitoring; a caller without a token gets no more than `ok`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._turn = asyncio.Lock()
        self._at = float("-inf")
        self._why = ""

    async def tell_alive(self, _request: web.Request) -> web.StreamResponse:
        """200 as long as the server answers anything."""
        return web.Response(text="ok\n")

    async def tell_ready(self, request: web.Request) -> web.StreamResponse:
        """200 when the vault's medium and its catalogue answer, 503 when they do not or the server is about to end."""
        if request.app[GUARD].is_ending:
            return answer_json({"ready": False, "why": "The server is ending."}, status=503)
        async with self._turn:  # whoever may ask this is not known: the vault is asked once a second at most
            if monotonic() - self._at >= FRESH_S:
                self._why = await self._find_fault()
                self._at = monotonic()
        if self._why:
            return answer_json({"ready": False, "why": self._why}, status=503)
        return answer_json({"ready": True})

    async def _find_fault(self) -> str:
        """What is wrong with the vault, in a sentence; empty when it answers."""
        try:
            await asyncio.wait_for(self._site.ask(self._site.service.check_ready), READY_WAIT_S)
        except TimeoutError:
            return "The vault does not answer in time."
        except HoldfastError as error:
            LOG.error("not ready: %s (%s)", error.what, error.where)
            return error.sentence
        return ""

    async def tell_numbers(self, request: web.Request) -> web.StreamResponse:
        """What Prometheus reads. It names models, and so is for whoever may read everything."""
        require(request, Scope.READ)
        guard = request.app[GUARD]
        numbers = Numbers(METRICS)
        self._measure_server(guard)
        numbers.load(guard.numbers.dump())
        if guard.pool is not None:
            for text in guard.pool.read_others():
                with contextlib.suppress(ValueError):
                    numbers.load(text)
        try:
            _measure_vault(numbers, await request.app[OVERVIEWS].get())
        except HoldfastError as error:
            LOG.error("what is held cannot be measured: %s (%s)", error.what, error.where)
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(body=numbers.render().encode(), headers=headers)

    def _measure_server(self, guard: Guard) -> None:
        measure_auditor(guard)
        guard.numbers.set("holdfast_transfers_open", self._site.streams)


def _measure_vault(numbers: Numbers, overview: Overview) -> None:
    states = Counter(copy.state for copy in overview.copies)
    for state in CopyState:
        numbers.set("holdfast_copies", states[state], (state,))
    numbers.set("holdfast_copies_ready", count_ready(overview.copies))
    oldest = find_oldest(overview.copies)
    if oldest is not None:
        numbers.set("holdfast_oldest_verification_seconds", (datetime.now(UTC) - oldest).total_seconds())
    numbers.set("holdfast_info", 1, (holdfast.__version__,))
