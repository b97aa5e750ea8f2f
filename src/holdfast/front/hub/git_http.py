"""git clone and fetch over HTTP (the smart protocol, version 0), read only. Large files come by LFS."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from holdfast.front.hub.addresses import KINDS
from holdfast.front.hub.answers import answer_error
from holdfast.front.hub.receiving import read_body
from holdfast.front.hub.site import Site
from holdfast.front.hub.trace import get_trace, note_download, require
from holdfast.records.access import Scope
from holdfast.workflows.git_serving import answer_upload, make_advertisement, read_request

_SERVICE: Final = "git-upload-pack"
_REQUEST_BYTES_MAX: Final = 16 << 20
_NO_CACHE: Final = {"Cache-Control": "no-cache, max-age=0, must-revalidate", "Pragma": "no-cache"}


def register(site: Site) -> None:
    """Add the routes, for names with `.git` at their end and without."""
    git = _Git(site)
    site.app.router.add_get("/{repository:.+}/info/refs", git.tell_refs)
    site.app.router.add_post("/{repository:.+}/git-upload-pack", git.send_pack)
    site.app.router.add_post("/{repository:.+}/git-receive-pack", git.refuse_push)


class _Git:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def tell_refs(self, request: web.Request) -> web.StreamResponse:
        """Branches and tags."""
        name = self._check(request)
        service = request.query.get("service", "")
        if service == "git-receive-pack":
            return await self.refuse_push(request)
        if service != _SERVICE:
            return answer_error(403, "Only the smart protocol of git is spoken here: use a git of this century.")
        body = await self._site.ask(make_advertisement, self._site.service, name)
        return web.Response(body=body, content_type=f"application/x-{_SERVICE}-advertisement", headers=_NO_CACHE)

    async def send_pack(self, request: web.Request) -> web.StreamResponse:
        """What the client lacks of what it wants."""
        name = self._check(request)
        wish = read_request(await read_body(request, _REQUEST_BYTES_MAX))
        pieces = await self._site.ask(answer_upload, self._site.service, name, wish)
        if wish.done:
            note_download(request, name, wish.wants[0] if wish.wants else "", "git")
        response = web.StreamResponse(headers=_NO_CACHE)
        response.content_type = f"application/x-{_SERVICE}-result"
        first = await self._site.ask(_gather, pieces)  # what is wrong is told before anything is sent
        await response.prepare(request)
        while first:
            await response.write(first)
            first = await self._site.ask(_gather, pieces)
        await response.write_eof()
        return response

    async def refuse_push(self, request: web.Request) -> web.StreamResponse:
        """Nothing is pushed by git itself."""
        self._check(request)
        message = "Nothing is pushed to a vault by git: use `hf upload`. See docs/how-to/push.md."
        # As text: that is what git shows to people.
        return web.Response(status=403, text=f"{message}\n", headers={"X-Error-Message": message})

    def _check(self, request: web.Request) -> str:
        """The repository, if whoever asks may read it. Raises what `require` does."""
        parts = request.match_info["repository"].removesuffix(".git").split("/")
        name = "/".join(parts[1:] if parts[0] == KINDS[0] else parts)
        get_trace(request).model = name
        require(request, Scope.READ, name)
        return name


def _gather(pieces: Iterator[bytes]) -> bytes:
    """The next megabyte or so; nothing at the end."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= 1 << 20:
            break
    return bytes(gathered)
