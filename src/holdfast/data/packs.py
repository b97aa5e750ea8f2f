"""Read YAML packs into dataclasses through pydantic, and say file, line and key when one does not fit."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from holdfast.data.parsed import compute_stamp, find_parsed, write_parsed
from holdfast.records.errors import LimitExceeded, MalformedPack, MissingPath

PACK_BYTES_MAX = 4 << 20
Record = TypeVar("Record")

_KEYWORDS = frozenset({"from", "is", "not"})
_BOOL, _FLOAT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float"
_SafeLoader = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
# Plain values only, read as YAML 1.2 does: `on`, `no` and NO (Norway) are words, 1.0e26 is a number.
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in found if tag not in (_BOOL, _FLOAT)]
    for first, found in cast("dict[str, list[tuple[str, Any]]]", _SafeLoader.yaml_implicit_resolvers).items()
}
_RESOLVERS.update({letter: [*_RESOLVERS.get(letter, []), (_BOOL, re.compile(r"^(?:true|false)$"))] for letter in "tf"})
_NUMBER = (_FLOAT, re.compile(r"^[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$"))
_RESOLVERS.update({first: [*_RESOLVERS.get(first, []), _NUMBER] for first in "-+0123456789"})
_Loader = cast("type[yaml.SafeLoader]", type("PackLoader", (_SafeLoader,), {"yaml_implicit_resolvers": _RESOLVERS}))


def data_folder() -> Path:
    """Where the packaged rule data lives."""
    return Path(__file__).parent


def read_pack_folder(folder: Path, record: type[Record], cache: Path | None = None) -> list[tuple[Path, Record]]:
    """Every `*.yaml` of a folder, sorted by name, as records; `cache` keeps parsed files between runs.

    Raises MissingPath, or MalformedPack with file, line and key.
    """
    if not folder.is_dir():
        raise MissingPath("this folder of rule data does not exist", where=str(folder))
    paths = sorted(folder.glob("*.yaml"))
    adapter = TypeAdapter(record)
    contents = _read_contents(paths, cache)
    return [(path, _decode(path, content, adapter)) for path, content in zip(paths, contents, strict=True)]


def _read_contents(paths: Sequence[Path], cache: Path | None) -> list[object]:
    if cache is None:
        return [_parse(path, _read_text(path)) for path in paths]
    stamp = compute_stamp(paths)
    known = find_parsed(cache, stamp)
    if known is not None and len(known) == len(paths):
        return known
    contents = [_parse(path, _read_text(path)) for path in paths]
    write_parsed(cache, stamp, contents)
    return contents


def read_pack_file(path: Path, record: type[Record]) -> Record:
    """One YAML file as a record. Raises MalformedPack with file, line and key."""
    return _decode(path, _parse(path, _read_text(path)), TypeAdapter(record))


def _decode(path: Path, content: object, adapter: TypeAdapter[Record]) -> Record:
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        raise _explain(path, _read_text(path), error) from None


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > PACK_BYTES_MAX:
            raise LimitExceeded(f"a rule file may have at most {PACK_BYTES_MAX} bytes", where=str(path))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedPack(f"not UTF-8 at byte {error.start}", where=str(path)) from None
    except OSError as error:
        raise MissingPath(f"cannot be read: {error.strerror}", where=str(path)) from None


def _parse(path: Path, text: str) -> object:
    try:
        return _rename_keywords(yaml.load(text, Loader=_Loader))  # noqa: S506 - CSafeLoader builds plain values only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MalformedPack(f"not valid YAML: {error.problem}", where=f"{path}:{line}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise MalformedPack(f"not valid YAML: {error}", where=str(path)) from None


def _rename_keywords(value: object) -> object:
    """`from`, `is` and `not` are keywords in Python: records call them `from_`, `is_`, `not_`."""
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return {f"{key}_" if key in _KEYWORDS else key: _rename_keywords(item) for key, item in pairs.items()}
    if isinstance(value, list):
        return [_rename_keywords(item) for item in cast("list[object]", value)]
    return value


def _explain(path: Path, text: str, error: ValidationError) -> MalformedPack:
    problems = error.errors(include_url=False, include_context=False)
    first = problems[0]
    location = first["loc"]
    line = _find_line(text, location)
    key = ".".join(str(part).rstrip("_") for part in location)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return MalformedPack(
        f"{key}: {first['msg']}{more}",
        where=f"{path}:{line}",
        next_step="The schema of rule data is in docs/rule-data.md.",
    )


def _find_line(text: str, location: Sequence[str | int]) -> int:
    """The line of the deepest key of `location` that exists."""
    node = yaml.compose(text, Loader=_Loader)
    line = 1
    for part in location:
        child = _find_child(node, part)
        if child is None:
            break
        line, node = child
    return line


def _find_child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in _pairs(node):
            if key.value == str(part).rstrip("_"):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = cast("yaml.Node", node.value[part])
        return item.start_mark.line + 1, item
    return None


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    yield from cast("list[tuple[yaml.Node, yaml.Node]]", cast("Any", node).value)
