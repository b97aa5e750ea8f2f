"""The page on quality says what the program does: its examples are read, its lists are whole."""

import re
import tomllib
from pathlib import Path

import pytest

from holdfast.measure.quality.checks.code import Code
from holdfast.measure.quality.checks.rubric import Rubric
from holdfast.measure.quality.families.catalogue import FAMILIES
from holdfast.measure.quality.findings import Output
from holdfast.measure.quality.golden import CHECK_KINDS, LINE_MEMBERS, read_suite
from holdfast.measure.quality.schema.declaring import ANNOTATIONS, KEYWORDS
from holdfast.measure.quality.tasks import judge_output
from holdfast.records.measurement import Verdict
from tests.measure.quality.outputs import SANDBOXED

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "how-to" / "measure-quality.md").read_text(encoding="utf-8")
EXAMPLE = REPOSITORY / "examples" / "measure" / "golden.jsonl"


def test_the_golden_set_on_the_page_is_the_example_and_is_read() -> None:
    (block,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    assert EXAMPLE.read_text(encoding="utf-8") == block
    tasks = read_suite(EXAMPLE).tasks
    assert len(tasks) == len(block.splitlines())
    assert {check.type for task in tasks for check in task.checks} >= {"exact", "numeric", "json_schema", "code"}
    assert tasks[-1].rubrics == (Rubric(rubric="is polite, and promises no date"),)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("capital", "The answer is Paris.", "Lyon"),
        ("vat", "Answer: 19 EUR", "22.61"),
        ("triage", "This is about billing.", "bug"),
        ("order", '```json\n{"item": "Hammers", "quantity": 3}\n```', '{"item": "hammer"}'),
        ("slug", "import re\ndef slug(text):\n    return re.sub(' +', '-', text).lower()", "slug = str.lower"),
        ("reply", "We are looking into it.", "As an AI I cannot know."),
    ],
)
def test_the_examples_checks_judge_as_one_would(name: str, right: str, wrong: str) -> None:
    task = next(task for task in read_suite(EXAMPLE).tasks if task.id == name)
    assert judge_output(task, Output(right), SANDBOXED).verdict is Verdict.RIGHT
    assert judge_output(task, Output(wrong), SANDBOXED).verdict is Verdict.WRONG


def test_every_check_member_keyword_and_family_is_on_the_page() -> None:
    words = [*CHECK_KINDS, *LINE_MEMBERS, *KEYWORDS, *(family.name for family in FAMILIES)]
    assert [word for word in words if f"`{word}`" not in PAGE] == []
    assert {"title", "description"} <= ANNOTATIONS
    assert [family.about for family in FAMILIES if f"| `{family.name}` | {family.about} |" not in PAGE] == []


def test_the_defaults_of_code_are_those_on_the_page() -> None:
    code = Code(tests="assert True")
    assert f"`cpu_s` ({code.cpu_s}), `memory_mb` ({code.memory_mb})" in PAGE


def test_what_the_readers_need_is_a_dependency() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = " ".join(project["dependencies"])
    assert all(name in named for name in ("google-re2", "zstandard", "numpy", "pydantic"))
