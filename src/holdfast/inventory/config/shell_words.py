"""A shell script cut into commands and words with their lines. Understands quoting and here-documents; runs nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

SCRIPT_CHARACTERS_MAX = 2_000_000
SUBSTITUTION_DEPTH_MAX = 8

_TOKEN = re.compile(
    r"""
      (?P<continued>\\\r?\n)
    | (?P<newline>\n)
    | (?P<space>[ \t\r\f]+)
    | (?P<heredoc><<-?[ \t]*(?P<quote>['"\\]?)(?P<tag>[A-Za-z_]\w*)(?P=quote)?)
    | (?P<redirect>\d*(?:&>>?|>>|>\||>&|<<<|<&|[<>])\d*)
    | (?P<separator>;;&?|;|&&|\|\||\|&?|&|\)|\()
    | '(?P<single>[^']*)'
    | (?P<substitution>\$\(|`)
    | (?P<braced>\$\{(?:[^{}$]|\$(?!\{)|\$?\{[^{}]*\})*+\})
    | \\(?P<escaped>.)
    | (?P<plain>[^\s'"\\`$;&|()<>]+|\$(?=[^(]|$)|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# Possessive, so that a quote that never closes is noticed in one pass.
_DOUBLE = re.compile(r'"(?P<body>(?:[^"\\`$]++|\\.|`[^`]*+`|`|\$\((?:[^()]|\([^()]*+\))*+\)|\$)*+)"', re.DOTALL)
_INNER = re.compile(r"\$\((?P<body>(?:[^()]|\([^()]*+\))*+)\)|`(?P<old>[^`]*+)`")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=(?P<value>.*)", re.DOTALL)


@dataclass(slots=True)
class Word:
    """One word without its quotes. Variables are left as they are written."""

    text: str
    line: int
    is_quoted: bool = False


@dataclass(slots=True)
class Assignment:
    """`NAME=value`, or `NAME=(a b c)` with several values."""

    name: str
    line: int
    values: list[Word]


@dataclass(slots=True)
class Heredoc:
    """The lines that are fed to a command."""

    text: str
    line: int


@dataclass(slots=True)
class Command:
    """One simple command."""

    line: int
    words: list[Word] = field(default_factory=list[Word])
    assignments: list[Assignment] = field(default_factory=list[Assignment])
    heredocs: list[Heredoc] = field(default_factory=list[Heredoc])
    targets: list[str] = field(default_factory=list[str])  # files that its output goes to


def split_commands(text: str, first_line: int = 1) -> Iterator[Command]:
    """The commands of a script in order; those inside `$( … )` come before the command that uses them."""
    yield from _Splitter(text[:SCRIPT_CHARACTERS_MAX], first_line, 0).split()


def as_assignment(word: Word) -> Assignment | None:
    """`NAME=value` written as one word, as `export`, `env` and `docker -e` take it."""
    match = _ASSIGNMENT.fullmatch(word.text)
    if match is None:
        return None
    return Assignment(match["name"], word.line, [Word(match["value"], word.line, is_quoted=True)])


class _Splitter:
    def __init__(self, text: str, first_line: int, depth: int) -> None:
        self._text = text
        self._line = first_line
        self._depth = depth
        self._position = 0
        self._command = Command(first_line)
        self._word: Word | None = None
        self._pending: list[tuple[str, Command]] = []
        self._done: list[Command] = []
        self._wants_target = False

    def split(self) -> list[Command]:
        while self._position < len(self._text):
            if self._text[self._position] == '"' and self._take_double():
                continue
            self._take_token()
        self._end_command()
        return self._done

    def _take_token(self) -> None:
        match = _TOKEN.match(self._text, self._position)
        if match is None:  # cannot be: the last alternative takes any character
            self._position += 1
            return
        kind = match.lastgroup or ""
        if kind in ("quote", "tag"):
            kind = "heredoc"
        if kind == "plain" and match[0].startswith("#") and self._word is None:
            end = self._text.find("\n", self._position)
            self._position = len(self._text) if end < 0 else end
            return
        self._position = match.end()
        if kind == "newline":
            self._end_line()
        elif kind == "continued":
            self._end_word()
            self._line += 1
        elif kind == "space":
            self._end_word()
        elif kind == "separator":
            self._take_separator(match[0])
        elif kind == "heredoc":
            self._end_word()
            self._pending.append((match["tag"], self._command))
        elif kind == "redirect":
            self._take_redirect(match[0])
        elif kind == "substitution":
            self._take_substitution(match[0])
        elif kind == "single":
            self._append(match["single"], quoted=True)
        else:
            self._append(match["escaped"] or match[0], quoted=False)

    def _append(self, text: str, *, quoted: bool) -> None:
        if self._word is None:
            self._word = Word("", self._line)
        self._word.text += text
        self._word.is_quoted = self._word.is_quoted or quoted
        self._line += text.count("\n")

    def _take_double(self) -> bool:
        match = _DOUBLE.match(self._text, self._position)
        if match is None:
            return False
        self._position = match.end()
        line = self._line
        for inner in _INNER.finditer(match["body"]):
            self._take_inner(inner["body"] or inner["old"] or "", line + match["body"].count("\n", 0, inner.start()))
        body = re.sub(r'\\(["\\`])', r"\1", match["body"])
        self._append(body.replace("\\\n", " \n"), quoted=True)
        return True

    def _take_substitution(self, opening: str) -> None:
        closing = self._find_end(opening)
        body = self._text[self._position : closing]
        self._take_inner(body, self._line)
        self._append(f"{opening}{body}{')' if opening == '$(' else '`'}", quoted=False)
        self._position = closing + 1

    def _find_end(self, opening: str) -> int:
        if opening == "`":
            end = self._text.find("`", self._position)
            return end if end >= 0 else len(self._text)
        depth = 1
        for match in re.compile(r"'[^']*'|[()]").finditer(self._text, self._position):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0:
                return match.start()
        return len(self._text)

    def _take_inner(self, body: str, line: int) -> None:
        if self._depth < SUBSTITUTION_DEPTH_MAX and body.strip():
            self._done.extend(_Splitter(body, line, self._depth + 1).split())

    def _take_separator(self, mark: str) -> None:
        if mark == "(" and self._word is not None and self._word.text.endswith("="):
            self._take_array(self._word)
        else:
            self._end_command()

    def _take_array(self, word: Word) -> None:
        name = word.text.rstrip("=").rstrip("+")
        line, start = word.line, self._position
        closing = self._find_end("$(")
        inner = _Splitter(self._text[start:closing], self._line, self._depth + 1)
        values = [word for command in inner.split() for word in command.words]
        self._command.assignments.append(Assignment(name, line, values))
        self._line += self._text.count("\n", start, closing)
        self._position = closing + 1
        self._word = None

    def _take_redirect(self, mark: str) -> None:
        if self._word is not None and self._word.text.isdigit():
            self._word = None
        self._end_word()
        self._wants_target = not mark[-1].isdigit() or not mark.rstrip("0123456789").endswith("&")

    def _end_word(self) -> None:
        word, self._word = self._word, None
        if word is None:
            return
        if self._wants_target:
            self._wants_target = False
            self._command.targets.append(word.text)
            return
        assignment = as_assignment(word) if not self._command.words else None
        if assignment is not None:
            self._command.assignments.append(assignment)
        else:
            self._command.words.append(word)

    def _end_command(self) -> None:
        self._end_word()
        self._wants_target = False
        if self._command.words or self._command.assignments:
            if not self._command.words:
                self._command.line = self._command.assignments[0].line
            else:
                self._command.line = self._command.words[0].line
            self._done.append(self._command)
        self._command = Command(self._line)

    def _end_line(self) -> None:
        self._end_command()
        self._line += 1
        for tag, command in self._pending:
            self._take_heredoc(tag, command)
        self._pending.clear()

    def _take_heredoc(self, tag: str, command: Command) -> None:
        end = re.compile(rf"^[ \t]*{re.escape(tag)}[ \t\r]*$", re.MULTILINE).search(self._text, self._position)
        stop = end.start() if end else len(self._text)
        body = self._text[self._position : stop]
        command.heredocs.append(Heredoc(body, self._line))
        self._line += body.count("\n")
        following = self._text.find("\n", stop)
        self._position = len(self._text) if following < 0 else following + 1
        self._line += 1 if following >= 0 else 0
