"""Routes of other protocols: Xet's store, Ollama's registry, git's own."""

from typing import Final

from holdfast.front.hub.description.operations import ABOUT, CHANGED, THROUGH, Access, Operation, Table, about
from holdfast.front.hub.description.parts import CONDITIONS
from holdfast.front.hub.xet import PLACE, TELEMETRY

_XET: Final = Access.XET
_DAY: Final = f"{PLACE}/{{day}}"
_DATA: Final = f"{PLACE}/data/{{commit}}/{{sha256}}/{{number}}/{{name}}"
_OLLAMA: Final = "/v2/{namespace}/{model}"
_LAYER: Final = {200: "Layer", 206: "PartOfLayer", 304: "Unchanged"}
_NOT_OFFERED: Final = "Not offered: clients go on with what is."


def _absent(method: str, path: str) -> Table:
    return {(method, path): (Operation(path, {}, (404,), access=_XET, summary=_NOT_OFFERED),)}


PROTOCOLS: Final[Table] = {
    ("GET", "api xet-read-token"): (
        Operation(about("xet-read-token", "{revision}"), {200: "XetToken"}, (*ABOUT, *THROUGH)),
    ),
    ("GET", "api xet-write-token"): (
        Operation(
            about("xet-write-token", "{revision}"),
            {200: "XetToken"},
            (*ABOUT, 501),
            ("create_pr",),
            access=Access.WRITE,
        ),
    ),
    ("GET", f"{PLACE}/v1/reconstructions/{{hash}}"): (
        Operation(
            f"{PLACE}/v1/reconstructions/{{hash}}", {200: "XetPlan"}, (*ABOUT, 416), headers=("Range",), access=_XET
        ),
    ),
    ("GET", _DATA): (
        Operation(
            _DATA, {200: "Stretch", 206: "PartOfStretch"}, (*ABOUT, 416), headers=("Range",), access=Access.TICKET
        ),
    ),
    ("POST", f"{_DAY}/v1/xorbs/{{prefix}}/{{hash}}"): (
        Operation(f"{_DAY}/v1/xorbs/{{prefix}}/{{hash}}", {200: "XorbTaken"}, CHANGED, body="Bytes", access=_XET),
    ),
    ("POST", f"{_DAY}/v1/shards"): (
        Operation(f"{_DAY}/v1/shards", {200: "ShardTaken"}, CHANGED, body="Bytes", access=_XET),
    ),
    **_absent("GET", f"{PLACE}/v2/reconstructions/{{hash}}"),
    **_absent("GET", f"{_DAY}/v1/chunks/{{prefix}}/{{hash}}"),
    **_absent("POST", f"{_DAY}/v1/xorb-grants/{{prefix}}/{{hash}}"),
    **_absent("POST", f"{_DAY}/v2/shards"),
    ("*", f"{PLACE}/{{tail}}"): (
        Operation(
            f"{PLACE}/{{tail}}", {}, (404,), access=_XET, summary=_NOT_OFFERED, methods=("GET", "POST", "PUT", "DELETE")
        ),
    ),
    ("POST", TELEMETRY): (Operation(TELEMETRY, {200: "Nothing"}, access=Access.OPEN, body="Anything"),),
    ("POST", f"{PLACE}{TELEMETRY}"): (
        Operation(f"{PLACE}{TELEMETRY}", {200: "Nothing"}, access=_XET, body="Anything"),
    ),
    ("GET", "/v2/"): (Operation("/v2/", {200: "Registry"}),),
    ("GET", f"{_OLLAMA}/manifests/{{tag}}"): (
        Operation(f"{_OLLAMA}/manifests/{{tag}}", {200: "OllamaManifest"}, (*ABOUT, 501)),
    ),
    ("GET", f"{_OLLAMA}/blobs/{{digest}}"): (
        Operation(f"{_OLLAMA}/blobs/{{digest}}", _LAYER, (*ABOUT, 412, 416), headers=CONDITIONS),
    ),
    ("GET", "/{repository}/info/refs"): (
        Operation("/{repository}/info/refs", {200: "GitRefs", 403: "NoPush"}, ABOUT, ("service",)),
    ),
    ("POST", "/{repository}/git-upload-pack"): (
        Operation("/{repository}/git-upload-pack", {200: "GitPack"}, ABOUT, body="GitRequest"),
    ),
    ("POST", "/{repository}/git-receive-pack"): (
        Operation("/{repository}/git-receive-pack", {403: "NoPush"}, ABOUT, body="Anything"),
    ),
}
