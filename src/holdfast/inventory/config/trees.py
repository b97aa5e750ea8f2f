"""Readers of formats that become trees: YAML, JSON, TOML, Terraform. What does not parse is read line by line."""

import re
from dataclasses import replace
from pathlib import PurePosixPath

from holdfast.inventory.config.around import find_provider
from holdfast.inventory.config.artefact_files import find_artefact
from holdfast.inventory.config.gathering import Gathering, skip
from holdfast.inventory.config.hcl_tree import parse_hcl
from holdfast.inventory.config.json_tree import parse_json
from holdfast.inventory.config.judging import Surroundings
from holdfast.inventory.config.keyed_lines import read_keyed_lines
from holdfast.inventory.config.noise import is_recorded_path
from holdfast.inventory.config.toml_tree import parse_toml
from holdfast.inventory.config.tree import Entry, Leaf, Listing, Node, Table, Unparsable
from holdfast.inventory.config.tree_walk import TreeWalk
from holdfast.inventory.config.units import find_units
from holdfast.inventory.config.words import get_words
from holdfast.inventory.config.yaml_tree import parse_yaml
from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.sighting import FileReport, Source

_VALUES_FILE = re.compile(r"(?:^|/)values[\w.-]*\.ya?ml$")


def read_yaml(source: Source) -> FileReport:
    """Everything a YAML file says: plain, multi-document, or a template of YAML."""
    if is_recorded_path(source.path):
        return FileReport(source.path)
    gathering = Gathering(source)
    try:
        documents = parse_yaml(source.text)
    except Unparsable as error:
        read_keyed_lines(gathering, "yaml")
        limit = "more than" in error.reason or "nested" in error.reason
        return gathering.report(
            skipped=f"line {error.line}: {error.reason}; only its lines were read" if limit else None
        )
    _walk(gathering, documents, _name_rule(source.path, "yaml"))
    units = find_units(documents, source.path, source.text.count("\n") + 1)
    return replace(gathering.report(), units=units)


def read_json(source: Source) -> FileReport:
    """Everything a JSON file says; with comments, or one value a line."""
    if is_recorded_path(source.path):
        return FileReport(source.path)
    gathering = Gathering(source)
    try:
        documents = parse_json(source.text)
    except Unparsable as error:
        return skip(source, f"not readable as JSON: line {error.line}: {error.reason}")
    if len(documents) == 1:
        artefact = find_artefact(source.path, documents[0])
        if artefact is not None:
            gathering.claim(artefact)
            return gathering.report()
    if len(documents) > 1:
        return FileReport(source.path)  # JSON Lines: data, not configuration
    _walk(gathering, documents, _name_rule(source.path, "json"))
    return gathering.report()


def read_toml(source: Source) -> FileReport:
    """Everything a TOML file says."""
    if is_recorded_path(source.path):
        return FileReport(source.path)
    gathering = Gathering(source)
    try:
        root = parse_toml(source.text)
    except Unparsable as error:
        return skip(source, f"not readable as TOML: line {error.line}: {error.reason}")
    _walk(gathering, [root], _name_rule(source.path, "toml"))
    return gathering.report()


def read_terraform(source: Source) -> FileReport:
    """Everything a Terraform, Packer or Nomad file says; a variable's default is a configured value."""
    gathering = Gathering(source)
    try:
        root = parse_hcl(source.text)
    except Unparsable as error:
        read_keyed_lines(gathering, "terraform")
        return gathering.report(skipped=f"line {error.line}: {error.reason}; only its lines were read")
    for entry in root.entries:
        if entry.key == "variable" and isinstance(entry.node, Table) and entry.node.labels:
            default = entry.node.find("default")
            line = default.line if default is not None else entry.line
            text = default.text if isinstance(default, Leaf) and default.is_text else None
            gathering.set(f"var.{entry.node.labels[0]}", line, text)
    _walk(gathering, [_name_blocks(root)], "terraform")
    return gathering.report()


def _name_blocks(table: Table) -> Table:
    """Blocks by their own label: `variable "model" {…}` reads as `model: {…}`; a resource by its type."""
    named = Table(table.line, labels=table.labels)
    for entry in table.entries:
        node = entry.node
        if not isinstance(node, Table):
            named.entries.append(entry)
            continue
        key = node.labels[0] if entry.key in ("variable", "resource", "data") and node.labels else entry.key
        inner = _name_blocks(node)
        if entry.key == "variable" and isinstance(default := inner.find("default"), Table | Listing):
            inner = Table(node.line, [Entry(key, default.line, default)])
        named.entries.append(Entry(key, entry.line, inner))
    return named


def _walk(gathering: Gathering, documents: list[Node], rule: str) -> None:
    path = gathering.source.path
    hint = _find_hint(path)
    around = Surroundings(rule, hints=(hint,) if hint else ())
    walk = TreeWalk(gathering, rule, setting_paths=bool(_VALUES_FILE.search(path)))
    for document in documents:
        walk.walk(document, around)


def _find_hint(path: str) -> str:
    """The engine or provider that a file is named after: `ollama.yaml`, `litellm_config.yaml`, `.aider.conf.yml`."""
    name = PurePosixPath(path)
    for part in (name.name.partition(".")[0] or name.name.lstrip(".").partition(".")[0], name.parent.name):
        if part.lower() in get_words().plain_files or not (found := find_provider(part)):
            continue
        provider = get_lexicon().providers.get(get_lexicon().provider_of_via.get(found, ""))
        if provider is None or not provider.takes_any or found == part.lower():
            return found
    return ""


def _name_rule(path: str, otherwise: str) -> str:
    """The kind of file, as rules are named after it."""
    name = path.rpartition("/")[2].lower()
    if "compose" in name:
        return "compose"
    if (
        "/.github/workflows/" in f"/{path}"
        or name.startswith((".gitlab-ci", "azure-pipelines"))
        or "/.circleci/" in f"/{path}"
    ):
        return "ci"
    if "litellm" in name:
        return "litellm"
    if _VALUES_FILE.search(path):
        return "helm"
    if name == "package.json":
        return "package"
    return otherwise
