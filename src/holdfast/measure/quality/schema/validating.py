"""Whether a JSON value meets a schema of the subset, and if not, where and why."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sized
from fractions import Fraction
from typing import Final

from holdfast.measure.quality.checks.patterns import compile_pattern
from holdfast.measure.quality.schema.values import are_equal, has_type, is_array, is_number, is_object, make_key

_SHOWN: Final = 60
Schema = Mapping[str, object]


def find_fault(value: object, schema: object, path: str = "$") -> str:
    """Where the value does not meet the schema and why, the first such place; empty when it meets it.

    The schema must have passed check_schema.
    """
    return next(_find_faults(value, schema, path), "")


def _find_faults(value: object, schema: object, path: str) -> Iterator[str]:
    if schema is False:
        yield f"{path} must not be there"
    if not is_object(schema):
        return
    for keyword in schema:
        if keyword in _RULES:  # others are annotations
            yield from _RULES[keyword](value, schema, path)


def _show(value: object) -> str:
    text = str(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


# --- any value --------------------------------------------------------------------------------------------------------


def _find_type(value: object, schema: Schema, path: str) -> Iterator[str]:
    asked = schema["type"]
    names = [str(name) for name in asked] if is_array(asked) else [str(asked)]
    if not any(has_type(value, name) for name in names):
        yield f"{path} must be of type {' or '.join(names)}, not {_show(value)}"


def _find_enum(value: object, schema: Schema, path: str) -> Iterator[str]:
    allowed = schema["enum"]
    if is_array(allowed) and not any(are_equal(value, one) for one in allowed):
        yield f"{path} is {_show(value)}, which is none of {_show(allowed)}"


def _find_const(value: object, schema: Schema, path: str) -> Iterator[str]:
    if not are_equal(value, schema["const"]):
        yield f"{path} is {_show(value)}, not {_show(schema['const'])}"


def _find_all_of(value: object, schema: Schema, path: str) -> Iterator[str]:
    parts = schema["allOf"]
    for part in parts if is_array(parts) else ():
        yield from _find_faults(value, part, path)


def _find_any_of(value: object, schema: Schema, path: str) -> Iterator[str]:
    if _count_met(value, schema["anyOf"]) == 0:
        yield f"{path} meets none of the schemas in anyOf"


def _find_one_of(value: object, schema: Schema, path: str) -> Iterator[str]:
    met = _count_met(value, schema["oneOf"])
    if met != 1:
        yield f"{path} meets {met} of the schemas in oneOf, not one"


def _count_met(value: object, parts: object) -> int:
    return sum(not find_fault(value, part) for part in (parts if is_array(parts) else ()))


def _find_not(value: object, schema: Schema, path: str) -> Iterator[str]:
    if not find_fault(value, schema["not"]):
        yield f"{path} meets the schema in not"


# --- objects ----------------------------------------------------------------------------------------------------------


def _find_properties(value: object, schema: Schema, path: str) -> Iterator[str]:
    members = schema["properties"]
    if is_object(value) and is_object(members):
        for key, part in members.items():
            if key in value:
                yield from _find_faults(value[key], part, f"{path}.{key}")


def _find_additional(value: object, schema: Schema, path: str) -> Iterator[str]:
    members = schema.get("properties", {})
    if is_object(value) and is_object(members):
        for key in value:
            if key not in members:
                yield from _find_faults(value[key], schema["additionalProperties"], f"{path}.{key}")


def _find_required(value: object, schema: Schema, path: str) -> Iterator[str]:
    names = schema["required"]
    if is_object(value) and is_array(names):
        for name in names:
            if str(name) not in value:
                yield f"{path}.{name} is missing"


# --- sizes and bounds -------------------------------------------------------------------------------------------------


def _make_size(keyword: str, kind: type[Sized], unit: str) -> "_Rule":
    is_least = keyword.startswith("min")

    def find(value: object, schema: Schema, path: str) -> Iterator[str]:
        bound = schema[keyword]
        if isinstance(value, kind) and isinstance(bound, int):
            size = len(value)
            if size < bound if is_least else size > bound:
                yield f"{path} has {size} {unit}; at {'least' if is_least else 'most'} {bound} are asked for"

    return find


def _make_bound(keyword: str, words: str, is_met: Callable[[float, float], bool]) -> "_Rule":
    def find(value: object, schema: Schema, path: str) -> Iterator[str]:
        bound = schema[keyword]
        if is_number(value) and is_number(bound) and not is_met(value, bound):
            yield f"{path} is {_show(value)}, which is not {words} {_show(bound)}"

    return find


def _is_multiple(value: float, divisor: float) -> bool:
    """By the decimal digits as written, so that 0.3 is a multiple of 0.1."""
    return Fraction(str(value)) % Fraction(str(divisor)) == 0


def _find_pattern(value: object, schema: Schema, path: str) -> Iterator[str]:
    if isinstance(value, str) and not compile_pattern(str(schema["pattern"])).is_found(value):
        yield f"{path} is {_show(value)}, in which the pattern {_show(schema['pattern'])} is not found"


# --- arrays -----------------------------------------------------------------------------------------------------------


def _find_items(value: object, schema: Schema, path: str) -> Iterator[str]:
    first = schema.get("prefixItems", [])
    if is_array(value) and is_array(first):
        for number in range(len(first), len(value)):
            yield from _find_faults(value[number], schema["items"], f"{path}[{number}]")


def _find_prefix_items(value: object, schema: Schema, path: str) -> Iterator[str]:
    parts = schema["prefixItems"]
    if is_array(value) and is_array(parts):
        for number, (item, part) in enumerate(zip(value, parts, strict=False)):
            yield from _find_faults(item, part, f"{path}[{number}]")


def _find_repeated(value: object, schema: Schema, path: str) -> Iterator[str]:
    if schema["uniqueItems"] and is_array(value):
        seen: set[Hashable] = set()
        for number, item in enumerate(value):
            key = make_key(item)
            if key in seen:
                yield f"{path}[{number}] is {_show(item)}, which was there before"
            seen.add(key)


_Rule = Callable[[object, Schema, str], Iterator[str]]
_RULES: Final[dict[str, _Rule]] = {
    "additionalProperties": _find_additional,
    "allOf": _find_all_of,
    "anyOf": _find_any_of,
    "const": _find_const,
    "enum": _find_enum,
    "exclusiveMaximum": _make_bound("exclusiveMaximum", "below", lambda value, bound: value < bound),
    "exclusiveMinimum": _make_bound("exclusiveMinimum", "above", lambda value, bound: value > bound),
    "items": _find_items,
    "maxItems": _make_size("maxItems", list, "items"),
    "maxLength": _make_size("maxLength", str, "characters"),
    "maxProperties": _make_size("maxProperties", dict, "members"),
    "maximum": _make_bound("maximum", "at most", lambda value, bound: value <= bound),
    "minItems": _make_size("minItems", list, "items"),
    "minLength": _make_size("minLength", str, "characters"),
    "minProperties": _make_size("minProperties", dict, "members"),
    "minimum": _make_bound("minimum", "at least", lambda value, bound: value >= bound),
    "multipleOf": _make_bound("multipleOf", "a multiple of", _is_multiple),
    "not": _find_not,
    "oneOf": _find_one_of,
    "pattern": _find_pattern,
    "prefixItems": _find_prefix_items,
    "properties": _find_properties,
    "required": _find_required,
    "type": _find_type,
    "uniqueItems": _find_repeated,
}
