"""Keys that hold commands, `run:`, `script:`, `command:` with `args:`: hands them to the shell reader."""

from dataclasses import dataclass
from functools import cache

from holdfast.inventory.config.embedding import read_embedded
from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.shell import ScriptReading, ShellContext, read_script, read_words
from holdfast.inventory.config.shell_words import Word, split_commands
from holdfast.inventory.config.tree import Leaf, Listing, Node, Table
from holdfast.inventory.config.words import get_words

_INTERPRETERS = {"python": "python", "python3": "python", "bash": "shell", "sh": "shell"}


@dataclass(frozen=True, slots=True)
class CommandKeys:
    """The keys of a table that have been read as commands."""

    used: frozenset[str]


def read_commands(gathering: Gathering, table: Table, path: tuple[str, ...], context: ShellContext) -> CommandKeys:
    """Add what the commands of one table say; which keys they were."""
    used: set[str] = set()
    scripts = get_words().scripts
    in_scripts = bool(path) and path[-1].lower() in get_words().script_tables
    for entry in table.entries:
        if entry.key.lower() in scripts or (in_scripts and isinstance(entry.node, Leaf)):
            language = _INTERPRETERS.get(table.find_text("shell").partition(" ")[0], "shell")
            if _read_scripts(gathering, entry.node, language, context):
                used.add(entry.key)
    if not _get_word_keys().isdisjoint(table.keys):
        used |= _read_words(gathering, table, context)
    return CommandKeys(frozenset(used))


@cache
def _get_word_keys() -> frozenset[str]:
    return frozenset(get_words().words)


def _read_scripts(gathering: Gathering, node: Node, language: str, context: ShellContext) -> bool:
    leaves = [node] if isinstance(node, Leaf) else node.leaves if isinstance(node, Listing) else []
    for leaf in leaves:
        text, line = leaf.script
        if language == "python":
            read_embedded(gathering, "python", text, line)
    if language == "shell" and leaves:
        _read_in_one(gathering, leaves, context)
    return bool(leaves)


def _read_in_one(gathering: Gathering, leaves: list[Leaf], context: ShellContext) -> None:
    """The lines of a CI job share their variables, so they are one script."""
    reading = ScriptReading(gathering, context)
    for leaf in leaves:
        text, line = leaf.script
        for command in split_commands(text, line):
            reading.read(command)


def _read_words(gathering: Gathering, table: Table, context: ShellContext) -> set[str]:
    used: set[str] = set()
    words: list[Word] = []
    for wanted in get_words().words:
        entry = next((entry for entry in table.entries if entry.key.lower() == wanted), None)
        if entry is None:
            continue
        if isinstance(entry.node, Listing):
            words.extend(_as_words(entry.node))
            used.add(entry.key)
        elif isinstance(entry.node, Leaf) and entry.node.text:
            words.extend(_split_leaf(gathering, entry.node, context))
            used.add(entry.key)
    if words and words[0].text.startswith("-") and context.hints:
        words.insert(0, Word(context.hints[0], words[0].line))  # the image's own entry point
    read_words(gathering, words, context)
    return used


def _split_leaf(gathering: Gathering, leaf: Leaf, context: ShellContext) -> list[Word]:
    """The words of one command; a leaf with several commands is a script of its own."""
    text, line = leaf.script
    commands = list(split_commands(text, line))
    if len(commands) == 1 and not commands[0].assignments and not commands[0].heredocs:
        return commands[0].words
    read_script(gathering, text, line, context)
    return []


def _as_words(listing: Listing) -> list[Word]:
    words: list[Word] = []
    for leaf in listing.leaves:
        text, line = leaf.script
        after_c = bool(words) and words[-1].text in ("-c", "-lc", "-ec", "/c")
        if " " in text.strip() and not after_c and not text.lstrip().startswith(("{", "[")):
            words.extend(word for command in split_commands(text, line) for word in command.words)
        else:
            words.append(Word(text, line, is_quoted=after_c))
    return words
