"""Text as Markdown in which nothing is markup, a mention, a link or a comment, whoever wrote it."""

import re
from collections.abc import Iterable
from typing import Final

TEXT_MAX: Final = 600
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LINKS: Final = re.compile(r"@|://|www\.")  # words that a hosting site would turn into mentions and links
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def mark_text(text: str) -> str:
    """One line of plain words, cut where it is long."""
    return " ".join(mark_code(word) if _LINKS.search(word) else _SPECIAL.sub(r"\\\1", word) for word in _cut(text))


def mark_code(text: str) -> str:
    """A code span: fenced by more backticks than it holds; a pipe would end a cell even there."""
    plain = " ".join(_cut(text)).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def mark_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    named = tuple(heads)
    return "\n".join(f"| {' | '.join(line)} |" for line in (named, ["---"] * len(named), *rows))


def _cut(text: str) -> list[str]:
    words = _UNFIT.sub(lambda found: " " if found[0] in "\t\n\r\x0b\x0c" else "\ufffd", text).split()
    plain = " ".join(words)
    return (plain if len(plain) <= TEXT_MAX else f"{plain[: TEXT_MAX - 1]}…").split()
