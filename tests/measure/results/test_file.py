import contextlib
import dataclasses
import io
import json
import zipfile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.measure.results.file import KeptText, RunFile, decode_run, encode_run
from holdfast.measure.results.header import Machine, PromptSource, RunHeader
from holdfast.records.errors import InputError, MalformedFile
from holdfast.records.measurement import (
    Answer,
    Arrivals,
    Endpoint,
    Fault,
    Load,
    Phase,
    Sample,
    TokenPrice,
    Usage,
    Verdict,
)

MACHINE = Machine("a processor", 2, 8 << 30, "Linux")
HEADER = RunHeader(
    started_at="2026-11-26T18:00:00Z",
    holdfast="0.1.0",
    machine=MACHINE,
    endpoints=(Endpoint("local", "http://127.0.0.1:1/v1", "acme/one"),),
    seed=7,
    loads=(Load(Arrivals.POISSON, rate_per_s=4.0, duration_s=60.0),),
    prompts=(PromptSource("file", "prompts.jsonl", "ab" * 32, 100, has_nonce=True),),
    prices={"local": TokenPrice(0.1, 0.4, as_of="2026-11-01", source="a contract")},
    figures={"ttft": {"p50": 0.1}},
)
TIMES = st.none() | st.integers(0, 2**62)
COUNTS = st.none() | st.integers(0, 2**40)
SAMPLES = st.builds(
    Sample,
    endpoint=st.text(max_size=8),
    run=st.integers(0, 9),
    level=st.integers(0, 9),
    number=st.integers(0, 2**40),
    worker=st.integers(0, 9),
    phase=st.sampled_from(Phase),
    scheduled_ns=st.integers(0, 2**62),
    sent_ns=TIMES,
    first_byte_ns=TIMES,
    first_token_ns=TIMES,
    first_answer_ns=TIMES,
    last_token_ns=TIMES,
    end_ns=st.integers(0, 2**62),
    chunk_ns=st.lists(st.integers(0, 2**62), max_size=4).map(tuple),
    status=st.none() | st.integers(100, 599),
    fault=st.sampled_from(Fault),
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS),
    cost_usd=st.none() | st.floats(0, 1e6),
)
ANSWERS = st.builds(
    Answer,
    **dict.fromkeys(("endpoint", "suite", "family", "use", "cluster", "task", "check", "reason"), st.text(max_size=8)),
    attempt=st.integers(0, 9),
    verdict=st.sampled_from(Verdict),
    score=st.none() | st.floats(0, 1),
    prompt_tokens=COUNTS,
    completion_tokens=COUNTS,
    cost_usd=st.none() | st.floats(0, 1e6),
    seconds=st.none() | st.floats(0, 1e6),
    prompt_sha256=st.just("ab" * 32),
    output_sha256=st.just("cd" * 32),
)


@settings(max_examples=30)
@given(st.lists(SAMPLES, max_size=4), st.lists(ANSWERS, max_size=4))
def test_a_run_that_is_written_and_read_is_the_same_run(samples: list[Sample], answers: list[Answer]) -> None:
    content = encode_run(RunFile(HEADER, samples, answers))
    read = decode_run(content, "run")
    assert list(read.samples) == samples
    assert list(read.answers) == answers
    assert dataclasses.replace(read.header, digests={}) == HEADER
    assert encode_run(read) == content


def test_texts_are_in_the_file_only_when_the_header_says_so() -> None:
    text = KeptText("local", "1", "a secret prompt", "a secret answer")
    assert b"secret" not in encode_run(RunFile(HEADER, texts=[text]))
    kept = encode_run(RunFile(dataclasses.replace(HEADER, keeps_texts=True), texts=[text]))
    assert decode_run(kept, "run").texts == [text]


def test_other_tools_open_the_tables() -> None:
    with zipfile.ZipFile(io.BytesIO(encode_run(RunFile(HEADER, [], [_answer()])))) as archive:
        table = pl.read_parquet(archive.read("answers.parquet"))
        header = json.loads(archive.read("header.json"))
    assert table["verdict"].to_list() == ["right"]
    assert header["machine"]["cores"] == 2


def test_a_changed_table_is_refused() -> None:
    content = encode_run(RunFile(HEADER, [], [_answer()]))
    at = content.index(b"PAR1", content.index(b"answers.parquet")) + 20
    with pytest.raises(MalformedFile):
        decode_run(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :], "run")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is not a run file"),
        (b"PK\x03\x04 and nothing more", "it is not a run file"),
        (b"{}", "it is not a run file"),
    ],
)
def test_what_is_no_run_file_is_told(content: bytes, said: str) -> None:
    with pytest.raises(MalformedFile, match=said):
        decode_run(content, "run")


def test_a_header_of_a_later_format_asks_for_a_newer_holdfast() -> None:
    later = encode_run(RunFile(dataclasses.replace(HEADER, format=99)))
    with pytest.raises(MalformedFile, match="format 99"):
        decode_run(later, "run")


def test_a_header_with_a_wrong_value_is_told_with_its_place() -> None:
    with pytest.raises(MalformedFile, match=r"header.json: seed"):
        decode_run(_rewrite(encode_run(RunFile(HEADER)), b'"seed":7', b'"seed":"x"'), "run")


@settings(max_examples=60)
@given(st.data())
def test_a_cut_or_damaged_file_is_an_error_of_ours(data: st.DataObject) -> None:
    content = bytearray(encode_run(RunFile(HEADER, [], [_answer()])))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(InputError):
        decode_run(bytes(content), "run")


def _rewrite(content: bytes, old: bytes, new: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w") as written:
        for name in archive.namelist():
            written.writestr(name, archive.read(name).replace(old, new))
    return made.getvalue()


def _answer() -> Answer:
    names = ("local", "golden", "extraction", "tickets", "1", "1")
    return Answer(*names, 0, Verdict.RIGHT, 1.0, "exact", "", 1, 1, None, 0.1, "", "")
