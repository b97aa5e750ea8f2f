"""Documents: only code blocks are read, each by its language's reader, never prose, tables or sample output.

Changelogs are left out altogether: what they name was changed, not used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.inventory.config.embedding import read_embedded
from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.mending import mend_python
from holdfast.inventory.config.noise import is_changes_path
from holdfast.inventory.config.shell import ShellContext, read_script
from holdfast.inventory.config.words import get_words
from holdfast.inventory.prefilter import compile_prefilter
from holdfast.inventory.sighting import FileReport, Source

OWN_CALLS_CHARACTERS_MAX = 4_000
LINE_CHARACTERS_MAX = 4_000

_FENCE = re.compile(
    r"(?P<indent>[ \t>]*)(?:[-*+] |\d+\. )?(?P<fence>`{3,}|~{3,}|:{3,}(?=[ \t]*\{code))[ \t]*(?P<info>[^`\n]*)"
)
_DIRECTIVE = re.compile(
    r"(?P<indent>[ \t]*)\.\.[ \t]+(?:code-block|code|sourcecode|prompt|parsed-literal|testcode|jupyter-execute|ipython"
    r"|doctest)::"
    r"[ \t]*(?P<info>[^\n]*)"
)
_LITERAL = re.compile(r"(?P<indent>[ \t]*)\S.*::[ \t]*")
_ASCIIDOC = re.compile(r"\[source[%\w]*,[ \t]*(?P<info>[\w-]+)[^\]]*\]")
_PROMPT = re.compile(r"^[ \t]*(?:\([\w.-]+\)[ \t]*)?(?:[\w.@~:/-]*[$%❯#][ \t]+|PS [^>]*>[ \t]*|>[ \t]+(?=\S))")
_DOLLAR = re.compile(r"^[ \t]*(?:\([\w.-]+\)[ \t]*)?[$%][ \t]+\S", re.MULTILINE)
_REPL = re.compile(r"^[ \t]*(?:>>> ?|\.\.\. ?|In \[\d+\]: ?|   \.\.\.: )")
_ENV_LINE = r"(?:#[^\n]*|(?:export )?[A-Z][A-Z0-9_]{2,}=[^\n]*|)"
# What an unnamed block begins with when it is …
_SHAPES = (
    (_REPL, "python"),
    (re.compile(r"(?:[^\n]*\n){0,12}?(?:from [\w.]+ import |import [\w.]+(?: as \w+)?$)", re.MULTILINE), "python"),
    (re.compile(r"\{\s*\"[\w$-]+\"\s*:"), "x.json"),
    (re.compile(rf"(?:{_ENV_LINE}\n)*{_ENV_LINE}\n?$"), ".env"),
    (re.compile(r"(?:#[^\n]*\n)*\[[\w.-]+\]\n"), "x.toml"),
    (re.compile(r"(?:#[^\n]*\n)*[\w-]+:[ \t]*\n[ \t]+[\w-]+:|(?:#[^\n]*\n)*- [\w-]+:"), "x.yaml"),
    (re.compile(r"(?:#[^\n]*\n)*FROM \S+\s*\n+(?:PARAMETER|SYSTEM|TEMPLATE|ADAPTER)"), "Modelfile"),
)  # fmt: skip
_ATTRIBUTE_NAME = re.compile(r"""(?:title|filename|file)=["']?(?P<name>[\w./-]+)""")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: its language word, what else its first line says, its text and the line the text begins on."""

    language: str
    info: str
    text: str
    line: int


def read_markdown(source: Source) -> FileReport:
    """What a Markdown, RST or AsciiDoc document tells its reader to run or to configure."""
    if is_changes_path(source.path):
        return FileReport(source.path)
    gathering = Gathering(source)
    # A line of more is data, and no fence or prompt: it is passed over.
    lines = [line if len(line) <= LINE_CHARACTERS_MAX else "" for line in source.text.split("\n")]
    _read_front_matter(gathering, lines)
    is_rst = source.path.lower().endswith((".rst", ".txt"))
    for block in _iterate_rst(lines) if is_rst else _iterate_fences(lines):
        _read_block(gathering, block)
    return gathering.report()


def _read_front_matter(gathering: Gathering, lines: list[str]) -> None:
    """The YAML head of a document: `model:` of an agent or a prompt. A model card's `base_model` is lineage."""
    if not lines or lines[0].strip() != "---":
        return
    end = next((index for index, line in enumerate(lines[1:200], start=1) if line.strip() == "---"), 0)
    head = "\n".join(lines[1:end])
    if end and "pipeline_tag:" not in head and "base_model:" not in head and "library_name:" not in head:
        read_embedded(gathering, "head.yaml", head, 2)


def _iterate_fences(lines: list[str]) -> Iterator[Block]:
    index = 0
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        asciidoc = _ASCIIDOC.match(lines[index])
        if (
            asciidoc is not None
            and index + 1 < len(lines)
            and re.fullmatch(r"-{4,}|={4,}|`{3,}", lines[index + 1].strip())
        ):
            end = _find_line(lines, index + 2, lines[index + 1].strip())
            yield Block(asciidoc["info"].lower(), "", "\n".join(lines[index + 2 : end]), index + 3)
            index = end + 1
            continue
        if opening is None:
            end = _find_indented_end(lines, index)
            if end > index:
                yield Block("", "", "\n".join(_dedent(lines[index:end])), index + 1)
            index = max(end, index + 1)
            continue
        end = _find_fence_end(lines, index + 1, opening["fence"])
        body = lines[index + 1 : end]
        if ">" in opening["indent"]:
            body = [re.sub(r"^[ \t]*(?:>[ \t]?)+", "", line) for line in body]
        yield _as_block(opening["info"], body, index + 2)
        index = end + 1


def _find_fence_end(lines: list[str], start: int, fence: str) -> int:
    for index in range(start, len(lines)):
        stripped = lines[index].strip(" \t>")
        if stripped.startswith(fence) and not stripped.strip(fence[0]):
            return index
    return len(lines)


def _find_indented_end(lines: list[str], start: int) -> int:
    """Where an indented code block that begins here ends; `start` itself when none does."""
    if not lines[start].startswith(("    ", "\t")) or (start > 0 and lines[start - 1].strip()):
        return start
    end = start
    while end < len(lines) and (lines[end].startswith(("    ", "\t")) or not lines[end].strip()):
        if _FENCE.match(lines[end]):
            return start  # an indented fence: it speaks for itself
        end += 1
    return end


def _find_line(lines: list[str], start: int, wanted: str) -> int:
    return next((index for index in range(start, len(lines)) if lines[index].strip() == wanted), len(lines))


def _as_block(info: str, lines: list[str], line: int) -> Block:
    words = re.split(r"[\s,{}]+", info.strip().strip("{}").lstrip("."), maxsplit=1)
    language = words[0].lower().removeprefix("code-block:").rstrip(":")
    return Block(language, info, "\n".join(_dedent(lines)), line)


def _dedent(lines: list[str]) -> list[str]:
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    indent = min(indents, default=0)
    return [line[indent:] for line in lines]


def _iterate_rst(lines: list[str]) -> Iterator[Block]:
    index = 0
    while index < len(lines):
        directive = _DIRECTIVE.match(lines[index])
        literal = None if directive else _LITERAL.fullmatch(lines[index])
        opening = directive or literal
        if opening is None or (lines[index].lstrip().startswith("..") and directive is None):
            index += 1
            continue
        start, end = _find_body(lines, index + 1, len(opening["indent"]))
        if directive is not None and re.match(r"[ \t]*\.\.[ \t]+(?:prompt|doctest|ipython)", lines[index]):
            info = "console" if "prompt" in lines[index] else "pycon"
        else:
            info = directive["info"].strip().lower() if directive else ""
        yield Block(info.split()[0] if info else "", "", "\n".join(_dedent(lines[start:end])), start + 1)
        index = max(end, index + 1)


def _find_body(lines: list[str], start: int, indent: int) -> tuple[int, int]:
    """The indented lines below a directive, without its options."""
    while start < len(lines) and re.fullmatch(r"[ \t]+:[\w-]+:.*", lines[start]):
        start += 1
    end = start
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return start, end


def _read_block(gathering: Gathering, block: Block) -> None:
    language = get_words().languages.get(block.language, "")
    is_code = language in ("python", "pycon", "javascript", "typescript")
    if re.search(r"\boutput\b", block.info.lower()):
        return
    if is_code and not _may_name_a_model(block.text):
        return
    named = _ATTRIBUTE_NAME.search(block.info)
    if language == "console":
        _read_console(gathering, block, ShellContext("docs.shell"))
    elif language in ("python", "pycon"):
        _read_python(gathering, block)
    elif language == "unnamed":
        _read_unnamed(gathering, block)
    elif language == "json" and not block.text.lstrip().startswith(("{", "[", "//", "/*")):
        read_embedded(gathering, "x.json", "{" + block.text + "}", block.line)
    elif language or named is not None:
        read_embedded(
            gathering, f"x.{language}" if language else named["name"] if named else "", block.text, block.line
        )


def _may_name_a_model(text: str) -> bool:
    """Whether code is worth reading: it speaks of models, or is short and may call a loader of the project's own."""
    if len(text) <= OWN_CALLS_CHARACTERS_MAX and ("odel" in text or "load" in text):
        return True
    return compile_prefilter().search(text.encode("utf-8", "replace")) is not None


def _read_unnamed(gathering: Gathering, block: Block) -> None:
    """A block of no stated language: prompts, known commands, and what is plainly one of the formats read here."""
    text = block.text.strip()
    for shape, language in _SHAPES:
        if shape.match(text):
            if language == "python":
                _read_python(gathering, block)
            else:
                read_embedded(gathering, language, block.text, block.line)
            return
    _read_console(gathering, block, ShellContext("docs.shell", loaders_only=not _DOLLAR.search(block.text)))


def _read_python(gathering: Gathering, block: Block) -> None:
    """Python as documents write it: sessions with prompts, `!command` and `%magic` lines of notebooks."""
    text = _strip_repl(block.text) if _REPL.match(block.text.lstrip("\n")) else block.text
    kept: list[str] = []
    for number, line in enumerate(text.split("\n"), start=block.line):
        is_command = line.lstrip().startswith(("!", "%"))
        kept.append("" if is_command else line)
        if is_command:
            context = ShellContext("docs.shell", loaders_only=line.lstrip().startswith("%"))
            read_script(gathering, line.lstrip(" \t!%"), number, context)
    if not read_embedded(gathering, "x.py", "\n".join(kept), block.line):
        read_embedded(gathering, "x.py", mend_python("\n".join(kept)), block.line)


def _read_console(gathering: Gathering, block: Block, context: ShellContext) -> None:
    """With prompts, only prompted lines are commands and the rest is their output; without, every line is one."""
    if not _DOLLAR.search(block.text):
        text = re.sub(r"^>[ \t]+", "", block.text, flags=re.MULTILINE)
        read_script(gathering, text, block.line, context)
        return
    kept: list[str] = []
    continues = False
    for line in block.text.split("\n"):
        prompt = _PROMPT.match(line)
        shown = line[prompt.end() :] if prompt else line if continues else ""
        continues = bool(shown) and (shown.rstrip().endswith("\\") or _is_open(shown, continues))
        kept.append(shown)
    read_script(gathering, "\n".join(kept), block.line, context)


def _is_open(line: str, before: bool) -> bool:
    """Whether a quoted text goes on to the next line."""
    odd = line.count("'") % 2 == 1
    return odd != before if before else odd


def _strip_repl(text: str) -> str:
    """The statements of an interactive session; what it printed becomes empty lines."""
    kept: list[str] = []
    for line in text.split("\n"):
        match = _REPL.match(line)
        kept.append(line[match.end() :] if match else "")
    return "\n".join(kept)
