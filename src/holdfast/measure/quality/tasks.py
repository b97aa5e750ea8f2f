"""What is asked of a model and how its answer is judged: suites of tasks, each with checks. Sends nothing."""

import hashlib
from dataclasses import dataclass, fields

from holdfast.measure.quality.checks.rubric import Rubric
from holdfast.measure.quality.findings import RIGHT, Check, Finding, Means, Output
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.measurement import Message, Verdict

GOLDEN = "golden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. Right is an answer that meets all checks, and that the judge finds to meet all rubrics.

    `tools` and `response_format` are JSON texts as the interface takes them. `solution` is an answer known to be
    right, where one is known. Tasks of one `cluster` are not independent; an empty one stands for the task alone.
    """

    id: str
    messages: tuple[Message, ...]
    checks: tuple[Check, ...] = ()
    rubrics: tuple[Rubric, ...] = ()
    use: str = ""
    family: str = GOLDEN
    cluster: str = ""
    tokens_max: int = 1024
    tools: str = ""
    response_format: str = ""
    stop: tuple[str, ...] = ()
    solution: Output | None = None

    @property
    def check_names(self) -> str:
        """The kinds of its checks, in order, each once."""
        names: list[str] = [check.type for check in self.checks]
        names += [rubric.type for rubric in self.rubrics]
        return "+".join(dict.fromkeys(names))

    @property
    def prompt_sha256(self) -> str:
        """The digest of what is sent: messages, tools and response format."""
        return _hash([self.messages, self.tools, self.response_format])


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks under one name. `origin` says where they are from: a file, or families with their seed."""

    name: str
    tasks: tuple[Task, ...]
    origin: str = ""

    @property
    def sha256(self) -> str:
        """The digest of all prompts, checks and ids: equal for suites that ask and judge the same."""
        return _hash([{field.name: getattr(task, field.name) for field in fields(task)} for task in self.tasks])


def judge_output(task: Task, output: Output, means: Means) -> Finding:
    """What the checks of a task say together: wrong if any is, else unknown if any is, else right.

    The score is the mean of the checks' scores. Rubrics are left to the judge.
    """
    found = [check.judge(output, means) for check in task.checks]
    for verdict in (Verdict.WRONG, Verdict.UNKNOWN):
        first = next((one for one in found if one.verdict is verdict), None)
        if first is not None:
            known = [one.score for one in found if one.score is not None]
            score = sum(known) / len(known) if verdict is Verdict.WRONG else None
            return Finding(verdict, score, first.reason)
    return RIGHT


def _hash(value: object) -> str:
    return hashlib.sha256(encode_canonical(value).encode()).hexdigest()
