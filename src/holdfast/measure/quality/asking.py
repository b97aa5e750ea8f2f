"""Asks an endpoint every task of a suite and judges what comes back. Sends nothing itself: it is given who asks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from holdfast.measure.quality.findings import Finding, Means, Output, find_unknown
from holdfast.measure.quality.opinions import AskAll, Judge, Opinion, Question, ask_judge, join_opinions
from holdfast.measure.quality.refusals import find_refusal
from holdfast.measure.quality.sandbox.running import Sandbox
from holdfast.measure.quality.tasks import Suite, Task, judge_output
from holdfast.records.measurement import Answer, Ask, Endpoint, Fault, Reply, Verdict

_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_DETAIL_CHARACTERS_MAX: Final = 200


def _sandbox() -> Means:
    return Means(Sandbox().run)


def _ignore_answer(reply: Reply, answer: Answer) -> None:
    """What is not listened to."""


def _ignore_opinion(opinion: Opinion) -> None:
    """What is not listened to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How a suite is asked and judged.

    Every task is asked `replicates` times, with `seed`, `seed` + 1 and so on where one is given. `tokens_max`, where it
    is not 0, replaces each task's own. Code is run where it can be isolated, unless other `means` are given.
    `on_answer` hears every reply with its answer as it comes, before a judge was asked, so that nothing is lost when
    the run is broken off; `on_opinion` hears what a judge said.
    """

    replicates: int = 1
    temperature: float | None = None
    seed: int | None = None
    tokens_max: int = 0
    means: Means = field(default_factory=_sandbox)
    judge: Judge | None = None
    on_answer: Callable[[Reply, Answer], None] = _ignore_answer
    on_opinion: Callable[[Opinion], None] = _ignore_opinion


def run_suite(suite: Suite, endpoint: Endpoint, ask: AskAll, examination: Examination) -> list[Answer]:
    """One answer for every task and attempt, first attempts first. Those that were not asked are unknown."""
    answers: dict[int, Answer] = {}
    questions: list[tuple[int, Question]] = []
    for reply in ask(make_asks(suite, examination)):
        attempt, place = divmod(reply.number, len(suite.tasks))
        task = suite.tasks[place]
        answer = _judge(_Place(suite.name, endpoint.name, attempt), task, reply, examination)
        answers[reply.number] = answer
        examination.on_answer(reply, answer)
        if task.rubrics and answer.verdict is Verdict.RIGHT:
            output = Output(reply.text, reply.tool_calls)
            questions += [(reply.number, Question(task, attempt, output, rubric)) for rubric in task.rubrics]
    _let_judge(questions, answers, examination)
    return [*_fill(suite, endpoint, examination, answers)]


def make_asks(suite: Suite, examination: Examination) -> list[Ask]:
    """What is asked, first attempts at all tasks first. The number of an Ask is its place in the list."""
    return [
        Ask(
            number=attempt * len(suite.tasks) + place,
            messages=task.messages,
            tokens_max=examination.tokens_max or task.tokens_max,
            temperature=examination.temperature,
            seed=None if examination.seed is None else examination.seed + attempt,
            stop=task.stop,
            tools=task.tools,
            response_format=task.response_format,
        )
        for attempt in range(examination.replicates)
        for place, task in enumerate(suite.tasks)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    suite: str
    endpoint: str
    attempt: int


def _judge(place: _Place, task: Task, reply: Reply, examination: Examination) -> Answer:
    """The answer as its checks judge it. Where rubrics are left to a judge, right means: right so far."""
    sample = reply.sample
    is_cut = sample.finish_reason in _CUT
    found = _find(task, reply, examination)
    if is_cut and found.verdict is Verdict.WRONG:
        found = replace(found, reason=f"cut at its limit of tokens; {found.reason}")
    if task.rubrics and examination.judge is None and found.verdict is Verdict.RIGHT:
        found = find_unknown("no judge was named for its rubric")
    return replace(
        _make_answer(place, task, found),
        prompt_tokens=_pick(sample.usage.prompt, sample.counted_prompt),
        completion_tokens=_pick(sample.usage.completion, sample.counted_completion),
        cost_usd=sample.cost_usd,
        seconds=None if sample.sent_ns is None else (sample.end_ns - sample.sent_ns) / 1e9,
        prompt_sha256=sample.prompt_sha256 or task.prompt_sha256,
        output_sha256=sample.output_sha256 or _hash_output(reply),
        fault=sample.fault,
        is_refusal=sample.is_refusal or bool(find_refusal(reply.text)),
        is_cut=is_cut,
    )


def _find(task: Task, reply: Reply, examination: Examination) -> Finding:
    sample = reply.sample
    if sample.fault is not Fault.NONE:
        detail = f": {sample.fault_detail[:_DETAIL_CHARACTERS_MAX]}" if sample.fault_detail else ""
        return find_unknown(f"no whole answer ({sample.fault}{detail})")
    return judge_output(task, Output(reply.text, reply.tool_calls), examination.means)


def _make_answer(place: _Place, task: Task, found: Finding) -> Answer:
    return Answer(
        endpoint=place.endpoint,
        suite=place.suite,
        family=task.family,
        use=task.use,
        cluster=task.cluster or task.id,
        task=task.id,
        attempt=place.attempt,
        verdict=found.verdict,
        score=found.score,
        check=task.check_names,
        reason=found.reason,
        prompt_tokens=None,
        completion_tokens=None,
        cost_usd=None,
        seconds=None,
        prompt_sha256=task.prompt_sha256,
        output_sha256="",
    )


def _hash_output(reply: Reply) -> str:
    return sha256(reply.text.encode("utf-8", "surrogatepass")).hexdigest()


def _pick(first: int | None, second: int | None) -> int | None:
    return second if first is None else first


def _let_judge(questions: Sequence[tuple[int, Question]], answers: dict[int, Answer], examination: Examination) -> None:
    """Put what passed its checks to the judge, and note the opinion as the verdict."""
    if examination.judge is None or not questions:
        return
    opinions: dict[int, list[Opinion]] = {}
    asked = ask_judge(examination.judge, [question for _, question in questions])
    for (number, _), opinion in zip(questions, asked, strict=True):
        opinions.setdefault(number, []).append(opinion)
        examination.on_opinion(opinion)
    for number, given in opinions.items():
        found = join_opinions(given)
        answers[number] = replace(answers[number], verdict=found.verdict, score=found.score, reason=found.reason)


def _fill(suite: Suite, endpoint: Endpoint, examination: Examination, answers: dict[int, Answer]) -> Iterator[Answer]:
    for number in range(examination.replicates * len(suite.tasks)):
        attempt, place = divmod(number, len(suite.tasks))
        if number in answers:
            yield answers[number]
        else:
            found = find_unknown("it was not asked: the run ended before")
            missing = _make_answer(_Place(suite.name, endpoint.name, attempt), suite.tasks[place], found)
            yield replace(missing, fault=Fault.STOPPED)
