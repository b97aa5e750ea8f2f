"""Samples and answers as tables: one row each, the columns named as the records' fields."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from holdfast.records.measurement import Answer, Fault, Phase, Sample, Usage, Verdict

_USAGE: Final = tuple(field.name for field in dataclasses.fields(Usage))
_SAMPLE: Final[dict[str, Any]] = {
    "endpoint": pl.String,
    "run": pl.Int32,
    "level": pl.Int32,
    "number": pl.Int64,
    "worker": pl.Int32,
    "phase": pl.String,
    **dict.fromkeys(
        ("scheduled_ns", "sent_ns", "first_byte_ns", "first_token_ns", "first_answer_ns", "last_token_ns", "end_ns"),
        pl.Int64,
    ),
    "chunk_ns": pl.List(pl.Int64),
    "status": pl.Int32,
    "fault": pl.String,
    "fault_detail": pl.String,
    "retry_after_s": pl.Float64,
    "finish_reason": pl.String,
    "is_refusal": pl.Boolean,
    **{f"usage_{name}": pl.Int64 for name in _USAGE},
    "counted_prompt": pl.Int64,
    "counted_completion": pl.Int64,
    "cost_usd": pl.Float64,
    **dict.fromkeys(("model_served", "fingerprint", "prompt_sha256", "output_sha256"), pl.String),
    "retries": pl.Int32,
}
_ANSWER: Final[dict[str, Any]] = {
    **dict.fromkeys(("endpoint", "suite", "family", "use", "cluster", "task"), pl.String),
    "attempt": pl.Int32,
    "verdict": pl.String,
    "score": pl.Float64,
    **dict.fromkeys(("check", "reason"), pl.String),
    **dict.fromkeys(("prompt_tokens", "completion_tokens"), pl.Int64),
    **dict.fromkeys(("cost_usd", "seconds"), pl.Float64),
    **dict.fromkeys(("prompt_sha256", "output_sha256", "fault"), pl.String),
    **dict.fromkeys(("is_refusal", "is_cut"), pl.Boolean),
}


def make_sample_table(samples: Sequence[Sample]) -> pl.DataFrame:
    """One row a request."""
    columns: dict[str, list[object]] = {name: [_plain(getattr(one, name)) for one in samples] for name in _names()}
    columns["chunk_ns"] = [list(one.chunk_ns) for one in samples]
    for name in _USAGE:
        columns[f"usage_{name}"] = [getattr(one.usage, name) for one in samples]
    return pl.DataFrame(columns, schema=_SAMPLE)


def read_sample_table(table: pl.DataFrame) -> list[Sample]:
    """The samples again. Raises ValueError when a column is missing or of another kind."""
    _check(table, _SAMPLE)
    names = _names()
    columns = [table[name].to_list() for name in names]
    usages = zip(*(table[f"usage_{name}"].to_list() for name in _USAGE), strict=True)
    chunks: list[list[int]] = table["chunk_ns"].to_list()
    samples: list[Sample] = []
    for values, usage, gaps in zip(zip(*columns, strict=True), usages, chunks, strict=True):
        row = dict(zip(names, values, strict=True))
        row["phase"], row["fault"] = Phase(row["phase"]), Fault(row["fault"])
        samples.append(Sample(**row, usage=Usage(*usage), chunk_ns=tuple(gaps)))
    return samples


def make_answer_table(answers: Sequence[Answer]) -> pl.DataFrame:
    """One row an answer."""
    columns = {name: [_plain(getattr(one, name)) for one in answers] for name in _ANSWER}
    return pl.DataFrame(columns, schema=_ANSWER)


def read_answer_table(table: pl.DataFrame) -> list[Answer]:
    """The answers again. Raises ValueError when a column is missing or of another kind."""
    _check(table, _ANSWER)
    answers: list[Answer] = []
    for row in table.iter_rows(named=True):
        row["verdict"], row["fault"] = Verdict(row["verdict"]), Fault(row["fault"])
        answers.append(Answer(**row))
    return answers


def _names() -> list[str]:
    return [name for name in _SAMPLE if name != "chunk_ns" and not name.startswith("usage_")]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, (Phase, Fault, Verdict)) else value


def _check(table: pl.DataFrame, schema: dict[str, Any]) -> None:
    for name, kind in schema.items():
        if name not in table.columns:
            raise ValueError(f"there is no column {name}")
        if table.schema[name] != kind:
            raise ValueError(f"column {name} is {table.schema[name]}, not {kind}")
