"""The pool that border prompts are searched in: short prompts of many languages and kinds, made from a seed; or a
file of the user's own, one prompt a line."""

import itertools
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.probing.pool_words import CODE, LANGUAGES, NUMBERS, Language
from holdfast.records.errors import LimitExceeded, MalformedFile, MissingPath, UnreadableFile

POOL_SIZE: Final = 3000
_FILE_BYTES_MAX: Final = 16 << 20
_LINES_MAX: Final = 200_000
_LETTERS_MAX: Final = 2000
_DRAWS_PER_PROMPT_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class PoolPrompt:
    """A prompt that may be a border prompt. Those of one `kind` are alike; empty: not known."""

    text: str
    kind: str = ""


def make_pool(seed: int, size: int = POOL_SIZE) -> tuple[PoolPrompt, ...]:
    """So many distinct prompts, of every kind about as many. The same seed makes the same pool."""
    chance = random.Random(f"pool/{seed}")  # noqa: S311 - it must be repeatable, not secret
    found: dict[str, PoolPrompt] = {}
    kinds = itertools.cycle(_MAKERS)
    for _ in range(size * _DRAWS_PER_PROMPT_MAX):
        if len(found) >= size:
            break
        made = _make_prompt(next(kinds), chance)
        found.setdefault(made.text, made)
    return tuple(found.values())


def read_pool(path: Path) -> tuple[PoolPrompt, ...]:
    """The distinct lines of a file of UTF-8, without white space around them and without empty ones. Raises
    MissingPath, UnreadableFile, LimitExceeded past 16 MiB, 200,000 lines or 2,000 letters a line, and MalformedFile
    where it is not text or has fewer than two lines."""
    lines = _read_lines(path)
    for number, line in enumerate(lines, 1):
        if len(line) > _LETTERS_MAX:
            raise LimitExceeded(
                f"a prompt of more than {_LETTERS_MAX} letters", where=f"{path}:{number}", next_step="Shorten it."
            )
    prompts = tuple(PoolPrompt(text) for text in dict.fromkeys(line.strip() for line in lines) if text)
    if len(prompts) < 2:
        raise MalformedFile(
            "it has fewer than two prompts",
            where=str(path),
            next_step="Write one prompt a line; 3,000 are a good pool.",
        )
    return prompts


def _read_lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise LimitExceeded(
                "it is larger than 16 MiB", where=str(path), next_step="Name a shorter file of prompts."
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=str(path), next_step="Name a file of prompts.") from None
    except UnicodeDecodeError:
        raise MalformedFile("it is not UTF-8", where=str(path), next_step="Save it as UTF-8 text.") from None
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=str(path), next_step="Name a file that can be read."
        ) from None
    if len(lines) > _LINES_MAX:
        raise LimitExceeded(
            f"more than {_LINES_MAX} lines", where=str(path), next_step="Name a shorter file of prompts."
        )
    return lines


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes prompts of one kind. Without a language the pattern is of code, numbers, or letters (empty)."""

    kind: str
    pattern: str
    language: Language | None = None


def _list_makers() -> Iterator[_Maker]:
    for language in LANGUAGES:
        patterns = (*language.pairs, *language.singles, *language.names, *language.stems)
        yield from (_Maker(f"{language.code}{place}", pattern, language) for place, pattern in enumerate(patterns))
    yield from (_Maker(f"code{place}", pattern) for place, pattern in enumerate(CODE))
    yield from (_Maker(f"number{place}", pattern) for place, pattern in enumerate(NUMBERS))
    yield _Maker("letters", "")


_MAKERS: Final = tuple(_list_makers())


def _make_prompt(maker: _Maker, chance: random.Random) -> PoolPrompt:
    if not maker.pattern:
        return PoolPrompt(_draw_letters(chance), maker.kind)
    things = (maker.language or LANGUAGES[0]).things
    first, second = chance.sample(things, 2)
    low = chance.randrange(1, 60)
    kind = chance.choice(maker.language.kinds) if maker.language else ""
    values = {"a": first, "b": second, "k": kind, "i": str(low), "j": str(low + chance.randrange(2, 40))}
    return PoolPrompt(maker.pattern.format(**values), maker.kind)


def _draw_letters(chance: random.Random) -> str:
    """One to three short words of no language."""
    words = ("".join(chance.choices(string.ascii_lowercase, k=chance.randrange(1, 5))) for _ in range(3))
    return " ".join(itertools.islice(words, chance.randrange(1, 4)))
