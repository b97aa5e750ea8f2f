"""Lists of what is held, and the few questions that are about no repository at all."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping

from holdfast.front.hub.access import tell_who
from holdfast.front.hub.addresses import KINDS, Target
from holdfast.front.hub.answers import answer_error, answer_json
from holdfast.front.hub.queries import is_yes, read_limit, read_number
from holdfast.front.hub.repositories import tell_facts, tell_revision
from holdfast.front.hub.site import PlainHandler, Site
from holdfast.front.hub.trace import get_caller
from holdfast.records.access import Caller, Scope
from holdfast.records.errors import HoldfastError
from holdfast.records.hub_service import ServedModel

PAGE: Final = 1000
_KEYS: Final[dict[str, Callable[[ServedModel], Any]]] = {
    "lastModified": lambda model: model.kept_at,
    "createdAt": lambda model: model.kept_at,
    "id": lambda model: model.name,
}
_NEWEST_FIRST: Final = ("lastModified", "createdAt")


def register(site: Site) -> None:
    """Add the routes."""
    lists = _Lists(site)
    for kind in KINDS:
        site.at("GET", f"/api/{kind}", lists.make_lister(kind))
    site.at("GET", "/api/models-tags-by-type", _tell_no_tags)
    site.at("GET", "/api/datasets-tags-by-type", _tell_no_tags)
    site.at("GET", "/api/whoami-v2", tell_who)
    site.at("GET", "/api/agent-harnesses", _tell_no_harnesses)


class _Lists:
    def __init__(self, site: Site) -> None:
        self._site = site

    def make_lister(self, kind: str) -> PlainHandler:
        """Answers with the repositories of a kind."""

        async def list_models(request: web.Request) -> web.StreamResponse:
            return await self._list(request, kind)

        return list_models

    async def _list(self, request: web.Request, kind: str) -> web.StreamResponse:
        query = request.query
        found = await self._site.ask(self._choose, query, kind, get_caller(request))
        sort = query.get("sort", "id")
        found.sort(key=_KEYS.get(sort, _KEYS["id"]), reverse=sort in _NEWEST_FIRST)
        skip, limit = read_number(request, "skip"), read_limit(request, PAGE) or PAGE
        page, full = found[skip : skip + limit], is_yes(request, "full")
        headers = {"X-Total-Count": str(len(found))}
        if skip + limit < len(found):
            headers["Link"] = self._site.link_next(request, {"skip": str(skip + limit)})
        return answer_json(await self._site.ask(lambda: [self._tell(one, kind, full) for one in page]), headers=headers)

    def _choose(self, query: MultiMapping[str], kind: str, caller: Caller) -> list[ServedModel]:
        """The repositories of a kind that fit what is asked, and that the caller may read."""
        search, author = query.get("search", "").lower(), query.get("author", "").lower()
        wanted = frozenset(value for key, value in query.items() if key in ("filter", "pipeline_tag"))
        return [
            one
            for one in self._site.service.iterate_models()
            if _is_of(one, kind)
            and _fits(one, kind, search, author)
            and caller.may(Scope.READ, one.name)
            and (not wanted or self._has_tags(one, wanted))
        ]

    def _has_tags(self, model: ServedModel, wanted: frozenset[str]) -> bool:
        """Whether a copy declares all of these; one that is frozen declares nothing here."""
        try:
            revision = self._site.service.find_revision(model.name, "main")
        except HoldfastError:
            return False
        return wanted <= frozenset(self._site.service.read_facts(revision).tags)

    def _tell(self, model: ServedModel, kind: str, full: bool) -> dict[str, Any]:
        """What a list says of a repository; with `full` what its description says, if it can be given out."""
        short = _shorten(model, kind)
        if full and not model.is_frozen:
            try:
                revision = self._site.service.find_revision(model.name, "main")
            except HoldfastError:  # it may have been frozen or dropped just now
                return short
            told = tell_revision(revision, Target(kind, short["id"], "", (), is_api=True), blobs=False)
            return {**told, **tell_facts(self._site.service.read_facts(revision))}
        return short


def _shorten(model: ServedModel, kind: str) -> dict[str, Any]:
    name = model.name if kind == "models" else model.name.removeprefix(f"{kind}/")
    return {
        "_id": hashlib.sha256(model.name.encode()).hexdigest()[:24],
        "id": name,
        "modelId": name,
        "private": False,
        "gated": False,
        "disabled": model.is_frozen,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "lastModified": model.kept_at,
        "createdAt": model.kept_at,
    }


def _is_of(model: ServedModel, kind: str) -> bool:
    if kind == "models":
        return not model.name.startswith(tuple(f"{other}/" for other in KINDS[1:]))
    return model.name.startswith(f"{kind}/")


def _fits(model: ServedModel, kind: str, search: str, author: str) -> bool:
    name = model.name if kind == "models" else model.name.removeprefix(f"{kind}/")
    return search in name.lower() and (not author or name.lower().startswith(f"{author}/"))


async def _tell_no_tags(_request: web.Request) -> web.StreamResponse:
    """A vault sorts models by nothing but their names."""
    return answer_json({})


async def _tell_no_harnesses(_request: web.Request) -> web.StreamResponse:
    return answer_error(404, "A vault knows of none.")
