"""Routes that write: repositories, refs, commits, and the large files of LFS."""

from typing import Final

from holdfast.front.hub.changes import REFUSED
from holdfast.front.hub.description.operations import CHANGED, PAGE, Access, Operation, Table, about

_LFS: Final = f"{PAGE}.git/info/lfs/objects"
_WITH_REVISION: Final = frozenset({"super-squash", "commits"})
_WRITE: Final = Access.WRITE


def _refuse(word: str) -> tuple[Operation, ...]:
    rest = "{revision}" if word in _WITH_REVISION else ""
    return (Operation(about(word, rest), {}, (404, 501), access=_WRITE, body="Anything"),)


WRITING: Final[Table] = {
    ("POST", "api preupload"): (
        Operation(
            about("preupload", "{revision}"),
            {200: "Preuploaded"},
            CHANGED,
            ("create_pr",),
            body="Offered",
            access=_WRITE,
        ),
    ),
    ("POST", "api commit"): (
        Operation(
            about("commit", "{revision}"),
            {200: "Pushed"},
            (*CHANGED, 412),
            ("create_pr",),
            body="CommitLines",
            access=_WRITE,
        ),
    ),
    ("POST", "api branch"): (
        Operation(about("branch", "{branch}"), {200: "Nothing"}, CHANGED, body="NewBranch", access=_WRITE),
    ),
    ("DELETE", "api branch"): (Operation(about("branch", "{branch}"), {200: "Nothing"}, CHANGED, access=_WRITE),),
    ("POST", "api tag"): (
        Operation(about("tag", "{revision}"), {200: "Nothing"}, CHANGED, body="NewTag", access=_WRITE),
    ),
    ("DELETE", "api tag"): (Operation(about("tag", "{revision}"), {200: "Nothing"}, CHANGED, access=_WRITE),),
    ("PUT", "api settings"): (
        Operation(about("settings"), {200: "Nothing"}, (404, 451, 501), body="Settings", access=_WRITE),
    ),
    ("POST", "page git"): (
        Operation(
            f"{_LFS}/batch", {200: "Batched"}, (404, 451), body="Batch", summary="What is to be sent, or where it is."
        ),
        Operation(
            f"{_LFS}/verify",
            {200: "Verified"},
            (404, 422),
            body="LfsObject",
            access=_WRITE,
            summary="Whether an object has arrived.",
        ),
        Operation(
            f"{_LFS}/{{sha256}}/{{size}}/{{upload}}",
            {200: "Done"},
            CHANGED,
            body="Parts",
            access=Access.TICKET,
            summary="The end of an upload in parts.",
        ),
    ),
    ("PUT", "page git"): (
        Operation(f"{_LFS}/{{sha256}}/{{size}}", {200: "Stored"}, CHANGED, body="Bytes", access=Access.TICKET),
        Operation(
            f"{_LFS}/{{sha256}}/{{size}}/{{upload}}/{{number}}",
            {200: "Stored"},
            CHANGED,
            body="Bytes",
            access=Access.TICKET,
            summary="A part of an object.",
        ),
    ),
    ("POST", "/api/validate-yaml"): (
        Operation("/api/validate-yaml", {200: "CardChecked"}, body="Card", access=_WRITE),
    ),
    ("POST", "/api/repos/create"): (
        Operation("/api/repos/create", {200: "Created"}, CHANGED, body="NewRepository", access=_WRITE),
    ),
    ("DELETE", "/api/repos/delete"): (
        Operation("/api/repos/delete", {200: "Nothing"}, CHANGED, body="OldRepository", access=_WRITE),
    ),
    ("POST", "/api/repos/move"): (Operation("/api/repos/move", {}, (501,), body="Anything", access=_WRITE),),
    **{(method, f"api {word}"): _refuse(word) for word in REFUSED for method in ("POST", "PUT", "DELETE")},
}
