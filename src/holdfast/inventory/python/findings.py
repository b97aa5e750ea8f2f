"""What was seen in one file, one entry for a name on a line, merged as loaders and named places meet on it."""

import re
from dataclasses import dataclass, field

from holdfast.inventory.sighting import FileReport, Inlet, Reference, Sighting, Suspect
from holdfast.records.model import Kind
from holdfast.records.use import Catalogue, Confidence, Place

SUSPECTS_MAX = 500
WORD = re.compile(r"[A-Za-z0-9][\w.+:-]{1,63}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What recognised a name, and what its surroundings say about it."""

    rule: str
    via: str = ""
    endpoint: str = ""
    revision: str | None = None
    revision_name: str = ""
    kind: Kind | None = None
    by_loader: bool = False


@dataclass(slots=True)
class _Entry:
    text: str
    line: int
    origin: Origin
    call_lines: set[int] = field(default_factory=set[int])


class Findings:
    """Collects names by line; a loader's word counts more than a named place's."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._entries: dict[tuple[int, str], _Entry] = {}
        self._unresolved: dict[tuple[int, str], Sighting] = {}
        self._references: dict[tuple[int, str], Reference] = {}
        self._catalogues: list[tuple[int, int, Catalogue]] = []
        self._suspects: dict[tuple[int, str], Suspect] = {}
        self._inlets: dict[tuple[str, str, str], Inlet] = {}

    def add(self, text: str, line: int, origin: Origin, call_line: int) -> None:
        """A name that stands on `line` and reaches the call on `call_line`."""
        key = (line, text)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(text, line, origin)
        elif origin.by_loader and not entry.origin.by_loader:
            entry.origin = origin
        if call_line != line and origin.by_loader:
            entry.call_lines.add(call_line)

    def add_unresolved(self, sighting: Sighting) -> None:
        """A loader fed only by what this file does not hold."""
        self._unresolved.setdefault((sighting.line, sighting.text), sighting)

    def add_reference(self, reference: Reference) -> None:
        """A loader fed by a name to look up in other files."""
        self._references.setdefault((reference.line, reference.name), reference)

    def add_inlet(self, inlet: Inlet) -> None:
        """A parameter that feeds a loader."""
        self._inlets.setdefault((inlet.owner, inlet.name, inlet.sighting.via), inlet)

    def add_suspect(self, text: str, line: int, rule: str) -> None:
        """A word in a place that plainly says model, which only the whole project can tell to be one."""
        if len(self._suspects) < SUSPECTS_MAX and WORD.fullmatch(text):
            self._suspects.setdefault((line, text), Suspect(line, text, rule))

    def add_catalogue(self, first_line: int, last_line: int, length: int, sample: tuple[str, ...]) -> None:
        """A long list; names inside it are no uses of their own."""
        catalogue = Catalogue(Place(self._path, first_line), length, sample)
        self._catalogues.append((first_line, last_line, catalogue))

    def build_report(self) -> FileReport:
        """Everything seen, in the order of lines."""
        sightings = [self._as_sighting(entry) for entry in self._entries.values() if not self.is_listed(entry.line)]
        sightings += self._unresolved.values()
        return FileReport(
            path=self._path,
            sightings=tuple(sorted(sightings, key=lambda sighting: (sighting.line, sighting.text))),
            catalogues=self._get_longest(),
            references=tuple(sorted(self._references.values(), key=lambda reference: (reference.line, reference.name))),
            suspects=tuple(
                one
                for key, one in sorted(self._suspects.items())
                if key not in self._entries and not self.is_listed(key[0])
            ),
            inlets=tuple(self._inlets[key] for key in sorted(self._inlets)),
        )

    def _get_longest(self) -> tuple[Catalogue, ...]:
        """One for the file: several tables list the same models over and over."""
        listed = sorted((catalogue for _, _, catalogue in self._catalogues), key=lambda one: (-one.length, one.place))
        return tuple(listed[:1])

    def find_texts(self, first: int, last: int) -> list[str]:
        """The different names that stand on these lines, in their order."""
        if len(self._entries) < 2:
            return []
        inside = sorted(key for key in self._entries if first <= key[0] <= last)
        return list(dict.fromkeys(text for _, text in inside))

    def is_listed(self, line: int) -> bool:
        """Whether the line lies inside a catalogue, whose entries are no uses."""
        return any(first <= line <= last for first, last, _ in self._catalogues)

    def _as_sighting(self, entry: _Entry) -> Sighting:
        origin = entry.origin
        return Sighting(
            line=entry.line,
            text=entry.text,
            rule=origin.rule,
            via=origin.via,
            kind=origin.kind,
            confidence=Confidence.DECLARED,
            revision=origin.revision,
            revision_name=origin.revision_name,
            endpoint=origin.endpoint,
            call_lines=tuple(sorted(entry.call_lines)),
        )
