"""What one detector says about one file, before files are joined. Plain and picklable, so that it can be cached."""

from dataclasses import dataclass
from typing import Protocol

from holdfast.records.model import Kind
from holdfast.records.use import Artefact, Catalogue, Confidence, Environment, Skipped


@dataclass(frozen=True, slots=True)
class Source:
    """One text file handed to a detector. `path` is relative to the scanned root, with forward slashes."""

    path: str
    text: str
    environment: Environment = Environment.UNKNOWN
    is_followed: bool = False  # another file leads here: only what it defines and hands on is asked for


@dataclass(frozen=True, slots=True)
class Sighting:
    """A name (or an unresolved expression) on a line, with what its surroundings tell about it."""

    line: int
    text: str  # the name exactly as written; for unresolved ones the expression
    rule: str  # e.g. `python.transformers.from_pretrained`, `shell.ollama-pull`
    via: str = ""  # engine, client or provider word, lower case: `transformers`, `vllm`, `openai`, `bedrock`, `ollama`
    kind: Kind | None = None  # None: let the name decide
    confidence: Confidence = Confidence.DECLARED
    revision: str | None = None
    endpoint: str = ""
    call_lines: tuple[int, ...] = ()  # loader calls in the same file
    note: str = ""
    revision_name: str = ""  # the dotted name that holds the revision in another file


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value in a configuration file that code may read: an environment variable, a Helm value, a .env line."""

    name: str  # e.g. `RERANKER`, `reranker.model`
    line: int
    value: str | None  # None: set from the outside


@dataclass(frozen=True, slots=True)
class Reference:
    """A loader in code fed by a value that this file does not hold: a name to look up elsewhere in the project."""

    line: int
    name: str  # dotted: `helpdesk.settings.RERANKER`; environment variables as `env:RERANKER`
    sighting: Sighting  # what to report if the name is found (its text is then replaced) or not found


@dataclass(frozen=True, slots=True)
class Definition:
    """A string constant, default or re-export that other files of the project may reach."""

    name: str  # dotted, from the module's own path: `helpdesk.settings.RERANKER`
    line: int
    value: str | None = None  # the string, or …
    alias: str | None = None  # … the dotted name it re-exports
    is_listed: bool = False  # part of a catalogue: the use stands where the name is asked for


@dataclass(frozen=True, slots=True)
class Inlet:
    """A parameter, field or attribute of a function or class of this file that feeds a loader: callers name models."""

    owner: str  # dotted: `app.models.load_encoder`, `app.models.Encoder`, `app.models.Encoder.load`
    name: str
    index: int | None  # position without self; None where only a keyword can carry it
    sighting: Sighting  # what a name that is handed in is a sighting of


@dataclass(frozen=True, slots=True)
class Handing:
    """What a call gives to something that may be the project's own: a text, or what the caller itself is given."""

    callee: str  # as dotted as imports tell; `.load` for a method of an object of unknown class
    argument: str  # a keyword or a position; `*` for everything, `**` for all keywords
    line: int
    value: str | None = None  # a text that stands on the line, or …
    link: str | None = None  # … the dotted name of one in another file, or …
    source: str | None = None  # … the parameter that is handed on and its position: `app.cli.run:model:0`


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines of a file that deploy one unit under a name of its own: a compose service, a Kubernetes workload."""

    name: str
    first_line: int
    last_line: int
    folder: str = ""  # the folder that it is built from, relative to the scanned root


@dataclass(frozen=True, slots=True)
class Roster:
    """Names that stand together as alternatives: the keys of a table, the choices of an option, what is compared."""

    names: tuple[str, ...]
    leads_to_weights: bool  # each name stands beside the weights that it means


@dataclass(frozen=True, slots=True)
class Suspect:
    """A word in a place that plainly says model, and that no table knows: a use if the project itself knows it."""

    line: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """Everything one file says."""

    path: str
    sightings: tuple[Sighting, ...] = ()
    catalogues: tuple[Catalogue, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    settings: tuple[Setting, ...] = ()
    references: tuple[Reference, ...] = ()
    definitions: tuple[Definition, ...] = ()
    inlets: tuple[Inlet, ...] = ()
    handings: tuple[Handing, ...] = ()
    rosters: tuple[Roster, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    skipped: Skipped | None = None
    units: tuple[Unit, ...] = ()


class Detector(Protocol):
    """Reads one kind of file. Raises nothing on bad content: it reports the file as skipped with the reason."""

    def __call__(self, source: Source) -> FileReport: ...
