"""Run files as bytes: a zip of `header.json`, `samples.parquet`, `answers.parquet` and, when asked for, `texts.jsonl`.

Equal runs have equal bytes. What is read is held to its limits and to its own digests, and nothing in it is executed.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from holdfast.measure.results.columns import (
    make_answer_table,
    make_sample_table,
    read_answer_table,
    read_sample_table,
)
from holdfast.measure.results.header import FORMAT, RunHeader
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import LimitExceeded, MalformedFile
from holdfast.records.measurement import Answer, Sample

if TYPE_CHECKING:
    import polars as pl

HEADER: Final = "header.json"
SAMPLES: Final = "samples.parquet"
ANSWERS: Final = "answers.parquet"
TEXTS: Final = "texts.jsonl"
HEADER_BYTES_MAX: Final = 64 << 20
FILE_BYTES_MAX: Final = 4 << 30
ROWS_MAX: Final = 20_000_000
_NO_DATE: Final = (1980, 1, 1, 0, 0, 0)
_HEADERS: Final = TypeAdapter(RunHeader)
_AGAIN: Final = "Measure again, or take the file from where it was written."


@dataclass(frozen=True, slots=True)
class KeptText:
    """A prompt and what came back, kept because somebody asked for it."""

    endpoint: str
    what: str  # the sample's or the task's name
    prompt: str
    output: str


@dataclass(frozen=True, slots=True)
class RunFile:
    """A run, whole."""

    header: RunHeader
    samples: Sequence[Sample] = ()
    answers: Sequence[Answer] = ()
    texts: Sequence[KeptText] = ()


def encode_run(run: RunFile) -> bytes:
    """The bytes of a run file. Its header's digests are those of the other members."""
    members = {
        SAMPLES: _to_parquet(make_sample_table(run.samples)),
        ANSWERS: _to_parquet(make_answer_table(run.answers)),
    }
    if run.header.keeps_texts:
        members[TEXTS] = "".join(encode_canonical(one) + "\n" for one in run.texts).encode()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    header = dataclasses.replace(run.header, digests=digests)
    return _zip({HEADER: encode_canonical(header).encode(), **members})


def decode_run(content: bytes, where: str) -> RunFile:
    """A run from the bytes of its file. Raises MalformedFile or LimitExceeded, which name what is wrong with it."""
    members = _unzip(content, where)
    header = _read_header(members, where)
    for name, digest in header.digests.items():
        if hashlib.sha256(members.get(name, b"")).hexdigest() != digest:
            raise MalformedFile(f"{name} is not what the header says it is", where=where, next_step=_AGAIN)
    for name in (SAMPLES, ANSWERS):
        if name not in header.digests:
            raise MalformedFile(f"the header vouches for no {name}", where=where, next_step=_AGAIN)
    try:
        samples = read_sample_table(_from_parquet(members[SAMPLES], where))
        answers = read_answer_table(_from_parquet(members[ANSWERS], where))
        texts = [KeptText(**json.loads(line)) for line in members.get(TEXTS, b"").splitlines()]
    except (ValueError, TypeError, RecursionError) as error:
        raise MalformedFile(f"its tables cannot be read: {error}", where=where, next_step=_AGAIN) from error
    return RunFile(header, samples, answers, texts)


def _read_header(members: Mapping[str, bytes], where: str) -> RunHeader:
    if HEADER not in members:
        raise MalformedFile(f"it has no {HEADER}", where=where, next_step="Name a file that `holdfast measure` wrote.")
    try:
        header = _HEADERS.validate_json(members[HEADER])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its text"
        raise MalformedFile(f"{HEADER}: {place}: {first['msg']}", where=where, next_step=_AGAIN) from None
    if header.format > FORMAT:
        raise MalformedFile(
            f"it is of format {header.format}, and this holdfast reads {FORMAT}",
            where=where,
            next_step="Install a newer holdfast.",
        )
    return header


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), content)
    return buffer.getvalue()


def _unzip(content: bytes, where: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [one for one in archive.infolist() if one.filename in (HEADER, SAMPLES, ANSWERS, TEXTS)]
            for one in found:
                most = HEADER_BYTES_MAX if one.filename == HEADER else FILE_BYTES_MAX
                if one.file_size > most or one.compress_type != zipfile.ZIP_STORED:
                    raise LimitExceeded(
                        f"{one.filename} is compressed, or larger than {most:,} bytes", where=where, next_step=_AGAIN
                    )
            return {one.filename: archive.read(one) for one in found}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise MalformedFile(
            f"it is not a run file: {error}", where=where, next_step="Name a file that `holdfast measure` wrote."
        ) from None


def _to_parquet(table: "pl.DataFrame") -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def _from_parquet(content: bytes, where: str) -> "pl.DataFrame":
    import polars as pl

    try:
        rows = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
        if rows > ROWS_MAX:
            raise LimitExceeded(f"a table has {rows:,} rows, and {ROWS_MAX:,} are read", where=where, next_step=_AGAIN)
        return pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error).splitlines()[0]) from None
