"""`resolve` and `raw`: the files themselves, whole or in ranges."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error, answer_failure, make_header
from holdfast.front.hub.conditions import Wanted, choose
from holdfast.front.hub.site import LOG, Site
from holdfast.front.hub.transfer import Cut, send_body
from holdfast.records.errors import HoldfastError, UnknownEntry
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.serve import find_file, make_pointer

SMALL_BYTES: Final = 256 << 10
_TEXT: Final = (".md", ".txt", ".jinja", ".py", ".yaml", ".yml", ".gitattributes", ".gitignore", ".toml", ".cfg")
_BINARY: Final = "application/octet-stream"
# What lies in a model's repository was written by strangers: a browser shows none of it as a page of ours.
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def register(site: Site) -> None:
    """Add the routes."""
    files = _Files(site)
    site.on("GET", "resolve", files.resolve, is_api=False)
    site.on("GET", "raw", files.raw, is_api=False)


class _Files:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def resolve(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A file's own bytes."""
        revision = await self._site.find_revision(target)
        try:
            file = find_file(revision, target.path)
        except UnknownEntry as error:
            return answer_failure(error, {"X-Repo-Commit": revision.commit})
        headers = describe(revision, file)
        if self._site.xet is not None:
            headers.update(self._site.xet.mark(request, target, revision, file))
        return await send_file(self._site, request, file, headers)

    async def raw(self, request: web.Request, target: Target) -> web.StreamResponse:
        """What lies in git: the pointer of a large file, the bytes of another."""
        revision = await self._site.find_revision(target)
        try:
            file = find_file(revision, target.path)
        except UnknownEntry as error:
            return answer_failure(error, {"X-Repo-Commit": revision.commit})
        if not file.is_lfs:
            return await self.resolve(request, target)
        pointer = make_pointer(file)
        headers = {**_SAFE, "X-Repo-Commit": revision.commit, "ETag": f'"{file.blob}"', "Accept-Ranges": "bytes"}
        wanted = choose(request.headers, request.method, file.blob, len(pointer))
        if wanted.status not in (200, 206):
            return answer_without(wanted, headers, len(pointer))
        if wanted.status == 206:
            headers["Content-Range"] = f"bytes {wanted.begin}-{wanted.end - 1}/{len(pointer)}"
        body = pointer[wanted.begin : wanted.end]
        return web.Response(
            body=body, status=wanted.status, headers=headers, content_type="text/plain", charset="utf-8"
        )


async def send_file(
    site: Site, request: web.Request, file: ServedFile, headers: Mapping[str, str]
) -> web.StreamResponse:
    """A file, or the range of it that is asked for. `headers` have its ETag."""
    wanted = choose(request.headers, request.method, headers["ETag"].strip('"'), file.size)
    said = dict(headers)
    if wanted.status not in (200, 206):
        return answer_without(wanted, said, file.size)
    if wanted.status == 206:
        said["Content-Range"] = f"bytes {wanted.begin}-{wanted.end - 1}/{file.size}"
    if request.method == "HEAD":
        said["Content-Length"] = str(wanted.end - wanted.begin)
        return web.Response(status=wanted.status, headers=said)
    if wanted.end - wanted.begin <= SMALL_BYTES:
        body = await site.ask(site.service.read_range, file, wanted.begin, wanted.end)
        return web.Response(body=body, status=wanted.status, headers=said)
    return await _send_large(site, request, file, wanted, said)


async def _send_large(
    site: Site, request: web.Request, file: ServedFile, wanted: Wanted, headers: Mapping[str, str]
) -> web.StreamResponse:
    if site.streams >= site.asked.streams_max:
        return answer_error(503, "Too many downloads at once.", headers={"Retry-After": "2"})
    site.streams += 1
    try:
        body = await site.ask(site.service.open_body, file, wanted.begin, wanted.end, trusting=True)
        response = web.StreamResponse(status=wanted.status, headers=headers)
        response.content_length = wanted.end - wanted.begin
        await send_body(request, response, body, site.senders)
    except Cut as cut:
        if cut.error is not None:
            _tell_damage(request, cut.error)
        raise ConnectionResetError("cut short") from cut
    except HoldfastError as error:
        _tell_damage(request, error)
        raise
    finally:
        site.streams -= 1
    return response


def describe(revision: ServedRevision, file: ServedFile) -> dict[str, str]:
    """The headers of every answer about a file."""
    headers = {
        **_SAFE,
        "X-Repo-Commit": revision.commit,
        "ETag": f'"{file.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "text/plain; charset=utf-8" if file.path.endswith(_TEXT) and not file.is_lfs else _BINARY,
        "Cache-Control": "no-cache",
        **warn(revision),
    }
    if file.is_lfs:
        headers["X-Linked-Etag"], headers["X-Linked-Size"] = f'"{file.etag}"', str(file.size)
    return headers


def warn(revision: ServedRevision) -> dict[str, str]:
    """When the copy was verified; and, where a branch of a hub may have moved on since, a note that clients print."""
    verified = revision.verified_at or revision.kept_at
    said = {"X-Holdfast-Verified": verified}
    if revision.ref and revision.is_mirrored:
        name = revision.ref.rpartition("/")[2]
        text = f"{revision.name}@{name} is served from the copy {revision.commit[:12]}, verified at {verified}"
        said["X-HF-Warning"] = make_header(f"holdfast {revision.name}; {text}")
    return said


def answer_without(wanted: Wanted, headers: Mapping[str, str], size: int) -> web.Response:
    """The answer to a range outside of a file, or a condition that fails; `headers` have its ETag and commit."""
    if wanted.status == 416:
        more = {"Content-Range": f"bytes */{size}", "X-Repo-Commit": headers["X-Repo-Commit"], "ETag": headers["ETag"]}
        return answer_error(416, f"The range lies outside the file, which has {size} bytes.", headers=more)
    if wanted.status == 412:
        return answer_error(412, "The file is another one by now.", headers={"ETag": headers["ETag"]})
    return web.Response(status=304, headers={key: headers[key] for key in ("ETag", "X-Repo-Commit")})


def _tell_damage(request: web.Request, error: HoldfastError) -> None:
    LOG.error("%s was not served: %s (%s)", request.path, error.what, error.where)
