"""The OpenAPI document of a site's routes. A route that no table describes is a mistake, and said so."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import holdfast
from holdfast.front.hub.description.operations import Access, Operation, RouteKey, Table
from holdfast.front.hub.description.parts import (
    ANSWERS,
    BODIES,
    ERRORS,
    HEADERS,
    Answer,
    describe_error_headers,
    make_header_parameters,
    make_path_parameters,
    make_query_parameters,
)
from holdfast.front.hub.description.protocols import PROTOCOLS
from holdfast.front.hub.description.reading import READING
from holdfast.front.hub.description.serving import SERVING, list_unanswered
from holdfast.front.hub.description.shapes import SHAPES
from holdfast.front.hub.description.writing import WRITING
from holdfast.front.hub.site import Site

TABLE: Final[Table] = {**READING, **WRITING, **PROTOCOLS, **SERVING}
ANY_ADDRESS: Final = "/{tail}"
"""Where what is no route of its own arrives, to be looked up by name."""
_STEP: Final = re.compile(r"{(\w+)}")
_ALWAYS: Final = ("X-Request-Id",)
_NO_RANGE: Final = frozenset({206, 416})
_TEXT: Final = """\
What `holdfast serve` answers. It is the API of the Hugging Face hub as its clients use it, with Xet's, LFS's, git's and
Ollama's for reading and pushing.

A repository's name has one part or two: one of one part is asked for without `{org}/`. Paths and revisions may have
slashes, encoded or not. What makes no sense after the question mark is passed over, so are fields that are not known.

An address that a route has and a method that it has not: 405 with `Allow`. A repository and a word after it that no
hub is known to have: 501. Any other address: 404 without `X-Error-Code`.

Errors are JSON. What cannot be read as HTTP (a head of more than 8 KiB a line, say) is answered with 400, and the
connection ends; an `Expect` that is not `100-continue` with 417."""
_SECURITY: Final[Mapping[Access, list[dict[str, list[str]]]]] = {
    Access.OPEN: [{}],
    Access.READ: [{}, {"token": []}, {"basic": []}, {"ticket": []}],
    Access.WRITE: [{"token": []}],
    Access.TICKET: [{"ticket": []}, {"token": []}],
    Access.XET: [{"xet": []}],
}
_SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of the vault: `holdfast token create`"},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "the same as the password; it reads, and writes by git",
    },
    "ticket": {"type": "apiKey", "in": "query", "name": "ticket", "description": "a signed address that was given out"},
    "xet": {"type": "http", "scheme": "bearer", "description": "a token of `xet-read-token` or `xet-write-token`"},
}


def make_document(site: Site) -> dict[str, Any]:
    """All that a site answers. Raises KeyError for a route that is not described."""
    paths: dict[str, dict[str, Any]] = {}
    for method, operation, summary in _list_operations(site):
        made = paths.setdefault(operation.path, {"parameters": _list_steps(operation.path)})
        made[method.lower()] = _describe(method, operation, summary)
        if method == "GET":
            made["head"] = _describe("HEAD", operation, summary)
    return {
        "openapi": "3.1.0",
        "info": {"title": "holdfast serve", "version": holdfast.__version__, "description": _TEXT},
        "servers": [{"url": "/"}],
        "paths": {path: _drop_empty(made) for path, made in sorted(paths.items())},
        "components": _make_components(),
    }


def list_routes(site: Site) -> dict[RouteKey, str]:
    """Every route by method and address, or the word after a repository's name; with its handler's first sentence."""
    found = {
        (method, f"{'api' if is_api else 'page'} {word}"): _tell(handler)
        for (method, is_api, word), handler in site.routes.items()
    }
    found |= {(method, path): _tell(one) for path, methods in site.places.items() for method, one in methods.items()}
    for route in site.app.router.routes():
        address = route.resource.canonical if route.resource is not None else ANY_ADDRESS
        if address != ANY_ADDRESS and route.method != "HEAD":
            found[route.method, address] = _tell(route.handler)
    return found


def _tell(handler: object) -> str:
    return (inspect.getdoc(handler) or "").partition("\n")[0]


def _list_operations(site: Site) -> Iterator[tuple[str, Operation, str]]:
    for key, told in list_routes(site).items():
        for operation in TABLE[key]:
            for method in operation.methods or (key[0],):
                yield method, operation, operation.summary or told
    yield from (("GET", operation, operation.summary) for operation in list_unanswered())


def _describe(method: str, operation: Operation, summary: str) -> dict[str, Any]:
    is_head = method == "HEAD"
    good = {status: ANSWERS[name] for status, name in operation.good.items()}
    answers = {**good, **{status: ERRORS[status] for status in operation.statuses}}
    told: dict[str, Any] = {
        "operationId": _name(method, operation.path),
        "summary": summary,
        "security": _SECURITY[operation.access],
        "parameters": [
            *({"$ref": f"#/components/parameters/query-{name}"} for name in operation.query),
            *(
                {"$ref": f"#/components/parameters/{name}"}
                for name in operation.headers
                if not is_head or name != "Range"
            ),
        ],
        "responses": {
            str(status): {"$ref": f"#/components/responses/{_name_answer(status, operation)}{'-head' * is_head}"}
            for status in sorted(answers)
            if not is_head or status not in _NO_RANGE
        },
    }
    if operation.body and not is_head:
        told["requestBody"] = {"$ref": f"#/components/requestBodies/{operation.body}"}
    return _drop_empty(told)


def _name_answer(status: int, operation: Operation) -> str:
    return operation.good.get(status) or f"error-{status}"


def _name(method: str, path: str) -> str:
    words = re.findall(r"[A-Za-z0-9-]+", path)
    return "_".join([method.lower(), *words])


def _list_steps(path: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in _STEP.findall(path)]


def _drop_empty(made: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if value != []}


def _make_components() -> dict[str, Any]:
    query = {f"query-{name}": one for name, one in make_query_parameters().items()}
    bodies = {
        name: {"required": needed, "content": {media: {"schema": one} for media, one in content.items()}}
        for name, (needed, content) in BODIES.items()
    }
    headers = {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()}
    return {
        "schemas": dict(SHAPES),
        "parameters": {**make_path_parameters(), **query, **make_header_parameters()},
        "headers": headers,
        "requestBodies": bodies,
        "responses": _make_answers(),
        "securitySchemes": _SCHEMES,
    }


def _make_answers() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, answer in ANSWERS.items():
        made[name] = _make_answer(answer, (*_ALWAYS, *answer.headers), answer.maybe)
        made[f"{name}-head"] = _make_answer(answer, (*_ALWAYS, *answer.headers), answer.maybe, has_body=False)
    for status, answer in ERRORS.items():
        always, maybe = describe_error_headers(answer)
        text = Answer(f"{HTTPStatus(status).phrase}: {answer.text}", answer.content)
        made[f"error-{status}"] = _make_answer(text, always, maybe)
        made[f"error-{status}-head"] = _make_answer(text, always, maybe, has_body=False)
    return dict(sorted(made.items()))


def _make_answer(
    answer: Answer, always: Sequence[str], maybe: Sequence[str], *, has_body: bool = True
) -> dict[str, Any]:
    headers: dict[str, Any] = {name: {**_refer(name), "required": True} for name in always}
    headers |= {name: _refer(name) for name in maybe}
    told: dict[str, Any] = {"description": answer.text, "headers": headers}
    if has_body and answer.content:
        told["content"] = {media: {"schema": schema} for media, schema in answer.content.items()}
    return told


def _refer(name: str) -> dict[str, Any]:
    text, schema = HEADERS[name]
    return {"description": text, "schema": schema}
