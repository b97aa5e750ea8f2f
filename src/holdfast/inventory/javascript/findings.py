"""Gathers what the steps find in one file, so that a name on a line is told once, by the step that knows most."""

from dataclasses import dataclass, field

from holdfast.inventory.naming import Named, find_named
from holdfast.inventory.sighting import Reference, Sighting
from holdfast.records.model import Kind
from holdfast.records.use import Confidence

CALLS_MAX = 50


@dataclass(frozen=True, slots=True)
class Clue:
    """What the surroundings of a name tell about it."""

    rule: str
    via: str = ""
    endpoint: str = ""
    revision: str | None = None
    call_line: int = 0


@dataclass(slots=True)
class _Entry:
    text: str
    line: int
    clue: Clue
    named: Named
    call_lines: set[int]


@dataclass(slots=True)
class Findings:
    """The sightings and references of one file, while they are gathered."""

    _entries: dict[tuple[int, str], _Entry] = field(default_factory=dict[tuple[int, str], _Entry])
    _references: dict[tuple[int, str], Reference] = field(default_factory=dict[tuple[int, str], Reference])
    _unresolved: dict[tuple[int, str], Sighting] = field(default_factory=dict[tuple[int, str], Sighting])

    def has(self, line: int, text: str) -> bool:
        """Whether this name was already told for this line."""
        return (line, text) in self._entries

    def add(self, line: int, text: str, clue: Clue) -> bool:
        """Tell a name, if it is one in the light of the clue; False when it is none. The first clue for it stays."""
        named = find_named(text, clue.via, clue.endpoint, clue.revision)
        if named is None:
            return False
        entry = self._entries.setdefault((line, text), _Entry(text, line, clue, named, set()))
        if clue.call_line and len(entry.call_lines) < CALLS_MAX:
            entry.call_lines.add(clue.call_line)
        return True

    def add_reference(self, line: int, name: str, sighting: Sighting) -> None:
        """A name to look up elsewhere in the project."""
        self._references.setdefault((line, name), Reference(line, name, sighting))

    def add_unresolved(self, sighting: Sighting) -> None:
        """A loader fed by something that nobody can name."""
        self._unresolved.setdefault((sighting.line, sighting.text), sighting)

    def get_sightings(self) -> tuple[Sighting, ...]:
        """All sightings, by line."""
        told = [_build(entry) for entry in self._entries.values()]
        return tuple(sorted((*told, *self._unresolved.values()), key=lambda s: (s.line, s.text)))

    def get_references(self) -> tuple[Reference, ...]:
        """All references, by line."""
        return tuple(sorted(self._references.values(), key=lambda r: (r.line, r.name)))


def build_unresolved(line: int, text: str, clue: Clue, note: str) -> Sighting:
    """What to report for a loader whose model cannot be told."""
    weights = Kind.WEIGHTS if is_weights_engine(clue.via) else Kind.HOSTED
    lines = (clue.call_line,) if clue.call_line else ()
    return Sighting(
        line, text, clue.rule, clue.via, weights, Confidence.UNRESOLVED, clue.revision, clue.endpoint, lines, note
    )


def is_weights_engine(via: str) -> bool:
    """Whether an engine word means weights of one's own rather than someone's API."""
    named = find_named("Qwen/Qwen3-8B", via)
    return (
        named is not None
        and named.kind is Kind.WEIGHTS
        and via not in ("", "openai", "anthropic", "google", "langchain", "mastra")
    )


def _build(entry: _Entry) -> Sighting:
    clue = entry.clue
    lines = tuple(sorted(entry.call_lines - {entry.line}))
    return Sighting(
        entry.line, entry.text, clue.rule, clue.via, None, entry.named.confidence, clue.revision, clue.endpoint, lines
    )
