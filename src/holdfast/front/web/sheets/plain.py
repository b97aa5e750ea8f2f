"""Readers of plain JSON that forgive: what is missing, or is not what it should be, is unknown; what is long is cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from holdfast.records.measurement import Estimate

JsonObject: TypeAlias = Mapping[str, object]
TEXT_MAX: Final = 600
NUMBER_MAX: Final = 1e18
NOTHING: Final = Estimate(None, None, None, 0, missing=None)


@dataclass(frozen=True, slots=True)
class Rows:
    """The objects of a list, and how many more than the limit there were."""

    items: tuple[JsonObject, ...]
    left_out: int


def get_object(of: object, *names: str) -> JsonObject:
    """What lies under names, one within the other; an empty object where nothing does."""
    for name in names:
        of = cast("JsonObject", of).get(name) if isinstance(of, Mapping) else None
    return cast("JsonObject", of) if isinstance(of, Mapping) else {}


def get_list(of: JsonObject, name: str) -> Sequence[object]:
    """The list under a name; empty where there is none."""
    found = of.get(name)
    return cast("Sequence[object]", found) if isinstance(found, (list, tuple)) else ()


def get_rows(of: JsonObject, name: str, limit: int) -> Rows:
    """The objects in the list under a name, at most `limit`."""
    items = [cast("JsonObject", item) for item in get_list(of, name) if isinstance(item, Mapping)]
    return Rows(tuple(items[:limit]), max(len(items) - limit, 0))


def get_text(of: JsonObject, name: str, limit: int = TEXT_MAX) -> str:
    """The text under a name; empty where there is none."""
    found = of.get(name)
    return cut(found, limit) if isinstance(found, str) else ""


def get_texts(of: JsonObject, name: str, limit: int = 100) -> list[str]:
    """The texts in the list under a name, at most `limit`, and one that says how many more there were."""
    texts = [cut(item, TEXT_MAX) for item in get_list(of, name) if isinstance(item, str)]
    return texts if len(texts) <= limit else [*texts[:limit], f"and {len(texts) - limit:,} more"]


def cut(text: str, limit: int) -> str:
    """Text of at most so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def find_number(of: JsonObject, name: str) -> float | None:
    """A finite number of sane size under a name; None where there is none."""
    found = of.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return float(found) if abs(found) <= NUMBER_MAX else None


def find_count(of: JsonObject, name: str) -> int | None:
    """A whole number that is not negative; None where there is none."""
    found = find_number(of, name)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def find_truth(of: JsonObject, name: str) -> bool | None:
    """A yes or a no; None where it is neither."""
    found = of.get(name)
    return found if isinstance(found, bool) else None


def get_estimate(of: JsonObject, name: str) -> Estimate:
    """The estimate under a name; nothing known where there is none."""
    return read_estimate(of.get(name))


def read_estimate(found: object) -> Estimate:
    """An estimate from its JSON."""
    if not isinstance(found, Mapping):
        return NOTHING
    one = cast("JsonObject", found)
    confidence = find_number(one, "confidence")
    return Estimate(
        find_number(one, "value"),
        find_number(one, "low"),
        find_number(one, "high"),
        find_count(one, "samples") or 0,
        find_count(one, "runs") or 1,
        confidence if confidence is not None and 0 < confidence < 1 else 0.95,
        get_text(one, "method"),
        find_count(one, "missing"),
    )
