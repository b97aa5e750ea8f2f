"""Routes that read: files, trees, what a repository is, which there are."""

from typing import Final

from holdfast.front.hub.addresses import KINDS
from holdfast.front.hub.description.operations import (
    ABOUT,
    PAGE,
    PAGE_OF_KIND,
    REPOSITORY,
    THROUGH,
    Access,
    Operation,
    Table,
    about,
)
from holdfast.front.hub.description.parts import CONDITIONS

_READ: Final = (*ABOUT, *THROUGH)
_FILE: Final = {200: "Whole", 206: "Part", 304: "Unchanged"}
_RAW: Final = {200: "InGit", 206: "PartInGit", 304: "Unchanged"}
_FILE_ERRORS: Final = (*_READ, 412, 416)


def _file(path: str) -> Operation:
    return Operation(path, _FILE, _FILE_ERRORS, headers=CONDITIONS)


def _raw(path: str) -> Operation:
    return Operation(path, _RAW, _FILE_ERRORS, headers=CONDITIONS)


def _list(kind: str) -> Operation:
    query = ("search", "author", "filter", "pipeline_tag", "sort", "skip", "limit", "full")
    return Operation(f"/api/{kind}", {200: "List"}, query=query, summary=f"The {kind} that are held.")


READING: Final[Table] = {
    ("GET", "page resolve"): (
        _file(f"{PAGE}/resolve/{{revision}}/{{path}}"),
        _file(f"{PAGE_OF_KIND}/resolve/{{revision}}/{{path}}"),
        _file("/api/resolve-cache/{kind}/{org}/{name}/{commit}/{path}"),
    ),
    ("GET", "page raw"): (
        _raw(f"{PAGE}/raw/{{revision}}/{{path}}"),
        _raw(f"{PAGE_OF_KIND}/raw/{{revision}}/{{path}}"),
    ),
    ("GET", "api "): (Operation(REPOSITORY, {200: "Repository"}, _READ, ("blobs",)),),
    ("GET", "api revision"): (Operation(about("revision", "{revision}"), {200: "Repository"}, _READ, ("blobs",)),),
    ("GET", "api tree"): (
        Operation(about("tree", "{revision}"), {200: "Tree"}, _READ, ("recursive", "expand", "limit", "cursor")),
        Operation(about("tree", "{revision}/{path}"), {200: "Tree"}, _READ, ("recursive", "expand", "limit", "cursor")),
    ),
    ("POST", "api paths-info"): (Operation(about("paths-info", "{revision}"), {200: "Tree"}, _READ, body="Paths"),),
    ("GET", "api treesize"): (
        Operation(about("treesize", "{revision}"), {200: "Size"}, _READ),
        Operation(about("treesize", "{revision}/{path}"), {200: "Size"}, _READ),
    ),
    ("GET", "api lfs-files"): (Operation(about("lfs-files"), {200: "LargeFiles"}, _READ, ("limit", "cursor")),),
    ("GET", "api refs"): (Operation(about("refs"), {200: "Refs"}, _READ, ("include_prs",)),),
    ("GET", "api commits"): (Operation(about("commits", "{revision}"), {200: "Commits"}, _READ, ("limit", "p")),),
    ("GET", "api auth-check"): (
        Operation(about("auth-check"), {200: "Nothing"}, ABOUT),
        Operation(about("auth-check", "write"), {200: "Nothing"}, ABOUT, access=Access.WRITE),
    ),
    ("GET", "api discussions"): (Operation(about("discussions"), {200: "Discussions"}, ABOUT),),
    ("GET", "api safetensors-metadata"): (
        Operation(about("safetensors-metadata", "{path}"), {200: "Headers"}, (*_READ, 422)),
    ),
    **{("GET", f"/api/{kind}"): (_list(kind),) for kind in KINDS},
}
