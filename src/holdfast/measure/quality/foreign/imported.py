"""What is read of another tool's log, and how its scores become verdicts."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

from holdfast.measure.quality.findings import RIGHT, Finding, find_unknown, find_wrong, mend
from holdfast.measure.quality.schema.values import is_array, is_number, is_object
from holdfast.records.errors import MalformedFile
from holdfast.records.measurement import Answer

_WORDS: Final = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_REASON_CHARACTERS_MAX: Final = 200
_NAME_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAsked:
    """How to read a log. `endpoint` and `use` name what the log does not, `score` the scorer or metric that counts
    (empty: the log's first), `filter` the filter of lm-evaluation-harness. From `right_at` on an answer is right."""

    endpoint: str = ""
    use: str = ""
    score: str = ""
    filter: str = ""
    right_at: float = 1.0


@dataclass(frozen=True, slots=True)
class Imported:
    """The answers of a log. `notes` say what was chosen, and where the log contradicts itself."""

    tool: str
    version: str
    model: str
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()


def judge_score(value: object, asked: ImportAsked) -> Finding:
    """The verdict of a score between 0 and 1, of a truth value, or of such a number or word written as text.

    A score off that scale is unknown, unless `right_at` was set to say what it means.
    """
    number = _read_number(value)
    if number is None or math.isnan(number):
        return find_unknown(f"the score {_show(value)} is not a number")
    is_right = number >= asked.right_at
    if 0 <= number <= 1:
        return RIGHT if is_right else find_wrong(f"scored {number:g}", number)
    if asked.right_at == 1.0:
        return find_unknown(f"the score {number:g} is not between 0 and 1, and it was not said from where it is right")
    return RIGHT if is_right else find_wrong(f"scored {number:g}")


def _read_number(value: object) -> float | None:
    if isinstance(value, bool) or is_number(value):
        return float(value)
    if not isinstance(value, str):
        return None
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        return float(value)
    except ValueError:
        return None


def _show(value: object) -> str:
    return str(value)[:40]


def read_document(data: bytes, where: str) -> dict[str, object]:
    """A JSON object of another tool, which may hold NaN. Raises MalformedFile."""
    try:
        value = cast("object", json.loads(data))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:_REASON_CHARACTERS_MAX]
        raise MalformedFile(f"not JSON: {reason}", where=where, next_step="Is the file whole?") from None
    if not is_object(value):
        raise MalformedFile("a JSON object was expected", where=where, next_step="Is it a log of this tool?")
    return value


def get_object(parent: Mapping[str, object], key: str) -> dict[str, object]:
    """The member if it is an object, else an empty one."""
    value = parent.get(key)
    return value if is_object(value) else {}


def get_list(parent: Mapping[str, object], key: str) -> list[object]:
    """The member if it is a list, else an empty one."""
    value = parent.get(key)
    return value if is_array(value) else []


def get_text(parent: Mapping[str, object], key: str) -> str:
    """The member if it is a text, else an empty one."""
    value = parent.get(key)
    return mend(value) if isinstance(value, str) else ""


def get_name(parent: Mapping[str, object], key: str, otherwise: str) -> str:
    """The member as a name of bounded length."""
    return mend(str(parent.get(key, otherwise))[:_NAME_CHARACTERS_MAX])


def find_number(parent: Mapping[str, object], key: str) -> float | None:
    """The member if it is a number."""
    value = parent.get(key)
    return value if is_number(value) and math.isfinite(value) else None


def find_count(parent: Mapping[str, object], key: str) -> int | None:
    """The member if it is a whole number of 0 or more."""
    value = parent.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def hash_value(value: object) -> str:
    """The digest of a text as it is, of anything else as sorted JSON."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shorten(text: str) -> str:
    """A reason from outside, in one line and bounded."""
    return " ".join(text[: 4 * _REASON_CHARACTERS_MAX].split())[:_REASON_CHARACTERS_MAX]
