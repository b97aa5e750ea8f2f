"""Routes about the server itself, and questions about no repository."""

from typing import Final

from holdfast.front.hub.addresses import ENDING_WORDS, RARE_WORDS
from holdfast.front.hub.description.operations import PAGE, Access, Operation, Table, about
from holdfast.front.hub.unanswered import FAMILIES, WORDS

SERVING: Final[Table] = {
    ("GET", "/"): (
        Operation("/", {200: "Page"}, query=("search", "page"), summary="The page: what is held, and how to use it."),
    ),
    ("GET", "/healthz"): (Operation("/healthz", {200: "Ok"}, access=Access.OPEN),),
    ("GET", "/readyz"): (Operation("/readyz", {200: "Ready", 503: "NotReady"}, access=Access.OPEN),),
    ("GET", "/metrics"): (Operation("/metrics", {200: "Numbers"}),),
    ("GET", "/openapi.json"): (Operation("/openapi.json", {200: "Document", 304: "Unchanged"}),),
    ("GET", "/api/whoami-v2"): (Operation("/api/whoami-v2", {200: "Who"}),),
    ("GET", "/api/models-tags-by-type"): (Operation("/api/models-tags-by-type", {200: "Nothing"}),),
    ("GET", "/api/datasets-tags-by-type"): (Operation("/api/datasets-tags-by-type", {200: "Nothing"}),),
    ("GET", "/api/agent-harnesses"): (
        Operation("/api/agent-harnesses", {}, (404,), access=Access.OPEN, summary="None is known here."),
    ),
}


def list_unanswered() -> list[Operation]:
    """What hubs answer and a vault does not, by words and families that are no routes: 501 says why."""
    words = [
        Operation(_place(word), {}, (404, 501), summary=f"Not answered: {why}.") for word, why in sorted(WORDS.items())
    ]
    families = [
        Operation(path, {}, (501,), summary=f"Not answered: {why}.")
        for family, why in sorted(FAMILIES.items())
        for path in (f"/api/{family}", f"/api/{family}/{{rest}}")
    ]
    return [*words, *families]


def _place(word: str) -> str:
    if word == "user-access-report":
        return f"{PAGE}/{word}"
    return about(word) if word in ENDING_WORDS | RARE_WORDS else about(word, "{rest}")
