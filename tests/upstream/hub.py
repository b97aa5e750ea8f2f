"""A small hub on loopback for tests: a model API, files by way of a second origin, git, and faults on demand."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from aiohttp import web

from tests.upstream.repository import Entry, Repository

PIECE_BYTES = 64 << 10
Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    origin: str
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Hub:
    """What tests set and read. `page` is how many files a page of a tree has; `cdn` sends large files elsewhere;
    `fault` is asked first; `cuts` are after how many bytes the next bodies break off; `lies` replace what is sent."""

    folder: Path
    url: str = ""
    cdn_url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    token: str = ""
    page: int = 0
    cdn: bool = True
    ranges: bool = True
    fault: Fault | None = None
    cuts: list[int] = field(default_factory=list)
    lies: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    has_trees: bool = True
    has_git: bool = True
    wait_s: float = 0.0  # between pieces of a body

    def add(self, name: str, files: dict[str, bytes], **terms: object) -> Repository:
        """A new model with one commit on `main`."""
        repository = Repository(self.folder / f"{name.replace('/', '--')}.git", terms)
        repository.commit(files)
        self.repositories[name] = repository
        return repository

    def count(self, pattern: str, origin: str = "") -> int:
        """How many requests had such a path."""
        return sum(1 for one in self.seen if re.search(pattern, one.path) and origin in one.origin)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    """A hub in a thread of its own."""
    hub = Hub(folder)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners = asyncio.run_coroutine_threadsafe(_start(hub), loop).result()
    try:
        yield hub
    finally:
        asyncio.run_coroutine_threadsafe(_stop(runners), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(hub: Hub) -> list[web.AppRunner]:
    runners = []
    for handle, name in ((_Handler(hub, "hub").handle, "url"), (_Handler(hub, "cdn").handle, "cdn_url")):
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert runner.addresses
        setattr(hub, name, f"http://127.0.0.1:{runner.addresses[0][1]}")
        runners.append(runner)
    return runners


async def _stop(runners: list[web.AppRunner]) -> None:
    for runner in runners:
        await runner.cleanup()


def fail(status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> web.Response:
    """A refusal as a hub words it."""
    said = {"X-Error-Code": code, "X-Error-Message": message, **(headers or {})}
    return web.json_response({"error": message}, status=status, headers={k: v for k, v in said.items() if v})


def times(count: int, pattern: str, make: Callable[[], web.Response]) -> Fault:
    """A fault that befalls the first requests of such a path."""
    left = [count]

    async def fault(request: web.Request) -> web.StreamResponse | None:
        if left[0] and re.search(pattern, request.path_qs):
            left[0] -= 1
            return make()
        return None

    return fault


class _Handler:
    def __init__(self, hub: Hub, origin: str) -> None:
        self.hub = hub
        self.origin = origin

    async def handle(self, request: web.Request) -> web.StreamResponse:
        hub = self.hub
        hub.seen.append(Seen(self.origin, request.method, request.path_qs, dict(request.headers)))
        if hub.fault is not None and (answer := await hub.fault(request)) is not None:
            return answer
        if self.origin == "cdn":
            return await self.send_blob(request)
        return await self.route(request)

    async def route(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path):
            name, what, revision = unquote(found[1]), found[2], unquote(found[3])
            return self.on_repository(request, name) or await self.api(request, name, what, revision)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/refs", path):
            name = unquote(found[1])
            return self.on_repository(request, name) or self.refs(name)
        if found := re.fullmatch(r"/([^/]+/[^/]+)/(resolve|raw)/([^/]+)/(.+)", path):
            name, what, revision, file = (unquote(part) for part in found.groups())
            return self.on_repository(request, name) or await self.file(request, name, what, revision, file)
        if (found := re.fullmatch(r"/([^/]+/[^/]+)\.git/(info/refs|git-upload-pack)", path)) and self.hub.has_git:
            name = unquote(found[1])
            return self.on_repository(request, name) or await self.git(request, name, found[2])
        return web.Response(status=404, text="<html>not found</html>")

    def on_repository(self, request: web.Request, name: str) -> web.Response | None:
        hub = self.hub
        if name in hub.renamed:
            target = request.path_qs.replace(quote(name), quote(hub.renamed[name]))
            return web.Response(status=307, headers={"Location": target})
        repository = hub.repositories.get(name)
        if repository is None or repository.state == "gone":
            return fail(401, message="Invalid username or password.")
        if repository.state == "disabled":
            return fail(403, message="Access to this resource is disabled.")
        if repository.state == "elsewhere":
            return fail(403, message="This model is not available in your country (US).")
        sent = request.headers.get("Authorization", "")
        if repository.state == "gated" and "/api/" not in request.path and sent != f"Bearer {hub.token}":
            return fail(403, "GatedRepo", "Access to this model is restricted. Accept its terms.")
        return None

    async def api(self, request: web.Request, name: str, what: str, revision: str) -> web.StreamResponse:
        repository = self.hub.repositories[name]
        commit = repository.find(revision)
        if commit is None:
            return fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "tree":
            return self.tree(request, name, commit)
        body = {"id": name, "modelId": name, "sha": commit, "private": False, "disabled": False, **repository.terms}
        if repository.state == "gated":
            body["gated"] = "manual"
        if request.query.get("blobs"):
            body["siblings"] = [
                {"rfilename": one.path, "size": len(one.content), "blobId": one.oid, **_lfs(one, "sha256")}
                for one in repository.list_files(commit)
            ]
        return web.json_response(body)

    def tree(self, request: web.Request, name: str, commit: str) -> web.Response:
        if not self.hub.has_trees:
            return web.Response(status=404, text="no such page")
        files = self.hub.repositories[name].list_files(commit)
        folders = sorted({one.path.rpartition("/")[0] for one in files} - {""})
        items = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": folder} for folder in folders]
        for one in files:
            item = {"type": "file", "oid": one.oid, "size": len(one.content), "path": one.path, **_lfs(one, "oid")}
            items.append(item | ({"xetHash": "f" * 64} if one.sha256 else {}))
        start, size = int(request.query.get("cursor", "0")), self.hub.page or len(items) or 1
        headers = {}
        if start + size < len(items):
            following = request.url.update_query(cursor=str(start + size))
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response(items[start : start + size], headers=headers)

    def refs(self, name: str) -> web.Response:
        repository = self.hub.repositories[name]
        return web.json_response(
            {"branches": repository.list_refs("heads"), "tags": repository.list_refs("tags"), "converts": []}
        )

    async def file(self, request: web.Request, name: str, what: str, revision: str, path: str) -> web.StreamResponse:
        repository = self.hub.repositories[name]
        commit = repository.find(revision)
        entry = next((one for one in repository.list_files(commit) if one.path == path), None) if commit else None
        if commit is None:
            return fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if entry is None:
            return fail(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit})
        if what == "raw":
            return web.Response(body=entry.pointer or entry.content)
        etag = self.hub.etags.get(path, entry.sha256 or entry.oid)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{etag}"'}
        if entry.sha256:
            headers |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(entry.content)), "X-Xet-Hash": "f" * 64}
        if entry.sha256 and self.hub.cdn:
            ticket = secrets.token_hex(8)
            self.hub.tickets.add(ticket)
            target = f"{self.hub.cdn_url}/{quote(name)}/{entry.oid}/{quote(path)}?Signature={ticket}"
            return web.Response(status=302, headers=headers | {"Location": target})
        content = self.hub.lies.get(path, entry.content)
        return await self.send(request, path, content, headers)

    async def send_blob(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("Signature") not in self.hub.tickets:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        _, owner, model, oid, path = request.path.split("/", 4)
        content = self.hub.repositories[f"{owner}/{model}"].contents[oid]
        return await self.send(request, path, self.hub.lies.get(path, content), {"ETag": f'"cdn-{oid[:8]}"'})

    async def send(
        self, request: web.Request, path: str, content: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        start, end, status = 0, len(content), 200
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if asked and self.hub.ranges:
            start, end = int(asked[1]), min(int(asked[2]) + 1 if asked[2] else end, end)
            if start >= len(content):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
            status = 206
            headers = headers | {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
        response = web.StreamResponse(status=status, headers=headers | {"Accept-Ranges": "bytes"})
        response.content_length = end - start
        await response.prepare(request)
        cut = self.hub.cuts.pop(0) if self.hub.cuts and end > start else -1
        for at in range(start, end, PIECE_BYTES):
            piece = content[at : min(at + PIECE_BYTES, end)]
            if 0 <= cut <= at - start:
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(piece)
            self.hub.sent[path] = self.hub.sent.get(path, 0) + len(piece)
            if self.hub.wait_s:
                await asyncio.sleep(self.hub.wait_s)
        await response.write_eof()
        return response

    async def git(self, request: web.Request, name: str, service: str) -> web.Response:
        """git's own http-backend, as CGI."""
        repository = self.hub.repositories[name]
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(repository.folder.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.folder.name}/{service}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=environ, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate(await request.read())
        head, _, body = out.partition(b"\r\n\r\n")
        lines = [line.decode().partition(": ") for line in head.split(b"\r\n")]
        headers = {key: value for key, _, value in lines}
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, headers=headers, body=body)


def _lfs(entry: Entry, key: str) -> dict[str, object]:
    if not entry.sha256:
        return {}
    return {"lfs": {key: entry.sha256, "size": len(entry.content), "pointerSize": len(entry.pointer)}}


def dump(value: object) -> bytes:
    """JSON as bytes."""
    return json.dumps(value).encode()
