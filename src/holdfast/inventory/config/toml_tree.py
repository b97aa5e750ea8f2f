"""TOML text to a tree with lines. Tolerant: it says where things stand, not whether all of it is TOML."""

import re

from holdfast.inventory.config.tree import DEPTH_MAX, Entry, Leaf, Lines, Listing, Node, Table, Unparsable

_HEADER = re.compile(r"[ \t]*(?P<open>\[\[?)(?P<name>[^\[\]\n]+)\]\]?[ \t]*(?:#[^\n]*)?(?:\n|$)")
_KEY = re.compile(
    r"""[ \t]*(?P<key>(?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)[ \t]*=[ \t]*"""
)
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_STRING = re.compile(
    r'''"""(?P<long>.*?)(?<!\\)"""|\'\'\'(?P<literal>.*?)\'\'\'|"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<single>[^'\n]*)\'''',
    re.DOTALL,
)
_BARE = re.compile(r"[^\s,\]}#]+(?: [\d:.+-]+Z?)?")
_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_BLANK_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|$)")


def parse_toml(text: str) -> Table:
    """The file as one table. A line that is no TOML (a template's, a placeholder) is passed over, not the file."""
    return _Reader(text.replace("\r\n", "\n")).read()


def _split_key(key: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(key)]


def _open_table(root: Table, header: re.Match[str], line: int) -> Table:
    parts = _split_key(header["name"])
    table = root
    if not parts:  # `[{]`: no name at all
        return root
    for part in parts[:-1]:
        table = _descend(table, part, line)
    if header["open"] == "[":
        return _descend(table, parts[-1], line)
    listing = table.find(parts[-1].lower())
    if not isinstance(listing, Listing):
        listing = Listing(line)
        table.entries.append(Entry(parts[-1], line, listing))
    fresh = Table(line)
    listing.items.append(fresh)
    return fresh


def _descend(table: Table, key: str, line: int) -> Table:
    node = next((entry.node for entry in table.entries if entry.key == key), None)
    if isinstance(node, Listing) and node.items and isinstance(node.items[-1], Table):
        return node.items[-1]
    if isinstance(node, Table):
        return node
    fresh = Table(line)
    table.entries.append(Entry(key, line, fresh))
    return fresh


def _set(table: Table, parts: list[str], line: int, node: Node) -> None:
    for part in parts[:-1]:
        table = _descend(table, part, line)
    table.entries.append(Entry(parts[-1], line, node))


def _as_leaf(string: re.Match[str], line: int) -> Leaf:
    content: str = string[string.lastgroup or "basic"]
    leaf = Leaf(content, line, quoted=True)
    if string.lastgroup in ("long", "literal"):
        leaf.raw = content.removeprefix("\n")
        leaf.raw_line = line + 1 if content.startswith("\n") else line
    return leaf


class _Reader:
    """One pass over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._position = 0

    def read(self) -> Table:
        root = Table(1)
        current, text = root, self._text
        while self._position < len(text):
            start = self._position
            blank = _BLANK_LINE.match(text, start)
            if blank and blank.end() > start:
                self._position = blank.end()
            elif header := _HEADER.match(text, start):
                current = _open_table(root, header, self._lines.get(start))
                self._position = header.end()
            elif key := _KEY.match(text, start):
                self._read_entry(current, key)
            else:
                following = text.find("\n", start)
                self._position = len(text) if following < 0 else following + 1
        return root

    def _read_entry(self, table: Table, key: re.Match[str]) -> None:
        self._position = key.end()
        line = self._lines.get(key.start("key"))
        _set(table, _split_key(key["key"]), line, self._read_value(0))

    def _read_value(self, depth: int) -> Node:
        text, start = self._text, self._position
        line = self._lines.get(start)
        if depth > DEPTH_MAX:
            raise Unparsable(f"nested more than {DEPTH_MAX} deep", line)
        if text.startswith("[", start):
            return self._read_listing(depth)
        if text.startswith("{", start):
            return self._read_inline_table(depth)
        if string := _STRING.match(text, start):
            self._position = string.end()
            return _as_leaf(string, line)
        bare = _BARE.match(text, start)
        self._position = bare.end() if bare else start + 1
        return Leaf(text[start : self._position], line, is_text=False)

    def _read_listing(self, depth: int) -> Listing:
        listing = Listing(self._lines.get(self._position))
        self._skip(1)
        while self._position < len(self._text) and self._text[self._position] != "]":
            listing.items.append(self._read_value(depth + 1))
            self._skip(0)
            if self._text.startswith(",", self._position):
                self._skip(1)
        self._position += 1
        return listing

    def _read_inline_table(self, depth: int) -> Table:
        table = Table(self._lines.get(self._position))
        self._skip(1)
        while key := _KEY.match(self._text, self._position):
            self._position = key.end()
            line = self._lines.get(key.start("key"))
            _set(table, _split_key(key["key"]), line, self._read_value(depth + 1))
            self._skip(0)
            if self._text.startswith(",", self._position):
                self._skip(1)
        self._position += 1
        return table

    def _skip(self, marks: int) -> None:
        space = _SPACE.match(self._text, self._position + marks)
        self._position = space.end() if space else self._position + marks
