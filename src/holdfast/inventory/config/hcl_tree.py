"""HCL (Terraform, Nomad, Packer) text to a tree with lines. Reads structure; evaluates no expression."""

import re

from holdfast.inventory.config.tree import DEPTH_MAX, NODES_MAX, Entry, Leaf, Lines, Listing, Node, Table, Unparsable

_SPACE = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NAME = re.compile(r'[A-Za-z_][\w.-]*|"(?:[^"\\\n]|\\.)*"')
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_HEREDOC = re.compile(r"<<-?\s*(?P<tag>\w+)[^\n]*\n(?P<body>.*?)^[ \t]*(?P=tag)[ \t]*$", re.DOTALL | re.MULTILINE)
_ASSIGN = re.compile(r"[ \t]*(?:=(?![=>])|:|=>)")
_CALL = re.compile(r"[\w.]*\(")
_EXPRESSION = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|[^\s,\]})"#]|[ \t]+(?=[?:&|<>=!+*/%-]|[\w"]))+')


def parse_hcl(text: str) -> Table:
    """The file as one table; blocks are tables under their type, with their labels."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._position = 0
        self._seen = 0

    def read(self) -> Table:
        root = Table(1)
        self._read_body(root, "", 0)
        return root

    def _line(self) -> int:
        return self._lines.get(self._position)

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._position)
        self._position = space.end() if space else self._position

    def _check(self, depth: int) -> None:
        self._seen += 1
        if depth > DEPTH_MAX:
            raise Unparsable(f"nested more than {DEPTH_MAX} deep", self._line())
        if self._seen > NODES_MAX:
            raise Unparsable(f"more than {NODES_MAX} values", self._line())

    def _read_body(self, table: Table, closing: str, depth: int) -> None:
        self._check(depth)
        while True:
            self._skip()
            if self._position >= len(self._text):
                if closing:
                    raise Unparsable("a block is not closed", table.line)
                return
            if self._text[self._position] == closing:
                self._position += 1
                return
            if not self._read_entry(table, depth):
                self._position += 1  # a separator, or an expression nobody here reads

    def _read_entry(self, table: Table, depth: int) -> bool:
        name = _NAME.match(self._text, self._position)
        if name is None:
            return False
        line = self._line()
        key, labels = name[0].strip('"'), list[str]()
        self._position = name.end()
        if assign := _ASSIGN.match(self._text, self._position):
            self._position = assign.end()
            self._skip_blanks()
            table.entries.append(Entry(key, line, self._read_value(depth + 1)))
            return True
        self._skip_blanks()
        while label := _NAME.match(self._text, self._position):
            labels.append(label[0].strip('"'))
            self._position = label.end()
            self._skip_blanks()
        if self._text.startswith("{", self._position):
            block = Table(line, labels=tuple(labels))
            self._position += 1
            self._read_body(block, "}", depth + 1)
            table.entries.append(Entry(key, line, block))
        return True

    def _skip_blanks(self) -> None:
        while self._text[self._position : self._position + 1] in (" ", "\t") and self._position < len(self._text):
            self._position += 1

    def _read_value(self, depth: int) -> Node:
        self._check(depth)
        text, start, line = self._text, self._position, self._line()
        if text.startswith("{", start):
            table = Table(line)
            self._position += 1
            self._read_body(table, "}", depth)
            return table
        if text.startswith("[", start):
            return self._read_listing(depth)
        if heredoc := _HEREDOC.match(text, start):
            self._position = heredoc.end()
            return Leaf(heredoc["body"], line, quoted=True, raw=heredoc["body"], raw_line=line + 1)
        call = _CALL.match(text, start)
        if call is not None:
            return self._read_call(call, depth)
        return self._read_expression(line)

    def _read_listing(self, depth: int) -> Listing:
        listing = Listing(self._line())
        self._position += 1
        while True:
            self._skip()
            if self._position >= len(self._text):
                raise Unparsable("a list is not closed", listing.line)
            if self._text[self._position] in "])":
                self._position += 1
                return listing
            before = self._position
            listing.items.append(self._read_value(depth + 1))
            self._position += self._position == before  # a comma, or what nobody here reads

    def _read_call(self, call: re.Match[str], depth: int) -> Node:
        """The arguments of a function: `jsonencode({…})` is its table, `coalesce(var.x, "y")` a listing."""
        self._position = call.end() - 1
        listing = self._read_listing(depth)
        tables = [item for item in listing.items if not isinstance(item, Leaf)]
        return tables[0] if len(tables) == 1 else listing

    def _read_expression(self, line: int) -> Leaf:
        found = _EXPRESSION.match(self._text, self._position)
        if found is None:
            return Leaf("", line, is_text=False)
        self._position = found.end()
        whole = _STRING.fullmatch(found[0].strip())
        if whole:
            return Leaf(whole[1].replace('\\"', '"').replace("\\\\", "\\"), line, quoted=True)
        return Leaf(found[0].strip(), line, is_text=False)
