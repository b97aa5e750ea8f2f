"""Files as Xet's clients read them: marks on files, a token, a plan, and stretches of xorbs under signed addresses.

https://huggingface.co/docs/xet has the protocol. Version 2 of the plan is not answered; clients then ask for version 1.
"""

import re
from collections.abc import Mapping
from time import time
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error, answer_json
from holdfast.front.hub.conditions import choose
from holdfast.front.hub.site import Site
from holdfast.front.hub.tickets import TICKET, check_ticket, sign_ticket
from holdfast.front.hub.trace import note_download
from holdfast.front.hub.transfer import Cut, send_body
from holdfast.front.hub.xet import PLACE, TELEMETRY, XetSite, answer_absent, answer_telemetry, get_subject
from holdfast.front.hub.xet_tokens import LASTS_S, XetGrant
from holdfast.records.access import Scope
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.xet_serving import PastTheEnd, Reconstruction, XetReading, XetTerm

_RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")
_HASH: Final = "[0-9a-f]{64}"


def register_xet_reading(site: Site, reading: XetReading, ticket_key: bytes) -> XetSite:
    """Add the routes, and the marks on files."""
    xet = XetSite(site, ticket_key)
    routes = _Reading(xet, reading)
    site.xet = routes
    site.on("GET", "xet-read-token", routes.give_token)
    site.at("POST", TELEMETRY, answer_telemetry)
    xet.on("POST", TELEMETRY, answer_telemetry)
    xet.on("GET", f"/v1/reconstructions/{{hash:{_HASH}}}", routes.plan)
    xet.on("GET", f"/v2/reconstructions/{{hash:{_HASH}}}", answer_absent)
    xet.on("GET", f"/data/{{commit:[0-9a-f]{{40}}}}/{{sha256:{_HASH}}}/{{number:\\d{{1,9}}}}/{{name:.+}}", routes.send)
    return xet


class _Reading:
    def __init__(self, xet: XetSite, reading: XetReading) -> None:
        self._xet = xet
        self._site = xet.site
        self._reading = reading

    # --- marks ---

    def find_hash(self, file: ServedFile) -> str:
        """The text of a file's Xet hash; empty when it is not told as one of Xet's."""
        return self._reading.find_hash(file)

    def mark(self, request: web.Request, target: Target, revision: ServedRevision, file: ServedFile) -> dict[str, str]:
        """The headers by which clients know one of Xet's files; none for others."""
        digest = self._reading.find_hash(file)
        if not digest:
            return {}
        url = self._site.get_url(request)
        auth = f"{url}/api/{target.kind}/{quote(target.id)}/xet-read-token/{revision.commit}"
        plan = f"{url}{PLACE}/v1/reconstructions/{digest}"
        return {"X-Xet-Hash": digest, "Link": f'<{auth}>; rel="xet-auth", <{plan}>; rel="xet-reconstruction-info"'}

    async def give_token(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A token to read one revision. Whoever comes here may read it."""
        revision = await self._site.find_revision(target)
        grant = XetGrant(Scope.READ, target.name, revision.commit, get_subject(request))
        return self._xet.answer_token(request, grant)

    # --- plans ---

    async def plan(self, request: web.Request) -> web.StreamResponse:
        """How a file, or a range of it, is put together."""
        grant = self._xet.require(request, Scope.READ)
        revision = await self._find_revision(grant.name, grant.commit)
        begin, stop = _read_range(request.headers.get("Range", ""))
        try:
            found = await self._site.ask(self._reading.plan, revision, request.match_info["hash"], begin, stop)
        except PastTheEnd as error:
            return answer_error(416, f"{error.what}.", headers={"Content-Range": f"bytes */{error.size}"})
        return answer_json(self._tell(request, grant, found), headers={"Cache-Control": "no-store"})

    def _tell(self, request: web.Request, grant: XetGrant, found: Reconstruction) -> dict[str, Any]:
        fetches: dict[str, list[dict[str, Any]]] = {}
        for term in found.terms:
            fetches.setdefault(term.xorb, []).append(self._tell_fetch(request, grant, found.file, term))
        terms = [
            {"hash": term.xorb, "unpacked_length": term.length, "range": {"start": term.first, "end": term.end}}
            for term in found.terms
        ]
        return {"offset_into_first_range": found.skipped, "terms": terms, "fetch_info": fetches}

    def _tell_fetch(self, request: web.Request, grant: XetGrant, file: ServedFile, term: XetTerm) -> dict[str, Any]:
        path = f"{PLACE}/data/{grant.commit}/{file.sha256}/{term.number}/{grant.name}"
        query = sign_ticket(self._xet.ticket_key, "GET", path, int(time()) + LASTS_S, grant.subject)
        return {
            "range": {"start": term.first, "end": term.end},
            "url": f"{self._site.get_url(request)}{quote(path)}?{query}",
            "url_range": {"start": term.stored_begin, "end": term.stored_stop - 1},
        }

    # --- data ---

    async def send(self, request: web.Request) -> web.StreamResponse:
        """A stretch of a xorb, under a signed address."""
        check_ticket(self._xet.ticket_key, request.method, request.path, request.query.get(TICKET, ""), time())
        said: Mapping[str, str] = request.match_info
        revision = await self._find_revision(said["name"], said["commit"])
        number = int(said["number"])
        file, size = await self._site.ask(self._reading.get_stored_bytes, revision, said["sha256"], number)
        asked = (
            {"Range": request.headers["Range"]} if "Range" in request.headers else {}
        )  # conditions have no meaning here
        wanted = choose(asked, request.method, "", size)
        headers = {"Accept-Ranges": "bytes", "X-Repo-Commit": revision.commit}
        if wanted.status not in (200, 206):
            return answer_error(416, f"The xorb has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
        if wanted.status == 206:
            headers["Content-Range"] = f"bytes {wanted.begin}-{wanted.end - 1}/{size}"
        response = web.StreamResponse(status=wanted.status, headers=headers)
        response.content_type = "application/octet-stream"
        response.content_length = wanted.end - wanted.begin
        note_download(request, revision.name, revision.commit, file.path)
        return await self._stream(request, response, file, number, wanted.begin, wanted.end)

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, file: ServedFile, number: int, begin: int, end: int
    ) -> web.StreamResponse:
        site = self._site
        if site.streams >= site.asked.streams_max:
            return answer_error(503, "Too many downloads at once.", headers={"Retry-After": "2"})
        site.streams += 1
        try:
            body = await site.ask(self._reading.open_xorb, file, number, begin, end)
            await send_body(request, response, body, site.senders)
        except Cut as cut:
            raise ConnectionResetError("cut short") from cut
        finally:
            site.streams -= 1
        return response

    async def _find_revision(self, name: str, commit: str) -> ServedRevision:
        known = self._site.service.find_known(name, commit)
        if known is not None:
            return known
        return await self._site.ask(self._site.service.find_revision, name, commit)


def _read_range(said: str) -> tuple[int, int | None]:
    """Begin and end (None: the file's) of the bytes that are asked for: all when nothing sensible is said."""
    found = _RANGE.fullmatch(said.strip())
    if found is None:
        return 0, None
    return int(found[1]), int(found[2]) + 1 if found[2] else None
