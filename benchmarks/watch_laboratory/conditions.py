"""How the laboratory's server behaves at the moment: set while it runs, by POST /laboratory with a JSON object."""

import json
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, cast

from benchmarks.watch_laboratory.catalogue import find_variant

BODY_BYTES_MAX = 65536


class Behaviour(StrEnum):
    """Oddities of endpoints."""

    IGNORES_TEMPERATURE = "ignores temperature"  # always samples at 1
    GREEDY = "greedy"  # always gives the most likely
    NO_LOGPROBS = "no logprobs"
    REFUSES_LOGPROBS = "refuses logprobs"  # 400 where they are asked for
    CACHES = "caches"  # the same request gets the same answer
    REASONS = "reasons"  # thinks before it answers, out of the same budget of tokens
    EMPTY = "empty"  # empty strings
    OTHER_TOKENIZER = "other tokenizer"  # counts bytes
    ANNOUNCES = "announces"  # the model field and the fingerprint tell of the variant


class InvalidConditions(ValueError):
    """What was posted to /laboratory is not understood."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """`share` of the requests get `variant`, the others the base. `noise` is the standard deviation of the logits from
    query to query; `day_effect` that of a shift which holds for a day, `lasting_effect` of one that holds for
    `lasting_days`. `errors` is the share of requests that fail (500, or a broken connection, in turn); every
    `limit_every`-th is told 429 with `retry_after_s`. `status` answers everything (404: model not found; 410, 451)."""

    variant: str = "base"
    share: float = 1.0
    noise: float = 0.02
    day: int = 0
    day_effect: float = 0.0
    lasting_effect: float = 0.0
    lasting_days: int = 5
    errors: float = 0.0
    latency_ms: float = 0.0
    limit_every: int = 0
    retry_after_s: float = 1.0
    reasoning_tokens: int = 16
    broken_tools: float = 0.0
    status: int = 0
    behaviours: tuple[Behaviour, ...] = ()

    def has(self, behaviour: Behaviour) -> bool:
        """Whether the server behaves so."""
        return behaviour in self.behaviours


LIMITS: dict[str, tuple[float, float]] = {
    "share": (0, 1),
    "noise": (0, 100),
    "day": (0, 10**7),
    "day_effect": (0, 100),
    "lasting_effect": (0, 100),
    "lasting_days": (1, 10**5),
    "errors": (0, 1),
    "latency_ms": (0, 60_000),
    "limit_every": (0, 10**9),
    "retry_after_s": (0, 3600),
    "reasoning_tokens": (0, 10_000),
    "broken_tools": (0, 1),
    "status": (0, 599),
}


def read_conditions(body: bytes, before: Conditions) -> Conditions:
    """The conditions after a POST: what it does not name stays. Raises InvalidConditions, with the field."""
    if len(body) > BODY_BYTES_MAX:
        raise InvalidConditions(f"more than {BODY_BYTES_MAX} bytes")
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidConditions(f"not JSON: {error}") from error
    if not isinstance(asked, dict):
        raise InvalidConditions("not a JSON object")
    given = cast("dict[str, Any]", asked)
    return replace(before, **{name: _read_field(name, value) for name, value in given.items()})


def list_conditions(conditions: Conditions) -> dict[str, Any]:
    """As JSON takes them."""
    return asdict(conditions)


def _read_field(name: str, value: Any) -> Any:
    if name == "variant":
        return _read_variant(value)
    if name == "behaviours":
        return _read_behaviours(value)
    if name not in LIMITS:
        raise InvalidConditions(f"no field {name!r}: {', '.join(one.name for one in fields(Conditions))}")
    low, high = LIMITS[name]
    is_whole = isinstance(getattr(Conditions(), name), int)
    if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float) or not low <= value <= high:
        raise InvalidConditions(f"{name}: {value!r} is not a {'whole ' if is_whole else ''}number of {low} to {high}")
    if name == "status" and 0 < value < 400:
        raise InvalidConditions(f"status: {value} is no error; 0 answers as usual")
    return value


def _read_variant(value: object) -> str:
    try:
        return find_variant(str(value)).name
    except KeyError as error:
        raise InvalidConditions(f"variant: {error.args[0]}") from error


def _read_behaviours(value: Any) -> tuple[Behaviour, ...]:
    known = {one.value: one for one in Behaviour}
    names = [str(one) for one in cast("list[object]", value)] if isinstance(value, list) else [str(value)]
    if not isinstance(value, list) or not known.keys() >= set(names):
        raise InvalidConditions(f"behaviours: {names} is not a list of: {', '.join(known)}")
    return tuple(known[one] for one in names)
