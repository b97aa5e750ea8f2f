"""Golden sets: every kind of line and check is read, and whatever is wrong is told with its file, line and place."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.measure.quality.checks.code import Case, Code
from holdfast.measure.quality.checks.rubric import Rubric
from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.golden import read_suite
from holdfast.measure.quality.lines import LINE_BYTES_MAX
from holdfast.records.errors import HoldfastError, LimitExceeded, MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Message

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
SIMPLE: dict[str, object] = {"id": "a", "prompt": "Capital of France?", "checks": [{"type": "exact", "value": "Paris"}]}


def write(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "golden.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_a_line_becomes_a_task(tmp_path: Path) -> None:
    line = {
        "id": "t1",
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Weather?"}],
        "use": "triage",
        "cluster": "weather",
        "family": "calls",
        "max_tokens": 99,
        "tools": [TOOL],
        "response_format": {"type": "json_object"},
        "stop": ["\n\n"],
        "checks": [
            {"type": "tool_call", "name": "get_weather", "arguments": {"required": ["city"]}},
            {"type": "judge", "rubric": "is polite"},
        ],
    }
    task = read_suite(write(tmp_path, line)).tasks[0]
    assert task.messages == (Message("system", "Be short."), Message("user", "Weather?"))
    assert (task.use, task.cluster, task.family, task.tokens_max) == ("triage", "weather", "calls", 99)
    assert (json.loads(task.tools), json.loads(task.response_format)) == ([TOOL], {"type": "json_object"})
    assert (task.stop, task.rubrics) == (("\n\n",), (Rubric(rubric="is polite"),))
    assert (task.check_names, len(task.checks)) == ("tool_call+judge", 1)


def test_every_kind_of_check_is_read(tmp_path: Path) -> None:
    checks: list[dict[str, object]] = [
        {"type": "exact", "value": "a", "ignore_case": True, "look_at": "text"},
        {"type": "regex", "pattern": "a+", "match": "full"},
        {"type": "contains", "values": ["a"]},
        {"type": "not_contains", "values": ["a"]},
        {"type": "one_of", "values": ["a"], "among": ["a", "b"]},
        {"type": "json_schema", "schema": {"type": "object"}},
        {"type": "numeric", "value": 3, "absolute": 0.1, "relative": 0.1},
        {"type": "code", "tests": "assert f(1) == 2", "cpu_s": 2},
        {"type": "code", "call": "f", "cases": [{"arguments": [1], "result": 2}]},
        {"type": "tool_call", "name": "f", "arguments": {}, "in_text": True, "others": "allowed"},
        {"type": "judge", "rubric": "is polite"},
    ]
    task = read_suite(write(tmp_path, {**SIMPLE, "checks": checks})).tasks[0]
    assert task.checks[0] == Exact(value="a", ignore_case=True, look_at="text")
    assert task.checks[8] == Code(call="f", cases=(Case(arguments=(1,), result=2),))
    assert [check.type for check in task.checks] == [str(check["type"]) for check in checks[:-1]]


def test_tasks_keep_their_order_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + json.dumps(SIMPLE), "", "   ", {**SIMPLE, "id": "b"}, "")
    suite = read_suite(path)
    assert [task.id for task in suite.tasks] == ["a", "b"]
    assert (suite.name, suite.origin) == ("golden", "golden.jsonl")


def test_the_digest_is_of_what_is_asked_and_how_it_is_judged(tmp_path: Path) -> None:
    first = read_suite(write(tmp_path, SIMPLE)).sha256
    respelled = '{"checks":[{"value":"Paris","type":"exact"}],   "prompt":"Capital of France?","id":"a"}'
    assert read_suite(write(tmp_path, respelled)).sha256 == first
    assert read_suite(write(tmp_path, {**SIMPLE, "prompt": "Capital of Spain?"})).sha256 != first
    assert read_suite(write(tmp_path, {**SIMPLE, "checks": [{"type": "exact", "value": "Rome"}]})).sha256 != first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"checks": []}, "a task has 1 to 50 checks"),
        ({"checks": [{"type": "exactly", "value": "a"}]}, "checks[0]: type must be one of exact, one_of"),
        ({"checks": [{"value": "a"}]}, "checks[0]"),
        ({"checks": [{"type": "exact"}]}, "checks[0].value: Field required"),
        (
            {"checks": [{"type": "exact", "value": "a", "fold": True}]},
            "checks[0].fold: there is no member of this name",
        ),
        ({"checks": [{"type": "regex", "pattern": "(?=a)"}]}, "checks[0]: not a pattern that RE2 takes"),
        ({"checks": [{"type": "numeric", "value": "3"}]}, "checks[0].value: Input should be a valid number"),
        ({"checks": [{"type": "numeric", "value": 3, "absolute": -1}]}, "checks[0]: absolute and relative"),
        ({"checks": [{"type": "json_schema", "schema": {"format": "date"}}]}, "checks[0]: schema.format: this keyword"),
        ({"checks": [{"type": "code", "tests": "assert ("}]}, "checks[0]: tests is not Python"),
        ({"checks": [{"type": "one_of", "values": []}]}, "checks[0]: values is empty"),
        ({"checks": [{"type": "contains", "values": [" "]}]}, "checks[0]: values must have at least one text"),
        ({"checks": [{"type": "judge", "rubric": " "}]}, "checks[0]: is empty"),
        (
            {"checks": [{"type": "tool_call", "name": "f", "arguments": {}}]},
            "a check asks for the tool f, which",
        ),
        ({"cheks": []}, "cheks: there is no member of this name"),
        ({"prompt": ""}, "either prompt or messages must be given"),
        ({"messages": [{"role": "user", "content": "x"}]}, "either prompt or messages must be given"),
        ({"prompt": "", "messages": [{"role": "robot", "content": "x"}]}, "messages[0].role: Input should be"),
        ({"id": " "}, "id is empty"),
        ({"max_tokens": 0}, "max_tokens must be 1 to"),
        ({"tools": [{"name": "f"}]}, "each of tools must be"),
        ({"solution": "Rome"}, 'the task\'s own solution does not pass its checks: the answer is "Rome", not "Paris"'),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_place(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    path = write(tmp_path, {**SIMPLE, "id": "first"}, {**SIMPLE, **change})
    with pytest.raises(MalformedFile) as caught:
        read_suite(path)
    assert caught.value.what.startswith(reason)
    assert caught.value.where == f"{path}:2"
    assert caught.value.next_step
    assert caught.value.to_json()["where"] == f"{path}:2"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "a"', "not JSON"),
        ('{"id": "a", "id": "b"}', '"id" is there twice'),
        ('{"a": NaN}', "NaN is no JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "Input should be"),
        ("nothing", "not JSON"),
        ("1" * 5000, "not JSON"),
    ],
)
def test_a_line_that_is_no_json_object_is_told(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(MalformedFile, match=":1") as caught:
        read_suite(write(tmp_path, line))
    assert reason in caught.value.what


def test_all_wrong_lines_are_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, SIMPLE, "{", {**SIMPLE, "id": "b"}, {}, {**SIMPLE, "id": "a"})
    with pytest.raises(MalformedFile, match=r"\(and 2 more: line 4, 5\)") as caught:
        read_suite(path)
    assert caught.value.where.startswith(f"{path}:2")


def test_an_id_that_is_there_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match='the id "a" was there before'):
        read_suite(write(tmp_path, SIMPLE, SIMPLE))


def test_a_file_without_tasks_or_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match="there is no task in it"):
        read_suite(write(tmp_path, "", " "))
    with pytest.raises(MissingPath):
        read_suite(tmp_path / "none.jsonl")
    with pytest.raises(UnreadableFile):
        read_suite(tmp_path)
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "caf\xe9"}')
    with pytest.raises(MalformedFile, match="not UTF-8 at byte 11"):
        read_suite(tmp_path / "latin.jsonl")


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"id": "' + b"a" * LINE_BYTES_MAX)
    with pytest.raises(LimitExceeded, match=":1"):
        read_suite(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_suite_or_an_error_that_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(data)
    assert find_place(path).startswith(str(path))


def find_place(path: Path) -> str:
    """Where reading fails; the path where it does not."""
    try:
        read_suite(path)
    except HoldfastError as error:
        return error.where
    return str(path)
