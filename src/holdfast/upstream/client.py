"""What is asked of a hub: which commit a name means, its files, its refs, one small file. Marks of Xet are ignored."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from holdfast.records.errors import BlockedUpstream, LimitExceeded, NetworkError, NotUpstream
from holdfast.records.hub import HubFile, HubRef, HubRevision
from holdfast.upstream.address import COMMIT, check_name, check_revision, get_origin
from holdfast.upstream.listing import (
    FILES_MAX,
    Plain,
    check_files,
    parse_json,
    read_commit,
    read_object,
    read_refs,
    read_siblings,
    read_terms,
    read_tree,
)
from holdfast.upstream.wire import Call, Reply, Wire, hide_query

DEFAULT_BRANCH: Final = "main"
_PAGE_BYTES_MAX: Final = 64 << 20
_PAGES_MAX: Final = 4000
_LINK: Final = re.compile(r'<([^<>]{1,4096})>\s*;[^,]*\brel="?next"?')
_WITHOUT_ROUTE: Final = frozenset({404, 405, 501})


class HubClient:
    """Questions to one hub, over its wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.endpoint = wire.endpoint

    async def fetch_revision(self, name: str, asked: str = "") -> HubRevision:
        """The commit that a branch, tag or commit means now, with its files.

        Raises NotUpstream, RefusedUpstream, BlockedUpstream or another NetworkError, UsageError for a bad name.
        """
        found = await self.fetch_state(name, asked)
        return replace(found, files=await self._fetch_files(name, found.commit))

    async def fetch_state(self, name: str, asked: str = "") -> HubRevision:
        """The commit that a branch, tag or commit means now (`main` when none is asked), and the terms; no files."""
        check_name(name)
        wanted = check_revision(asked) if asked else DEFAULT_BRANCH
        url = self.endpoint.model_api(name, "revision", wanted)
        info = await self._fetch_object(url)
        commit = read_commit(info, url)
        terms = read_terms(info)
        if terms.disabled:
            raise BlockedUpstream("the hub disabled this model", where=url, next_step="A copy that is held stays.")
        named = info.get("id")
        return HubRevision(
            endpoint=self.endpoint.url,
            asked=asked,
            name=check_name(named) if isinstance(named, str) and named else name,
            commit=commit,
            ref=await self._find_ref(name, wanted, commit),
            terms=terms,
        )

    async def _fetch_files(self, name: str, commit: str) -> tuple[HubFile, ...]:
        url = self.endpoint.model_api(name, "tree", commit)
        try:
            return check_files(await self._fetch_tree(f"{url}?recursive=true"), url)
        except NotUpstream:  # a mirror may know no trees
            info = await self._fetch_object(self.endpoint.model_api(name, "revision", commit) + "?blobs=true")
            listed = check_files(read_siblings(info, url), url)
            if not listed:
                raise
            return listed

    async def _fetch_tree(self, url: str) -> list[HubFile]:
        found: list[HubFile] = []
        seen: set[str] = set()
        page: str | None = url
        while page is not None:
            if page in seen or len(seen) >= _PAGES_MAX or len(found) > FILES_MAX:
                raise LimitExceeded("the tree has no end", where=hide_query(url), next_step="Ask whoever runs the hub.")
            seen.add(page)
            reply = await self._fetch(page)
            found += read_tree(parse_json(reply.body, hide_query(url)), hide_query(url))
            page = self._find_next(reply)
        return found

    def _find_next(self, reply: Reply) -> str | None:
        """The next page: always of this hub, since a token goes with the question. A mirror may pass on the links of
        the hub behind it; they are asked of the mirror."""
        found = _LINK.search(reply.headers.get("Link", ""))
        if found is None:
            return None
        target: str = urljoin(reply.url, found[1])
        parts = urlsplit(target)
        try:
            if get_origin(target) == self.endpoint.origin:
                return target
        except ValueError:
            parts = urlsplit("")
        if parts.path.startswith("/api/models/"):
            return f"{self.endpoint.url}{parts.path}?{parts.query}"
        raise BlockedUpstream(
            "the next page of the tree is of another server, which is not asked",
            where=hide_query(reply.url),
            next_step="Ask whoever runs the hub.",
        )

    async def _find_ref(self, name: str, wanted: str, commit: str) -> str:
        """The full name of the branch or tag that was asked; empty for a commit."""
        if COMMIT.fullmatch(wanted) or (len(wanted) >= 7 and commit.startswith(wanted)):
            return ""
        if wanted.startswith("refs/"):
            return wanted
        known = {ref.name: ref.ref for ref in reversed(await self.fetch_refs(name))}  # a branch before a tag
        return known.get(wanted, f"refs/heads/{wanted}")

    async def fetch_refs(self, name: str) -> tuple[HubRef, ...]:
        """The branches and tags of a model; none when the hub does not tell them."""
        url = self.endpoint.model_api(check_name(name), "refs")
        reply = await self.wire.fetch(Call(url), _PAGE_BYTES_MAX)
        if reply.status in _WITHOUT_ROUTE and not reply.headers.get("X-Error-Code"):
            return ()
        return read_refs(parse_json(self._check(reply).body, url), url)

    async def check_access(self, name: str, commit: str, path: str) -> None:
        """Raises what it means when this user is not given a file, of which a byte is asked. A file that is not there
        says nothing."""
        call = Call(self.endpoint.file(check_name(name), commit, path), headers={"Range": "bytes=0-0"})
        reply = await self.wire.probe(call)
        if reply.status >= 300 and reply.status != 416 and reply.headers.get("X-Error-Code") != "EntryNotFound":
            raise self.wire.explain(reply)

    async def fetch_pointer(self, name: str, commit: str, path: str) -> bytes:
        """Git's own blob of a large file, which is small."""
        call = Call(self.endpoint.pointer(name, commit, path))
        return self._check(await self.wire.fetch(call, 64 << 10)).body

    async def _fetch_object(self, url: str) -> Plain:
        return read_object(parse_json((await self._fetch(url)).body, hide_query(url)), hide_query(url))

    async def _fetch(self, url: str) -> Reply:
        return self._check(await self.wire.fetch(Call(url, headers={"Accept": "application/json"}), _PAGE_BYTES_MAX))

    def _check(self, reply: Reply) -> Reply:
        """The reply when it is a success. Raises what it means otherwise."""
        if reply.status == 200:
            return reply
        if reply.status < 300:
            raise NetworkError(
                f"the hub answered {reply.status}", where=hide_query(reply.url), next_step="Ask whoever runs the hub."
            )
        raise self.wire.explain(reply)
