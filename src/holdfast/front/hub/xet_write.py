"""Files as Xet's clients send them: a token, xorbs, and shards that say which files the xorbs make.

https://huggingface.co/docs/xet has the protocol. What a vault does not offer is answered 404, and clients go on.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from blake3 import blake3

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_json
from holdfast.front.hub.commits import check_no_pull_request
from holdfast.front.hub.limits import check_length
from holdfast.front.hub.site import LOG
from holdfast.front.hub.trace import require
from holdfast.front.hub.writing import Desk
from holdfast.front.hub.xet import PLACE, XetSite, answer_absent, get_subject, say
from holdfast.front.hub.xet_tokens import XetGrant
from holdfast.records.access import Scope, TooLarge
from holdfast.records.errors import HoldfastError, MalformedFile
from holdfast.records.hub_writing import WrongContent
from holdfast.workflows.xet_arriving import BODY_BYTES_MAX, XetArriving

QUIET_S: Final = 10.0  # a client that hears nothing for longer is told with a space that somebody is at work
_HASH: Final = "[0-9a-f]{64}"
_DAY: Final = r"/{day:\d{8}}"
_PREFIX: Final = "{prefix:default|default-merkledb}"


def register_xet_writing(desk: Desk, xet: XetSite, arriving: XetArriving) -> None:
    """Add the routes."""
    routes = _Writing(desk, xet, arriving)
    desk.site.on("GET", "xet-write-token", routes.give_token)
    xet.on("GET", f"{_DAY}/v1/chunks/{_PREFIX}/{{hash:{_HASH}}}", answer_absent)
    xet.on("POST", f"{_DAY}/v1/xorb-grants/{_PREFIX}/{{hash:{_HASH}}}", answer_absent)
    xet.on("POST", f"{_DAY}/v1/xorbs/{_PREFIX}/{{hash:{_HASH}}}", routes.take_xorb)
    xet.on("POST", f"{_DAY}/v1/shards", routes.take_shard)
    xet.on("POST", f"{_DAY}/v2/shards", answer_absent)


class _Writing:
    def __init__(self, desk: Desk, xet: XetSite, arriving: XetArriving) -> None:
        self._desk = desk
        self._xet = xet
        self._arriving = arriving
        self._taking: dict[bytes, asyncio.Task[bool]] = {}

    async def give_token(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A token to send files for a repository that there is."""
        require(request, Scope.WRITE, target.name)
        check_no_pull_request(request)
        await self._desk.site.ask(self._desk.site.service.check_repository, target.name)
        grant = XetGrant(Scope.WRITE, target.name, "", get_subject(request))
        return self._xet.answer_token(request, grant, f"{PLACE}/{datetime.now(UTC):%Y%m%d}")

    async def take_xorb(self, request: web.Request) -> web.StreamResponse:
        """A xorb; it is held once it was checked."""
        self._xet.require(request, Scope.WRITE)
        check_length(request, BODY_BYTES_MAX)
        receivers, said = self._desk.receivers, request.match_info
        try:
            incoming = await receivers.write(self._arriving.receive, said["day"], said["hash"])
            try:
                await receivers.receive(request, incoming.write)
                is_new = await receivers.write(incoming.finish)
            finally:
                await receivers.write(incoming.close)
        except MalformedFile as error:
            return say(error, 400)
        return answer_json({"was_inserted": is_new})

    async def take_shard(self, request: web.Request) -> web.StreamResponse:
        """A shard; its files are in the vault, and can be committed by their SHA-256, before its sender hears so."""
        grant = self._xet.require(request, Scope.WRITE)
        check_length(request, BODY_BYTES_MAX)
        body = await self._gather(request)
        task = self._begin(grant.name, request.match_info["day"], body)
        try:
            await asyncio.wait({task}, timeout=QUIET_S)
            if not task.done():
                return await self._answer_slowly(request, task)
            return answer_json({"result": int(task.result())})
        except (MalformedFile, WrongContent) as error:
            return say(error, 400)

    async def _gather(self, request: web.Request) -> bytes:
        gathered = bytearray()

        def add(piece: bytes) -> None:
            gathered.extend(piece)
            if len(gathered) > BODY_BYTES_MAX:
                raise TooLarge(f"a shard has at most {BODY_BYTES_MAX:,} bytes", next_step="Send it as several shards.")

        await self._desk.receivers.receive(request, add)
        return bytes(gathered)

    def _begin(self, name: str, day: str, body: bytes) -> asyncio.Task[bool]:
        """What is being done with this shard; a client that asks again waits for the same."""
        key = blake3(f"{day} {name}\0".encode() + body).digest()
        task = self._taking.get(key)
        if task is None:
            work = self._desk.receivers.keep(self._arriving.take_shard, name, day, body)
            task = self._taking[key] = asyncio.ensure_future(work)
            task.add_done_callback(lambda _task: self._taking.pop(key, None))
        return task

    async def _answer_slowly(self, request: web.Request, task: asyncio.Task[bool]) -> web.StreamResponse:
        """200 at once, then a space now and then, which JSON may begin with. What fails then can only be cut off: the
        client asks again, and is told."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while not task.done():
            await response.write(b" ")
            await asyncio.wait({task}, timeout=QUIET_S)
        try:
            result = task.result()
        except HoldfastError as error:
            LOG.error("a shard was not taken: %s (%s)", error.what, error.where)
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("cut short") from error
        await response.write(b'{"result":%d}' % result)
        await response.write_eof()
        return response
