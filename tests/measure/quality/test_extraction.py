"""Where the answer is in a text, and what is made of it."""

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast.measure.quality.extraction import (
    clean,
    drop_reasoning,
    extract_answer,
    extract_code,
    extract_json,
    extract_number,
    find_blocks,
    read_json,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
HOSTILE = {
    "spaces": "answer" + " " * 100_000,
    "ticks": "`" * 100_000,
    "braces": "{" * 100_000,
    "groups": "1," * 50_000,
    "boxes": "\\boxed{" * 100_000,
    "stars": "*" * 100_000,
    "marks": "answer:" * 20_000,
    "quotes": '"' * 100_000 + "x" + '"' * 100_000,
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Paris", "Paris"),
        ("  Paris.\n", "Paris"),
        ("It is clear.\nAnswer: Paris", "Paris"),
        ("It is clear.\n**Answer:** Paris.", "Paris"),
        ("It is clear.\n**Final answer**: *Paris*", "Paris"),
        ("Answer: **Paris**", "Paris"),
        ("Answer:\n\nParis\n", "Paris"),
        ("Answer:\n```\nParis\n```", "Paris"),
        ("Answer: Rome\nNo, wait.\nAnswer: Paris", "Paris"),
        ("ANSWER = Paris", "Paris"),
        ("So \\boxed{42} follows.", "42"),
        ("Answer: \\boxed{42}", "42"),
        ("Here:\n```text\nParis\n```", "Paris"),
        ("Here:\n```text\nRome\n```\nParis", "Paris"),
        ("I thought of Rome.\nThe answer is Paris.", "Paris"),
        ("<think>Rome? Answer: Rome</think>Paris", "Paris"),
        ("<think>Rome? Answer: Rome", ""),
        ('"Paris"', "Paris"),
        ("“Paris”", "Paris"),
        ("", ""),
    ],
)
def test_the_answer_is_found_where_models_put_it(text: str, answer: str) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7.0),
        ("Answer: 1,234.5 km", 1234.5),
        ("Answer: -3", -3.0),
        ("Answer: −3", -3.0),
        ("3 + 4 = 7", 7.0),
        ("The answer is 42 (as 6 × 7 = 42).", 42.0),
        ("$5", 5.0),
        ("2e5", 200_000.0),
        ("Answer: .5", 0.5),
        ("from 3-5", 5.0),
        ("CO2", None),
        ("none", None),
        ("Answer: 12,5", 12.0),
        ("1,234,567", 1_234_567.0),
        ("x = y, so 3", 3.0),
        ("1e999", None),
        ("1." + "0" * 5000, 1.0),
    ],
)
def test_the_last_number_of_the_answer_is_read(text: str, number: float | None) -> None:
    assert extract_number(text) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Here you are:\n```json\n{"a": 1}\n```\nDone.', {"a": 1}),
        ('Not {"a": 2} but {"a": 1}, see [2].', {"a": 1}),
        ("The list is [1, 2].", [1, 2]),
        ("```json\n[1, 2]", [1, 2]),
        ('{"a": {"b": [{}]}} and more', {"a": {"b": [{}]}}),
        ("null", None),
    ],
)
def test_json_is_found_among_words_and_in_fences(text: str, value: object) -> None:
    found = extract_json(text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize("text", ["none here", "{", "{a: 1}", "[" * 100_000, '{"a": NaN}', "{" * 3000 + "}" * 3000])
def test_what_is_no_json_is_not_taken_for_it(text: str) -> None:
    assert extract_json(text) is None


def test_code_is_the_last_block_in_python() -> None:
    text = "```python\nx = 1\n```\nthen\n```py\nx = 2\n```\nand\n```bash\nls\n```"
    assert extract_code(text) == "x = 2"
    assert extract_code("x = 3") == "x = 3"
    assert extract_code("~~~\nx = 4\n~~~") == "x = 4"
    assert extract_code("```python\nx = 5") == "x = 5"


def test_a_fence_inside_a_longer_fence_is_content() -> None:
    blocks = find_blocks("````md\n```python\nx\n```\n````\nafter")
    assert [(block.language, block.content) for block in blocks] == [("md", "```python\nx\n```")]


@settings(max_examples=30)
@given(JSON)
def test_any_json_in_a_fence_comes_back(value: object) -> None:
    assume("think>" not in json.dumps(value))
    found = extract_json(f"Sure!\n```json\n{json.dumps(value)}\n```")
    assert found is not None
    assert found.value == value


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_any_text_is_read_without_fault(text: str) -> None:
    answer = extract_answer(text)
    assert clean(answer) == answer
    extract_number(text)
    extract_json(text)
    extract_code(text)


@given(st.integers(-(10**12), 10**12))
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    assert extract_number(f"Answer: {number}") == number
    assert extract_number(f"**Answer:** {number:,}.") == number


@pytest.mark.parametrize("name", HOSTILE)
def test_long_hostile_texts_are_read(name: str) -> None:
    text = HOSTILE[name]
    extract_answer(text)
    extract_number(text)
    assert extract_json(text) is None
    assert read_json(text) is None
    assert drop_reasoning(text)
