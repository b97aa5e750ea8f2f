"""Trees: what lies in a revision, by folder or all of it, and single paths of it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qs, quote

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error, answer_failure, answer_json
from holdfast.front.hub.queries import is_yes, read_limit
from holdfast.front.hub.receiving import read_body
from holdfast.front.hub.site import Site
from holdfast.records.errors import UnknownEntry
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.serve import make_commit

PATHS_MAX: Final = 10_000
BODY_BYTES_MAX: Final = 8 << 20
_YES: Final = ("1", "true", "yes")


def register(site: Site) -> None:
    """Add the routes."""
    trees = _Trees(site)
    site.on("GET", "tree", trees.list_tree)
    site.on("POST", "paths-info", trees.tell_paths)


class _Trees:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def list_tree(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A folder, or with `recursive` everything below it, in one answer unless `limit` is given."""
        revision = await self._site.find_revision(target)
        folder = target.path.strip("/")
        expand, recursive = is_yes(request, "expand"), is_yes(request, "recursive")
        if folder not in revision.tree.folders:
            return answer_failure(find_no_folder(revision, folder), {"X-Repo-Commit": revision.commit})
        paths = list_paths(revision, folder, recursive=recursive)
        headers = {"X-Repo-Commit": revision.commit}
        limit = 0 if recursive else read_limit(request, PATHS_MAX)
        if limit:
            paths, following = _cut_page(paths, request.query.get("cursor", ""), limit)
            if following:
                headers["Link"] = self._link(request, target, revision, following)
        return answer_json([self._tell(revision, path, expand=expand) for path in paths], headers=headers)

    async def tell_paths(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Files and folders by their paths; those that are not there are left out."""
        try:
            paths, expand = await _read_paths(request)
        except ValueError as error:
            return answer_error(400, f"The paths cannot be read: {error}.")
        revision = await self._site.find_revision(target)
        known = [path.strip("/") for path in paths]
        files, folders = revision.tree.files, revision.tree.folders
        found = [path for path in dict.fromkeys(known) if path in files or (path and path in folders)]
        told = [self._tell(revision, path, expand=expand) for path in found]
        return answer_json(told, headers={"X-Repo-Commit": revision.commit})

    def _tell(self, revision: ServedRevision, path: str, *, expand: bool) -> dict[str, Any]:
        told, file = tell_path(revision, path, expand=expand), revision.tree.files.get(path)
        digest = self._site.xet.find_hash(file) if self._site.xet is not None and file is not None else ""
        return {**told, "xetHash": digest} if digest else told

    def _link(self, request: web.Request, target: Target, revision: ServedRevision, following: str) -> str:
        """The next page is one of the same commit, whatever its branch means by then."""
        path = "/".join(("", "api", target.kind, target.id, "tree", revision.commit, *target.path.split("/")))
        return self._site.link_next(request, {"cursor": following}, quote(path.rstrip("/")))


def list_paths(revision: ServedRevision, folder: str, *, recursive: bool) -> list[str]:
    """Folders and files below a folder, in order of their paths."""
    begins = f"{folder}/" if folder else ""
    paths = (path for path in (*revision.tree.folders, *revision.tree.files) if path and path.startswith(begins))
    if recursive:
        return sorted(paths)
    return sorted(path for path in paths if "/" not in path[len(begins) :])


def tell_path(revision: ServedRevision, path: str, *, expand: bool) -> dict[str, Any]:
    """A file or folder as trees have it."""
    file = revision.tree.files.get(path)
    told = _tell_folder(revision, path) if file is None else _tell_file(file)
    if expand:
        commit = make_commit(revision)
        told["lastCommit"] = {"id": commit.id, "title": commit.title, "date": commit.at}
        if file is not None:
            told["securityFileStatus"] = None
    return told


def _tell_folder(revision: ServedRevision, path: str) -> dict[str, Any]:
    return {"type": "directory", "oid": revision.tree.folders[path], "size": 0, "path": path}


def _tell_file(file: ServedFile) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "oid": file.blob, "size": file.size, "path": file.path}
    if file.is_lfs:
        told["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": file.pointer_size}
    return told


def tell_sibling(file: ServedFile, *, blobs: bool) -> dict[str, Any]:
    """A file as a repository's description has it."""
    told: dict[str, Any] = {"rfilename": file.path}
    if blobs:
        told |= {"size": file.size, "blobId": file.blob}
        if file.is_lfs:
            told["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": file.pointer_size}
    return told


def _cut_page(paths: Sequence[str], after: str, limit: int) -> tuple[list[str], str]:
    """A page of the paths, and after which path the next one begins (empty: there is none)."""
    left = [path for path in paths if path > after]
    page = left[:limit]
    return page, page[-1] if len(left) > limit else ""


def find_no_folder(revision: ServedRevision, path: str) -> UnknownEntry:
    """The error of a folder that is not there."""
    return UnknownEntry(
        f"{revision.name} has no folder {path[:200]!r} at {revision.commit}",
        where=revision.name,
        next_step="See the tree of the revision.",
    )


async def _read_paths(request: web.Request) -> tuple[list[str], bool]:
    """`paths` and `expand`, from a form or from JSON. Raises ValueError, and what `read_body` does."""
    data = await read_body(request, BODY_BYTES_MAX)
    paths, expand = _parse_json(data) if "json" in request.content_type else _parse_form(data)
    if len(paths) > PATHS_MAX:
        raise ValueError(f"{len(paths)} paths, and {PATHS_MAX} are answered at once")
    return paths, expand


def _parse_json(data: bytes) -> tuple[list[str], bool]:
    try:
        said = cast("object", json.loads(data))
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    fields = cast("dict[str, object]", said)
    return list(_take_texts(fields.get("paths", []))), bool(fields.get("expand"))


def _take_texts(value: object) -> Iterator[str]:
    values: Iterable[object] = cast("list[object]", value) if isinstance(value, list) else (value,)
    for one in values:
        if not isinstance(one, str):
            raise ValueError("a path is no text")
        yield one


def _parse_form(data: bytes) -> tuple[list[str], bool]:
    fields = parse_qs(data.decode(), keep_blank_values=True, max_num_fields=PATHS_MAX + 10)
    return fields.get("paths", []), fields.get("expand", [""])[0].lower() in _YES
