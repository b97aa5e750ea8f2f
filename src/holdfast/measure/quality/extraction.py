"""Where in a text the answer is: the same lenient rules for every endpoint (docs/how-to/measure-quality.md)."""

import json
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Final, cast

from holdfast.measure.quality.findings import mend

TEXT_CHARACTERS_MAX: Final = 1_000_000
_JSON_STARTS_MAX: Final = 100
_MARK: Final = re.compile(r"\banswer(?: is)?[ \t]{0,3}[*_]{0,3}[ \t]{0,3}[:=](?:[*_]{1,3}(?!\S))?", re.IGNORECASE)
_SAID: Final = re.compile(r"\banswer is[ \t]+([^\n]+)", re.IGNORECASE)
_BOXED: Final = re.compile(r"\\boxed\{([^{}]*)\}")
_NUMBER: Final = re.compile(
    r"(?P<sign>(?<![\w.)])[-+])?(?<![\w.,])(?:(?P<grouped>\d{1,3}(?:,\d{3})+(?!\d))|(?P<plain>\d+|(?=\.\d)))(?P<rest>\.\d+)?(?P<power>[eE][-+]?\d{1,3}(?!\d))?"
)
_FENCE: Final = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*$", re.MULTILINE)
_QUOTES: Final = {"“": '"', "”": '"', "‘": "'", "’": "'", "−": "-", "\N{NO-BREAK SPACE}": " "}
_WRAPPERS: Final = ("**", "__", "*", "_", "`", '"', "'", "$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language as written (often empty), its content, and where it ends in the text."""

    language: str
    content: str
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A value that was found; it may be null."""

    value: object


def drop_reasoning(text: str) -> str:
    """The text after the first `</think>`. Reasoning that begins and never ends leaves nothing: there is no answer."""
    text = mend(text[:TEXT_CHARACTERS_MAX]).strip()
    _, closed, after = text.partition("</think>")
    if closed:
        return after.strip()
    return "" if text.startswith("<think>") else text


def extract_answer(text: str) -> str:
    """What the text gives as its answer, cleaned of emphasis, quotes and a final full stop.

    The first that is there: what follows the last `Answer:` on its line or else on the next one; the last `\\boxed{}`;
    the last fenced block, if nothing follows it; the last line, and of it what follows `answer is`.
    """
    text = drop_reasoning(text)
    marks = list(_MARK.finditer(text))
    if marks:
        rest = text[marks[-1].end() :].strip()
        return clean(_read_first(rest))
    boxed = _BOXED.findall(text)
    if boxed:
        return clean(str(boxed[-1]))
    blocks = find_blocks(text)
    if blocks and not text[blocks[-1].end :].strip():
        return clean(blocks[-1].content)
    line = text.rpartition("\n")[2]
    said = _SAID.search(line)
    return clean(said[1] if said else line)


def _read_first(text: str) -> str:
    blocks = find_blocks(text)
    if blocks and text.startswith(("```", "~~~")):
        return blocks[0].content
    boxed = _BOXED.search(text.partition("\n")[0])
    return boxed[1] if boxed else text.partition("\n")[0]


def clean(text: str) -> str:
    """One spelling: NFC, plain quotes, single spaces, no emphasis or quotes around it, no full stop after it."""
    text = unicodedata.normalize("NFC", "".join(_QUOTES.get(letter, letter) for letter in text))
    text = " ".join(text.split())
    begin, end = 0, len(text)
    while (inner := _unwrap(text, begin, end)) != (begin, end):
        begin, end = inner
    return text[begin:end]


def _unwrap(text: str, begin: int, end: int) -> tuple[int, int]:
    """The span without one wrapper, space or full stop more."""
    for mark in _WRAPPERS:
        size = len(mark)
        if end - begin > 2 * size and text.startswith(mark, begin, end) and text.endswith(mark, begin, end):
            return begin + size, end - size
    if text.startswith(" ", begin, end):
        return begin + 1, end
    is_stop = text.endswith(".", begin, end) and not text.endswith("..", begin, end) and end - begin > 1
    return begin, end - 1 if is_stop or text.endswith(" ", begin, end) else end


def extract_number(text: str) -> float | None:
    """The last number of the answer, after its last `=`; None where there is none.

    `1,234.5`, `-3`, `2e5` and `3 km` are numbers. A comma is no decimal point.
    """
    answer = extract_answer(text)
    found = list(_NUMBER.finditer(answer.rpartition("=")[2])) or list(_NUMBER.finditer(answer))
    if not found:
        return None
    last = found[-1]
    digits = (last["grouped"] or last["plain"]).replace(",", "")
    value = float(f"{last['sign'] or ''}{digits[:400]}{last['rest'] or ''}{last['power'] or ''}")
    return value if abs(value) < float("inf") else None


def extract_json(text: str) -> Found | None:
    """The text as JSON; else its last fenced block that is JSON; else the last object written in it, or array."""
    text = drop_reasoning(text)
    for part in (text, *(block.content for block in reversed(find_blocks(text)))):
        found = read_json(part)
        if found is not None:
            return found
    return _find_last_json(text)


def read_json(text: str) -> Found | None:
    """The text as one JSON value; None where it is not JSON, or holds NaN or a number that is too large."""
    try:
        return Found(cast("object", json.loads(text, parse_constant=_refuse, parse_float=_read_float)))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _read_float(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else cast("float", _refuse(digits))


def _find_last_json(text: str) -> Found | None:
    decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_read_float)
    last_object: Found | None = None
    last_array: Found | None = None
    place = 0
    for _ in range(_JSON_STARTS_MAX):
        starts = [start for start in (text.find("{", place), text.find("[", place)) if start >= 0]
        if not starts:
            break
        try:
            begun = min(starts)
            value, place = cast("tuple[object, int]", decoder.raw_decode(text, begun))
            if text[begun] == "{":
                last_object = Found(value)
            else:
                last_array = Found(value)
        except (ValueError, RecursionError):
            place = min(starts) + 1
    return last_object or last_array


def extract_code(text: str) -> str:
    """The last fenced block in Python or in no stated language; where nothing is fenced, the whole text."""
    text = drop_reasoning(text)
    blocks = find_blocks(text)
    if not blocks:
        return text
    python = [block for block in blocks if block.language.lower() in ("python", "py", "python3", "")]
    return (python or blocks)[-1].content


def find_blocks(text: str) -> list[Block]:
    """Every fenced block in order; one that is not closed reaches to the end."""
    blocks: list[Block] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2]:
            blocks.append(Block(opened[2], text[opened.end() + 1 : fence.start()].rstrip("\n"), fence.end()))
            opened = None
    if opened is not None:
        blocks.append(Block(opened[2], text[opened.end() + 1 :], len(text)))
    return blocks
