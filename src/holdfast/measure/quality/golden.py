"""A team's golden set: one task a line, all of it checked before anything is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import Discriminator, TypeAdapter, ValidationError

from holdfast.measure.quality.checks.code import Code
from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.checks.rubric import Rubric
from holdfast.measure.quality.checks.structured import JsonSchema, ToolCalled
from holdfast.measure.quality.checks.texts import Contains, Exact, NotContains, OneOf, Regex
from holdfast.measure.quality.findings import Check, Means, Output
from holdfast.measure.quality.lines import Line, parse_json, read_lines
from holdfast.measure.quality.schema.values import is_object
from holdfast.measure.quality.tasks import GOLDEN, Suite, Task, judge_output
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import MalformedFile
from holdfast.records.evidence import Strict
from holdfast.records.measurement import Message, Verdict

TASKS_MAX: Final = 100_000
CHECKS_MAX: Final = 50
TOKENS_MAX: Final = 1_000_000
_FAULTS_MAX: Final = 20
_NEXT_STEP: Final = "docs/how-to/measure-quality.md has the members of a line and of each check."
_AnyCheck = Exact | OneOf | Contains | NotContains | Regex | Numeric | JsonSchema | ToolCalled | Code | Rubric
CHECK_KINDS: Final = tuple(kind.__dataclass_fields__["type"].default for kind in get_args(_AnyCheck))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn(Strict):
    role: Literal["system", "developer", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line(Strict):
    id: str
    checks: tuple[Annotated[_AnyCheck, Discriminator("type")], ...]
    prompt: str = ""
    messages: tuple[_Turn, ...] = ()
    use: str = ""
    cluster: str = ""
    family: str = GOLDEN
    max_tokens: int = 1024
    tools: tuple[Mapping[str, object], ...] = ()
    response_format: Mapping[str, object] = field(default_factory=dict[str, object])
    stop: tuple[str, ...] = ()
    solution: str | None = None

    def __post_init__(self) -> None:
        if not self.id.strip():
            raise ValueError("id is empty")
        if bool(self.prompt.strip()) == bool(self.messages):
            raise ValueError("either prompt or messages must be given, and not be empty")
        if not 1 <= len(self.checks) <= CHECKS_MAX:
            raise ValueError(f"a task has 1 to {CHECKS_MAX} checks")
        if not 1 <= self.max_tokens <= TOKENS_MAX:
            raise ValueError(f"max_tokens must be 1 to {TOKENS_MAX:,}")
        self._check_tools()

    def _check_tools(self) -> None:
        called = [check.name for check in self.checks if isinstance(check, ToolCalled) and not check.in_text]
        offered = [_read_tool_name(tool) for tool in self.tools]
        missing = next((name for name in called if name not in offered), None)
        if missing is not None:
            raise ValueError(f"a check asks for the tool {missing}, which is not among the task's tools")


LINE_MEMBERS: Final = tuple(one.name for one in fields(_Line))


def _read_tool_name(tool: Mapping[str, object]) -> str:
    function = tool.get("function")
    name = function.get("name") if is_object(function) else None
    if tool.get("type") != "function" or not isinstance(name, str) or not name:
        raise ValueError('each of tools must be {"type": "function", "function": {"name": …, …}}')
    return name


def read_suite(path: Path) -> Suite:
    """The tasks of a JSONL file, in order.

    Raises MissingPath, UnreadableFile, LimitExceeded; MalformedFile with the first wrong line, the place in it, the
    reason, and which other lines are wrong.
    """
    adapter = _make_adapter()
    tasks: dict[str, Task] = {}
    faults: list[tuple[int, MalformedFile]] = []
    for line in read_lines(path, TASKS_MAX):
        try:
            task = _read_task(path, line, adapter)
            _check_new(path, line, task, tasks)
            tasks[task.id] = task
        except MalformedFile as fault:
            faults.append((line.number, fault))
        if len(faults) == _FAULTS_MAX:
            break
    if faults:
        raise _join(faults)
    if not tasks:
        raise MalformedFile("there is no task in it", where=str(path), next_step=_NEXT_STEP)
    return Suite(path.stem, tuple(tasks.values()), path.name)


@cache
def _make_adapter() -> TypeAdapter[_Line]:
    return TypeAdapter(_Line)


def _read_task(path: Path, line: Line, adapter: TypeAdapter[_Line]) -> Task:
    where = f"{path}:{line.number}"
    parse_json(line.data, where)
    try:
        read = adapter.validate_json(line.data, strict=True)
    except ValidationError as error:
        raise MalformedFile(_explain(error), where=where, next_step=_NEXT_STEP) from None
    task = _make_task(read)
    _check_solution(task, where)
    return task


def _make_task(line: _Line) -> Task:
    turns = tuple(Message(turn.role, turn.content) for turn in line.messages)
    return Task(
        id=line.id,
        messages=turns or (Message("user", line.prompt),),
        checks=tuple(_pick_checks(line.checks)),
        rubrics=tuple(check for check in line.checks if isinstance(check, Rubric)),
        use=line.use,
        family=line.family,
        cluster=line.cluster,
        tokens_max=line.max_tokens,
        tools=encode_canonical(line.tools) if line.tools else "",
        response_format=encode_canonical(line.response_format) if line.response_format else "",
        stop=line.stop,
        solution=Output(line.solution) if line.solution is not None else None,
    )


def _pick_checks(checks: Sequence[_AnyCheck]) -> Iterator[Check]:
    for check in checks:
        if not isinstance(check, Rubric):
            yield check


def _check_solution(task: Task, where: str) -> None:
    """A suite whose own solution fails is wrong itself. What must be run or read by a judge is not tried here."""
    if task.solution is None:
        return
    found = judge_output(task, task.solution, Means())
    if found.verdict is Verdict.WRONG:
        reason = f"the task's own solution does not pass its checks: {found.reason}"
        raise MalformedFile(reason, where=where, next_step="Correct the solution or the checks.")


def _check_new(path: Path, line: Line, task: Task, tasks: Mapping[str, Task]) -> None:
    if task.id in tasks:
        reason = f'the id "{task.id}" was there before; answers are told apart by it'
        raise MalformedFile(reason, where=f"{path}:{line.number}", next_step="Give every task an id of its own.")


def _join(faults: Sequence[tuple[int, MalformedFile]]) -> MalformedFile:
    first = faults[0][1]
    others = ", ".join(str(number) for number, _ in faults[1:])
    more = f" (and {len(faults) - 1} more: line {others})" if others else ""
    return MalformedFile(f"{first.what}{more}", where=first.where, next_step=first.next_step)


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = next((one for one in problems if one["type"] == "unexpected_keyword_argument"), problems[0])
    place = ""
    for number, part in enumerate(first["loc"]):
        if isinstance(part, int):
            place += f"[{part}]"
        elif not (number == 2 and first["loc"][0] == "checks" and part in CHECK_KINDS):
            place += f".{part}" if place else str(part)
    words = first["msg"].removeprefix("Value error, ")
    if first["type"] == "union_tag_invalid":
        words = f"type must be one of {', '.join(CHECK_KINDS)}"
    if first["type"] == "unexpected_keyword_argument":
        words = "there is no member of this name"
    return f"{place}: {words}" if place else words
