"""Which files a first reading left aside that its open references may lead to: modules, and settings by their names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from holdfast.inventory.reading import Read
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Found

ROUNDS_MAX = 4  # re-exports of re-exports; more than this is not seen in practice
FILES_MAX = 2_000
_ENVIRONMENT = "env:"
_MODULE_ENDINGS = (
    "/__init__.py", ".py", "/index.ts", "/index.js", "/index.tsx", ".ts", ".js", ".tsx", ".jsx", ".mjs", ".cjs", ".mts",
)  # fmt: skip
_SETTING_FORMATS = frozenset(
    {"dotenv", "yaml", "toml", "ini", "json", "dockerfile", "shell", "terraform", "makefile", "systemd"}
)
_PASSED_ON = re.compile(r"\$\{?([A-Za-z_]\w*)|\.Values\.([\w.-]+)")


def find_modules(reports: Iterable[FileReport], aside: Mapping[str, Found]) -> list[Found]:
    """Files left aside that a reference, or a re-export of what is referred to, names as a module."""
    tails = _index_by_tail(aside)
    wanted = {path for name in _list_names(reports) for module in _list_modules(name) for path in tails.get(module, ())}
    return [aside[path] for path in sorted(wanted)[:FILES_MAX]]


def find_setting_names(reports: Iterable[FileReport]) -> list[str]:
    """Environment variables that code reads, and the names that their values pass on to."""
    wanted: set[str] = set()
    values: dict[str, list[str]] = {}
    for report in reports:
        names = (reference.name for reference in report.references)
        wanted.update(_fold(name.removeprefix(_ENVIRONMENT)) for name in names if name.startswith(_ENVIRONMENT))
        for setting in report.settings:
            passed = _PASSED_ON.findall(setting.value or "")
            values.setdefault(_fold(setting.name), []).extend(_fold(one or other) for one, other in passed)
    passed_on = {inner for name in wanted for inner in values.get(name, ())}
    return sorted(wanted | passed_on)


def find_settings_files(aside: Mapping[str, Found]) -> list[Found]:
    """Configuration files left aside: their text may hold a name that `find_setting_names` gave."""
    return [found for found in aside.values() if found.format in _SETTING_FORMATS]


def holds_a_name(data: bytes, names: Iterable[str]) -> bool:
    """Whether the text has all the words of one of the names, however spelt: `RERANKER_MODEL`, `reranker: model:`."""
    upper = data.upper()
    return any(all(word.encode() in upper for word in name.split("_")) for name in names)


def keep_definitions(read: Read) -> Read:
    """A followed file adds what it defines and sets, never sightings: about those the prefilter decides."""
    if read.report is None:
        return read
    return read._replace(report=replace(read.report, sightings=(), catalogues=(), references=(), skipped=None))


def _list_names(reports: Iterable[FileReport]) -> Iterator[str]:
    kept = list(reports)
    referred = [reference.name for report in kept for reference in report.references]
    names = [name for name in referred if not name.startswith(_ENVIRONMENT)]
    yield from names
    words = {word for name in names for word in name.split(".")}
    for report in kept:
        for definition in report.definitions:
            if definition.alias and definition.name.rpartition(".")[2] in words:
                yield definition.alias


def _list_modules(name: str) -> list[str]:
    """`a.b.C` may stand in module `a/b/C`, in `a/b`, or in `a` when it is an attribute of a class."""
    parts = name.split(".")
    return ["/".join(parts[:length]) for length in range(len(parts), max(len(parts) - 4, 0), -1)]


def _index_by_tail(aside: Mapping[str, Found]) -> dict[str, list[str]]:
    """Paths by what a dotted name may call them: `src/a/b.py` is `src/a/b`, `a/b` and `b`."""
    tails: dict[str, list[str]] = {}
    for path in aside:
        stem = next((path.removesuffix(ending) for ending in _MODULE_ENDINGS if path.endswith(ending)), "")
        parts = stem.split("/") if stem else []
        for start in range(len(parts)):
            tails.setdefault("/".join(parts[start:]), []).append(path)
    return tails


def _fold(name: str) -> str:
    return re.sub(r"[.\-/]", "_", name).upper()
