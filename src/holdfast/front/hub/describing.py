"""`/openapi.json`: what this server answers, made from its own table of routes. For whoever may read anything here."""

import hashlib
import json
from typing import Final

from aiohttp import web

from holdfast.front.hub.conditions import choose
from holdfast.front.hub.description.document import make_document
from holdfast.front.hub.site import Site

PATH: Final = "/openapi.json"


def register(site: Site) -> None:
    """Add the route."""
    site.at("GET", PATH, _Describing(site).tell)


class _Describing:
    """Makes the document once, when it is asked for first: by then every route is there."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._body = b""
        self._etag = ""

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """This document."""
        if not self._body:
            self._body = render_document(self._site)
            self._etag = hashlib.sha256(self._body).hexdigest()
        headers = {"ETag": f'"{self._etag}"', "Cache-Control": "no-cache"}
        if choose({"If-None-Match": request.headers.get("If-None-Match", "")}, "GET", self._etag, 1).status == 304:
            return web.Response(status=304, headers=headers)
        return web.Response(body=self._body, headers=headers, content_type="application/json", charset="utf-8")


def render_document(site: Site) -> bytes:
    """The document as it is served and as it stands in the docs."""
    return json.dumps(make_document(site), ensure_ascii=False, indent=1).encode() + b"\n"
