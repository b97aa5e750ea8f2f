"""Repositories, branches and tags: made and taken away. What a vault does not do is said, with what to do instead."""

from typing import Any, Final

from aiohttp import web

from holdfast.front.hub.addresses import KINDS, Target
from holdfast.front.hub.answers import answer_error, answer_json
from holdfast.front.hub.receiving import get_text, read_json
from holdfast.front.hub.trace import get_caller, require
from holdfast.front.hub.writing import Desk, get_author, get_web_path, write_to
from holdfast.records.access import BadRequest, Scope
from holdfast.records.hub_writing import ExistsAlready, NotOffered

_PUSHED: Final = ("models", "datasets")
_PRIVATE: Final = "private"
_VISIBILITIES: Final = {"True": _PRIVATE, "False": "public"}
_INSTEAD: Final = {
    "super-squash": "history is part of what a vault proves; delete the branch instead, and push to a new one",
    "resource-group": "whoever may do what is said by tokens: holdfast token create",
    "lfs-files": "drop copies instead: holdfast drop, then holdfast prune",
    "like": "nothing is liked here",
    "user-access-request": "whoever may read is said by tokens: holdfast token create",
    "discussions": "a vault keeps no conversations",
    "commits": "push to a branch instead",
    "secrets": "a vault runs no spaces",
    "variables": "a vault runs no spaces",
}


class Changes:
    """The routes of repositories and refs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- repositories ---

    async def create(self, request: web.Request) -> web.StreamResponse:
        """A new repository, with a first commit."""
        said = await read_json(request)
        kind, name = _read_name(request, said, Scope.WRITE)
        for key in ("files", "license", "template"):
            if said.get(key):
                raise NotOffered(f"{key} at creation", where=name, next_step="Create it, then push what it shall hold.")
        self._check_visibility(said, name)
        held = name if kind == "models" else f"{kind}/{name}"
        told = {"url": f"{self._desk.site.get_url(request)}{get_web_path(kind, name)}", "name": name, "id": name}
        try:
            await self._desk.change(self._desk.writer.create_repository, held, get_author(request))
        except ExistsAlready as error:
            return answer_error(409, f"{error.what}. {error.next_step}", more=told)
        return answer_json(told)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Every copy of a repository is dropped."""
        said = await read_json(request)
        kind, name = _read_name(request, said, Scope.ADMIN)
        held = name if kind == "models" else f"{kind}/{name}"
        await self._desk.change(self._desk.writer.delete_repository, held, get_author(request))
        return answer_json({})

    async def move(self, _request: web.Request) -> web.StreamResponse:
        """Not done: a copy's name is part of what is proved of it."""
        raise NotOffered(
            "a vault does not rename repositories: a copy's name is part of what is recorded of it",
            where="repos/move",
            next_step="Create the new one and push to it; large files are not sent again. Then delete the old one.",
        )

    async def set(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Settings that ask for what is so already are taken, others refused."""
        require(request, Scope.ADMIN, target.name)
        said = await read_json(request)
        await self._desk.site.ask(self._desk.site.service.check_repository, target.name)
        self._check_visibility(said, target.name, default=_PRIVATE)
        for key, value in said.items():
            if key not in ("private", "visibility") and value not in (False, None):
                raise NotOffered(
                    f"the setting {key[:50]!r}", where=target.name, next_step="Who may do what is said by tokens."
                )
        return answer_json({})

    def _check_visibility(self, said: dict[str, Any], name: str, default: str = "") -> None:
        """Who may read is said by tokens for the whole server: a wish for something else is not taken silently."""
        wish = get_text(said, "visibility") or _VISIBILITIES.get(str(said.get("private")), default)
        if wish == _PRIVATE and self._desk.is_open:
            raise NotOffered(
                "everybody who reaches this server may read: it cannot hold something private",
                where=name,
                next_step="Start it without --anonymous.",
            )

    # --- refs ---

    async def create_branch(self, request: web.Request, target: Target) -> web.StreamResponse:
        """At a branch, tag or commit; `main` by default."""
        said = await read_json(request)
        if said.get("emptyBranch"):
            raise NotOffered(
                "an empty branch", where=target.name, next_step="Create it at a commit, then delete files."
            )
        start = get_text(said, "startingPoint")
        try:
            await self._desk.change(self._desk.writer.create_branch, write_to(request, target), start)
        except ExistsAlready:
            if not said.get("overwrite") or start:
                raise
        return answer_json({})

    async def delete_branch(self, request: web.Request, target: Target) -> web.StreamResponse:
        """The copies that it named stay."""
        await self._desk.change(self._desk.writer.delete_branch, write_to(request, target))
        return answer_json({})

    async def create_tag(self, request: web.Request, target: Target) -> web.StreamResponse:
        """At the revision of the address."""
        said = await read_json(request)
        tag, why = get_text(said, "tag"), get_text(said, "message", 5000)
        if not tag:
            raise BadRequest("the tag has no name", where=target.name, next_step='Send {"tag": NAME}.')
        await self._desk.change(self._desk.writer.create_tag, write_to(request, target), tag, why)
        return answer_json({})

    async def delete_tag(self, request: web.Request, target: Target) -> web.StreamResponse:
        """The copy that it named stays."""
        to = write_to(request, target)
        await self._desk.change(self._desk.writer.delete_tag, to, target.revision)
        return answer_json({})

    async def refuse(self, _request: web.Request, target: Target) -> web.StreamResponse:
        """What a vault does not do, in words."""
        raise NotOffered(f"a vault has no {target.word}", where=target.name, next_step=f"{_INSTEAD[target.word]}.")


REFUSED: Final = tuple(_INSTEAD)


def _read_name(request: web.Request, said: dict[str, Any], scope: Scope) -> tuple[str, str]:
    """The kind and the name that a body means, if whoever asks may do this to it. Raises BadRequest and what `require`
    does."""
    kind = f"{get_text(said, 'type') or 'model'}s"
    if kind not in KINDS:
        raise BadRequest(f"{kind[:-1]!r} is no kind of repository", next_step="Say model or dataset.")
    if kind not in _PUSHED:
        raise NotOffered(f"a vault holds no {kind}", where="repos", next_step="Models and data sets are held.")
    organisation, name = get_text(said, "organization"), get_text(said, "name")
    if "/" in name and not organisation:
        organisation, _, name = name.partition("/")
    if not organisation:
        organisation = get_caller(request).name
    full = f"{organisation}/{name}"
    require(request, scope, full if kind == "models" else f"{kind}/{full}")
    return kind, full
