"""Names that reach a loader through the project's own functions and classes, over any number of files.

A loader fed by a parameter makes that parameter an inlet; a call that hands it a text names a model there, and a call
that hands it a parameter of its own makes that one an inlet too. The work is bounded, and each inlet is opened once.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.inventory.lookup import Lookup
from holdfast.inventory.named import is_file
from holdfast.inventory.naming import Grade, find_hinted, find_named, grade
from holdfast.inventory.sighting import FileReport, Handing, Inlet, Sighting
from holdfast.records.model import Kind
from holdfast.records.use import Place

INLETS_MAX = 4_000
LAYERS_MAX = 6
_ALL = ("*", "**")
_OUTSIDE = ("env:", "call:", "option:")
# Methods that many classes have: on an object of unknown class they may be anybody's.
_COMMON = frozenset(
    {
        "add", "append", "apply", "build", "call", "create", "execute", "fetch", "format", "from_config", "get", "init",
        "initialize", "invoke", "join", "load", "log", "make", "open", "parse", "post", "predict", "process", "put",
        "read", "register", "request", "run", "save", "send", "set", "setup", "start", "submit", "train", "transform",
        "update", "write",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handed:
    """A name that stands at `place` and reaches the loader that `sighting` tells of, whose call is at `call`."""

    place: Place
    value: str
    sighting: Sighting
    call: Place
    layers: int  # functions between the name and the loader's own


@dataclass(frozen=True, slots=True)
class _Open:
    inlet: Inlet
    call: Place
    layer: int


def find_handed(reports: Sequence[FileReport], lookup: Lookup) -> Iterator[Handed]:
    """Every name that a call somewhere hands to an inlet."""
    network = _Network(reports)
    seen: set[tuple[str, str, str]] = set()
    pending = deque(_Open(inlet, Place(path, inlet.sighting.line), 0) for path, inlet in _list_inlets(reports))
    while pending and len(seen) < INLETS_MAX:
        opened = pending.popleft()
        key = (opened.inlet.owner, opened.inlet.name, opened.inlet.sighting.via)
        if key in seen:
            continue
        seen.add(key)
        for path, handing in network.find_handings(opened.inlet):
            if handing.source is not None and opened.layer < LAYERS_MAX:
                pending.extend(_pass_on(handing, opened))
            for place, value in _read_handing(path, handing, lookup):
                if _names_a_model(value, opened.inlet, handing):
                    yield Handed(place, value, opened.inlet.sighting, opened.call, opened.layer)


def _list_inlets(reports: Iterable[FileReport]) -> Iterator[tuple[str, Inlet]]:
    for report in reports:
        for inlet in report.inlets:
            yield report.path, inlet
        for reference in report.references:  # a field of a class in another file
            owner, _, name = reference.name.rpartition(".")
            if "." in owner and not reference.name.startswith(_OUTSIDE) and reference.sighting.via:
                yield report.path, Inlet(owner, name, None, reference.sighting)


def _read_handing(path: str, handing: Handing, lookup: Lookup) -> Iterator[tuple[Place, str]]:
    if handing.value is not None:
        yield Place(path, handing.line), handing.value
    elif handing.link is not None:
        for target in lookup.find_targets(handing.link, path):
            if target.value:
                yield Place(path, handing.line) if target.is_listed else target.place, target.value


def _pass_on(handing: Handing, opened: _Open) -> Iterator[_Open]:
    """The caller's own parameter is an inlet; of everything it is given, the one of the same name."""
    owner, name, position = (handing.source or "::").split(":")
    inlet = opened.inlet
    if name == "class":
        return
    index = inlet.index if name == "*" else int(position) if position else None
    passed = Inlet(owner, inlet.name if name in _ALL else name, index, inlet.sighting)
    yield _Open(passed, opened.call, opened.layer + 1)


def _names_a_model(value: str, inlet: Inlet, handing: Handing) -> bool:
    sighting = inlet.sighting
    named = find_named(value, sighting.via, sighting.endpoint)
    if named is None or (sighting.via == "file" and not is_file(value)):
        return False
    is_known = grade(value) >= Grade.LIKELY or find_hinted(value, (sighting.via,)) is not None
    if is_known or named.kind is Kind.HOSTED or named.model.scheme == "pkg:ollama":
        return is_known  # a provider of anything would take any word
    return not handing.callee.startswith(".") or handing.argument == inlet.name


class _Network:
    """Handings by the last word of their callee, and which class derives from which."""

    def __init__(self, reports: Iterable[FileReport]) -> None:
        self._handings: dict[str, list[tuple[str, Handing]]] = defaultdict(list)
        self._bases: dict[str, set[str]] = defaultdict(set)
        for report in reports:
            for handing in report.handings:
                word = handing.callee.rpartition(".")[2]
                self._handings[word].append((report.path, handing))
                if handing.source is not None and handing.argument in ("*", "class"):
                    derived = handing.source.partition(":")[0].rpartition(".")[2]
                    self._bases[derived].add(word)

    def find_handings(self, inlet: Inlet) -> Iterator[tuple[str, Handing]]:
        """What calls hand to the inlet's owner under its name or at its position."""
        wanted = {inlet.name, *_ALL}
        if inlet.index is not None:
            wanted.add(str(inlet.index))
        for path, handing in self._handings.get(inlet.owner.rpartition(".")[2], ()):
            if handing.argument in wanted and self._calls(handing.callee, inlet.owner):
                yield path, handing

    def _calls(self, callee: str, owner: str) -> bool:
        """Whether a callee is the owner, as far as imports, re-exports and derived classes let one tell."""
        if callee == owner or (not callee.startswith(".") and owner.endswith(f".{callee}")):
            return True
        parts, wanted = callee.split("."), owner.split(".")
        is_method = len(wanted) > 1 and wanted[-2][:1].isupper()
        if callee.startswith("."):
            return is_method and len(wanted[-1]) > 3 and wanted[-1] not in _COMMON
        if parts[0] not in wanted:
            return False
        is_called_on_class = len(parts) > 1 and parts[-2][:1].isupper()
        if is_method != is_called_on_class:
            return False
        return not is_method or parts[-2] == wanted[-2] or wanted[-2] in self._find_ancestors(parts[-2])

    def _find_ancestors(self, name: str) -> set[str]:
        found: set[str] = set()
        pending = [name]
        while pending and len(found) < 64:
            bases = self._bases.get(pending.pop(), set()) - found
            found |= bases
            pending += bases
        return found
