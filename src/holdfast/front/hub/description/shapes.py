"""The JSON that goes over the wire, as JSON schemas. An object may get more fields than these one day."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
ANY_OBJECT: Final[Schema] = {"type": "object"}
TIME: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
COMMIT: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def object_of(needed: Mapping[str, Schema], maybe: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these fields; those of `maybe` may be absent."""
    made: Schema = {"type": "object", "properties": {**needed, **(maybe or {})}}
    return {**made, "required": list(needed)} if needed else made


def list_of(items: Schema, most: int = 0) -> Schema:
    """An array."""
    return {"type": "array", "items": items, **({"maxItems": most} if most else {})}


def refer(name: str) -> Schema:
    """One of SHAPES."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*words: str) -> Schema:
    """A text that is one of these."""
    return {"type": "string", "enum": list(words)}


_FROZEN: Final = object_of({"model": TEXT, "levers": list_of(TEXT), "decision": TEXT, "by": TEXT, "at": TEXT})
_ERROR: Final = object_of(
    {"error": TEXT},
    {
        "kind": {**TEXT, "description": "which error it is, in holdfast's own words"},
        "frozen": refer("Frozen"),
        "url": TEXT,
        "name": TEXT,
        "id": TEXT,
        "errors": list_of(object_of({"message": TEXT})),
        "warnings": list_of(ANY_OBJECT),
    },
)
_LFS_OF_SIBLING: Final = object_of({"sha256": SHA256, "size": COUNT, "pointerSize": COUNT})
_SIBLING: Final = object_of({"rfilename": TEXT}, {"size": COUNT, "blobId": COMMIT, "lfs": _LFS_OF_SIBLING})
_DESCRIBED: Final = {
    "_id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
    "id": TEXT,
    "modelId": TEXT,
    "private": FLAG,
    "gated": FLAG,
    "disabled": FLAG,
    "downloads": COUNT,
    "likes": COUNT,
    "tags": list_of(TEXT),
    "lastModified": TIME,
    "createdAt": TIME,
}
_OF_A_COPY: Final = {
    "author": or_null(TEXT),
    "sha": COMMIT,
    "usedStorage": COUNT,
    "siblings": list_of(refer("Sibling")),
    "cardData": ANY_OBJECT,
    "config": ANY_OBJECT,
}
_DECLARED: Final = {"pipeline_tag": TEXT, "library_name": TEXT}
_TREE_ENTRY: Final = object_of(
    {"type": one_of("file", "directory"), "oid": COMMIT, "size": COUNT, "path": TEXT},
    {
        "lfs": object_of({"oid": SHA256, "size": COUNT, "pointerSize": COUNT}),
        "xetHash": SHA256,
        "lastCommit": object_of({"id": COMMIT, "title": TEXT, "date": TIME}),
        "securityFileStatus": {"type": "null"},
    },
)
_REFS: Final = object_of(
    {"branches": list_of(refer("Ref")), "converts": list_of(refer("Ref")), "tags": list_of(refer("Ref"))},
    {"pullRequests": list_of(refer("Ref"))},
)
_COMMITTED: Final = object_of(
    {"id": COMMIT, "title": TEXT, "message": TEXT, "date": TIME, "authors": list_of(object_of({"user": TEXT}))}
)
_LARGE: Final = object_of(
    {
        "fileOid": COMMIT,
        "filename": TEXT,
        "oid": SHA256,
        "size": COUNT,
        "pushedAt": TIME,
        "ref": or_null(TEXT),
        "pusher": ANY_OBJECT,
    }
)
_DISCUSSIONS: Final = object_of(
    {"discussions": list_of(ANY_OBJECT, most=0), "count": COUNT, "start": COUNT, "numClosedDiscussions": COUNT}
)
_WHO: Final = object_of(
    {
        "type": one_of("user"),
        "id": TEXT,
        "name": TEXT,
        "fullname": TEXT,
        "orgs": list_of(object_of({"type": one_of("org"), "id": TEXT, "name": TEXT, "fullname": TEXT})),
        "auth": object_of(
            {
                "type": one_of("access_token"),
                "accessToken": object_of({"displayName": TEXT, "role": one_of("read", "write")}),
            }
        ),
    }
)
_BATCH: Final = object_of(
    {"operation": one_of("upload", "download"), "objects": {**list_of(refer("LfsObject"), most=1000), "minItems": 1}},
    {"transfers": list_of(TEXT), "hash_algo": one_of("sha256", "sha_256"), "ref": object_of({"name": TEXT})},
)
_ACTION: Final = object_of({"href": TEXT, "header": {"type": "object", "additionalProperties": TEXT}})
_BATCHED: Final = object_of(
    {
        "oid": SHA256,
        "size": COUNT,
    },
    {
        "actions": object_of({}, {"upload": _ACTION, "verify": _ACTION, "download": _ACTION}),
        "error": object_of({"code": COUNT, "message": TEXT}),
    },
)
_PREUPLOADED: Final = object_of(
    {"path": TEXT, "uploadMode": one_of("lfs", "regular"), "shouldIgnore": FLAG}, {"oid": TEXT}
)
_SPAN: Final = object_of({"start": COUNT, "end": COUNT})
_PLAN: Final = object_of(
    {
        "offset_into_first_range": COUNT,
        "terms": list_of(object_of({"hash": SHA256, "unpacked_length": COUNT, "range": _SPAN})),
        "fetch_info": {
            "type": "object",
            "additionalProperties": list_of(object_of({"range": _SPAN, "url": TEXT, "url_range": _SPAN})),
        },
    }
)

SHAPES: Final[Mapping[str, Schema]] = {
    "Error": _ERROR,
    "Frozen": _FROZEN,
    "Nothing": {"type": "object", "maxProperties": 0},
    "Ready": object_of({"ready": FLAG}, {"why": TEXT}),
    "Repository": object_of({**_DESCRIBED, **_OF_A_COPY}, _DECLARED),
    "Listed": object_of(_DESCRIBED, {**_OF_A_COPY, **_DECLARED}),
    "List": list_of(refer("Listed")),
    "Sibling": _SIBLING,
    "TreeEntry": _TREE_ENTRY,
    "Tree": list_of(refer("TreeEntry")),
    "Size": object_of({"path": TEXT, "size": COUNT}),
    "Ref": object_of({"name": TEXT, "ref": TEXT, "targetCommit": COMMIT}),
    "Refs": _REFS,
    "Commit": _COMMITTED,
    "Commits": list_of(refer("Commit")),
    "LargeFile": _LARGE,
    "LargeFiles": list_of(refer("LargeFile")),
    "Headers": object_of({"headers": ANY_OBJECT, "index": ANY_OBJECT}),
    "Discussions": _DISCUSSIONS,
    "Who": _WHO,
    "Paths": object_of({"paths": {"anyOf": [list_of(TEXT, most=10_000), TEXT]}}, {"expand": FLAG}),
    "Offered": object_of(
        {
            "files": list_of(
                object_of({"path": TEXT, "size": COUNT}, {"sample": {**TEXT, "contentEncoding": "base64"}}), most=1000
            )
        },
        {"gitIgnore": or_null(TEXT), "gitAttributes": or_null(TEXT)},
    ),
    "Preuploaded": object_of({"files": list_of(_PREUPLOADED)}),
    "Done": object_of({"success": FLAG}),
    "Pushed": object_of({"success": FLAG, "commitOid": COMMIT, "commitUrl": TEXT, "hookOutput": TEXT}),
    "NewRepository": object_of(
        {"name": TEXT},
        {
            "type": or_null(one_of("model", "dataset", "space", "kernel")),
            "organization": or_null(TEXT),
            "private": or_null(FLAG),
            "visibility": or_null(one_of("private", "public")),
        },
    ),
    "OldRepository": object_of({"name": TEXT}, {"type": or_null(TEXT), "organization": or_null(TEXT)}),
    "Created": object_of({"url": TEXT, "name": TEXT, "id": TEXT}),
    "Settings": object_of({}, {"private": or_null(FLAG), "visibility": or_null(TEXT), "gated": or_null(FLAG)}),
    "NewBranch": object_of({}, {"startingPoint": or_null(TEXT), "emptyBranch": FLAG, "overwrite": FLAG}),
    "NewTag": object_of({"tag": TEXT}, {"message": or_null(TEXT)}),
    "Card": object_of({"content": TEXT}),
    "CardChecked": object_of({"errors": list_of(ANY_OBJECT), "warnings": list_of(ANY_OBJECT)}),
    "LfsObject": object_of({"oid": SHA256, "size": COUNT}),
    "Batch": _BATCH,
    "Batched": object_of(
        {"transfer": one_of("basic", "multipart"), "objects": list_of(_BATCHED), "hash_algo": one_of("sha256")}
    ),
    "Parts": object_of({"parts": list_of(object_of({"partNumber": COUNT, "etag": TEXT}))}),
    "XetToken": object_of({"casUrl": TEXT, "accessToken": TEXT, "exp": COUNT}),
    "XetPlan": _PLAN,
    "XorbTaken": object_of({"was_inserted": FLAG}),
    "ShardTaken": object_of({"result": {"type": "integer", "enum": [0, 1]}}),
    "OllamaManifest": object_of(
        {"schemaVersion": COUNT}, {"mediaType": TEXT, "config": ANY_OBJECT, "layers": list_of(ANY_OBJECT)}
    ),
}
