"""Whether a schema keeps to the subset: each keyword known, each with a value of its kind."""

from collections.abc import Callable
from typing import Final

from holdfast.measure.quality.checks.patterns import compile_pattern
from holdfast.measure.quality.schema.values import TYPES, is_array, is_number, is_object

DEPTH_MAX: Final = 40
ANNOTATIONS: Final = frozenset({"title", "description", "default", "examples", "$schema", "$comment"})


def check_schema(schema: object, path: str = "schema", depth: int = 0) -> None:
    """Raises ValueError with the place of the first keyword that is unknown or has a value of a wrong kind."""
    if isinstance(schema, bool):
        return
    if not is_object(schema):
        raise ValueError(f"{path} must be an object, true or false")
    if depth > DEPTH_MAX:
        raise ValueError(f"{path} is nested deeper than {DEPTH_MAX} schemas")
    for keyword, value in schema.items():
        _check_keyword(keyword, value, f"{path}.{keyword}", depth)


def _check_keyword(keyword: str, value: object, path: str, depth: int) -> None:
    if keyword in ANNOTATIONS:
        return
    if keyword in _NESTED:
        _NESTED[keyword](value, path, depth + 1)
    elif keyword in _PLAIN:
        _PLAIN[keyword](value, path)
    else:
        known = ", ".join(sorted({*_NESTED, *_PLAIN}))
        raise ValueError(f"{path}: this keyword is not understood here; those that are: {known}")


def _check_one(value: object, path: str, depth: int) -> None:
    check_schema(value, path, depth)


def _check_list(value: object, path: str, depth: int) -> None:
    if not is_array(value) or not value:
        raise ValueError(f"{path} must be a list of schemas, with at least one")
    for number, one in enumerate(value):
        check_schema(one, f"{path}[{number}]", depth)


def _check_members(value: object, path: str, depth: int) -> None:
    if not is_object(value):
        raise ValueError(f"{path} must be an object of schemas")
    for key, one in value.items():
        check_schema(one, f"{path}.{key}", depth)


def _check_anything(value: object, path: str) -> None:
    """Any JSON value will do."""


def _check_type(value: object, path: str) -> None:
    names = value if is_array(value) else [value]
    if not names or any(name not in TYPES for name in names):
        raise ValueError(f"{path} must be one of {', '.join(TYPES)}, or a list of them")


def _check_values(value: object, path: str) -> None:
    if not is_array(value) or not value:
        raise ValueError(f"{path} must be a list with at least one value")


def _check_names(value: object, path: str) -> None:
    if not is_array(value) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{path} must be a list of names")


def _check_count(value: object, path: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{path} must be a whole number, 0 or more")


def _check_bound(value: object, path: str) -> None:
    if not is_number(value):
        raise ValueError(f"{path} must be a number")


def _check_divisor(value: object, path: str) -> None:
    if not is_number(value) or value <= 0:
        raise ValueError(f"{path} must be a number above 0")


def _check_flag(value: object, path: str) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{path} must be true or false")


def _check_pattern(value: object, path: str) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{path} must be a text")
    try:
        compile_pattern(value)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


_NESTED: Final[dict[str, Callable[[object, str, int], None]]] = {
    "additionalProperties": _check_one,
    "allOf": _check_list,
    "anyOf": _check_list,
    "items": _check_one,
    "not": _check_one,
    "oneOf": _check_list,
    "prefixItems": _check_list,
    "properties": _check_members,
}
_PLAIN: Final[dict[str, Callable[[object, str], None]]] = {
    "const": _check_anything,
    "enum": _check_values,
    "exclusiveMaximum": _check_bound,
    "exclusiveMinimum": _check_bound,
    "maxItems": _check_count,
    "maxLength": _check_count,
    "maxProperties": _check_count,
    "maximum": _check_bound,
    "minItems": _check_count,
    "minLength": _check_count,
    "minProperties": _check_count,
    "minimum": _check_bound,
    "multipleOf": _check_divisor,
    "pattern": _check_pattern,
    "required": _check_names,
    "type": _check_type,
    "uniqueItems": _check_flag,
}
KEYWORDS: Final = tuple(sorted({*_NESTED, *_PLAIN}))
