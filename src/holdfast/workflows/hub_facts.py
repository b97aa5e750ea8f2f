"""What the small files of a copy declare, as hubs tell it: card, tags, task, library, configuration, tensors.

What cannot be read declares nothing: a description does not fail because of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from holdfast.formats.configs import CARD_BYTES_MAX, CONFIG_BYTES_MAX, find_front_matter, load_front_matter
from holdfast.formats.plain import get_text, get_texts, is_object
from holdfast.formats.safetensors import HEADER_BYTES_MAX
from holdfast.records.errors import HoldfastError, LimitExceeded, MalformedFile, UnknownEntry
from holdfast.records.hub_service import ModelFacts, ServedFile, ServedRevision

ReadRange = Callable[[ServedFile, int, int], bytes]
SHARDS_MAX: Final = 10_000
HEADERS_BYTES_MAX: Final = 128 << 20
_TAGS_MAX: Final = 500
_SHOWN: Final = ("architectures", "model_type")


def read_facts(read: ReadRange, revision: ServedRevision) -> ModelFacts:
    """What a copy's card and configuration say of it."""
    card = _read_card(read, revision)
    config = _read_json(read, revision, "config.json", CONFIG_BYTES_MAX)
    shown: dict[str, Any] = {key: config[key] for key in _SHOWN if key in config}
    library = get_text(card.get("library_name")) or _guess_library(revision, config)
    task = get_text(card.get("pipeline_tag"))
    tags = tuple(dict.fromkeys(_list_tags(revision, card, library, task)))[:_TAGS_MAX]
    return ModelFacts(card, tags, task, library, shown)


def _read_card(read: ReadRange, revision: ServedRevision) -> dict[str, Any]:
    file = revision.tree.files.get("README.md")
    if file is None or file.size > CARD_BYTES_MAX:
        return {}
    try:
        text = find_front_matter(read(file, 0, file.size).decode("utf-8", "replace"))
        card = load_front_matter(text, file.path)
        return cast("dict[str, Any]", json.loads(json.dumps(card, default=str)))
    except (HoldfastError, ValueError, TypeError, RecursionError):
        return {}


def _read_json(read: ReadRange, revision: ServedRevision, path: str, bytes_max: int) -> dict[str, Any]:
    file = revision.tree.files.get(path)
    if file is None or file.size > bytes_max:
        return {}
    try:
        plain: object = json.loads(read(file, 0, file.size))
    except (HoldfastError, ValueError, RecursionError):
        return {}
    return plain if is_object(plain) else {}


def _guess_library(revision: ServedRevision, config: Mapping[str, Any]) -> str:
    files = revision.tree.files
    if "modules.json" in files and "config_sentence_transformers.json" in files:
        return "sentence-transformers"
    if "model_index.json" in files:
        return "diffusers"
    return "transformers" if get_text(config.get("model_type")) else ""


def _list_tags(revision: ServedRevision, card: Mapping[str, Any], library: str, task: str) -> Iterator[str]:
    yield from filter(None, (library, task))
    endings = {PurePosixPath(path).suffix for path in revision.tree.files}
    yield from (ending.removeprefix(".") for ending in (".safetensors", ".gguf", ".onnx") if ending in endings)
    yield from get_texts(card.get("tags"))
    yield from get_texts(card.get("language"))
    yield from (f"dataset:{name}" for name in get_texts(card.get("datasets")))
    yield from (f"base_model:{name}" for name in get_texts(card.get("base_model")) or revision.bases)
    licence = get_text(card.get("license")) or revision.licence
    if licence:
        yield f"license:{licence}"


def read_headers(read: ReadRange, revision: ServedRevision, path: str) -> dict[str, Any]:
    """The header of every shard that an index names, or of one safetensors file, with what the index says of itself.
    Raises UnknownEntry, MalformedFile or LimitExceeded."""
    file = _get_file(revision, path)
    if not path.endswith(".json"):
        return {"headers": {path: _read_header(read, file, HEADER_BYTES_MAX)}, "index": {}}
    if file.size > HEADERS_BYTES_MAX:
        raise LimitExceeded(f"an index of {file.size} bytes", where=path, next_step="Read the file itself.")
    index = _parse(read(file, 0, file.size), path)
    shards = _list_shards(index, path)
    headers: dict[str, Any] = {}
    left = HEADERS_BYTES_MAX
    for shard in shards:
        file = _get_file(revision, str(PurePosixPath(path).parent / shard))
        header = _read_header(read, file, left)
        left -= _get_length(read, file)
        headers[shard] = header
    return {"headers": headers, "index": {"metadata": index.get("metadata")}}


def _list_shards(index: Mapping[str, Any], path: str) -> list[str]:
    weights: object = index.get("weight_map")
    if not is_object(weights) or not all(isinstance(one, str) for one in weights.values()):
        raise MalformedFile("this is no index of safetensors files", where=path, next_step="Name one that is.")
    shards = list(dict.fromkeys(str(one) for one in weights.values()))
    if len(shards) > SHARDS_MAX:
        raise LimitExceeded(f"{len(shards)} shards", where=path, next_step="Read the files themselves.")
    return shards


def _read_header(read: ReadRange, file: ServedFile, bytes_max: int) -> dict[str, Any]:
    length = _get_length(read, file)
    if length > bytes_max:
        raise LimitExceeded(f"headers of {length} bytes and more", where=file.path, next_step="Read the files.")
    return _parse(read(file, 8, 8 + length), file.path)


def _get_length(read: ReadRange, file: ServedFile) -> int:
    length = int.from_bytes(read(file, 0, 8), "little") if file.size >= 8 else 0
    if not 0 < length <= file.size - 8:
        raise MalformedFile("this is no safetensors file", where=file.path, next_step="Name one that is.")
    return length


def _parse(data: bytes, path: str) -> dict[str, Any]:
    try:
        plain: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedFile(f"it is not JSON: {error}", where=path, next_step="See `holdfast show`.") from error
    if not is_object(plain):
        raise MalformedFile("it is no JSON object", where=path, next_step="See `holdfast show`.")
    return plain


def _get_file(revision: ServedRevision, path: str) -> ServedFile:
    file = revision.tree.files.get(path)
    if file is None:
        raise UnknownEntry(
            f"{revision.name} has no file {path[:200]!r} at {revision.commit}",
            where=Path(revision.name).as_posix(),
            next_step="See the tree of the revision.",
        )
    return file
