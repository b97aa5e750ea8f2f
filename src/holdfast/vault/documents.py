"""Documents: canonical JSON in the vault that says what files, revisions and decisions consist of. Strict both ways."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from holdfast.records.errors import DamagedVault, MalformedFile
from holdfast.records.vault import (
    Decision,
    FileEntry,
    FileManifest,
    ObjectId,
    Origin,
    RevisionManifest,
    Role,
    Segment,
    to_digest,
)

Document: TypeAlias = FileManifest | RevisionManifest | Decision
_Plain: TypeAlias = dict[str, Any]
DOCUMENT_BYTES_MAX: Final = 512 << 20
_NUMBER_MAX: Final = (1 << 63) - 1


def encode_document(document: Document) -> bytes:
    """The bytes of a document; equal documents have equal bytes. Raises MalformedFile when a name is no text."""
    if isinstance(document, FileManifest):
        plain = _file_to_plain(document)
    elif isinstance(document, RevisionManifest):
        plain = _revision_to_plain(document)
    else:
        plain = _decision_to_plain(document)
    try:
        # What records.canonical_json writes, without walking over what is plain already.
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise MalformedFile(
            f"a name in it is no text: {error.object[max(0, error.start - 20) : error.end + 20]!a}",
            where=str(plain["document"]),
            next_step="Keep the file as bytes (--as-bytes), or rename what is named so.",
        ) from error


def decode_document(data: bytes, where: str) -> Document:
    """The document in `data`. Raises DamagedVault when it is none."""
    try:
        plain = cast("object", json.loads(data))
        if not isinstance(plain, dict):
            raise ValueError("it is no JSON object")
        read = _READERS[str(cast("_Plain", plain).get("document"))]
        return read(cast("_Plain", plain))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedVault(
            f"a document cannot be read: {error!r}", where=where, next_step="Run `holdfast verify`."
        ) from error


def decode_warnings(data: bytes, where: str) -> tuple[str, ...]:
    """What a file's manifest warns of, without a look at its thousands of segments. Raises DamagedVault."""
    try:
        return _texts(json.loads(data)["warnings"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedVault(
            f"this is not the manifest of a file: {error!r}", where=where, next_step="Run `holdfast verify`."
        ) from error


def _file_to_plain(file: FileManifest) -> _Plain:
    segments = [
        [part.length, part.role, part.object, part.inline.hex(), part.name, part.dtype, list(part.shape)]
        for part in file.segments
    ]
    return {
        "document": "file",
        "format": file.format,
        "size": file.size,
        "sha256": file.sha256,
        "git_blob": file.git_blob,
        "segments": segments,
        "warnings": file.warnings,
    }


def _read_file(plain: _Plain) -> FileManifest:
    segments = tuple(_read_segment(part) for part in plain["segments"])
    size = _number(plain["size"])
    if sum(part.length for part in segments) != size:
        raise ValueError("its segments do not add up to its size")
    return FileManifest(
        format=_text(plain["format"]),
        size=size,
        sha256=_hex(plain["sha256"], 32),
        git_blob=_hex(plain["git_blob"], 20),
        segments=segments,
        warnings=_texts(plain["warnings"]),
    )


def _read_segment(plain: list[Any]) -> Segment:
    length, role, name_of_object, inline, name, dtype, shape = plain
    known = None if name_of_object is None else _object(name_of_object)
    data = bytes.fromhex(inline)
    if known is None and len(data) != _number(length):
        raise ValueError("an inline segment is not as long as it says")
    sizes = tuple(_number(size) for size in shape)
    return Segment(_number(length), Role(role), known, data, _text(name), _text(dtype), sizes)


def _revision_to_plain(revision: RevisionManifest) -> _Plain:
    files = [
        {"path": file.path, "manifest": file.manifest, "size": file.size, "sha256": file.sha256}
        for file in revision.files
    ]
    origin = revision.origin
    return {
        "document": "revision",
        "name": revision.name,
        "revision": revision.revision,
        "files": files,
        "origin": {
            "source": origin.source,
            "retrieved_at": origin.retrieved_at,
            "commit": origin.commit,
            "gate": origin.gate,
            "upstream": [list(pair) for pair in origin.upstream],
        },
        "licence": revision.licence,
        "bases": revision.bases,
        "findings": revision.findings,
        "horizon": revision.horizon,
    }


def _read_revision(plain: _Plain) -> RevisionManifest:
    origin = plain["origin"]
    return RevisionManifest(
        name=_text(plain["name"]),
        revision=_text(plain["revision"]),
        origin=Origin(
            source=_text(origin["source"]),
            retrieved_at=_text(origin["retrieved_at"]),
            commit=_text(origin["commit"]),
            gate=_text(origin["gate"]),
            upstream=tuple((_text(path), _text(digest)) for path, digest in origin["upstream"]),
        ),
        files=tuple(_read_entry(entry) for entry in plain["files"]),
        licence=_text(plain["licence"]),
        bases=_texts(plain["bases"]),
        findings=_texts(plain["findings"]),
        horizon=_text(plain["horizon"]),
    )


def _read_entry(plain: _Plain) -> FileEntry:
    path = check_path(_text(plain["path"]))
    return FileEntry(path, _object(plain["manifest"]), _number(plain["size"]), _hex(plain["sha256"], 32))


def _decision_to_plain(decision: Decision) -> _Plain:
    return {
        "document": "journal",
        "verb": decision.verb,
        "model": decision.model,
        "by": decision.by,
        "why": decision.why,
        "at": decision.at,
        "sequence": decision.sequence,
        "manifest": decision.manifest,
    }


def _read_decision(plain: _Plain) -> Decision:
    manifest = plain["manifest"]
    return Decision(
        verb=_text(plain["verb"]),
        model=_text(plain["model"]),
        by=_text(plain["by"]),
        why=_text(plain["why"]),
        at=_text(plain["at"]),
        sequence=_number(plain["sequence"]),
        manifest=None if manifest is None else _object(manifest),
    )


_READERS: Final[dict[str, Callable[[_Plain], Document]]] = {
    "file": _read_file,
    "revision": _read_revision,
    "journal": _read_decision,
}


def check_path(path: str) -> str:
    """The path itself when it stays inside the folder it will be written to; ValueError otherwise."""
    parts = path.split("/")
    if not path or "\0" in path or "\\" in path or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{path!r} is not a path inside a folder")
    return path


def _text(plain: object) -> str:
    if not isinstance(plain, str):
        raise ValueError(f"{plain!r} is not a text")
    plain.encode()  # a lone surrogate is none
    return plain


def _texts(plain: object) -> tuple[str, ...]:
    if not isinstance(plain, list):
        raise ValueError(f"{plain!r} is not a list")
    return tuple(_text(item) for item in cast("list[object]", plain))


def _number(plain: object) -> int:
    if type(plain) is not int or not 0 <= plain <= _NUMBER_MAX:
        raise ValueError(f"{plain!r} is not a number from 0 to 2^63 - 1")
    return plain


def _hex(plain: object, length: int) -> str:
    text = _text(plain)
    if len(bytes.fromhex(text)) != length:
        raise ValueError(f"{text!r} is not {length} bytes in hexadecimal")
    return text


def _object(plain: object) -> ObjectId:
    name = ObjectId(_text(plain))
    to_digest(name)
    return name
