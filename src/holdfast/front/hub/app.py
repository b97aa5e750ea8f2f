"""Every request's way: an id, its target, access, the route, and any error as an answer that clients understand."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from holdfast.front.hub import (
    describing,
    details,
    files,
    git_http,
    health,
    home,
    models,
    ollama,
    overviews,
    repositories,
    trees,
)
from holdfast.front.hub.access import check_access
from holdfast.front.hub.addresses import BadAddress, Target, find_target, is_read, split_path
from holdfast.front.hub.answers import answer_error, answer_failure, make_header
from holdfast.front.hub.guard import GUARD, Guard, admit, observe
from holdfast.front.hub.limits import BODY_BYTES_MAX
from holdfast.front.hub.site import LOG, Handler, Site, SiteAsked
from holdfast.front.hub.trace import get_trace
from holdfast.front.hub.unanswered import find_unanswered
from holdfast.records.errors import HoldfastError
from holdfast.workflows.serve import Service

REGISTER: Final[tuple[Callable[[Site], None], ...]] = (
    files.register,
    trees.register,
    details.register,
    repositories.register,
    models.register,
    overviews.register,
    health.register,
    home.register,
    ollama.register,
    git_http.register,
    describing.register,
)
"""Whoever answers requests. Another file of routes is added here."""

Handling: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_site(service: Service, asked: SiteAsked, guard: Guard) -> Site:
    """The hub of a vault, not yet listening."""
    app = web.Application(middlewares=[observe, _tell_errors, admit], client_max_size=BODY_BYTES_MAX)
    app[GUARD] = guard
    app.on_response_prepare.append(_sign)
    site = Site(service, asked, app)
    for register in REGISTER:
        register(site)

    async def dispatch(request: web.Request) -> web.StreamResponse:
        return await _dispatch(site, request)

    app.router.add_route("*", "/{tail:.*}", dispatch)
    return site


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    """Which program answers, and not which versions of what it is made of; by which name its log has the request; what
    the hub behind it did not tell."""
    trace = get_trace(request)
    response.headers["Server"], response.headers["X-Request-Id"] = "holdfast", trace.id
    if trace.upstream:
        response.headers["X-Holdfast-Upstream"] = make_header(trace.upstream)


@web.middleware
async def _tell_errors(request: web.Request, handler: Handling) -> web.StreamResponse:
    try:
        return await handler(request)
    except HoldfastError as error:
        get_trace(request).failed = error
        return answer_failure(error)
    except HTTPException as error:
        return answer_error(error.status, error.reason)
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        name = get_trace(request).id
        LOG.exception("request %s failed: %s %s", name, request.method, request.path)
        return answer_error(500, f"A fault in the vault's server; its log has request {name}.")


async def _dispatch(site: Site, request: web.Request) -> web.StreamResponse:
    try:
        parts = split_path(request.raw_path)
    except BadAddress as error:
        return answer_error(400, f"The address cannot be read: {error}.")
    place = site.places.get("/" + "/".join(parts))
    target = None if place else find_target(parts)
    refused = await check_access(site, request, target)
    if refused is not None:
        return refused
    if place is not None:
        plain = place.get(request.method) or (place.get("GET") if request.method == "HEAD" else None)
        return await plain(request) if plain else _refuse_method(request, list(place))
    if target is None:
        return find_unanswered(parts, None) or answer_error(404, "There is nothing at this address.")
    handler = _find_handler(site, request.method, target)
    if handler is not None and site.through is not None and is_read(request.method, target):
        get_trace(request).upstream = await site.ask_upstream(site.through, target)
    if handler is not None:
        return await handler(request, target)
    return find_unanswered(parts, target) or _tell_unknown(site, request, target)


def _find_handler(site: Site, method: str, target: Target) -> Handler | None:
    found = site.routes.get((method, target.is_api, target.word))
    if found is None and method == "HEAD":
        return site.routes.get(("GET", target.is_api, target.word))
    return found


def _tell_unknown(site: Site, request: web.Request, target: Target) -> web.StreamResponse:
    methods = [method for method, is_api, word in site.routes if (is_api, word) == (target.is_api, target.word)]
    if methods:
        return _refuse_method(request, methods)
    return answer_error(501, f"This vault does not answer {target.word or 'this'}.")


def _refuse_method(request: web.Request, methods: list[str]) -> web.StreamResponse:
    allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))
    return answer_error(405, f"{request.method} is not answered here.", headers={"Allow": allowed})
