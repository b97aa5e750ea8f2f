"""Which files a first reading left aside that its open references may lead to: modules, and settings by their names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from holdfast.inventory.reading import Read
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Found

ROUNDS_MAX = 4  # re-exports of re-exports; more than this is not seen in practice
FILES_MAX = 2_000
_NEAREST_MAX = 3
_ENVIRONMENT = "env:"
_MODULE_ENDINGS = (
    "/__init__.py", ".py", "/index.ts", "/index.js", "/index.tsx", ".ts", ".js", ".tsx", ".jsx", ".mjs", ".cjs", ".mts",
)  # fmt: skip
_SETTING_FORMATS = frozenset(
    {"dotenv", "yaml", "toml", "ini", "json", "dockerfile", "shell", "terraform", "makefile", "systemd"}
)
_PASSED_ON = re.compile(r"\$\{?([A-Za-z_]\w*)|\.Values\.([\w.-]+)")


class ModuleIndex:
    """Which file a dotted name stands for: exactly, else the nearest to the asking file whose path ends in it."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_tail: dict[str, list[str]] = {}
        for path in paths:
            stem = next((path.removesuffix(ending) for ending in _MODULE_ENDINGS if path.endswith(ending)), "")
            parts = stem.split("/") if stem else []
            for start in range(len(parts)):
                self._by_tail.setdefault("/".join(parts[start:]), []).append(path)

    def find(self, reports: Sequence[FileReport]) -> list[str]:
        """Files that references, and re-exports of what is referred to, name as modules; sorted."""
        names = {pair for report in reports for pair in _list_references(report)}
        words = {word for name, _ in names for word in name.split(".")}
        for report in reports:
            for definition in report.definitions:
                if definition.alias and definition.name.rpartition(".")[2] in words:
                    names.add((definition.alias, report.path))
        return sorted({path for name, asker in names for path in self._find_files(name, asker)})

    def _find_files(self, name: str, asker: str) -> list[str]:
        """`a.b.C` stands in module `a/b/C`, in `a/b`, or in `a` when it is of a class there: the longest decides."""
        parts = name.split(".")
        for length in range(len(parts), max(len(parts) - 4, 0), -1):
            found = self._by_tail.get("/".join(parts[:length]))
            if found:
                return _list_nearest(found, asker)
        return []


def _list_references(report: FileReport) -> Iterator[tuple[str, str]]:
    for reference in report.references:
        if not reference.name.startswith(_ENVIRONMENT):
            yield reference.name, report.path


def _list_nearest(paths: Sequence[str], asker: str) -> list[str]:
    """The paths that share most folders with the asking file; a few at most, for more are no answer."""
    shared = [_count_shared(path, asker) for path in paths]
    nearest = max(shared)
    return [path for path, count in zip(paths, shared, strict=True) if count == nearest][:_NEAREST_MAX]


def _count_shared(first: str, second: str) -> int:
    pairs = zip(first.split("/")[:-1], second.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


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


def _fold(name: str) -> str:
    return re.sub(r"[.\-/]", "_", name).upper()
