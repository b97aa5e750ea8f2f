"""JSON values: which type they have, and when two are equal. True is not 1; 1 is 1.0."""

from collections.abc import Hashable
from typing import TypeGuard

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def has_type(value: object, name: str) -> bool:
    """Whether it is of the type that JSON Schema calls by this name. 1.0 is an integer."""
    if name == "integer":
        return is_number(value) and (isinstance(value, int) or value.is_integer())
    if name == "number":
        return is_number(value)
    kinds = {"null": type(None), "boolean": bool, "string": str, "array": list, "object": dict}
    return isinstance(value, kinds[name])


def are_equal(left: object, right: object) -> bool:
    """Whether two JSON values are the same value."""
    return make_key(left) == make_key(right)


def make_key(value: object) -> Hashable:
    """A key that is equal for equal values alone."""
    if is_array(value):
        return ("array", tuple(make_key(item) for item in value))
    if is_object(value):
        return ("object", frozenset((key, make_key(item)) for key, item in value.items()))
    return ("number" if is_number(value) else type(value).__name__, value)
