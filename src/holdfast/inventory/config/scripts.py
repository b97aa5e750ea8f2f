"""Readers of files made of commands: shell, PowerShell, batch, Dockerfile, make, just, systemd, Modelfile."""

import re

from holdfast.inventory.config.embedding import read_embedded
from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.judging import Surroundings, judge
from holdfast.inventory.config.keyed_lines import read_ini
from holdfast.inventory.config.positions import KeyReading, Position
from holdfast.inventory.config.shell import ScriptReading, ShellContext, read_script
from holdfast.inventory.config.shell_words import Assignment, Command, Word, split_commands
from holdfast.inventory.config.tools import find_engine
from holdfast.inventory.sighting import FileReport, Source

_STRONG = KeyReading(Position.STRONG)
_PYTHON_SHEBANG = re.compile(r"#!.*\b(?:python|node|deno|bun)[\d.]*\b")


def read_shell(source: Source) -> FileReport:
    """Everything a shell script says; a script for another interpreter goes to that language's reader."""
    if source.path.lower().endswith(".ps1"):
        return read_powershell(source)
    if source.path.lower().endswith((".bat", ".cmd")):
        return read_batch(source)
    gathering = Gathering(source)
    shebang = _PYTHON_SHEBANG.match(source.text)
    if shebang is not None:
        read_embedded(gathering, "python" if "python" in shebang[0] else "javascript", source.text, 1)
    else:
        is_procfile = source.path.rpartition("/")[2].lower().startswith("procfile")
        text = re.sub(r"(?m)^[\w-]+:[ \t]*", "", source.text) if is_procfile else source.text
        read_script(gathering, text, 1, ShellContext())
    return gathering.report()


def read_powershell(source: Source) -> FileReport:
    """The commands and variables of a PowerShell script, lightly."""
    gathering = Gathering(source)
    text = re.sub(r"<#.*?#>", lambda match: "\n" * match[0].count("\n"), source.text, flags=re.DOTALL)
    read_script(gathering, re.sub(r"`\r?\n", "\\\\\n", text), 1, ShellContext("powershell"))
    return gathering.report()


def read_batch(source: Source) -> FileReport:
    """The commands and variables of a batch file, lightly."""
    gathering = Gathering(source)
    text = re.sub(r"(?im)^[ \t]*(?:rem\b|::).*$", "", source.text)
    text = re.sub(r'(?im)^([ \t]*@?set)[ \t]+"?([A-Za-z_]\w*)=([^"\r\n]*)"?', r'\1 "\2=\3"', text)
    text = re.sub(r"%([A-Za-z_]\w*)%", r"${\1}", text.replace("\\", "/"))
    read_script(gathering, re.sub(r"\^\r?\n", "\\\\\n", text), 1, ShellContext("batch"))
    return gathering.report()


# Dockerfile

_INSTRUCTION = re.compile(r"[ \t]*(?P<name>[A-Za-z]+)[ \t]+(?P<rest>.*)", re.DOTALL)
_FLAGS = re.compile(r"^(?:--[\w-]+(?:=\S+)?\s+)+")


def read_dockerfile(source: Source) -> FileReport:
    """Everything a Dockerfile says: defaults of ARG and ENV, what RUN fetches, what CMD and ENTRYPOINT start."""
    gathering = Gathering(source)
    hints: tuple[str, ...] = ()
    reading = ScriptReading(gathering, ShellContext("dockerfile"))
    start: list[Word] = []
    for line, text in _join_instructions(source.text):
        match = _INSTRUCTION.fullmatch(text)
        name = match["name"].upper() if match else ""
        rest = match["rest"] if match else ""
        if name == "FROM":
            engine = find_engine(rest.split()[0]) if rest.split() else ""
            hints = (engine,) if engine else ()
            context = ShellContext("dockerfile", hints)
            reading = reading.renew(context)
        elif name in ("ARG", "ENV", "LABEL"):
            if name != "LABEL":
                _read_docker_variables(reading, name, rest, line)
        elif name in ("RUN", "ADD", "COPY", "HEALTHCHECK"):
            _read_docker_run(reading, name, rest, line)
        elif name in ("CMD", "ENTRYPOINT"):
            words = _read_docker_words(rest, line)
            start = [*words, *start] if name == "ENTRYPOINT" else [*start, *words]
    if start:
        if start[0].text.startswith("-") and hints:
            start.insert(0, Word(hints[0], start[0].line))
        reading.read(Command(start[0].line, start))
    return gathering.report()


def _join_instructions(text: str) -> list[tuple[int, str]]:
    """Instructions with their first line: continued lines and here-documents belong to the one before."""
    found: list[tuple[int, str]] = []
    lines = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        first = index
        if not lines[index].strip() or lines[index].lstrip().startswith("#"):
            index += 1
            continue
        parts = [lines[index]]
        while parts[-1].rstrip().endswith(("\\", "`")) and index + 1 < len(lines):
            index += 1
            # a comment between continued lines is skipped by the builder
            parts.append("\\" if lines[index].lstrip().startswith("#") else lines[index])
        tag = re.search(r"<<-?[\"']?(\w+)[\"']?", parts[-1])
        while tag and index + 1 < len(lines) and parts[-1].strip() != tag[1]:
            index += 1
            parts.append(lines[index])
        found.append((first + 1, "\n".join(parts)))
        index += 1
    return found


def _read_docker_variables(reading: ScriptReading, name: str, rest: str, line: int) -> None:
    spaced = re.fullmatch(r"(?P<key>\w+)[ \t]+(?P<value>[^=]+|\S+=.*)", rest.strip(), re.DOTALL)
    if name == "ENV" and spaced is not None and "=" not in spaced["key"] and not re.match(r"\w+=", rest.strip()):
        reading.set_outside(Assignment(spaced["key"], line, [Word(spaced["value"].strip().strip("\"'"), line)]))
        return
    for command in split_commands(rest, line):
        for assignment in command.assignments:
            reading.set_outside(assignment)
        if name == "ARG" and not command.assignments and command.words:
            reading.set_outside(Assignment(command.words[0].text, line, []))


def _read_docker_run(reading: ScriptReading, name: str, rest: str, line: int) -> None:
    text = _FLAGS.sub("", rest)
    if text.lstrip().startswith("["):
        words = _read_docker_words(text, line)
        reading.read(Command(line, words))
        return
    heredoc = re.match(r"<<-?[\"']?(\w+)[\"']?(?P<first>[^\n]*)\n(?P<body>.*)", text, re.DOTALL)
    if heredoc is not None and name == "RUN":
        body = heredoc["body"].rpartition("\n")[0]
        language = (
            "python" if "python" in heredoc["first"] or heredoc["body"].startswith("#!/usr/bin/env python") else "shell"
        )
        if language == "python":
            reading.read_inside("python", body, line + 1)
            return
        text, line = body, line + 1
    prefix = f"{name.lower()} " if name in ("ADD", "COPY") else ""
    for command in split_commands(prefix + text, line):
        reading.read(command)


def _read_docker_words(rest: str, line: int) -> list[Word]:
    text = rest.strip()
    if not text.startswith("["):
        return [word for command in split_commands(text, line) for word in command.words]
    words: list[Word] = []
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"', text):
        after_c = bool(words) and words[-1].text in ("-c", "-lc", "-ec")
        words.append(Word(match[1].replace('\\"', '"'), line + text.count("\n", 0, match.start()), is_quoted=after_c))
    return words


# make and just

_MAKE_VARIABLE = re.compile(
    r"(?:[\w./% -]+:[ \t]*)?(?:export[ \t]+|override[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<mark>[:?+]{0,2}=)[ \t]*"
    r"(?P<value>[^#\n]*)(?:#.*)?"
)
_MAKE_RECIPE = re.compile(r"(?:\t|[ ]{2,})[@+-]*(?P<command>.*)")


def read_makefile(source: Source) -> FileReport:
    """A makefile's or justfile's variables and the commands of its recipes."""
    gathering = Gathering(source)
    reading = ScriptReading(gathering, ShellContext("make"))
    lines = source.text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        first, parts = index, [lines[index]]
        while parts[-1].endswith("\\") and index + 1 < len(lines):
            index += 1
            parts.append(lines[index])
        index += 1
        _read_make_line(reading, "\n".join(parts), first + 1)
    return gathering.report()


def _read_make_line(reading: ScriptReading, text: str, line: int) -> None:
    recipe = re.fullmatch(_MAKE_RECIPE, text.partition("\n")[0])
    variable = _MAKE_VARIABLE.fullmatch(text.partition("\n")[0].rstrip("\\").rstrip())
    if recipe is not None and not (variable is not None and text[0] == " " and ":=" in text):
        body = re.sub(r"^\s+[@+-]*", "", text, count=1)
        body = re.sub(
            r"\$\(([A-Za-z_]\w*)\)|\{\{\s*([A-Za-z_][\w-]*)\s*\}\}",
            lambda match: "${" + (match[1] or match[2]).replace("-", "_") + "}",
            body,
        )
        for command in split_commands(body.replace("$$", "$"), line):
            reading.read(command)
    elif variable is not None:
        value = text.partition("=")[2].strip().strip("\"'") if "\n" not in text else variable["value"]
        value = re.sub(r"\$\(([A-Za-z_]\w*)\)", r"${\1}", value.partition(" #")[0].strip())
        value = value.removeprefix("env_var_or_default(").strip("\"'")
        reading.set_outside(Assignment(variable["name"].replace("-", "_"), line, [Word(value, line, is_quoted=True)]))


# systemd


def read_systemd(source: Source) -> FileReport:
    """A unit's environment and the commands that it starts."""
    gathering = Gathering(source)
    reading = ScriptReading(gathering, ShellContext("systemd"))
    lines = source.text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        first, parts = index, [lines[index]]
        while parts[-1].endswith("\\") and index + 1 < len(lines):
            index += 1
            parts.append(lines[index])
        index += 1
        key, mark, value = "\n".join(parts).partition("=")
        if mark and key.strip().startswith("Exec"):
            for command in split_commands(value.lstrip("-@:+! "), first + 1):
                reading.read(command)
        elif mark and key.strip() == "Environment":
            for command in split_commands(re.sub(r'"([A-Za-z_]\w*)=', r'\1="', value), first + 1):
                for assignment in command.assignments:
                    reading.set_outside(assignment)
    if re.search(r"(?m)^\[Container\]", source.text):
        gathering.take(read_ini(source))
    return gathering.report()


# Modelfile

_MODELFILE = re.compile(r"[ \t]*(?P<name>FROM|ADAPTER|DRAFT)[ \t]+(?P<value>\S+)[ \t]*", re.IGNORECASE)


def read_modelfile(source: Source) -> FileReport:
    """What an Ollama model is made from. Templates and system prompts between `\"\"\"` are left out."""
    gathering = Gathering(source)
    in_text = False
    for number, line in enumerate(source.text.split("\n"), start=1):
        if line.count('"""') == 1:
            in_text = not in_text
            continue
        match = _MODELFILE.fullmatch(line.rstrip("\r")) if not in_text else None
        if match is not None:
            around = Surroundings(f"modelfile.{match['name'].lower()}", vias=("ollama",), hints=("llama-cpp",))
            judge(gathering, Word(match["value"], number), _STRONG, around)
    return gathering.report()
