"""Results of lm-evaluation-harness: `results_*.json` with `samples_TASK_*.jsonl` beside it. One answer a document.

Format: docs/interface.md of lm-evaluation-harness (`--output_path` with `--log_samples`), and as 0.4.13 writes it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.quality.findings import Finding, find_unknown
from holdfast.measure.quality.foreign.imported import (
    ImportAsked,
    Imported,
    find_count,
    find_number,
    get_list,
    get_name,
    get_object,
    get_text,
    hash_value,
    judge_score,
    read_document,
)
from holdfast.measure.quality.lines import check_file, read_lines
from holdfast.measure.quality.schema.values import is_array
from holdfast.records.errors import MalformedFile, MissingPath, UnknownName
from holdfast.records.measurement import Answer

RESULTS_BYTES_MAX: Final = 256 << 20
_SAMPLES: Final = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d{2}-\d{2}T[\d.\-]+)\.jsonl")
_TIME: Final = re.compile(r"results_(?P<time>\d{4}-\d{2}-\d{2}T[\d.\-]+)\.json")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Task:
    """What the samples of one file have in common. `filter` and `metric` are those that count."""

    name: str
    filter: str
    metric: str
    endpoint: str
    asked: ImportAsked


def read_lm_eval(path: Path, asked: ImportAsked) -> Imported:
    """The answers of a folder, of a results file with the samples beside it, or of one file of samples.

    Raises MissingPath where there are no samples, MalformedFile, LimitExceeded, and UnknownName for a metric or a
    filter that the samples do not have.
    """
    results_path = _find_results(path)
    results: dict[str, object] = {}
    if results_path is not None:
        check_file(results_path, RESULTS_BYTES_MAX)
        results = read_document(results_path.read_bytes(), str(results_path))
    files = _find_samples(path, results_path)
    model = get_text(results, "model_name") or get_text(get_object(results, "config"), "model")
    answers: list[Answer] = []
    notes: list[str] = []
    for name, file in files.items():
        task, found = _read_samples(name, file, asked, model)
        answers += found
        notes += _find_notes(task, results, found)
    return Imported("lm-evaluation-harness", get_text(results, "lm_eval_version"), model, tuple(answers), tuple(notes))


def _find_results(path: Path) -> Path | None:
    """The results file that is named or is the newest of a folder; None for a file of samples."""
    if not path.is_dir():
        return None if path.suffix == ".jsonl" else path
    found = sorted((one for one in path.iterdir() if _TIME.fullmatch(one.name)), key=lambda one: one.name)
    if not found:
        raise MissingPath(
            "there is no results_*.json in it", where=str(path), next_step="Name the folder of one model."
        )
    return found[-1]


def _find_samples(path: Path, results: Path | None) -> dict[str, Path]:
    """Files of samples by task: those written together with the results, so that two runs are never mixed."""
    if results is None:
        matched = _SAMPLES.fullmatch(path.name)
        return {matched["task"] if matched else path.stem: path}
    time = _TIME.fullmatch(results.name)
    beside = sorted(results.parent.iterdir()) if results.parent.is_dir() else []
    matches = [(one, _SAMPLES.fullmatch(one.name)) for one in beside]
    found = {match["task"]: one for one, match in matches if match and (time is None or match["time"] == time["time"])}
    if not found:
        reason = "no file of samples lies beside it, and totals alone are no answers"
        raise MissingPath(reason, where=str(path), next_step="Run lm_eval with --log_samples.")
    return found


def _read_samples(name: str, path: Path, asked: ImportAsked, model: str) -> tuple[_Task, list[Answer]]:
    """The answers by the filter and metric that were asked for, or by those of the first line."""
    task: _Task | None = None
    answers: list[Answer] = []
    seen: Counter[str] = Counter()
    filters: dict[str, None] = {}
    for line in read_lines(path):
        where = f"{path}:{line.number}"
        sample = read_document(line.data, where)
        used = get_text(sample, "filter")
        filters[used] = None
        if task is None:
            metric = _choose_metric(sample, asked, where)
            task = _Task(name, asked.filter or used, metric, asked.endpoint or model or "unknown", asked)
        if used == task.filter:
            document = get_name(sample, "doc_id", str(line.number))
            answers.append(_read_sample(task, sample, document, seen[document]))
            seen[document] += 1
    if task is None:
        raise MalformedFile("there is no sample in it", where=str(path), next_step="Is it whole?")
    if not answers:
        named = ", ".join(filters)
        raise UnknownName(f"no sample has the filter {task.filter}", where=str(path), next_step=f"There are: {named}.")
    return task, answers


def _choose_metric(sample: Mapping[str, object], asked: ImportAsked, where: str) -> str:
    known = [str(name) for name in get_list(sample, "metrics")]
    if not known or (asked.score and asked.score not in known):
        what = f"the samples have no metric {asked.score}" if asked.score else "the samples name no metric"
        raise UnknownName(what, where=where, next_step=f"There are: {', '.join(known) or 'none'}.")
    return asked.score or known[0]


def _read_sample(task: _Task, sample: Mapping[str, object], document: str, attempt: int) -> Answer:
    found = _judge_sample(task, sample)
    prompt = get_text(sample, "prompt_hash")
    return Answer(
        endpoint=task.endpoint,
        suite=f"lm-eval:{task.name}",
        family=task.name,
        use=task.asked.use,
        cluster=document,
        task=document,
        attempt=attempt,
        verdict=found.verdict,
        score=found.score,
        check=f"{task.metric},{task.filter}",
        reason=found.reason,
        prompt_tokens=None,
        completion_tokens=None,
        cost_usd=None,
        seconds=None,
        prompt_sha256=prompt if _HASH.fullmatch(prompt) else hash_value(sample.get("arguments")),
        output_sha256=hash_value(sample.get("resps")),
    )


def _judge_sample(task: _Task, sample: Mapping[str, object]) -> Finding:
    value = sample.get(task.metric)
    if value is None:
        return find_unknown(f"it has no {task.metric}")
    if is_array(value):
        return find_unknown(f"{task.metric} is no score of one answer")
    return judge_score(value, task.asked)


def _find_notes(task: _Task, results: Mapping[str, object], answers: Sequence[Answer]) -> Iterator[str]:
    chosen = f"{task.metric},{task.filter}"
    if not (task.asked.score and task.asked.filter):
        yield f"{task.name}: scores are those of {chosen}"
    stated = find_number(get_object(get_object(results, "results"), task.name), chosen)
    scores = [answer.score for answer in answers if answer.score is not None]
    if stated is not None and scores and abs(sum(scores) / len(scores) - stated) > 1e-6:
        yield f"{task.name}: the results state {stated:.4g}, the samples give {sum(scores) / len(scores):.4g}"
    counts = get_object(get_object(results, "n-samples"), task.name)
    expected = find_count(counts, "effective")
    documents = len({answer.task for answer in answers})
    if expected is not None and expected != documents:
        yield f"{task.name}: the results state {expected} documents, the samples have {documents}"
