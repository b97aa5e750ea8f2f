"""Logs of Inspect: `.eval` (a zip of JSON) and `.json`. One answer a sample and epoch, by one scorer.

Format: https://inspect.aisi.org.uk/eval-logs.html, version 2, and as inspect_ai 0.3.285 writes it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.quality.findings import Finding, find_unknown, find_wrong
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
    shorten,
)
from holdfast.measure.quality.foreign.zip_entries import ZipEntries
from holdfast.measure.quality.lines import check_file
from holdfast.measure.quality.refusals import find_refusal
from holdfast.measure.quality.schema.values import is_array, is_object
from holdfast.records.errors import MalformedFile, UnknownName
from holdfast.records.measurement import Answer, Verdict

JSON_BYTES_MAX: Final = 512 << 20
_VERSION: Final = 2
_LETTERS: Final[Mapping[str, float]] = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_CUT: Final = frozenset({"max_tokens", "model_length"})
_NEXT_STEP: Final = "Is it a log of Inspect, and whole?"


@dataclass(frozen=True, slots=True)
class _Log:
    """What all samples have in common."""

    where: str
    task: str
    model: str
    score: str
    asked: ImportAsked


def read_inspect_log(path: Path, asked: ImportAsked) -> Imported:
    """The answers of a log. Raises MalformedFile, LimitExceeded; UnknownName for a scorer that it does not have."""
    if path.suffix == ".json":
        return _read_json(path, asked)
    with ZipEntries(path) as entries:
        name = "header.json" if "header.json" in entries else "_journal/start.json"
        if name not in entries:
            raise MalformedFile("it has no header.json", where=str(path), next_step=_NEXT_STEP)
        header = read_document(entries.read(name), f"{path}!{name}")
        return _import(path, header, _read_samples(entries), asked)


def _read_json(path: Path, asked: ImportAsked) -> Imported:
    check_file(path, JSON_BYTES_MAX)
    document = read_document(path.read_bytes(), str(path))
    return _import(path, document, (sample for sample in get_list(document, "samples") if is_object(sample)), asked)


def _read_samples(entries: ZipEntries) -> Iterator[dict[str, object]]:
    """Every sample; where none were logged, the summaries of them."""
    names = list(entries.find_under("samples"))
    for name in names:
        yield read_document(entries.read(name), f"{entries.path}!{name}")
    if not names and "summaries.json" in entries:
        wrapped = b'{"summaries":' + entries.read("summaries.json") + b"}"
        found = get_list(read_document(wrapped, f"{entries.path}!summaries.json"), "summaries")
        yield from (summary for summary in found if is_object(summary))


def _import(
    path: Path, header: Mapping[str, object], samples: Iterator[dict[str, object]], asked: ImportAsked
) -> Imported:
    about = get_object(header, "eval")
    if not about:
        raise MalformedFile("it has no member eval", where=str(path), next_step=_NEXT_STEP)
    log = _Log(str(path), get_text(about, "task"), get_text(about, "model"), _choose_score(path, header, asked), asked)
    answers = tuple(_read_sample(log, sample) for sample in samples)
    version = get_text(get_object(about, "packages"), "inspect_ai")
    return Imported("inspect", version, log.model, answers, tuple(_find_notes(header, log, answers)))


def _choose_score(path: Path, header: Mapping[str, object], asked: ImportAsked) -> str:
    known = [get_text(one, "name") for one in get_list(get_object(header, "eval"), "scorers") if is_object(one)]
    known += [get_text(one, "name") for one in get_list(get_object(header, "results"), "scores") if is_object(one)]
    if asked.score and known and asked.score.partition("/")[0] not in known:
        named = ", ".join(dict.fromkeys(known))
        raise UnknownName(f"the log has no score {asked.score}", where=str(path), next_step=f"It has: {named}.")
    headline = get_text(get_object(get_object(header, "results"), "headline"), "score")
    return asked.score or headline or (known[0] if known else "")


def _read_sample(log: _Log, sample: Mapping[str, object]) -> Answer:
    found = _judge_sample(log, sample)
    output = get_object(sample, "output")
    text = get_text(output, "completion")
    stop = _find_stop(output)
    task = get_name(sample, "id", "")
    usage = get_object(get_object(sample, "model_usage"), log.model) or get_object(output, "usage")
    seconds = find_number(sample, "working_time")
    return Answer(
        endpoint=log.asked.endpoint or log.model,
        suite=f"inspect:{log.task}",
        family=log.task,
        use=log.asked.use,
        cluster=task,
        task=task,
        attempt=max((find_count(sample, "epoch") or 1) - 1, 0),
        verdict=found.verdict,
        score=found.score,
        check=log.score,
        reason=found.reason,
        prompt_tokens=find_count(usage, "input_tokens"),
        completion_tokens=find_count(usage, "output_tokens"),
        cost_usd=None,
        seconds=find_number(sample, "total_time") if seconds is None else seconds,
        prompt_sha256=hash_value(sample.get("input", "")),
        output_sha256=hash_value(text) if output else "",
        is_refusal=stop == "content_filter" or bool(find_refusal(text)),
        is_cut=stop in _CUT,
    )


def _find_stop(output: Mapping[str, object]) -> str:
    choices = [choice for choice in get_list(output, "choices") if is_object(choice)]
    return get_text(choices[0], "stop_reason") if choices else ""


def _judge_sample(log: _Log, sample: Mapping[str, object]) -> Finding:
    error = sample.get("error")
    if error:
        words = get_text(error, "message") if is_object(error) else str(error)
        return find_unknown(f"it ended in an error: {shorten(words)}")
    name, _, part = log.score.partition("/")
    scores = get_object(sample, "scores")
    if name not in scores:
        return find_unknown(f"it was not scored by {name}" if name else "it was not scored")
    value = get_object(scores, name).get("value")
    if is_object(value) and part:
        value = value.get(part)
    if is_object(value) or is_array(value):
        return find_unknown("the score has several parts: name one, as in scorer/part")
    if isinstance(value, str) and value in _LETTERS:
        return _judge_letter(value)
    return judge_score(value, log.asked)


def _judge_letter(letter: str) -> Finding:
    """C correct, I incorrect, P partly, N no answer: as numbers, 1, 0, 0.5 and 0."""
    score = _LETTERS[letter]
    if letter == "C":
        return Finding(Verdict.RIGHT, score)
    return find_wrong(
        {"I": "scored incorrect", "P": "scored partly correct", "N": "scored as no answer"}[letter], score
    )


def _find_notes(header: Mapping[str, object], log: _Log, answers: tuple[Answer, ...]) -> Iterator[str]:
    status = get_text(header, "status")
    if status not in ("success", ""):
        yield f"the log's status is {status}: samples may be missing"
    if find_count(header, "version") not in (_VERSION, None):
        yield f"the log is of version {header.get('version')}; version {_VERSION} is known here"
    if not log.asked.score and log.score:
        yield f"scores are those of {log.score}"
    if not answers:
        yield "the log holds no samples"
    stated = _find_accuracy(header, log.score)
    scores = [answer.score for answer in answers if answer.score is not None]
    if stated is not None and scores and abs(sum(scores) / len(scores) - stated) > 1e-6:
        yield f"the log states an accuracy of {stated:.4g}, its samples give {sum(scores) / len(scores):.4g}"


def _find_accuracy(header: Mapping[str, object], score: str) -> float | None:
    for one in get_list(get_object(header, "results"), "scores"):
        if is_object(one) and get_text(one, "name") == score:
            return find_number(get_object(get_object(one, "metrics"), "accuracy"), "value")
    return None
