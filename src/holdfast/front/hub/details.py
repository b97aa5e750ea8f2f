"""Details of a repository that few clients ask for: the size of a folder, the large files, the headers of tensors."""

from typing import Final

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_failure, answer_json
from holdfast.front.hub.queries import read_limit
from holdfast.front.hub.site import Site
from holdfast.front.hub.trees import find_no_folder
from holdfast.records.hub_service import ServedFile, ServedRevision

LARGE_MAX: Final = 1000


def register(site: Site) -> None:
    """Add the routes."""
    details = _Details(site)
    site.on("GET", "treesize", details.measure)
    site.on("GET", "lfs-files", details.list_large)
    site.on("GET", "safetensors-metadata", details.tell_headers)


class _Details:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def measure(self, _request: web.Request, target: Target) -> web.StreamResponse:
        """The bytes of all files in a folder and below."""
        revision = await self._site.find_revision(target)
        path = target.path.strip("/")
        files, begins = revision.tree.files, f"{path}/" if path else ""
        if path not in revision.tree.folders and path not in files:
            return answer_failure(find_no_folder(revision, path), {"X-Repo-Commit": revision.commit})
        size = sum(file.size for file in files.values() if file.path == path or file.path.startswith(begins))
        return answer_json({"path": path, "size": size}, headers={"X-Repo-Commit": revision.commit})

    async def list_large(self, request: web.Request, target: Target) -> web.StreamResponse:
        """The files of `main` that git holds a pointer for, a page at a time."""
        revision = await self._site.find_revision(target, "main")
        after, limit = request.query.get("cursor", ""), read_limit(request, LARGE_MAX) or LARGE_MAX
        large = sorted((file for file in revision.tree.files.values() if file.is_lfs), key=lambda file: file.path)
        left = [file for file in large if file.path > after]
        headers = {"X-Repo-Commit": revision.commit}
        if len(left) > limit:
            headers["Link"] = self._site.link_next(request, {"cursor": left[limit - 1].path})
        return answer_json([_tell_large(revision, file) for file in left[:limit]], headers=headers)

    async def tell_headers(self, _request: web.Request, target: Target) -> web.StreamResponse:
        """The headers of the safetensors files that an index of `main` names."""
        revision = await self._site.find_revision(target, "main")
        path = "/".join(target.rest)
        return answer_json(await self._site.ask(self._site.service.read_headers, revision, path))


def _tell_large(revision: ServedRevision, file: ServedFile) -> dict[str, object]:
    return {
        "fileOid": file.blob,
        "filename": file.path,
        "oid": file.sha256,
        "size": file.size,
        "pushedAt": revision.kept_at,
        "ref": revision.ref or None,
        "pusher": {},
    }
