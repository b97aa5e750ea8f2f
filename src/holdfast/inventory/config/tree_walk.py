"""From a tree to what it says about models: keys are judged, scripts and embedded files handed on, noise left."""

import re
from dataclasses import dataclass, replace

from holdfast.inventory.config.around import Neighbours, read_neighbours
from holdfast.inventory.config.commands import CommandKeys, read_commands
from holdfast.inventory.config.embedding import find_format, read_embedded
from holdfast.inventory.config.expansion import expand, is_templated
from holdfast.inventory.config.gathering import CATALOGUE_LENGTH_MIN, Gathering
from holdfast.inventory.config.json_tree import parse_json
from holdfast.inventory.config.judging import Surroundings, find_at, judge
from holdfast.inventory.config.noise import get_model_keys, is_priced, is_record, is_specification
from holdfast.inventory.config.positions import NOTHING, KeyReading, Position, read_key, split_words
from holdfast.inventory.config.requirements import see_dependencies
from holdfast.inventory.config.shell import ShellContext
from holdfast.inventory.config.shell_words import Word
from holdfast.inventory.config.spotting import is_distinct, is_weights
from holdfast.inventory.config.tree import Entry, Leaf, Listing, Node, Table, Unparsable
from holdfast.inventory.config.words import get_words

_ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")
RECORDS_LENGTH_MIN = 20  # a list of so many entries is data, however few models it is about

_NAME_KEYS = (
    "model",
    "model_name",
    "modelname",
    "model_id",
    "modelid",
    "id",
    "name",
    "value",
    "slug",
    "model_path",
    "repo_id",
    "repo",
)
_OPTIONAL = frozenset({"optional-dependencies", "dependency-groups"})
_ALIASED_BESIDE = frozenset({"litellm_params"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the walk stands: the dotted path, what the parent's key says, and what has been said so far."""

    path: tuple[str, ...]
    reading: KeyReading
    around: Surroundings


class TreeWalk:
    """One walk over the trees of one file."""

    def __init__(self, gathering: Gathering, rule: str, *, setting_paths: bool = False) -> None:
        self._gathering = gathering
        self._rule = rule
        self._setting_paths = setting_paths
        self._visited: set[int] = set()
        self._registries: set[tuple[str, ...]] = set()  # where one long list stood, the short ones belong to it

    def walk(self, root: Node, around: Surroundings) -> None:
        """Add what a document says."""
        if is_specification(root):
            return
        whole, self._gathering = self._gathering, Gathering(self._gathering.source)
        self._visit(root, Scope((), NOTHING, around))
        if self._registries:
            self._gathering = Gathering(whole.source)
            self._visited.clear()
            self._visit(root, Scope((), NOTHING, around))
        whole.take(self._gathering.report())
        self._gathering = whole

    def _visit(self, node: Node, scope: Scope) -> None:
        if isinstance(node, Leaf):
            self._visit_leaf(node, scope)
            return
        if id(node) in self._visited:  # an alias: said once
            return
        self._visited.add(id(node))
        if isinstance(node, Table):
            self._visit_table(node, scope)
        else:
            self._visit_listing(node, scope)

    # Leaves

    def _visit_leaf(self, leaf: Leaf, scope: Scope) -> list[str]:
        key = scope.path[-1] if scope.path else ""
        if "\n" in leaf.text.strip() and (language := find_format(key)):
            text, line = leaf.script
            read_embedded(self._gathering, language, text, line)
            return []
        if (
            not leaf.is_text
            and not leaf.text.startswith(("var.", "local.", "data.", "module."))
            and '"' not in leaf.text
        ):
            return []
        around = replace(scope.around, rule=self._name_rule(key))
        if not leaf.is_text and '"' in leaf.text:  # an expression: its strings are what it can be
            quoted = re.findall(r'"([^"$]+)"', leaf.text)
            words = [Word(text, leaf.line) for text in quoted]
            return [name for word in words for name in judge(self._gathering, word, scope.reading, around)]
        return judge(self._gathering, Word(leaf.text, leaf.line), scope.reading, around)

    def _name_rule(self, key: str) -> str:
        words = "-".join(split_words(key)[:6])
        return f"{self._rule}.{words}" if words else self._rule

    # Listings

    def _visit_listing(self, listing: Listing, scope: Scope) -> None:
        names = self._collect_names(listing, scope)
        if len(set(names)) >= CATALOGUE_LENGTH_MIN or len(names) >= RECORDS_LENGTH_MIN:
            self._gathering.list_models(listing.line, names)
            self._registries.add(scope.path)
            return
        if names and scope.path in self._registries:
            return
        for index, item in enumerate(listing.items):
            if isinstance(item, Leaf):
                if scope.reading.position is Position.WEAK and scope.path[-1:] and index > 0 and not item.is_text:
                    continue
                self._visit_leaf(item, scope)
            else:
                self._visit(item, scope)

    def _collect_names(self, listing: Listing, scope: Scope) -> list[str]:
        """The models that the items of a list name directly."""
        names: list[str] = []
        for item in listing.items:
            if isinstance(item, Leaf):
                found = find_at(item.text, KeyReading(max(scope.reading.position, Position.WEAK)), scope.around)
                names.extend([item.text] if found is not None and item.is_text else [])
            elif isinstance(item, Table) and not _ALIASED_BESIDE & item.keys:
                key = _find_name_key(item)
                own = read_key(key)
                said = own if own.position is Position.STRONG else scope.reading
                reading = said if said.position is Position.STRONG else KeyReading(Position.WEAK)
                text = item.find_text(key) if key else ""
                if find_at(text, reading, scope.around) is not None:
                    names.append(text)
        return names

    # Tables

    def _visit_table(self, table: Table, scope: Scope) -> None:
        if is_record(table):
            return
        if self._visit_model_keys(table, scope):
            return
        neighbours = read_neighbours(table)
        commands = read_commands(
            self._gathering,
            table,
            scope.path,
            ShellContext(self._rule, neighbours.find_vias("") or scope.around.hints),
        )
        if self._visit_named_value(table, scope):
            return
        priced = is_priced(table)
        has_own = any(read_key(entry.key).position is Position.STRONG for entry in table.entries)
        for entry in table.entries:
            if not (priced and isinstance(entry.node, Leaf)):
                self._visit_entry(entry, scope, _Beside(table, neighbours, commands, has_own))

    def _visit_model_keys(self, table: Table, scope: Scope) -> bool:
        """Tables keyed by models: a catalogue when long, uses where the table is called `models` and has no prices."""
        entries = get_model_keys(table)
        if not entries:
            return False
        if len(entries) >= CATALOGUE_LENGTH_MIN:
            self._gathering.list_models(table.line, [entry.key for entry in entries])
            return True
        if scope.reading.position is not Position.STRONG:
            return False
        for entry in entries:
            is_number = (
                isinstance(entry.node, Leaf) and not entry.node.is_text and bool(re.search(r"\d", entry.node.text))
            )
            if not is_number and not (isinstance(entry.node, Table) and _says_itself(entry.node)):
                around = replace(scope.around, rule=f"{self._name_rule(scope.path[-1])}.key")
                judge(self._gathering, Word(entry.key, entry.line), scope.reading, around)
        return False

    def _visit_named_value(self, table: Table, scope: Scope) -> bool:
        """`{name: MODEL, value: x}`, as Kubernetes, app manifests and parameter lists write settings."""
        name = table.find_text("name", "key", "parametername", "variable", "label", "field")
        keys = table.keys
        value = table.find("value", "default", "defaultvalue", "default_value")
        if not name or not ({"value", "valuefrom", "default", "defaultvalue", "default_value", "valuesource"} & keys):
            return False
        if _ENVIRONMENT_NAME.fullmatch(name):
            line = value.line if value is not None else table.line
            self._set(name, line, value if isinstance(value, Leaf) else Leaf("", line))
        reading = read_key(name)
        if reading.position is Position.NO and not isinstance(value, Leaf):
            return False
        if isinstance(value, Leaf):
            around = self._surround(name, reading, scope.around, read_neighbours(table))
            self._visit_leaf(value, Scope((*scope.path, name), reading, around))
        return isinstance(value, Leaf) or value is None

    def _visit_entry(self, entry: Entry, scope: Scope, beside: "_Beside") -> None:
        key, node, lowered = entry.key, entry.node, entry.key.lower()
        if key in beside.commands.used:
            return
        if lowered in _OPTIONAL or (lowered in get_words().shut and not isinstance(node, Leaf)):
            if "dependenc" in lowered:
                see_dependencies(self._gathering, node, f"{self._rule}.dependencies")
            return
        if lowered == "model_name" and _ALIASED_BESIDE & beside.table.keys:
            return
        reading = self._read_key(entry, scope, beside)
        if isinstance(node, Leaf):
            self._set_entry(entry, node, scope)
        if lowered in get_words().environments and isinstance(node, Listing):
            self._visit_environment(node, scope)
            return
        if isinstance(node, Leaf) and reading.position <= Position.NO and _says_nothing(node):
            return
        around = self._surround(key, reading, scope.around, beside.neighbours)
        self._visit(node, Scope((*scope.path, key), reading, around))

    def _read_name(self, node: Node, beside: "_Beside", scope: Scope) -> KeyReading:
        """`name: t5-base` under a key that says nothing: weights are hardly ever the name of something else."""
        if not isinstance(node, Leaf) or not is_weights(node.text) or scope.path[-1:] in ((), ("metadata",)):
            return NOTHING
        inner = [entry.node for entry in beside.table.entries if isinstance(entry.node, Table)]
        return NOTHING if any(_says_itself(table) for table in inner) else KeyReading(Position.WEAK)

    def _read_key(self, entry: Entry, scope: Scope, beside: "_Beside") -> KeyReading:
        reading = read_key(entry.key)
        parent = scope.reading
        if reading.is_repository and scope.path[-1:] and "image" in split_words(scope.path[-1]):
            return NOTHING
        if scope.path[-1:] == ("defaults",) or entry.key.startswith(("/", "override ")):
            return NOTHING  # Hydra's list of other configuration files
        if entry.key == "name" and parent.position <= Position.NO and not beside.has_own:
            return self._read_name(entry.node, beside, scope)
        if parent.position <= Position.NO or reading.position is Position.STRONG:
            return reading
        if isinstance(entry.node, Leaf):
            inherits = entry.key.lower() in get_words().inheriting and not beside.has_own
            return replace(parent, is_plural=False) if inherits else reading
        if isinstance(entry.node, Table) and parent.is_plural and reading.position is Position.NO:
            if is_distinct(entry.key):
                return NOTHING  # the key was the name
            return replace(parent, is_plural=False)  # `models: {fast: {name: …}}`
        return reading

    def _surround(self, key: str, reading: KeyReading, around: Surroundings, neighbours: Neighbours) -> Surroundings:
        own = (reading.via,) if reading.via else ()
        close, said = neighbours.find_close_vias(key), neighbours.find_vias(key)
        hints = tuple(dict.fromkeys((*close, *own, *said, *around.vias, *around.hints)))[:6]
        revision = neighbours.find_revision(key) if reading.position > Position.NO else None
        endpoint = neighbours.find_endpoint(key) or around.endpoint
        inherited = around.vias if reading.position > Position.NO else ()
        vias = tuple(dict.fromkeys((*close, *own, *said, *inherited)))
        return Surroundings(self._rule, vias, hints, endpoint, revision or around.revision)

    # Settings

    def _set_entry(self, entry: Entry, leaf: Leaf, scope: Scope) -> None:
        if _ENVIRONMENT_NAME.fullmatch(entry.key):
            self._set(entry.key, entry.line, leaf)
        if self._setting_paths and scope.path[:1] != ("scripts",):
            self._set(".".join((*scope.path, entry.key)), entry.line, leaf)

    def _set(self, name: str, line: int, leaf: Leaf) -> None:
        text = leaf.text.strip()
        expansion = expand(text)
        passed_on = text.startswith(("${", "{{ .Values", "{{- .Values")) and not text.startswith("${{")
        value = text if passed_on or not is_templated(text) else next(iter(expansion.values), None)
        self._gathering.set(name, line, value if value and (leaf.is_text or value not in ("null", "~")) else None)

    def _visit_environment(self, listing: Listing, scope: Scope) -> None:
        """`environment: [NAME=value, …]` as compose writes it, or `[{name: …, value: …}]`."""
        pairs = Table(listing.line)
        for item in listing.items:
            if isinstance(item, Table):
                self._visit(item, scope)
            elif isinstance(item, Leaf):
                name, _, value = item.text.partition("=")
                pairs.entries.append(Entry(name.strip(), item.line, Leaf(value.strip(), item.line, quoted=True)))
        self._visit_table(pairs, Scope((*scope.path, "env"), NOTHING, scope.around))


def _says_nothing(leaf: Leaf) -> bool:
    """Under a key that says nothing only an address or an embedded text could be of interest."""
    return "/" not in leaf.text and ":" not in leaf.text and "\n" not in leaf.text


def _find_name_key(table: Table) -> str:
    """The key that names an entry of a list: one that says model, else a plain `id` or `name`."""
    leaves = [entry.key for entry in table.entries if isinstance(entry.node, Leaf) and entry.node.text]
    strong = (key for key in leaves if read_key(key).position is Position.STRONG)
    return next(strong, "") or next((key for key in _NAME_KEYS if table.find_text(key)), "")


def _says_itself(table: Table) -> bool:
    """A table that tells its own model or command, or quotes prices: its key is an alias or an entry, and no use."""
    commands = get_words().scripts | frozenset(get_words().words)
    tells = any(read_key(key).position is Position.STRONG and table.find_text(key) for key in table.keys)
    return tells or bool(commands & table.keys) or is_priced(table)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the entries of one table share."""

    table: Table
    neighbours: Neighbours
    commands: CommandKeys
    has_own: bool


def walk_json_text(gathering: Gathering, text: str, first_line: int, around: Surroundings) -> None:
    """A JSON value inside another text; what is no JSON is left alone."""
    try:
        roots = parse_json("\n" * (first_line - 1) + text)
    except Unparsable:
        return
    for root in roots:
        TreeWalk(gathering, around.rule).walk(root, around)
