"""What a shell script loads, fetches, serves or sets. Follows variables through one script; runs nothing."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from holdfast.inventory.config.expansion import expand, is_templated
from holdfast.inventory.config.gathering import CATALOGUE_LENGTH_MIN, Gathering
from holdfast.inventory.config.judging import Surroundings, find_at, judge
from holdfast.inventory.config.positions import KeyReading, Position, is_about, read_key
from holdfast.inventory.config.shell_words import Assignment, Command, Word, as_assignment, split_commands
from holdfast.inventory.config.spotting import find_spotted, is_page, is_publisher, is_short
from holdfast.inventory.config.tools import (
    PYTHON,
    find_endpoint,
    find_loader,
    find_tool,
    find_via_of_tool,
    get_tool,
    name_rule,
)
from holdfast.inventory.config.words import Loader, get_words
from holdfast.inventory.sighting import Sighting

VARIABLE_DEPTH_MAX = 5
NESTED_DEPTH_MAX = 4

_STRONG = KeyReading(Position.STRONG)
_DECLARERS = frozenset({"export", "declare", "local", "readonly", "typeset", "set", "setx", "env", "setenv"})
_VARIABLE = re.compile(r"\$\{?(?P<name>[A-Za-z_]\w*)(?:\[[@*]\])?\}?")
_FLAG = re.compile(r"(?P<flag>--?[A-Za-z][\w.-]*)(?:=(?P<value>.*))?", re.DOTALL)
_PAIR = re.compile(r"(?:\+\+?|~)?(?P<key>[A-Za-z_][\w.-]*)=(?P<value>[^=].*)", re.DOTALL)
_URL = re.compile(r"https?://[^\s\"'<>|]+")
_NO_COMMAND = re.compile(r"[\[{}\]<\"]|.*:$|\d+[.)]")  # a line of output
_POWERSHELL = re.compile(r"\$(?:env:|global:|script:)?(?P<name>[A-Za-z_]\w*)")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ash", "fish", "ssh", "cmd", "powershell", "pwsh", "su", "eval"})
_SHORT_TALK = frozenset({"-q", "-s", "-v", "-y", "-it", "-i", "-t", "-d", "--rm", "-f", "-u", "-U"})


@dataclass(frozen=True, slots=True)
class ShellContext:
    """What the surroundings of a script tell: the rule's beginning, the engine of its image, how deep it is nested."""

    rule: str = "shell"
    hints: tuple[str, ...] = ()
    depth: int = 0
    loaders_only: bool = False  # text that may be no script at all: only known commands count


def read_script(gathering: Gathering, text: str, first_line: int, context: ShellContext) -> None:
    """Add everything that a script says."""
    reading = ScriptReading(gathering, context)
    for command in split_commands(text, first_line):
        reading.read(command)


def read_words(gathering: Gathering, words: list[Word], context: ShellContext) -> None:
    """The same for a command that is already split, as `args:` and `CMD […]` give it."""
    if words:
        ScriptReading(gathering, context).read(Command(words[0].line, words))


class ScriptReading:
    """One script, read from top to bottom."""

    def __init__(self, gathering: Gathering, context: ShellContext) -> None:
        self._gathering = gathering
        self._context = context
        self._values: dict[str, list[Word]] = {}
        self._piped: Command | None = None  # `cat <<EOF |`: what comes next says where the text goes

    def read(self, command: Command) -> None:
        """Take in one command."""
        for assignment in command.assignments:
            self._assign(assignment)
        words = self._strip(command.words)
        self._read_heredocs(command)
        if not words:
            return
        head = get_tool(words[0].text)
        if head in _DECLARERS:
            self._declare(words[1:])
        elif head == "for":
            self._loop(words)
        elif head in get_words().talkers:
            self._talk(command, head)
        elif not self._assign_powershell(words):
            self._run(words)

    def renew(self, context: ShellContext) -> "ScriptReading":
        """The same variables in other surroundings: the next stage of a Dockerfile."""
        fresh = ScriptReading(self._gathering, context)
        fresh._values.update(self._values)
        return fresh

    def set_outside(self, assignment: Assignment) -> None:
        """A variable that is set for the commands and for the programs they start: ENV, ARG, a make variable."""
        if not assignment.values:
            self._gathering.set(assignment.name, assignment.line, None)
            return
        self._assign(assignment)
        self._set(assignment)

    def read_inside(self, language: str, text: str, line: int) -> None:
        """A text in another language that a command runs."""
        _read_embedded(self._gathering, language, text, line)

    def _strip(self, words: list[Word]) -> list[Word]:
        """Without the shell's own words in front: `if`, `do`, `!`."""
        index = 0
        while index < len(words) and words[index].text in (
            "if",
            "then",
            "else",
            "elif",
            "do",
            "while",
            "until",
            "!",
            "{",
            "time",
            "@",
            "-",
            "+",
        ):
            index += 1
        return words[index:]

    # Variables

    def _assign(self, assignment: Assignment) -> None:
        self._values[assignment.name] = assignment.values
        reading = read_key(assignment.name)
        if self._context.loaders_only:
            return
        names = [word for word in assignment.values if find_at(word.text, reading, self._around(reading)) is not None]
        if len(names) >= CATALOGUE_LENGTH_MIN:
            self._gathering.list_models(assignment.line, [word.text for word in names])
            self._values[assignment.name] = []
            return
        for word in assignment.values:
            if is_templated(word.text) and not expand(word.text).values:
                continue
            judge(self._gathering, word, reading, self._around(reading))

    def _declare(self, words: list[Word]) -> None:
        for word in words:
            assignment = as_assignment(Word(word.text.strip('"'), word.line))
            if assignment is not None:
                self._assign(assignment)
                self._set(assignment)

    def _set(self, assignment: Assignment) -> None:
        expansion = expand(assignment.values[0].text)
        value = expansion.values[0] if len(expansion.values) == 1 else None
        self._gathering.set(assignment.name, assignment.line, value)

    def _loop(self, words: list[Word]) -> None:
        if len(words) > 3 and words[2].text == "in":
            values = [value for word in words[3:] for value in self._resolve(word)]
            self._values[words[1].text] = values if len(values) < CATALOGUE_LENGTH_MIN else []
            if len(words) - 3 >= CATALOGUE_LENGTH_MIN:
                names = [word.text for word in words[3:] if find_at(word.text, _STRONG, self._around(_STRONG))]
                if len(names) >= CATALOGUE_LENGTH_MIN:
                    self._gathering.list_models(words[0].line, names)

    def _assign_powershell(self, words: list[Word]) -> bool:
        name = _POWERSHELL.fullmatch(words[0].text)
        if name is None or len(words) < 3 or words[1].text != "=":
            return False
        assignment = Assignment(name["name"], words[0].line, [words[2]])
        self._assign(assignment)
        if words[0].text.startswith("$env:"):
            self._set(assignment)
        return True

    def _resolve(self, word: Word, depth: int = 0) -> list[Word]:
        """The words that a word stands for, each with the line where it was written."""
        whole = _VARIABLE.fullmatch(word.text)
        if whole is not None and whole["name"] in self._values and depth < VARIABLE_DEPTH_MAX:
            values = self._values[whole["name"]]
            return [found for value in values for found in self._resolve(value, depth + 1)]
        if "$" not in word.text:
            return [word]
        named = [value for name in _VARIABLE.finditer(word.text) for value in self._values.get(name["name"], [])]
        told = [value for value in named if self._is_told(value)]
        if told:
            return told  # `$REPO:Q4_K_M`: the name stands where the variable is set
        known = {name: values[0].text for name, values in self._values.items() if len(values) == 1}
        expansion = expand(word.text, {name: value for name, value in known.items() if not is_templated(value)})
        if len(expansion.values) == 1 and not is_templated(expansion.values[0]):
            return [Word(expansion.values[0], word.line, is_quoted=True)]
        return [word]

    def _is_told(self, word: Word) -> bool:
        """Whether a variable's value has already been seen as a model."""
        return self._gathering.has(word.line, word.text)

    # Commands

    def _run(self, words: list[Word]) -> None:
        if _NO_COMMAND.match(words[0].text):
            return
        index, loader = find_loader(words)
        tool = find_tool(words)
        if self._context.loaders_only and loader is None and not _is_surely_command(words, tool):
            return
        if self._run_nested(words):
            return
        vias = tuple(filter(None, (loader.via if loader else "", find_via_of_tool(words))))
        around = Surroundings(
            f"{self._context.rule}.{name_rule(loader, next(iter(vias), ''), tool)}",
            vias=vias,
            hints=self._context.hints,
            endpoint=find_endpoint(words),
            revision=self._find_flag(words, ("--revision", "--hf-revision", "--model-revision", "--code-revision")),
        )
        if loader is not None and self._find_flag(words, ("--repo-type", "--type")) in ("dataset", "space"):
            return
        rest = words[index + len(loader.words) :] if loader else words[1:]
        self._read_arguments(rest, loader, around)
        if loader is not None and loader.places:
            self._read_places(rest, loader, around)
        if tool in get_words().fetchers or loader is None:
            self._read_addresses(rest, tool, around)
        if loader is None and tool not in get_words().fetchers and not self._context.loaders_only:
            self._read_repositories(words, around)

    def _run_nested(self, words: list[Word]) -> bool:
        """`bash -c "…"`, `ssh host "…"`, `python -c "…"`: the last word is a program of its own."""
        tool = get_tool(words[0].text)
        found = False
        for flag, word in pairwise(words):
            if (
                flag.text in ("-c", "-lc", "-ec", "-xc", "-exc", "-lic", "/c", "-Command") and word.is_quoted
            ) or tool == "eval":
                python = any(PYTHON.fullmatch(before.text) for before in words[: words.index(flag) + 1])
                self._read_inner("python" if python else "shell", word)
                found = True
        if any(word.text == "ssh" for word in words[:4]) and words[-1].is_quoted and " " in words[-1].text:
            self._read_inner("shell", words[-1])
            return True
        return found

    def _read_inner(self, language: str, word: Word) -> None:
        if self._context.depth >= NESTED_DEPTH_MAX:
            return
        if language == "shell":
            inner = ScriptReading(self._gathering, replace(self._context, depth=self._context.depth + 1))
            inner._values.update(self._values)
            for command in split_commands(word.text, word.line):
                inner.read(command)
        else:
            _read_embedded(self._gathering, language, word.text, word.line)

    def _read_arguments(self, words: list[Word], loader: Loader | None, around: Surroundings) -> None:
        for index, word in enumerate(words):
            match = _FLAG.fullmatch(word.text)
            if match is not None:
                follower = words[index + 1] if index + 1 < len(words) else None
                value = Word(match["value"], word.line) if match["value"] is not None else follower
                if value is not None:
                    self._read_flag(match["flag"], value, loader, around)
            elif _PAIR.fullmatch(word.text):
                self._read_pairs(word, around)
            elif word.text.lstrip().startswith(("{", "[{")) and '"' in word.text:
                self._read_body(word, around)

    def _read_flag(self, flag: str, value: Word, loader: Loader | None, around: Surroundings) -> None:
        is_named = loader is not None and flag in loader.flags
        if not flag.startswith("--") and not is_named and len(flag) < 4:
            if loader is None and flag in ("-m", "-n"):
                self._gathering.suspect(value.text, value.line, around.rule)
            return
        reading = _STRONG if is_named else read_key(flag)
        if value.text.startswith("-"):
            return
        if _PAIR.match(value.text):
            return  # a word of its own: `--model_args pretrained=…`
        if reading.position is Position.STRONG:
            named = replace(around, vias=(*around.vias, *filter(None, (reading.via,))))
            if loader is not None:
                self._load(value, named)
            else:
                self._judge(value, reading, named)
        elif is_short(value.text):
            self._judge(value, KeyReading(Position.WEAK), around)  # `--vocoder_name vocoder_models/en/…`

    def _read_pairs(self, value: Word, around: Surroundings) -> None:
        for part in re.split(r",(?=\s*[A-Za-z_][\w.-]*=)", value.text):
            pair = _PAIR.fullmatch(part.strip())
            if pair is not None:
                self._read_pair(pair["key"], Word(pair["value"].strip("\"'"), value.line), around)

    def _read_pair(self, key: str, value: Word, around: Surroundings) -> None:
        reading = read_key(key)
        if self._context.loaders_only and reading.position is not Position.STRONG:
            return
        named = replace(around, vias=(*filter(None, (reading.via,)), *around.vias))
        self._judge(value, reading, named)

    def _read_places(self, words: list[Word], loader: Loader, around: Surroundings) -> None:
        """The plain arguments that are names; a flag's own value is not one of them."""
        left = loader.places
        for index, word in enumerate(words):
            before = words[index - 1].text if index else ""
            if word.text.startswith("-"):
                continue
            takes_value = before.startswith("-") and "=" not in before and before not in _SHORT_TALK
            if takes_value and (is_about(before) or not self._is_name(word, around)):
                continue
            if (
                takes_value
                and read_key(before).position is not Position.STRONG
                and index + 1 < len(words)
                and not words[index + 1].text.startswith("-")
            ):
                continue  # `--local-dir org/name org/name`
            self._load(word, around)
            left -= 1
            if left == 0:
                return

    def _is_name(self, word: Word, around: Surroundings) -> bool:
        return any(find_at(value.text, _STRONG, around) is not None for value in self._resolve(word))

    def _judge(self, word: Word, reading: KeyReading, around: Surroundings) -> list[str]:
        """Judge everything that a word stands for; the names that were seen."""
        seen: list[str] = []
        for value in self._resolve(word):
            calls = (word.line,) if value.line != word.line else ()
            seen.extend(judge(self._gathering, value, reading, replace(around, call_lines=calls)))
        return seen

    def _load(self, word: Word, around: Surroundings) -> None:
        """The same for what a loader takes: a variable that was set from outside is worth a word."""
        if self._judge(word, _STRONG, around):
            return
        named = _VARIABLE.fullmatch(word.text)
        if named is None or named["name"] not in self._values:
            return
        for value in self._resolve(word):
            if is_templated(value.text):
                note = f"set on line {value.line} from outside"
                self._gathering.refer("", Sighting(word.line, word.text, around.rule, _first(around.vias), note=note))

    def _read_repositories(self, words: list[Word], around: Surroundings) -> None:
        """A plain argument of any program that is a repository of a known publisher, or a short name that is no word:
        `bench.sh facebook/opt-125m`, `build_engine.sh small.en`.
        """
        if {"build", "push", "tag", "pull", "clone", "install", "add", "checkout"} & {word.text for word in words[:4]}:
            return
        for before, word in pairwise(words):
            organisation, slash, name = word.text.partition("/")
            if before.text.startswith("-") or is_templated(word.text):
                continue
            if is_publisher(organisation) if slash and ":" not in name else is_short(word.text):
                judge(self._gathering, word, KeyReading(Position.WEAK), replace(around, vias=()))

    def _read_addresses(self, words: list[Word], tool: str, around: Surroundings) -> None:
        for word in words:
            for value in self._resolve(word):
                for address in [
                    value.text,
                    *(match[0] for match in _URL.finditer(value.text) if match[0] != value.text),
                ]:
                    spotted = find_spotted(address)
                    if spotted is None or (is_page(address) and tool != "git"):
                        continue
                    calls = (word.line,) if value.line != word.line else ()
                    judge(
                        self._gathering, Word(address, value.line), _STRONG, replace(around, vias=(), call_lines=calls)
                    )

    def _read_body(self, word: Word, around: Surroundings) -> None:
        """A JSON body sent by curl: `{"model": "gpt-4o", …}`."""
        from holdfast.inventory.config.tree_walk import walk_json_text

        walk_json_text(self._gathering, word.text, word.line, replace(around, rule=f"{around.rule}.body"))

    # Texts inside a script

    def _read_heredocs(self, command: Command) -> None:
        piped, self._piped = self._piped, None
        if piped is not None:
            for heredoc in piped.heredocs:
                self._read_heredoc(command, heredoc.text, heredoc.line)
        if command.heredocs and not command.targets and [word.text for word in command.words] == ["cat"]:
            self._piped = command
            return
        for heredoc in command.heredocs:
            self._read_heredoc(command, heredoc.text, heredoc.line)

    def _read_heredoc(self, command: Command, text: str, line: int) -> None:
        tool = get_tool(command.words[0].text) if command.words else ""
        python = any(PYTHON.fullmatch(word.text) for word in command.words)
        target = next((name for name in command.targets if "." in name), "")
        target = target or (command.words[-1].text if any(word.text == "tee" for word in command.words) else "")
        if python:
            _read_embedded(self._gathering, "python", text, line)
        elif tool in _SHELLS or any(word.text in _SHELLS for word in command.words):
            read_script(self._gathering, text, line, replace(self._context, depth=self._context.depth + 1))
        elif target or "kubectl" in (tool, *(word.text for word in command.words)):
            _read_embedded(self._gathering, target or "x.yaml", text, line)
        elif tool == "ollama":
            _read_embedded(self._gathering, "Modelfile", text, line)
        elif text.lstrip().startswith("{"):
            self._read_body(Word(text, line), Surroundings(f"{self._context.rule}.here-document"))

    def _talk(self, command: Command, head: str) -> None:
        """`echo NAME=value` sets it in whatever it is sent to; all other talk is talk."""
        if head in ("echo", "printf") and not self._context.loaders_only:
            for word in command.words[1:]:
                assignment = as_assignment(word)
                if assignment is not None:
                    self._assign(assignment)
                    self._set(assignment)

    # Surroundings

    def _around(self, reading: KeyReading) -> Surroundings:
        return Surroundings(f"{self._context.rule}.variable", tuple(filter(None, (reading.via,))), self._context.hints)

    def _find_flag(self, words: list[Word], flags: tuple[str, ...]) -> str | None:
        for word, following in zip(words, [*words[1:], None], strict=True):
            match = _FLAG.fullmatch(word.text)
            if match is not None and match["flag"] in flags:
                value = Word(match["value"], word.line) if match["value"] else following
                return next((found.text for found in self._resolve(value)), None) if value else None
        return None


def _first(words: tuple[str, ...]) -> str:
    return words[0] if words else ""


def _is_surely_command(words: list[Word], tool: str) -> bool:
    """In a text that may be output: a program that fetches, or a script that is started with flags."""
    first = words[0].text
    is_started = PYTHON.fullmatch(first) or first in _SHELLS or first.startswith("./") or first in ("docker", "uv")
    settings = [word for word in words if _PAIR.fullmatch(word.text) or word.text.startswith("--")]
    return tool in get_words().fetchers or (bool(is_started) and bool(settings)) or len(settings) > 2


def _read_embedded(gathering: Gathering, language: str, text: str, line: int) -> None:
    from holdfast.inventory.config.embedding import read_embedded

    read_embedded(gathering, language, text, line)
