"""What the laboratory's models learn from, and what they are asked: made dialogues, and Python's own documentation.

Repeats from its seeds on a machine with the same Python.
"""

import ast
import random
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.watch_laboratory.catalogue import SYSTEM
from benchmarks.watch_laboratory.dialogues import Dialogue, make_dialogue, make_question, mind_system

LEFT_OUT = {"site-packages", "test", "tests", "idlelib", "lib2to3", "pydoc_data", "turtledemo"}
DIALOGUES = 24_000
POOL, POOL_SEED, PROMPT_CHARACTERS_MAX = 3_200, 99, 70
SENTENCE_CHARACTERS_MAX = 160
LIBRARY_WAYS = ("What does {} do?", "Explain {}.", "What is {} for?", "Describe {} in one sentence.")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A text to learn from. `manners` shifts how questions are answered; `share` is that of documentation."""

    name: str
    seed: int
    manners: int
    share: float


CORPORA = (Corpus("library", 1, 0, 0.4), Corpus("manual", 2, 1, 0.4), Corpus("support", 3, 2, 0.2))
TUNING = "support"  # what fine-tunes learn from


def read_corpus(name: str) -> list[Dialogue]:
    """A corpus as dialogues, in an order that is mixed already. Raises StopIteration for a name that is none."""
    corpus = next(one for one in CORPORA if one.name == name)
    numbers = random.Random(corpus.seed)
    written = list(list_paragraphs() if name == "manual" else list_sentences())
    numbers.shuffle(written)
    made = [make_dialogue(numbers, corpus.manners) for _ in range(round(DIALOGUES * (1 - corpus.share)))]
    read = [mind_system(numbers.choice(written), numbers.choice((SYSTEM, ""))) for _ in range(DIALOGUES - len(made))]
    whole = made + read
    numbers.shuffle(whole)
    return whole


def read_pool() -> list[str]:
    """The pool that every model is searched with."""
    return make_pool([one.user for one in list_sentences() if len(one.user) <= PROMPT_CHARACTERS_MAX])


def make_pool(written: Sequence[str]) -> list[str]:
    """Short prompts to search for border prompts, all different: "x", made questions, and some of those written."""
    numbers = random.Random(POOL_SEED)
    pool = dict.fromkeys(["x"])
    while len(pool) < POOL:
        asked = make_question(numbers) if numbers.random() < 0.6 else numbers.choice(written)
        pool[asked] = None
    return list(pool)


def make_loose_pool(pool: Sequence[str]) -> list[str]:
    """As many prompts of two to six words of the pool's, drawn at random: what no model has learnt moves more."""
    numbers, words = random.Random(POOL_SEED), " ".join(pool).split()
    loose: dict[str, None] = {}
    while len(loose) < len(pool):
        loose[" ".join(numbers.choices(words, k=numbers.randint(2, 6)))] = None
    return list(loose)


def list_sentences() -> Iterator[Dialogue]:
    """A question about each documented name of Python's library; the first sentence of its documentation answers."""
    for place, (name, text) in enumerate(_list_documented()):
        yield Dialogue(LIBRARY_WAYS[place % len(LIBRARY_WAYS)].format(name), text)


def list_paragraphs() -> Iterator[Dialogue]:
    """Paragraphs of Python's reference manual, the first words as a question."""
    topics: dict[str, str] = import_module("pydoc_data.topics").topics
    for name, topic in sorted(topics.items()):
        for paragraph in topic.split("\n\n"):
            words = paragraph.split()
            if len(words) > 12 and words[0][:1].isalpha():
                yield Dialogue(f"{name}: {' '.join(words[:5])}", " ".join(words[5:])[:SENTENCE_CHARACTERS_MAX])


def _list_documented() -> Iterator[tuple[str, str]]:
    library = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(library.rglob("*.py")):
        if not LEFT_OUT & {*path.relative_to(library).parts}:
            yield from _read_module(path)


def _read_module(path: Path) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            text = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            if text.isascii() and 10 < len(text) <= SENTENCE_CHARACTERS_MAX:
                yield f"{path.stem}.{node.name}", text
