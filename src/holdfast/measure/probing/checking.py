"""Whether an answer keeps the format that was asked for: JSON of a schema, a list, one word, a case, a call of a tool.

Nothing of an answer is run; what is too long to be such an answer is not parsed.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Final, cast

from holdfast.measure.quality.schema.validating import find_fault
from holdfast.records.measurement import ToolCall

KEPT: Final = "kept"
FENCED: Final = "fenced"  # right, but within the marks of a block of code
BROKEN: Final = "broken"
NOT_CALLED: Final = "not called"
_LETTERS_MAX: Final = 100_000
_FENCE: Final = re.compile(r"\s*```\w*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_ITEM: Final = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+\S")
_WORD: Final = re.compile(r"[\w'’-]+")


def check_format(check: str, text: str) -> str:
    """KEPT, FENCED or BROKEN. `check` is the JSON of a Prompt: `{"kind": "json", "schema": …}`, `{"kind": "list",
    "items": 3}`, `{"kind": "word"}`, `{"kind": "upper"}` or `{"kind": "lower"}`, `{"kind": "one of", "of": […]}`."""
    if len(text) > _LETTERS_MAX:
        return BROKEN
    asked = cast("dict[str, object]", json.loads(check))
    holds = _CHECKS[str(asked["kind"])]
    if holds(text, asked):
        return KEPT
    fenced = _FENCE.fullmatch(text)
    return FENCED if fenced and holds(fenced[1], asked) else BROKEN


def check_tools(check: str, calls: Sequence[ToolCall]) -> str:
    """KEPT where the first call names the tool and its arguments meet the schema: `{"name": …, "schema": …}`."""
    if not calls:
        return NOT_CALLED
    asked = cast("dict[str, object]", json.loads(check))
    call = calls[0]
    is_right = call.name == asked["name"] and len(call.arguments) <= _LETTERS_MAX
    return KEPT if is_right and _holds_json(call.arguments, asked) else BROKEN


def _holds_json(text: str, asked: dict[str, object]) -> bool:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return not find_fault(value, asked["schema"])


def _holds_list(text: str, asked: dict[str, object]) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) == asked["items"] and all(_ITEM.match(line) for line in lines)


def _holds_word(text: str, _: dict[str, object]) -> bool:
    return bool(_WORD.fullmatch(text.strip().removesuffix(".")))


def _holds_upper(text: str, _: dict[str, object]) -> bool:
    return text.isupper()


def _holds_lower(text: str, _: dict[str, object]) -> bool:
    return text.islower()


def _holds_one_of(text: str, asked: dict[str, object]) -> bool:
    allowed = cast("list[object]", asked["of"])
    return text.strip() in allowed


_CHECKS: Final[dict[str, Callable[[str, dict[str, object]], bool]]] = {
    "json": _holds_json,
    "list": _holds_list,
    "word": _holds_word,
    "upper": _holds_upper,
    "lower": _holds_lower,
    "one of": _holds_one_of,
}
