"""Parameters, headers, bodies and answers that routes share, by the names that the tables of routes call them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdfast.front.hub.addresses import KINDS
from holdfast.front.hub.description.shapes import COMMIT, COUNT, FLAG, SHA256, TEXT, Schema, one_of, refer

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"
LFS: Final = "application/vnd.git-lfs+json"
_NAME: Final[Schema] = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 96}
_STEPS: Final[Schema] = {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its media types with their schemas (none: no body), and which headers it always or sometimes has."""

    text: str
    content: Mapping[str, Schema]
    headers: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


def make_path_parameters() -> dict[str, Schema]:
    """Of what is between slashes, by name. Where several steps may stand the description says so."""
    steps = "several steps with slashes between them, encoded or not"
    return {
        "kind": _in_path("kind", one_of(*KINDS), "the kind of repository"),
        "datatype": _in_path("datatype", one_of(*KINDS[1:]), "the kind of repository, which models do without"),
        "org": _in_path("org", _NAME, "who it is of; a name without one is asked for without this step"),
        "name": _in_path("name", _NAME, "its name"),
        "revision": _in_path("revision", _STEPS, "a branch, a tag, or a commit (7 digits and more)"),
        "path": _in_path("path", _STEPS, f"a path in the repository: {steps}"),
        "branch": _in_path("branch", _STEPS, "a branch"),
        "tag": _in_path("tag", _STEPS, "a tag"),
        "commit": _in_path("commit", COMMIT, "a commit"),
        "sha256": _in_path("sha256", SHA256, "the SHA-256 of a file"),
        "size": _in_path("size", COUNT, "its bytes"),
        "upload": _in_path("upload", {"type": "string", "pattern": "^[0-9a-f]{24}$"}, "an upload in parts"),
        "number": _in_path("number", COUNT, "a part's number"),
        "hash": _in_path("hash", SHA256, "a Xet hash"),
        "day": _in_path("day", {"type": "string", "pattern": r"^\d{8}$"}, "the day of the token, as YYYYMMDD"),
        "prefix": _in_path("prefix", one_of("default", "default-merkledb"), "Xet's name space"),
        "namespace": _in_path("namespace", _NAME, "who it is of; `library` for names without"),
        "model": _in_path("model", _NAME, "its name"),
        "digest": _in_path("digest", {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}, "a digest"),
        "repository": _in_path("repository", _STEPS, f"a repository, `.git` at its end or not: {steps}"),
        "rest": _in_path("rest", _STEPS, f"whatever follows: {steps}"),
        "tail": _in_path("tail", _STEPS, f"anything else: {steps}"),
    }


def _in_path(name: str, schema: Schema, text: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def make_query_parameters() -> dict[str, Schema]:
    """Of what follows the question mark. What makes no sense there is passed over."""
    return {
        "blobs": _in_query("blobs", FLAG, "tell each file's size and digests"),
        "recursive": _in_query("recursive", FLAG, "everything below, in one answer"),
        "expand": _in_query("expand", FLAG, "tell each path's last commit"),
        "limit": _in_query("limit", COUNT, "how many a page has"),
        "cursor": _in_query("cursor", TEXT, "after what the page begins, as `Link` has it"),
        "p": _in_query("p", COUNT, "which page, from 0"),
        "include_prs": _in_query("include_prs", FLAG, "name pull requests too, of which there are none"),
        "search": _in_query("search", TEXT, "a part of the name"),
        "author": _in_query("author", TEXT, "the name's first part"),
        "filter": _in_query("filter", TEXT, "a tag that it has; repeat for several"),
        "pipeline_tag": _in_query("pipeline_tag", TEXT, "its task"),
        "sort": _in_query("sort", one_of("id", "lastModified", "createdAt"), "by what; the newest first"),
        "skip": _in_query("skip", COUNT, "how many to leave out"),
        "full": _in_query("full", FLAG, "tell of each what its own description says"),
        "page": _in_query("page", COUNT, "which page, from 0"),
        "service": _in_query("service", one_of("git-upload-pack", "git-receive-pack"), "what git wants"),
        "create_pr": _in_query("create_pr", FLAG, "refused with 501 when it is asked for"),
    }


def _in_query(name: str, schema: Schema, text: str) -> Schema:
    return {"name": name, "in": "query", "description": text, "schema": schema}


def make_header_parameters() -> dict[str, Schema]:
    """Of what stands in a request's head."""
    texts = {
        "Range": "bytes of the file; several ranges are answered with all of it",
        "If-Range": "an ETag: the range only if the file is still this one",
        "If-Match": "ETags: only if the file is one of these",
        "If-None-Match": "ETags: only if the file is none of these",
    }
    return {name: {"name": name, "in": "header", "description": text, "schema": TEXT} for name, text in texts.items()}


CONDITIONS: Final = ("Range", "If-Range", "If-Match", "If-None-Match")
HEADERS: Final[Mapping[str, tuple[str, Schema]]] = {
    "X-Request-Id": ("by which the server's log has it; one that a client sent begins it", TEXT),
    "X-Error-Message": ("the error in one line, which clients print", TEXT),
    "X-Error-Code": (
        "what is not there, or not given out; absent where there is no such address",
        one_of("RepoNotFound", "RevisionNotFound", "EntryNotFound", "GatedRepo"),
    ),
    "X-Repo-Commit": ("the commit that was answered for", COMMIT),
    "X-Linked-Etag": ("a large file's sha256", TEXT),
    "X-Linked-Size": ("a large file's bytes", COUNT),
    "X-Holdfast-Verified": ("when the copy was read back and found whole", TEXT),
    "X-Holdfast-Upstream": ("what is wrong with the hub behind this one", TEXT),
    "X-HF-Warning": ("that a branch may have moved on in the hub that it is from, since then", TEXT),
    "X-Xet-Hash": ("the Xet hash of a file that can be had by Xet", SHA256),
    "X-Total-Count": ("how many there are in all", COUNT),
    "ETag": ("the sha256 of a large file, the git blob id of another", TEXT),
    "Link": ("the next page; of one of Xet's files its token and plan", TEXT),
    "Location": ("this address", TEXT),
    "Retry-After": ("seconds", COUNT),
    "WWW-Authenticate": ("how to say who asks", TEXT),
    "Content-Range": ("which bytes, of how many", TEXT),
    "Accept-Ranges": ("that ranges are answered", one_of("bytes")),
    "Docker-Distribution-API-Version": ("which protocol it is", one_of("registry/2.0")),
    "Docker-Content-Digest": ("the digest of what is sent", TEXT),
    "X-Xet-Cas-Url": ("where the store is", TEXT),
    "X-Xet-Access-Token": ("a token for it", TEXT),
    "X-Xet-Token-Expiration": ("until when, in seconds since 1970", COUNT),
}
_FILE: Final = ("ETag", "Accept-Ranges", "X-Repo-Commit", "X-Holdfast-Verified")
_FILE_MAYBE: Final = ("X-Linked-Etag", "X-Linked-Size", "X-HF-Warning", "X-Xet-Hash", "Link", "X-Holdfast-Upstream")
_BYTES: Final[Mapping[str, Schema]] = {BINARY: {}, "text/plain": {}}
_XET: Final = ("X-Xet-Cas-Url", "X-Xet-Access-Token", "X-Xet-Token-Expiration")
_LAYER: Final = ("Docker-Distribution-API-Version", "Docker-Content-Digest", "ETag", "X-Repo-Commit")
OLLAMA: Final = "application/vnd.docker.distribution.manifest.v2+json"


def _json(text: str, shape: str, headers: tuple[str, ...] = (), maybe: tuple[str, ...] = ()) -> Answer:
    return Answer(text, {JSON: refer(shape)}, headers, maybe)


ANSWERS: Final[Mapping[str, Answer]] = {
    "Whole": Answer("the file", _BYTES, _FILE, _FILE_MAYBE),
    "Part": Answer("the range that was asked for", _BYTES, (*_FILE, "Content-Range"), _FILE_MAYBE),
    "Unchanged": Answer("the client has it already", {}, ("ETag",), ("X-Repo-Commit",)),
    "InGit": Answer("what lies in git", _BYTES, ("ETag", "X-Repo-Commit"), _FILE_MAYBE),
    "PartInGit": Answer("the range of it", _BYTES, ("ETag", "X-Repo-Commit", "Content-Range"), _FILE_MAYBE),
    "Repository": _json("what it is", "Repository", ("X-Holdfast-Verified",), ("X-HF-Warning",)),
    "List": _json("a page of them", "List", ("X-Total-Count",), ("Link",)),
    "Tree": _json("files and folders", "Tree", ("X-Repo-Commit",), ("Link",)),
    "Size": _json("its bytes", "Size", ("X-Repo-Commit",)),
    "Refs": _json("branches and tags", "Refs"),
    "Commits": _json("the newest first", "Commits", ("X-Total-Count",), ("Link",)),
    "LargeFiles": _json("a page of them", "LargeFiles", ("X-Repo-Commit",), ("Link",)),
    "Headers": _json("the headers by file", "Headers"),
    "Discussions": _json("none", "Discussions"),
    "Nothing": _json("it is so", "Nothing"),
    "Who": _json("whose token it is", "Who"),
    "Document": Answer("this document", {JSON: {"type": "object"}}, ("ETag",)),
    "Page": Answer("a page for people", {"text/html": TEXT}),
    "Ok": Answer("`ok`", {"text/plain": TEXT}),
    "Ready": _json("it answers", "Ready"),
    "NotReady": _json("it does not, and why", "Ready"),
    "Numbers": Answer("numbers, as Prometheus reads them", {"text/plain": TEXT}),
    "Preuploaded": _json("how to send each", "Preuploaded"),
    "Pushed": _json("the commit", "Pushed"),
    "Created": _json("it is there now", "Created"),
    "CardChecked": _json("it can be read", "CardChecked"),
    "Batched": Answer("what to do with each", {LFS: refer("Batched")}),
    "Verified": _json("it has arrived", "LfsObject"),
    "Done": _json("it has arrived", "Done"),
    "Stored": Answer("it has arrived", {}, ("ETag",)),
    "XetToken": _json("a token", "XetToken", _XET),
    "XetPlan": _json("terms and where they are", "XetPlan"),
    "Stretch": Answer("the xorb", {BINARY: {}}, ("X-Repo-Commit", "Accept-Ranges")),
    "PartOfStretch": Answer("a range of it", {BINARY: {}}, ("X-Repo-Commit", "Accept-Ranges", "Content-Range")),
    "XorbTaken": _json("it is held", "XorbTaken"),
    "ShardTaken": _json("its files are held", "ShardTaken"),
    "Registry": _json("the protocol is spoken here", "Nothing", ("Docker-Distribution-API-Version",)),
    "OllamaManifest": Answer("the layers", {OLLAMA: refer("OllamaManifest")}, _LAYER),
    "Layer": Answer("the layer", {BINARY: {}}, (*_LAYER, "Location", "Accept-Ranges")),
    "PartOfLayer": Answer("a range of it", {BINARY: {}}, (*_LAYER, "Location", "Content-Range")),
    "GitRefs": Answer("branches and tags", {"application/x-git-upload-pack-advertisement": {}}),
    "NoPush": Answer(
        "nothing is pushed by git itself", {"text/plain": TEXT, JSON: refer("Error")}, ("X-Error-Message",)
    ),
    "GitPack": Answer("what the client lacks", {"application/x-git-upload-pack-result": {}}),
}
_SAID: Final = ("X-Error-Message", "X-Request-Id")
ERRORS: Final[Mapping[int, Answer]] = {
    400: Answer("the request cannot be meant, or cannot be read as HTTP", {JSON: refer("Error")}),
    401: Answer("a token is wanted, or the one that came is unknown", {JSON: refer("Error")}, ("WWW-Authenticate",)),
    403: Answer("the token, or the ticket in the address, does not allow it", {JSON: refer("Error")}),
    404: Answer("it is not held, or not for who asks", {JSON: refer("Error")}, (), ("X-Error-Code", "X-Repo-Commit")),
    409: Answer("it is there already, or the vault cannot do it now", {JSON: refer("Error")}),
    412: Answer("it is another one by now", {JSON: refer("Error")}, (), ("ETag",)),
    413: Answer("more bytes than are taken here", {JSON: refer("Error")}),
    416: Answer("the range lies outside", {JSON: refer("Error")}, ("Content-Range",)),
    422: Answer("what was sent, or what it names, is not what it should be", {JSON: refer("Error")}),
    429: Answer("too many requests", {JSON: refer("Error")}, ("Retry-After",)),
    451: Answer("it is frozen, or a lever forbids it", {JSON: refer("Error")}, (), ("X-Error-Code",)),
    500: Answer("bytes cannot be had as they were kept, and none are sent; or a fault", {JSON: refer("Error")}),
    501: Answer("a vault does not do this; the message says what to do instead", {JSON: refer("Error")}),
    502: Answer("the hub behind this one gave nothing that can be used", {JSON: refer("Error")}),
    503: Answer("ask again", {JSON: refer("Error")}, (), ("Retry-After",)),
    507: Answer("there is no room", {JSON: refer("Error")}),
}
BODIES: Final[Mapping[str, tuple[bool, Mapping[str, Any]]]] = {
    "Paths": (True, {JSON: refer("Paths"), "application/x-www-form-urlencoded": refer("Paths")}),
    "Offered": (True, {JSON: refer("Offered")}),
    "CommitLines": (True, {"application/x-ndjson": {"type": "string"}}),
    "NewRepository": (True, {JSON: refer("NewRepository")}),
    "OldRepository": (True, {JSON: refer("OldRepository")}),
    "Settings": (False, {JSON: refer("Settings")}),
    "NewBranch": (False, {JSON: refer("NewBranch")}),
    "NewTag": (True, {JSON: refer("NewTag")}),
    "Card": (True, {JSON: refer("Card")}),
    "Batch": (True, {LFS: refer("Batch"), JSON: refer("Batch")}),
    "LfsObject": (True, {LFS: refer("LfsObject"), JSON: refer("LfsObject")}),
    "Parts": (True, {LFS: refer("Parts"), JSON: refer("Parts")}),
    "Bytes": (True, {BINARY: {}}),
    "Anything": (False, {BINARY: {}}),
    "GitRequest": (True, {"application/x-git-upload-pack-request": {}}),
}
"""Whether a body must come, and its media types."""


def describe_error_headers(answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headers of an error: those that it has always, and sometimes."""
    return (*_SAID, *answer.headers), answer.maybe
