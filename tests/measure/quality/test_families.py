"""Families of made tasks: solvable from their prompts alone, with one right answer, and judged as they should be."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from holdfast.measure.quality.extraction import read_json
from holdfast.measure.quality.families.catalogue import FAMILIES, Wanted, find_families, make_suite, make_task
from holdfast.measure.quality.families.family import Family, Level
from holdfast.measure.quality.families.lookup import WORDS
from holdfast.measure.quality.findings import Means, Output
from holdfast.measure.quality.schema.values import is_object
from holdfast.measure.quality.tasks import Task, judge_output
from holdfast.records.errors import UnknownName
from holdfast.records.measurement import ToolCall, Verdict
from tests.measure.quality.outputs import SANDBOXED
from tests.measure.quality.solvers import SOLVERS

EACH = [(family, level) for family in FAMILIES for level in Level]
IDS = [f"{family.name}-{level}" for family, level in EACH]
COUNT = 12


def make_tasks(family: Family, level: Level, seed: int = 1) -> list[Task]:
    count = 2 if family.name == "programs" else COUNT // 4 if family.name == "lookup" else COUNT
    return [make_task(family, level, seed, number) for number in range(count)]


def solve(family: Family, task: Task) -> Output:
    text = SOLVERS[family.name](task.messages[0].content)
    if family.name != "tools":
        return Output(text)
    call = json.loads(text)
    return Output("", (ToolCall(call["name"], json.dumps(call["arguments"])),))


@pytest.mark.parametrize(("family", "level"), EACH, ids=IDS)
def test_a_task_is_solved_from_its_prompt_alone(family: Family, level: Level) -> None:
    for task in make_tasks(family, level):
        found = judge_output(task, solve(family, task), SANDBOXED)
        assert found.verdict is Verdict.RIGHT, (task.messages[0].content, found.reason)


@pytest.mark.parametrize(("family", "level"), EACH, ids=IDS)
def test_its_own_solution_is_right_and_others_are_wrong(family: Family, level: Level) -> None:
    tasks = make_tasks(family, level)
    for task, other in zip(tasks, [*tasks[1:], tasks[0]], strict=True):
        assert task.solution is not None
        assert other.solution is not None
        assert judge_output(task, task.solution, SANDBOXED).verdict is Verdict.RIGHT
        if other.solution != task.solution and family.name not in ("programs", "formats"):
            assert judge_output(task, other.solution, SANDBOXED).verdict is Verdict.WRONG
        for text in ("", "I'm sorry, but I can't help with that.", "```python\ndef solve(xs): return xs\n```"):
            assert judge_output(task, Output(text), SANDBOXED).verdict is Verdict.WRONG


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_answer_in_a_talkative_wrapping_is_right_too(family: Family) -> None:
    if family.name in ("formats", "tools", "programs", "copying"):
        pytest.skip("there the form is the task, or the answer is no text")
    for task in make_tasks(family, Level.MEDIUM)[:5]:
        text = solve(family, task).text
        answer = (
            f"Let me think. 1 + 1 = 2.\n\n**Answer:** {text}"
            if family.name != "extraction"
            else f"Here:\n```json\n{text}\n```"
        )
        assert judge_output(task, Output(answer), Means()).verdict is Verdict.RIGHT


@pytest.mark.parametrize(("family", "level"), EACH, ids=IDS)
def test_the_same_seed_gives_the_same_tasks_and_another_one_others(family: Family, level: Level) -> None:
    first = [make_task(family, level, 5, number) for number in range(4)]
    assert first == [make_task(family, level, 5, number) for number in range(4)]
    again = [make_task(family, level, 6, number) for number in range(4)]
    assert [task.messages for task in first] != [task.messages for task in again]


def test_tasks_that_happen_to_be_the_same_are_of_one_cluster() -> None:
    tasks = [make_task(find_families(["dates"])[0], Level.EASY, 1, number) for number in range(200)]
    assert len({task.cluster for task in tasks}) == len({task.messages for task in tasks}) < 43
    assert len({task.id for task in tasks}) == 200


@pytest.mark.parametrize(("family", "level"), EACH, ids=IDS)
def test_few_of_a_familys_tasks_are_the_same(family: Family, level: Level) -> None:
    tasks = [make_task(family, level, 1, number) for number in range(20)]
    assert len({task.cluster for task in tasks}) >= 14


def test_texts_that_break_one_rule_of_form_are_wrong_and_score_between() -> None:
    for task in make_tasks(find_families(["formats"])[0], Level.HARD):
        assert task.solution is not None
        text = task.solution.text
        for wrong in (
            text.upper(),
            text.replace("\n", " "),
            f"{text} more",
            f"Here it is:\n{text}",
            f"```\n{text}\n```",
        ):
            found = judge_output(task, Output(wrong), Means())
            assert found.verdict is Verdict.WRONG
            assert found.score is not None
            assert 0 < found.score < 1


def test_a_seed_gives_these_tasks_for_ever() -> None:
    # Changes only together with catalogue.VERSION: a run file names the seed, from which its tasks are made again.
    assert (
        make_suite(Wanted(seed=7, count=2)).sha256 == "8fc5baa029e256213a445d74169c0f0f1fe36a5ce3ef88e9583c618075833e96"
    )


def test_easy_tasks_among_few_answers_state_their_chance() -> None:
    for family in FAMILIES:
        for level, chance in family.chance.items():
            offered = [task.checks[0] for task in make_tasks(family, level)]
            counts = {len(getattr(check, "among", ())) for check in offered}
            assert counts == {round(1 / chance)}, family.name


def test_long_texts_have_the_words_that_their_level_says() -> None:
    for level, words in WORDS.items():
        for task in make_tasks(find_families(["lookup"])[0], level)[:2]:
            assert words <= len(task.messages[0].content.split()) <= words + 60


def test_calls_of_tools_meet_the_schemas_that_are_sent() -> None:
    for level in Level:
        for task in make_tasks(find_families(["tools"])[0], level):
            assert task.solution is not None
            call = task.solution.tool_calls[0]
            tools = [tool["function"] for tool in json.loads(task.tools)]
            parameters = next(tool["parameters"] for tool in tools if tool["name"] == call.name)
            jsonschema.Draft202012Validator(parameters).validate(json.loads(call.arguments))
            assert len(tools) == {Level.EASY: 1, Level.MEDIUM: 3, Level.HARD: 6}[level]


def test_the_wrong_tool_or_argument_is_wrong() -> None:
    for task in make_tasks(find_families(["tools"])[0], Level.HARD):
        assert task.solution is not None
        call = task.solution.tool_calls[0]
        found = read_json(call.arguments)
        assert found is not None
        assert is_object(found.value)
        more = json.dumps({**found.value, "insured_value": 0})
        for wrong in (ToolCall("cancel_order", call.arguments), ToolCall(call.name, more), ToolCall(call.name, "{}")):
            assert judge_output(task, Output("", (wrong,)), Means()).verdict is Verdict.WRONG


def test_a_suite_has_as_many_tasks_as_were_wanted_each_with_an_id_of_its_own() -> None:
    suite = make_suite(
        Wanted(seed=3, families=("choice", "dates"), levels=(Level.EASY, Level.HARD), count=4, use="triage")
    )
    assert len(suite.tasks) == len({task.id for task in suite.tasks}) == 16
    assert {task.family for task in suite.tasks} == {"choice/easy", "choice/hard", "dates/easy", "dates/hard"}
    assert {task.use for task in suite.tasks} == {"triage"}
    assert suite.origin == "made with seed 3"
    assert len(make_suite(Wanted(seed=3, count=1)).tasks) == 3 * len(FAMILIES) == 54


def test_a_family_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(UnknownName, match="there is no family logics") as caught:
        find_families(["dates", "logics"])
    assert "knights" in caught.value.next_step


@pytest.mark.soak
@pytest.mark.parametrize(("family", "level"), EACH, ids=IDS)
def test_hundreds_of_tasks_of_other_seeds_are_solved_from_their_prompts(family: Family, level: Level) -> None:
    for seed in range(2, 8 if family.name in ("programs", "lookup") else 60):
        for task in make_tasks(family, level, seed):
            found = judge_output(task, solve(family, task), SANDBOXED)
            assert found.verdict is Verdict.RIGHT, (task.messages[0].content, found.reason)
