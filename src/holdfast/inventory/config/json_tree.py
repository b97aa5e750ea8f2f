"""JSON text to a tree with a line on every value. Takes comments and trailing commas; refuses what is no JSON."""

import json
import re
from dataclasses import dataclass

from holdfast.inventory.config.tree import (
    DEPTH_MAX,
    LEAF_CHARACTERS_MAX,
    NODES_MAX,
    Entry,
    Leaf,
    Listing,
    Node,
    Table,
    Unparsable,
)

_TOKEN = re.compile(
    r"""[ \t\r\f\v\ufeff]*(?:
      (?P<newline>\n)
    | (?P<mark>[{}\[\],:])
    | "(?P<double>[^"\\\n]*(?:\\.[^"\\\n]*)*)"
    | '(?P<single>[^'\\\n]*(?:\\.[^'\\\n]*)*)'
    | (?P<comment>//[^\n]*|/\*.*?\*/|\#[^\n]*)
    | (?P<word>[^\s{}\[\],:"']+)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class _Open:
    node: Table | Listing
    key: str | None = None
    key_line: int = 0
    has_colon: bool = False


def parse_json(text: str) -> list[Node]:
    """The values of a JSON file: one, or one a line in JSON Lines."""
    roots: list[Node] = []
    stack: list[_Open] = []
    line, position, seen = 1, 0, 0
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        kind = match.lastgroup
        if kind == "newline":
            line += 1
            continue
        if kind == "comment":
            line += match[0].count("\n")
            continue
        seen += 1
        if seen > 4 * NODES_MAX:
            raise Unparsable(f"more than {NODES_MAX} values", line)
        if kind == "mark":
            _take_mark(match["mark"], line, stack, roots)
        else:
            _take_scalar(match, line, stack, roots)
    if text[position:].strip():
        raise Unparsable(f"unexpected {text[position : position + 20].strip()[:12]!r}", line)
    if stack:
        raise Unparsable("ends before its brackets close", line)
    return roots


def _take_mark(mark: str, line: int, stack: list[_Open], roots: list[Node]) -> None:
    if mark in "{[":
        if len(stack) >= DEPTH_MAX:
            raise Unparsable(f"nested more than {DEPTH_MAX} deep", line)
        node: Table | Listing = Table(line) if mark == "{" else Listing(line)
        _add(node, line, stack, roots)
        stack.append(_Open(node))
    elif mark in "}]":
        if not stack or isinstance(stack[-1].node, Table) != (mark == "}"):
            raise Unparsable(f"{mark!r} closes nothing", line)
        stack.pop()
    elif not stack:
        raise Unparsable(f"{mark!r} outside of a value", line)
    elif mark == ":":
        stack[-1].has_colon = True
    else:
        stack[-1].key, stack[-1].has_colon = None, False


def _take_scalar(match: re.Match[str], line: int, stack: list[_Open], roots: list[Node]) -> None:
    quoted = match.lastgroup != "word"
    text = _unescape(match[match.lastgroup or "word"]) if quoted else match["word"]
    top = stack[-1] if stack else None
    if top is not None and isinstance(top.node, Table) and not top.has_colon:
        top.key, top.key_line = text, line
        return
    if not quoted and not re.fullmatch(r"true|false|null|-?[\d.eE+-]+|NaN|-?Infinity|undefined", text):
        raise Unparsable(f"unexpected {text[:12]!r}", line)
    _add(Leaf(text[:LEAF_CHARACTERS_MAX], line, quoted=quoted, is_text=quoted), line, stack, roots)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        decoded: object = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    # A lone surrogate is no character: it may not travel on to where text is written.
    return str(decoded).encode("utf-8", "replace").decode("utf-8")


def _add(node: Node, line: int, stack: list[_Open], roots: list[Node]) -> None:
    if not stack:
        roots.append(node)
        return
    top = stack[-1]
    if isinstance(top.node, Listing):
        top.node.items.append(node)
    elif top.key is None:
        raise Unparsable("a value without a key", line)
    else:
        top.node.entries.append(Entry(top.key, top.key_line, node))
