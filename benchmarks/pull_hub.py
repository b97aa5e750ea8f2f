"""A hub of one model from a folder, for benchmarks: what is stated is computed once, files are sent as fast as asked.

`--rate` paces all connections together, as a network would; `GET /sent` tells how many bytes of files were sent.
"""

import argparse
import asyncio
import hashlib
import re
import time
from pathlib import Path

from aiohttp import web

COMMIT = "c0ffee" + "0" * 34
MODEL = "acme/bench"
PIECE_BYTES = 256 << 10


def main() -> None:
    """Serve until it is ended; the address is printed first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rate", type=float, default=0, help="bytes per second of all connections together")
    asked = parser.parse_args()
    asyncio.run(serve(OneModel(asked.folder, asked.rate)))


class OneModel:
    """The model's files and what is stated of them."""

    def __init__(self, folder: Path, rate: float) -> None:
        self.folder = folder
        self.rate = rate
        self.sent = 0
        self._free_at = 0.0
        self.files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        self.digests = {name: _read_digest(path) for name, path in self.files.items()}

    async def revision(self, _: web.Request) -> web.Response:
        return web.json_response({"id": MODEL, "sha": COMMIT})

    async def refs(self, _: web.Request) -> web.Response:
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": COMMIT}
        return web.json_response({"branches": [main], "tags": [], "converts": []})

    async def tree(self, _: web.Request) -> web.Response:
        items = [
            {
                "type": "file",
                "path": name,
                "oid": "1" * 40,
                "size": path.stat().st_size,
                "lfs": {"oid": self.digests[name], "size": path.stat().st_size, "pointerSize": 134},
            }
            for name, path in self.files.items()
        ]
        return web.json_response(items)

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        headers = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{self.digests[name]}"'}
        if not self.rate:
            return web.FileResponse(self.files[name], headers=headers)
        return await self._send_paced(request, self.files[name], headers)

    async def _send_paced(self, request: web.Request, path: Path, headers: dict[str, str]) -> web.StreamResponse:
        size = path.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        start, end = (int(asked[1]), int(asked[2]) + 1) if asked else (0, size)
        if asked:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        response = web.StreamResponse(status=206 if asked else 200, headers=headers)
        response.content_length = end - start
        await response.prepare(request)
        with path.open("rb") as file:
            file.seek(start)
            for at in range(start, end, PIECE_BYTES):
                piece = file.read(min(PIECE_BYTES, end - at))
                self._free_at = max(self._free_at, time.monotonic()) + len(piece) / self.rate
                await asyncio.sleep(self._free_at - time.monotonic())
                await response.write(piece)
                self.sent += len(piece)
        await response.write_eof()
        return response

    async def tell_sent(self, _: web.Request) -> web.Response:
        return web.Response(text=str(self.sent))


async def serve(model: OneModel) -> None:
    """Run on a free port of this machine."""
    app = web.Application()
    for route, handle in (
        (f"/api/models/{MODEL}/revision/{{revision}}", model.revision),
        (f"/api/models/{MODEL}/refs", model.refs),
        (f"/api/models/{MODEL}/tree/{{revision}}", model.tree),
        (f"/{MODEL}/resolve/{{revision}}/{{path:.+}}", model.resolve),
        ("/sent", model.tell_sent),
    ):
        app.router.add_get(route, handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def _read_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
