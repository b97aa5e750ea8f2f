"""Files of `key = value` lines: INI, .env, properties, and what should have been a tree but does not parse."""

import re

from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.judging import Surroundings
from holdfast.inventory.config.tree import Entry, Leaf, Listing, Table
from holdfast.inventory.config.tree_walk import TreeWalk
from holdfast.inventory.sighting import FileReport, Source

LINES_MAX = 100_000

_SECTION = re.compile(r"\s*\[+(?P<name>[^\]]+)\]+\s*(?:[#;].*)?")
_PAIR = re.compile(
    r"(?P<indent>\s*)(?:-\s+)?(?:export\s+|set\s+)?[\"']?(?P<key>[A-Za-z_@][\w.:@/-]*?)[\"']?\s*(?P<mark>[=:])(?P<value>.*)"
)
_ENVIRONMENT_PAIR = re.compile(
    r"\s*(?P<comment>#+\s?)?(?:export\s+|set\s+|SetEnv\s+)?(?P<key>[A-Za-z_][\w.-]*)\s*(?:=|:\s)(?P<value>.*)"
)
_COMMENT = re.compile(r"\s*(?:[#;]|//|!)")
_TRAILING = re.compile(r"\s[#;].*$")


def read_dotenv(source: Source) -> FileReport:
    """Everything a .env file sets; every line is a setting that code may read."""
    gathering = Gathering(source)
    table = Table(1)
    for number, line in enumerate(source.text.split("\n")[:LINES_MAX], start=1):
        match = _ENVIRONMENT_PAIR.fullmatch(line.rstrip("\r"))
        if match is None or match["comment"]:
            continue
        table.entries.append(Entry(match["key"], number, _as_leaf(match["value"], number)))
        gathering.set(match["key"], number, _as_leaf(match["value"], number).text or None)
    TreeWalk(gathering, "dotenv").walk(table, Surroundings("dotenv"))
    return gathering.report()


def read_ini(source: Source) -> FileReport:
    """Everything an INI, cfg, conf or properties file sets, section by section."""
    gathering = Gathering(source)
    root = Table(1)
    table = root
    last: Entry | None = None
    for number, line in enumerate(source.text.replace("\r\n", "\n").split("\n")[:LINES_MAX], start=1):
        if not line.strip() or _COMMENT.match(line):
            continue
        if section := _SECTION.fullmatch(line):
            table = Table(number)
            root.entries.append(Entry(re.split(r"[:\s]+", section["name"].strip())[-1], number, table))
            last = None
        elif line[0] in " \t" and last is not None and not _PAIR.fullmatch(line):
            _continue(last, line, number)
        elif pair := _PAIR.fullmatch(line):
            last = Entry(pair["key"], number, _as_leaf(pair["value"], number))
            table.entries.append(last)
    TreeWalk(gathering, "ini").walk(root, Surroundings("ini"))
    return gathering.report()


def _continue(entry: Entry, line: str, number: int) -> None:
    """The further lines of a value: a list, as setup.cfg writes it."""
    leaf = _as_leaf(line.strip(), number)
    if isinstance(entry.node, Listing):
        entry.node.items.append(leaf)
    elif isinstance(entry.node, Leaf):
        entry.node = Listing(entry.line, [*([entry.node] if entry.node.text else []), leaf])


def read_keyed_lines(gathering: Gathering, rule: str) -> None:
    """The line fallback: each line's key judges its value; indentation tells whose neighbours they are."""
    levels: list[tuple[int, Table]] = []
    root = Table(1)
    for number, line in enumerate(gathering.source.text.split("\n")[:LINES_MAX], start=1):
        pair = _PAIR.fullmatch(line) if not _COMMENT.match(line) else None
        if pair is None:
            continue
        indent = len(pair["indent"]) + (2 if line.lstrip().startswith("- ") else 0)
        while levels and (levels[-1][0] >= indent or len(levels) > 50):
            levels.pop()
        parent = levels[-1][1] if levels else root
        value = pair["value"].strip().rstrip(",").strip().rstrip("{[").strip()
        if value:
            parent.entries.append(Entry(pair["key"], number, _as_leaf(value, number)))
        else:
            table = Table(number)
            parent.entries.append(Entry(pair["key"], number, table))
            levels.append((indent, table))
    TreeWalk(gathering, rule).walk(root, Surroundings(rule))


def _as_leaf(value: str, line: int) -> Leaf:
    value = value.strip()
    if value[:1] in "\"'" and value:
        closing = value.find(value[0], 1)
        if closing > 0:
            return Leaf(value[1:closing], line, quoted=True)
    return Leaf(_TRAILING.sub("", value), line)
