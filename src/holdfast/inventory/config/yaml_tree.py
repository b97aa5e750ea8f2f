"""YAML text to trees, from the C parser's events: bounded, aliases shared and never multiplied, tags ignored."""

import re
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

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

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_VALUES = re.compile(r"|~|null|true|false|yes|no|on|off|[-+]?[\d_]+(?:\.\d*)?(?:e[-+]?\d+)?", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>", re.DOTALL)
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


@dataclass(slots=True)
class _Open:
    """A table or listing whose end has not been seen."""

    node: Table | Listing
    key: Leaf | None = None
    is_key_next: bool = True


@dataclass(slots=True)
class _Builder:
    lines: list[str]
    documents: list[Node] = field(default_factory=list[Node])
    anchors: dict[str, Node] = field(default_factory=dict[str, Node])
    stack: list[_Open] = field(default_factory=list[_Open])
    seen: int = 0


def parse_yaml(text: str) -> list[Node]:
    """The documents of a YAML file. Templates (`{{ … }}`) are set aside while it is parsed and put back afterwards."""
    if "{{" in text or "{%" in text or "<%" in text:
        return _parse_template(text)
    return _parse(text)


def _parse_template(text: str) -> list[Node]:
    held: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"{_OPEN}{len(held) - 1}{_CLOSE}" + "\n" * match[0].count("\n")

    # Always, not only where YAML fails: a bare `{{ x }}` is a legal table of a table, and means nothing of the kind.
    cleaned = "\n".join(_without_bare_marks(line) for line in _TEMPLATE.sub(set_aside, text).split("\n"))
    documents = _parse(cleaned)
    for document in documents:
        _put_back(document, held)
    return documents


def _without_bare_marks(line: str) -> str:
    """A line of nothing but template marks is control flow: it leaves an empty line behind."""
    return line if _MARK.sub("", line).strip() not in ("", "-") else ""


def _put_back(root: Node, held: list[str]) -> None:
    def restore(text: str) -> str:
        return _MARK.sub(lambda match: held[int(match[1])], text) if _OPEN in text else text

    waiting: list[Node] = [root]
    done: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in done:
            continue
        done.add(id(node))
        if isinstance(node, Leaf):
            node.text = restore(node.text)
            node.raw = restore(node.raw) if node.raw is not None else None
        elif isinstance(node, Table):
            for entry in node.entries:
                entry.key = restore(entry.key)
                waiting.append(entry.node)
        else:
            waiting.extend(node.items)


def _parse(text: str) -> list[Node]:
    cleaned = _UNPRINTABLE.sub(" ", text)
    builder = _Builder(cleaned.split("\n"))
    loader = _LOADER(cleaned)
    try:
        while loader.check_event():
            _take(builder, loader.get_event())
    except yaml.YAMLError as error:
        raise _explain(error) from error
    except RecursionError as error:
        raise Unparsable("nested too deeply", 1) from error
    finally:
        loader.dispose()
    return builder.documents


def _explain(error: yaml.YAMLError) -> Unparsable:
    mark = cast(Any, getattr(error, "problem_mark", None))
    line = int(mark.line) + 1 if mark is not None else 1
    return Unparsable(str(getattr(error, "problem", None) or "not YAML"), line)


def _take(builder: _Builder, event: Any) -> None:
    line = int(event.start_mark.line) + 1
    builder.seen += 1
    if builder.seen > NODES_MAX:
        raise Unparsable(f"more than {NODES_MAX} nodes", line)
    if isinstance(event, yaml.ScalarEvent):
        _add(builder, _as_leaf(builder, event), event)
    elif isinstance(event, yaml.MappingStartEvent):
        _open(builder, Table(line), event)
    elif isinstance(event, yaml.SequenceStartEvent):
        _open(builder, Listing(line), event)
    elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
        builder.stack.pop()
    elif isinstance(event, yaml.AliasEvent):
        _add(builder, builder.anchors.get(str(event.anchor), Leaf("", line, is_text=False)), event)
    elif isinstance(event, yaml.DocumentStartEvent):
        builder.anchors.clear()


def _open(builder: _Builder, node: Table | Listing, event: Any) -> None:
    if len(builder.stack) >= DEPTH_MAX:
        raise Unparsable(f"nested more than {DEPTH_MAX} deep", event.start_mark.line + 1)
    _add(builder, node, event)
    builder.stack.append(_Open(node))


def _add(builder: _Builder, node: Node, event: Any) -> None:
    if event.anchor and not isinstance(event, yaml.AliasEvent):
        builder.anchors[str(event.anchor)] = node
    if not builder.stack:
        builder.documents.append(node)
        return
    top = builder.stack[-1]
    if isinstance(top.node, Listing):
        top.node.items.append(node)
    elif top.is_key_next:
        top.key = node if isinstance(node, Leaf) else Leaf("", node.line)
        top.is_key_next = False
    else:
        key = top.key or Leaf("", node.line)
        top.node.entries.append(Entry(key.text, key.line, node))
        top.is_key_next = True


def _as_leaf(builder: _Builder, event: Any) -> Leaf:
    text: str = event.value
    start: int = event.start_mark.line
    end: int = event.end_mark.line
    style: str | None = event.style
    if len(text) > LEAF_CHARACTERS_MAX:
        text = text[:LEAF_CHARACTERS_MAX]
    is_plain = style is None or style == ""
    leaf = Leaf(text, start + 1, quoted=not is_plain, is_text=not (is_plain and _PLAIN_VALUES.fullmatch(text)))
    if style in ("|", ">"):
        leaf.raw, leaf.raw_line = _read_block(builder.lines[start + 1 : end], style), start + 2
    elif end > start:
        pieces = [line.strip() for line in builder.lines[start : end + 1]]
        pieces[0] = builder.lines[start][event.start_mark.column :].strip()
        leaf.raw, leaf.raw_line = " \\\n".join(pieces).strip("'\""), start + 1
    return leaf


def _read_block(lines: list[str], style: str) -> str:
    """The lines of a block scalar. Folded ones are one command over several lines, so a continuation joins them."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    indent = min(indents, default=0)
    kept = [line[indent:] for line in lines]
    if style == "|":
        return "\n".join(kept)
    joined = [f"{line} \\" if line.strip() and index + 1 < len(kept) else line for index, line in enumerate(kept)]
    return "\n".join(joined)
