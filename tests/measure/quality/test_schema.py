"""The subset of JSON Schema: the library jsonschema says the same of every value, and what is not in it is refused."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.measure.quality.schema.declaring import check_schema
from holdfast.measure.quality.schema.validating import find_fault
from holdfast.measure.quality.schema.values import are_equal

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -2.0, 2.5, "", "a", "ab", "xyz"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
SIZE = st.integers(0, 3)
BOUND = st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
TYPE = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def _grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPE | st.lists(TYPE, min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "minProperties": SIZE,
            "maxProperties": SIZE,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "minItems": SIZE,
            "maxItems": SIZE,
            "uniqueItems": st.booleans(),
            "minimum": BOUND,
            "maximum": BOUND,
            "exclusiveMinimum": BOUND,
            "exclusiveMaximum": BOUND,
            "multipleOf": st.integers(1, 3),
            "minLength": SIZE,
            "maxLength": SIZE,
            "pattern": st.sampled_from(["a", "^x", "b$", "[0-9]"]),
            "title": st.just("t"),
        },
    )


SCHEMAS: st.SearchStrategy[Any] = st.recursive(st.booleans() | st.builds(dict), _grow, max_leaves=4)


@settings(max_examples=60)
@given(SCHEMAS, VALUES)
def test_the_library_jsonschema_says_the_same(schema: Any, value: Any) -> None:
    compare(schema, value)


@pytest.mark.soak
@settings(max_examples=5000)
@given(SCHEMAS, VALUES)
def test_the_library_jsonschema_says_the_same_of_thousands(schema: Any, value: Any) -> None:
    compare(schema, value)


def compare(schema: Any, value: Any) -> None:
    check_schema(schema)
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (find_fault(value, schema) == "") is expected


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_equality_is_that_of_json(left: object, right: object) -> None:
    same = jsonschema.Draft202012Validator({"const": left}).is_valid(right)
    assert are_equal(left, right) is same


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"format": "date"}, "schema.format"),
        ({"$ref": "#/a"}, r"schema.\$ref"),
        ({"properties": {"a": {"typ": "string"}}}, "schema.properties.a.typ"),
        ({"anyOf": [{"type": "text"}]}, r"schema.anyOf\[0\].type"),
        ({"anyOf": []}, "schema.anyOf"),
        ({"minimum": "3"}, "schema.minimum"),
        ({"minItems": -1}, "schema.minItems"),
        ({"minItems": True}, "schema.minItems"),
        ({"multipleOf": 0}, "schema.multipleOf"),
        ({"required": "a"}, "schema.required"),
        ({"enum": "a"}, "schema.enum"),
        ({"uniqueItems": "yes"}, "schema.uniqueItems"),
        ({"pattern": "(?=a)"}, "schema.pattern"),
        ({"pattern": 3}, "schema.pattern"),
        ({"items": [{}]}, "schema.items"),
        ({"properties": []}, "schema.properties"),
        ([], "schema"),
    ],
)
def test_what_is_not_in_the_subset_is_refused_with_its_place(schema: object, place: str) -> None:
    with pytest.raises(ValueError, match=f"^{place}"):
        check_schema(schema)


def test_a_schema_that_is_nested_too_deeply_is_refused() -> None:
    schema: object = {}
    for _ in range(100):
        schema = {"items": schema}
    with pytest.raises(ValueError, match="deeper"):
        check_schema(schema)


def test_a_fault_says_where_and_why() -> None:
    schema = {"properties": {"lines": {"items": {"required": ["item"]}}}}
    assert find_fault({"lines": [{"item": 1}, {}]}, schema) == "$.lines[1].item is missing"
    assert find_fault(7, {"maximum": 3}) == "$ is 7, which is not at most 3"


def test_decimal_fractions_are_multiples_as_they_are_written() -> None:
    assert find_fault(0.3, {"multipleOf": 0.1}) == ""
    assert find_fault(0.35, {"multipleOf": 0.1}) != ""


def test_long_lists_are_compared_in_linear_time() -> None:
    value = json.loads(json.dumps(list(range(100_000))))
    assert find_fault(value, {"uniqueItems": True}) == ""
    assert find_fault([*value, 5], {"uniqueItems": True}) != ""
