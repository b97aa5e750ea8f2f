"""About a repository: what it is, its refs and commits, whether one may read it."""

import hashlib
from typing import Any, Final

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_json
from holdfast.front.hub.files import warn
from holdfast.front.hub.queries import is_yes, read_limit, read_number
from holdfast.front.hub.site import Site
from holdfast.front.hub.trees import tell_sibling
from holdfast.records.hub_service import ModelFacts, ServedCommit, ServedRevision

COMMITS_MAX: Final = 1000


def register(site: Site) -> None:
    """Add the routes."""
    repositories = _Repositories(site)
    site.on("GET", "", repositories.tell)
    site.on("GET", "revision", repositories.tell)
    site.on("GET", "refs", repositories.list_refs)
    site.on("GET", "commits", repositories.list_commits)
    site.on("GET", "auth-check", repositories.check)
    site.on("GET", "discussions", repositories.list_discussions)


class _Repositories:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def tell(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Everything about a revision."""
        revision = await self._site.find_revision(target)
        facts = await self._site.ask(self._site.service.read_facts, revision)
        told = tell_revision(revision, target, blobs=is_yes(request, "blobs"))
        return answer_json({**told, **tell_facts(facts)}, headers=warn(revision))

    async def list_refs(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Branches and tags."""
        refs = await self._site.ask(self._site.service.list_refs, target.name)
        told: dict[str, list[dict[str, str]]] = {"branches": [], "converts": [], "tags": []}
        for ref in refs:
            place = told["tags" if ref.ref.startswith("refs/tags/") else "branches"]
            place.append({"name": ref.name, "ref": ref.ref, "targetCommit": ref.commit})
        if is_yes(request, "include_prs"):
            told["pullRequests"] = []
        return answer_json(told)

    async def list_commits(self, request: web.Request, target: Target) -> web.StreamResponse:
        """What led to a revision, as far as the vault knows, the newest first; page `p` of `limit` each."""
        commits = await self._site.ask(self._site.service.list_commits, target.name, target.revision)
        limit, page = read_limit(request, COMMITS_MAX) or COMMITS_MAX, read_number(request, "p")
        headers = {"X-Total-Count": str(len(commits))}
        if (page + 1) * limit < len(commits):
            headers["Link"] = self._site.link_next(request, {"p": str(page + 1)})
        return answer_json([_tell_commit(one) for one in commits[page * limit : (page + 1) * limit]], headers=headers)

    async def check(self, _request: web.Request, target: Target) -> web.StreamResponse:
        """200: who came so far may read."""
        await self._site.ask(self._site.service.check_repository, target.name)
        return answer_json({})

    async def list_discussions(self, _request: web.Request, target: Target) -> web.StreamResponse:
        """None: a vault keeps no conversations."""
        await self._site.ask(self._site.service.check_repository, target.name)
        return answer_json({"discussions": [], "count": 0, "start": 0, "numClosedDiscussions": 0})


def tell_revision(revision: ServedRevision, target: Target, *, blobs: bool) -> dict[str, Any]:
    """A revision as the hub describes it."""
    return {
        "_id": hashlib.sha256(target.name.encode()).hexdigest()[:24],
        "id": target.id,
        "modelId": target.id,
        "author": target.id.partition("/")[0] if "/" in target.id else None,
        "sha": revision.commit,
        "lastModified": revision.retrieved_at,
        "createdAt": revision.kept_at,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "usedStorage": revision.tree.size,
        "siblings": [tell_sibling(file, blobs=blobs) for file in revision.tree.files.values()],
    }


def tell_facts(facts: ModelFacts) -> dict[str, Any]:
    """What a copy declares of itself; what it does not declare is left out, as hubs do."""
    told: dict[str, Any] = {"tags": facts.tags, "cardData": facts.card, "config": facts.config}
    if facts.task:
        told["pipeline_tag"] = facts.task
    if facts.library:
        told["library_name"] = facts.library
    return told


def _tell_commit(commit: ServedCommit) -> dict[str, Any]:
    said = {"id": commit.id, "title": commit.title, "message": commit.message, "date": commit.at}
    return {**said, "authors": [{"user": commit.author}]}
