"""A hub's JSON as records: what is not of the expected kind, too long or leads out of its folder is refused."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias, cast

from holdfast.records.errors import LimitExceeded, NetworkError
from holdfast.records.hub import HubFile, HubRef, HubTerms
from holdfast.upstream.address import COMMIT, check_path

Plain: TypeAlias = dict[str, object]
FILES_MAX: Final = 200_000
_REFS_MAX: Final = 20_000
_SIZE_MAX: Final = 1 << 53
_TEXT_MAX: Final = 8192
_BASES_MAX: Final = 50
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ASK: Final = "Ask whoever runs the hub; nothing was changed here."


def parse_json(body: bytes, where: str) -> object:
    """The value in a body. Raises NetworkError."""
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError) as error:
        raise _malformed(f"the answer is no JSON: {error!r}"[:300], where) from None


def read_object(plain: object, where: str) -> Plain:
    """A JSON object. Raises NetworkError."""
    if not isinstance(plain, dict):
        raise _malformed("the answer is no JSON object", where)
    return cast("Plain", plain)


def read_commit(plain: Plain, where: str) -> str:
    """The commit that information of a revision states. Raises NetworkError."""
    commit = plain.get("sha")
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise _malformed(f"it states no commit but {commit!r}"[:300], where)
    return commit


def read_terms(plain: Plain) -> HubTerms:
    """Who may have a model, and its licence: from its card's data, else from its tags."""
    gated = plain.get("gated")
    card = plain.get("cardData")
    said = cast("Plain", card) if isinstance(card, dict) else {}
    return HubTerms(
        gate=gated[:40] if isinstance(gated, str) else "auto" if gated is True else "",
        gate_text=_text(said.get("extra_gated_prompt")),
        licence=_text(said.get("license_name")) or _text(said.get("license")) or _find_licence_tag(plain),
        bases=tuple(_list_texts(said.get("base_model")))[:_BASES_MAX],
        private=plain.get("private") is True,
        disabled=plain.get("disabled") is True,
    )


def _find_licence_tag(plain: Plain) -> str:
    tags = _list_texts(plain.get("tags"))
    return next((tag.partition(":")[2][:200] for tag in tags if tag.startswith("license:")), "")


def _list_texts(plain: object) -> Iterator[str]:
    """The texts of a list, or one text."""
    for item in cast("list[object]", plain) if isinstance(plain, list) else [plain]:
        if isinstance(item, str):
            yield item[:_TEXT_MAX]


def _text(plain: object) -> str:
    return plain[:_TEXT_MAX] if isinstance(plain, str) else ""


def read_tree(plain: object, where: str) -> Iterator[HubFile]:
    """The files of a page of a tree; folders are passed over. Raises NetworkError."""
    if not isinstance(plain, list):
        raise _malformed("the tree is no list", where)
    for item in cast("list[object]", plain):
        entry = read_object(item, where)
        if entry.get("type") == "file":
            yield _read_file(entry, entry.get("path"), entry.get("oid"), where)
        elif entry.get("type") != "directory":
            raise _malformed(f"the tree has an entry of kind {entry.get('type')!r}"[:300], where)


def read_siblings(plain: Plain, where: str) -> Iterator[HubFile]:
    """The files that information of a revision lists, for hubs without trees. Raises NetworkError."""
    listed = plain.get("siblings")
    for item in cast("list[object]", listed) if isinstance(listed, list) else ():
        entry = read_object(item, where)
        yield _read_file(entry, entry.get("rfilename"), entry.get("blobId"), where)


def _read_file(entry: Plain, path: object, blob: object, where: str) -> HubFile:
    lfs = entry.get("lfs")
    large = cast("Plain", lfs) if isinstance(lfs, dict) else {}
    sha256 = large.get("oid", large.get("sha256", ""))
    size = large.get("size", entry.get("size"))
    try:
        if not isinstance(path, str):
            raise ValueError(f"{path!r} is no path")
        return HubFile(check_path(path), _read_size(size), _read_digest(blob, COMMIT), _read_digest(sha256, _SHA256))
    except ValueError as error:
        raise _malformed(f"a file is not listed as it should be: {error}"[:400], where) from None


def _read_size(plain: object) -> int:
    if type(plain) is not int or not 0 <= plain <= _SIZE_MAX:
        raise ValueError(f"{plain!r} is no size")
    return plain


def _read_digest(plain: object, shape: re.Pattern[str]) -> str:
    """Hexadecimal digits, or empty when none is stated."""
    if plain in (None, ""):
        return ""
    text = plain.removeprefix("sha256:") if isinstance(plain, str) else ""
    if not shape.fullmatch(text):
        raise ValueError(f"{plain!r} is no digest")
    return text


def check_files(files: Iterable[HubFile], where: str) -> tuple[HubFile, ...]:
    """The files by path. Raises LimitExceeded when there are too many, NetworkError when two share a place."""
    found: dict[str, HubFile] = {}
    for file in files:
        if file.path in found:
            raise _malformed(f"{file.path!r} is listed twice", where)
        found[file.path] = file
        if len(found) > FILES_MAX:
            raise LimitExceeded(f"more than {FILES_MAX} files in one revision", where=where, next_step=_ASK)
    folders = {folder for path in found for folder in _list_folders(path)}
    if both := folders & found.keys():
        raise _malformed(f"{min(both)!r} is listed as a file and as a folder", where)
    return tuple(found[path] for path in sorted(found))


def _list_folders(path: str) -> Iterator[str]:
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def read_refs(plain: object, where: str) -> tuple[HubRef, ...]:
    """Branches and tags. Raises NetworkError or LimitExceeded."""
    said = read_object(plain, where)
    found: list[HubRef] = []
    for key in ("branches", "tags"):
        listed = said.get(key)
        for item in cast("list[object]", listed) if isinstance(listed, list) else ():
            entry = read_object(item, where)
            name, ref, commit = entry.get("name"), entry.get("ref"), entry.get("targetCommit")
            if isinstance(name, str) and isinstance(ref, str) and isinstance(commit, str) and COMMIT.fullmatch(commit):
                found.append(HubRef(name[:250], ref[:250], commit))
        if len(found) > _REFS_MAX:
            raise LimitExceeded(f"more than {_REFS_MAX} branches and tags", where=where, next_step=_ASK)
    return tuple(found)


def _malformed(what: str, where: str) -> NetworkError:
    return NetworkError(what, where=where, next_step=_ASK)
