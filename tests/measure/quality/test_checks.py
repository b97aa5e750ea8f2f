"""Every kind of check: what passes, what fails, with which reason and score."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.quality.checks.code import Case, Code
from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.checks.structured import JsonSchema, ToolCalled
from holdfast.measure.quality.checks.texts import Contains, Exact, NotContains, OneOf, Regex
from holdfast.measure.quality.findings import Check, Means, Output
from holdfast.measure.quality.sandbox.programs import Program, Ran, RunEnd
from holdfast.measure.quality.tasks import Task, judge_output
from holdfast.records.measurement import Message, ToolCall, Verdict
from tests.measure.quality.outputs import judge

CITY = {
    "type": "object",
    "properties": {"city": {"const": "Lyon"}},
    "required": ["city"],
    "additionalProperties": False,
}
CHECKS: tuple[Check, ...] = (
    Exact(value="Paris"),
    OneOf(values=("Paris",), among=("Paris", "Rome")),
    Contains(values=("Paris", "Seine")),
    NotContains(values=("Rome",)),
    Regex(pattern="Par.s"),
    Numeric(value=3.0),
    JsonSchema(schema=CITY),
    ToolCalled(name="get_weather", arguments=CITY),
)


@pytest.mark.parametrize(
    ("check", "text", "is_right"),
    [
        (Exact(value="Paris"), "Answer: Paris.", True),
        (Exact(value="Paris"), "paris", False),
        (Exact(value="Paris", ignore_case=True), "PARIS", True),
        (Exact(value="a b"), "a  b", True),
        (Exact(value="two lines", look_at="text"), "two\nlines", True),
        (Exact(value="two lines"), "two\nlines", False),
        (OneOf(values=("red", "crimson")), "Crimson.", True),
        (OneOf(values=("red",)), "It is red", False),
        (OneOf(values=("red",), among=("red", "blue")), "It is red, as was said", True),
        (OneOf(values=("red",), among=("red", "blue")), "Red or blue", False),
        (OneOf(values=("red",), among=("red", "blue")), "It is bored", False),
        (OneOf(values=("red",), among=("red", "blue")), "It is blue, not red.\nAnswer: red", True),
        (Contains(values=("Paris", "Seine")), "Paris lies on the Seine", True),
        (NotContains(values=("Rome",)), "Paris", True),
        (NotContains(values=("Rome",), ignore_case=True), "not rome", False),
        (Regex(pattern=r"^\d{4}$"), "2024", True),
        (Regex(pattern=r"\d{4}", match="full"), "in 2024", False),
        (Regex(pattern=r"\d{4}", match="full", look_at="answer"), "Answer: **2024**", True),
        (Regex(pattern="paris", ignore_case=True), "Paris", True),
        (Numeric(value=3.0), "Answer: 3", True),
        (Numeric(value=3.0), "Answer: 3.01", False),
        (Numeric(value=3.0, absolute=0.01), "Answer: 3.01", True),
        (Numeric(value=200.0, relative=0.05), "Answer: 209", True),
        (Numeric(value=200.0, relative=0.05), "Answer: 211", False),
        (Numeric(value=0.3), "0.30", True),
        (JsonSchema(schema=CITY), 'Sure: {"city": "Lyon"}', True),
        (JsonSchema(schema=CITY, look_at="text"), 'Sure: {"city": "Lyon"}', False),
        (JsonSchema(schema=CITY), '{"city": "Lyon", "more": 1}', False),
        (ToolCalled(name="f", arguments=CITY, in_text=True), '{"name": "f", "arguments": {"city": "Lyon"}}', True),
        (ToolCalled(name="f", arguments=CITY), '{"name": "f", "arguments": {"city": "Lyon"}}', False),
    ],
)
def test_a_check_passes_what_it_says_and_nothing_else(check: Check, text: str, is_right: bool) -> None:
    found = judge(check, text)
    assert found.verdict is (Verdict.RIGHT if is_right else Verdict.WRONG)
    assert bool(found.reason) is not is_right


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ((ToolCall("f", '{"city": "Lyon"}'),), ""),
        ((), "f was not called"),
        ((ToolCall("g", "{}"),), "f was not called; g was"),
        ((ToolCall("f", '{"city": "Turin"}'),), '$.city is "Turin", not "Lyon"'),
        ((ToolCall("f", "city=Lyon"),), "the call's arguments are not a JSON object"),
        ((ToolCall("f", '{"city": "Lyon"}'), ToolCall("g", "{}")), "2 tools were called, not f alone"),
    ],
)
def test_a_call_of_a_tool_is_judged_by_name_and_arguments(calls: tuple[ToolCall, ...], reason: str) -> None:
    found = judge(ToolCalled(name="f", arguments=CITY), "", *calls)
    assert found.reason == reason
    assert found.verdict is (Verdict.WRONG if reason else Verdict.RIGHT)


def test_other_calls_are_let_pass_where_they_are_allowed() -> None:
    check = ToolCalled(name="f", arguments=CITY, others="allowed")
    calls = (ToolCall("g", "{}"), ToolCall("f", "{}"), ToolCall("f", '{"city": "Lyon"}'))
    assert judge(check, "", *calls).verdict is Verdict.RIGHT


def test_a_partly_right_answer_has_a_score_between() -> None:
    assert judge(Contains(values=("a", "b", "c", "d")), "a b c").score == pytest.approx(0.75)
    check = Code(call="f", cases=(Case(arguments=(1,), result=1), Case(arguments=(2,), result=4)))
    found = judge(check, "```python\ndef f(x):\n    return x\n```")
    assert (found.verdict, found.score) == (Verdict.WRONG, 0.5)
    assert found.reason == "f(2) gave 2, not 4"


def test_a_task_is_right_when_all_its_checks_are() -> None:
    checks = (Contains(values=("x",)), Contains(values=("y",)), Code(tests="assert True"))
    task = Task(id="t", messages=(Message("user", ""),), checks=checks)
    wrong = judge_output(task, Output("x"), Means())
    assert (wrong.verdict, wrong.score) == (Verdict.WRONG, 0.5)
    unknown = judge_output(task, Output("x y"), Means())
    assert (unknown.verdict, unknown.score) == (Verdict.UNKNOWN, None)
    assert unknown.reason == "there is no sandbox to run the code in"
    assert judge_output(task, Output("x y"), Means(run_well)).verdict is Verdict.RIGHT
    assert task.check_names == "contains+code"


def run_well(program: Program) -> Ran:
    return Ran(RunEnd.DONE)


def test_a_choice_that_nothing_can_meet_is_refused() -> None:
    with pytest.raises(ValueError, match="values is empty"):
        OneOf(values=())
    with pytest.raises(ValueError, match="among must hold every one of values"):
        OneOf(values=("a",), among=("b",))


@pytest.mark.parametrize("pattern", ["(", r"(?=a)", r"(a)\1", "a{2000}{2000}", "a" * 5000])
def test_a_pattern_that_could_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Regex(pattern=pattern)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"tests": "x", "call": "f"},
        {"call": "f"},
        {"tests": "assert ("},
        {"tests": "assert 1", "cpu_s": 0},
        {"tests": "assert 1", "memory_mb": 10**6},
    ],
)
def test_a_check_of_code_that_cannot_be_run_is_refused(arguments: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|either|tests"):
        Code(**arguments)  # type: ignore[arg-type]


@given(st.text(max_size=200), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=3))
def test_no_output_breaks_a_check(text: str, calls: list[tuple[str, str]]) -> None:
    output = Output(text, tuple(ToolCall(name, arguments) for name, arguments in calls))
    for check in CHECKS:
        found = check.judge(output, Means())
        assert found.verdict in (Verdict.RIGHT, Verdict.WRONG)
        assert found.score is not None
        assert 0 <= found.score <= 1


def test_json_that_is_nested_without_end_is_wrong_not_a_fault() -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    schema: dict[str, object] = {"const": {"a": 1}}
    assert judge(JsonSchema(schema=schema), deep).verdict is Verdict.WRONG


HALF = "\ud800"


@pytest.mark.parametrize(
    "text", [HALF, f"Answer: {HALF}", f'{{"city": "{HALF}"}}', '{"city": "\\ud800"}', "[1e999]", "1e999"]
)
def test_halves_of_characters_and_endless_numbers_break_nothing(text: str) -> None:
    patterned: dict[str, object] = {
        "properties": {"city": {"pattern": "x"}},
        "items": {"multipleOf": 2},
        "type": "array",
    }
    for check in (*CHECKS, JsonSchema(schema=patterned)):
        found = check.judge(Output(text, (ToolCall("get_weather", text),)), Means())
        found.reason.encode()
        assert found.verdict in (Verdict.RIGHT, Verdict.WRONG)


@pytest.mark.parametrize("results", ["[]", "[1, 2]", "{}", "nonsense", "[1e999]", "[" * 5000, "[" + "9" * 400 + "]"])
def test_results_that_no_worker_would_report_are_wrong(results: str) -> None:
    check = Code(call="f", cases=(Case(arguments=(), result=0.5),))
    found = check.judge(Output("x"), Means(lambda _: Ran(RunEnd.DONE, results=results)))
    assert found.verdict is Verdict.WRONG
