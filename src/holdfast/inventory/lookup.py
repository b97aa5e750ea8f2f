"""Names across files: constants, re-exports and settings of one project. Reads no file; follows at most ten steps."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.inventory.sighting import Definition, FileReport, Setting
from holdfast.records.use import Place

STEPS_MAX = 10
TARGETS_MAX = 16


@dataclass(frozen=True, slots=True)
class Target:
    """Where a name leads: a text on a line, or (value None) a setting that is filled from the outside."""

    place: Place
    value: str | None
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    path: str
    definition: Definition


_SHELL = re.compile(r"\$\{?(?P<name>[A-Za-z_]\w*)(?::?-(?P<default>[^}]*))?\}?")
_HELM = re.compile(r"\{\{-?\s*\.Values\.(?P<name>[\w.-]+)[^}]*\}\}")


class Lookup:
    """Definitions by their last word and settings by their spelling in capitals."""

    def __init__(self, reports: Iterable[FileReport]) -> None:
        self._definitions: dict[str, list[_Held]] = defaultdict(list)
        self._settings: dict[str, list[tuple[str, Setting]]] = defaultdict(list)
        for report in reports:
            for definition in report.definitions:
                self._definitions[definition.name.rpartition(".")[2]].append(_Held(report.path, definition))
            for setting in report.settings:
                self._settings[_fold(setting.name)].append((report.path, setting))

    def find_targets(self, name: str, path: str) -> list[Target]:
        """Everything that `name`, seen from `path`, leads to; in the order of places."""
        found: set[Target] = set()
        self._find(name, path, found, set())
        return sorted(found, key=lambda target: (target.place, target.value or ""))[:TARGETS_MAX]

    def _find(self, name: str, path: str, found: set[Target], seen: set[str]) -> None:
        if name in seen or len(seen) > STEPS_MAX:
            return
        seen.add(name)
        if name.startswith("env:"):
            self._find_setting(name[4:], path, found, seen)
            return
        for held in self._find_definitions(name, path):
            if held.definition.value is not None:
                place = Place(held.path, held.definition.line)
                found.add(Target(place, held.definition.value, held.definition.is_listed))
            elif held.definition.alias is not None:
                self._find(held.definition.alias, held.path, found, seen)
            else:
                found.add(Target(Place(held.path, held.definition.line), None))
        if not found:
            for longer in self._find_through_prefix(name, path):
                self._find(longer, path, found, seen)

    def _find_definitions(self, name: str, path: str) -> list[_Held]:
        """Exact names first; else those that end in the name, nearest to the asking file."""
        held = self._definitions.get(name.rpartition(".")[2], [])
        exact = [one for one in held if one.definition.name == name]
        if name.startswith("option:"):
            nearest = max((_shared(one.path, path) for one in exact), default=0)
            return [one for one in exact if _shared(one.path, path) == nearest]
        if exact or name.count(".") < 1:
            return exact
        ending = [one for one in held if one.definition.name.endswith("." + name)]
        nearest = max((_shared(one.path, path) for one in ending), default=0)
        return [one for one in ending if _shared(one.path, path) == nearest]

    def _find_through_prefix(self, name: str, path: str) -> Iterator[str]:
        """`app.settings.reranker` when `app.settings` stands for `app.config.Settings`."""
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            rest = ".".join(parts[length:])
            for held in self._find_definitions(".".join(parts[:length]), path):
                if held.definition.alias is not None and not held.definition.alias.startswith("env:"):
                    yield f"{held.definition.alias}.{rest}"

    def _find_setting(self, name: str, path: str, found: set[Target], seen: set[str]) -> None:
        for where, setting in self._get_settings(name):
            place = Place(where, setting.line)
            led = _find_inner(setting.value)
            if led is None:
                found.add(Target(place, setting.value or None))
                continue
            inner: set[Target] = {Target(place, led[1])} if led[1] else set()
            self._find(f"env:{led[0]}", path, inner, seen)
            found |= inner or {Target(place, None)}

    def _get_settings(self, name: str) -> list[tuple[str, Setting]]:
        """Settings of that very name; else those that are spelt alike, as `reranker.model` and `RERANKER_MODEL` are."""
        alike = self._settings.get(_fold(name), [])
        return [held for held in alike if held[1].name == name] or alike


def _find_inner(value: str | None) -> tuple[str, str] | None:
    """The name that a setting's value passes on, and its default: `${RERANKER:-x}`, `{{ .Values.reranker.model }}`."""
    match = _SHELL.fullmatch(value) or _HELM.fullmatch(value) if value else None
    return (match["name"], match.groupdict().get("default") or "") if match else None


def _fold(name: str) -> str:
    return re.sub(r"[.\-/]", "_", name).upper()


def _shared(first: str, second: str) -> int:
    """How many leading folders two paths share."""
    count = 0
    for one, other in zip(first.split("/")[:-1], second.split("/")[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count
