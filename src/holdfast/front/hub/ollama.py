"""Ollama's registry protocol, to be pulled from: `/v2/…/manifests/…` and `/v2/…/blobs/…`, without anything to push."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from holdfast.front.hub.answers import answer_json
from holdfast.front.hub.conditions import choose
from holdfast.front.hub.files import SMALL_BYTES, answer_without, send_file
from holdfast.front.hub.site import Site
from holdfast.front.hub.trace import get_trace, note_download, require
from holdfast.records.access import BadRequest, Scope
from holdfast.records.errors import UnknownRepository
from holdfast.workflows.ollama_view import MANIFEST, OllamaBlob, OllamaView, is_digest

_VERSION: Final = {"Docker-Distribution-API-Version": "registry/2.0"}
_BINARY: Final = "application/octet-stream"
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def register(site: Site) -> None:
    """Add the routes."""
    registry = _Registry(site)
    router = site.app.router
    router.add_get("/v2/", registry.greet)
    router.add_get("/v2/{namespace}/{model}/manifests/{tag}", registry.tell_manifest)
    router.add_get("/v2/{namespace}/{model}/blobs/{digest}", registry.tell_blob)


class _Registry:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._view = OllamaView(site.service)

    async def greet(self, request: web.Request) -> web.StreamResponse:
        """That the protocol is spoken here."""
        get_trace(request).is_checked = True
        return answer_json({}, headers=_VERSION)

    async def tell_manifest(self, request: web.Request) -> web.StreamResponse:
        """The layers of a model."""
        namespace, model, tag = (request.match_info[part] for part in ("namespace", "model", "tag"))
        await self._check(request, namespace, model)
        found = await self._site.ask(self._view.read_manifest, namespace, model, tag, _make_may_read(request))
        headers = {
            **_VERSION,
            "Docker-Content-Digest": found.digest,
            "ETag": f'"{found.digest}"',
            "X-Repo-Commit": found.commit,
        }
        return web.Response(body=found.body, content_type=MANIFEST, headers=headers)

    async def tell_blob(self, request: web.Request) -> web.StreamResponse:
        """A layer's bytes. The address itself is in the answer: clients ask for it where they were not led on."""
        namespace, model, digest = (request.match_info[part] for part in ("namespace", "model", "digest"))
        if not is_digest(digest):
            raise BadRequest(f"{digest[:80]!r} is no digest", next_step="Ask for sha256: and 64 digits.")
        await self._check(request, namespace, model)
        blob = await self._site.ask(self._view.find_blob, namespace, model, digest, _make_may_read(request))
        headers = {
            **_VERSION,
            **_SAFE,
            "Docker-Content-Digest": digest,
            "ETag": f'"{digest.partition(":")[2]}"',
            "Accept-Ranges": "bytes",
            "Location": request.rel_url.raw_path,
            "Content-Type": _BINARY,
            "X-Repo-Commit": blob.commit,
        }
        if blob.file is None:
            return _send_made(request, blob, headers)
        if request.method == "GET":
            note_download(request, blob.name, blob.commit, blob.file.path)
        return await send_file(self._site, request, blob.file, headers)

    async def _check(self, request: web.Request, namespace: str, model: str) -> None:
        """Raises what `require` does when there is nothing of this name that whoever asks may read."""
        names = await self._site.ask(self._view.list_names, namespace, model)
        caller = get_trace(request).caller
        readable = [name for name in names if caller.may(Scope.READ, name)]
        require(request, Scope.READ, (readable or names or [f"{namespace}/{model}"])[0])
        if not names:
            raise UnknownRepository(
                f"the vault holds no {namespace}/{model}", where=namespace, next_step="See `holdfast list`."
            )


def _make_may_read(request: web.Request) -> Callable[[str], bool]:
    trace = get_trace(request)
    return lambda name: trace.has_ticket or trace.caller.may(Scope.READ, name)


def _send_made(request: web.Request, blob: OllamaBlob, headers: dict[str, str]) -> web.Response:
    """Bytes that were made, which are few."""
    assert len(blob.made) <= SMALL_BYTES, "configurations and templates are small"
    wanted = choose(request.headers, request.method, headers["ETag"].strip('"'), len(blob.made))
    said = dict(headers)
    if wanted.status not in (200, 206):
        return answer_without(wanted, said, len(blob.made))
    if wanted.status == 206:
        said["Content-Range"] = f"bytes {wanted.begin}-{wanted.end - 1}/{len(blob.made)}"
    return web.Response(body=blob.made[wanted.begin : wanted.end], status=wanted.status, headers=said)
