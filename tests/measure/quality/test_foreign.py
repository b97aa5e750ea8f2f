"""Logs that Inspect and lm-evaluation-harness really wrote, and what is done with those that are broken."""

import io
import json
import shutil
import struct
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.measure.quality.foreign.imported import ImportAsked, judge_score
from holdfast.measure.quality.foreign.reading import read_foreign
from holdfast.measure.quality.foreign.zip_entries import ZipEntries
from holdfast.records.errors import HoldfastError, LimitExceeded, MalformedFile, MissingPath, UnknownName
from holdfast.records.measurement import Verdict

FIXTURES = Path(__file__).parent / "fixtures"
EVAL = FIXTURES / "inspect" / "capitals.eval"
RESULTS = next((FIXTURES / "lm_eval").glob("results_*.json"))
PLAIN = ImportAsked()
SAMPLE = {"id": 1, "epoch": 1, "input": "?", "output": {"completion": "x"}, "scores": {"match": {"value": "C"}}}


def write_log(tmp_path: Path, *samples: object, **header: object) -> Path:
    """A log of Inspect as `.json`."""
    path = tmp_path / "log.json"
    about = {"task": "t", "model": "acme/m", "scorers": [{"name": "match"}], "packages": {"inspect_ai": "0"}}
    path.write_text(json.dumps({"version": 2, "status": "success", "eval": about, "samples": samples, **header}))
    return path


def judge_one(tmp_path: Path, value: object, **asked: object) -> tuple[Verdict, float | None, str]:
    path = write_log(tmp_path, {**SAMPLE, "scores": {"match": {"value": value}}})
    (answer,) = read_foreign(path, ImportAsked(**asked)).answers  # type: ignore[arg-type]
    return answer.verdict, answer.score, answer.reason


@pytest.mark.parametrize("name", ["capitals.eval", "capitals.json"])
def test_a_log_that_inspect_wrote_gives_its_answers(name: str) -> None:
    found = read_foreign(FIXTURES / "inspect" / name, PLAIN)
    assert (found.tool, found.version, found.model) == ("inspect", "0.3.285", "mockllm/model")
    verdicts = {(one.task, one.attempt): one.verdict for one in found.answers}
    right = [place for place, verdict in verdicts.items() if verdict is Verdict.RIGHT]
    assert sorted(right) == [("es", 1), ("fr", 0), ("fr", 1)]
    assert len(verdicts) == 6
    assert {(one.suite, one.family, one.check) for one in found.answers} == {("inspect:capitals", "capitals", "match")}
    assert {one.prompt_tokens for one in found.answers} == {7}
    assert [one.task for one in found.answers if one.is_cut] == ["it"]
    assert found.notes == ("scores are those of match",)


def test_another_scorer_can_be_named() -> None:
    found = read_foreign(EVAL, ImportAsked(score="includes", endpoint="local", use="geo"))
    assert Counter(one.verdict for one in found.answers) == {Verdict.RIGHT: 4, Verdict.WRONG: 2}
    assert {(one.endpoint, one.use) for one in found.answers} == {("local", "geo")}
    with pytest.raises(UnknownName, match="no score exact") as caught:
        read_foreign(EVAL, ImportAsked(score="exact"))
    assert caught.value.next_step == "It has: match, includes."


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("C", (Verdict.RIGHT, 1.0, "")),
        ("I", (Verdict.WRONG, 0.0, "scored incorrect")),
        ("P", (Verdict.WRONG, 0.5, "scored partly correct")),
        ("N", (Verdict.WRONG, 0.0, "scored as no answer")),
        (True, (Verdict.RIGHT, 1.0, "")),
        (0.25, (Verdict.WRONG, 0.25, "scored 0.25")),
        ("yes", (Verdict.RIGHT, 1.0, "")),
        ("0.5", (Verdict.WRONG, 0.5, "scored 0.5")),
        (float("nan"), (Verdict.UNKNOWN, None, "the score nan is not a number")),
        ({"a": 1, "b": 0}, (Verdict.UNKNOWN, None, "the score has several parts: name one, as in scorer/part")),
        (7, (Verdict.UNKNOWN, None, "the score 7 is not between 0 and 1, and it was not said from where it is right")),
        ("good", (Verdict.UNKNOWN, None, "the score good is not a number")),
    ],
)
def test_scores_of_every_kind_become_verdicts(
    tmp_path: Path, value: object, found: tuple[Verdict, float | None, str]
) -> None:
    assert judge_one(tmp_path, value) == found


def test_parts_of_scores_and_scales_of_ones_own_can_be_named(tmp_path: Path) -> None:
    assert judge_one(tmp_path, {"a": 1, "b": 0}, score="match/b")[0] is Verdict.WRONG
    assert judge_one(tmp_path, 7, right_at=6.0) == (Verdict.RIGHT, 1.0, "")
    assert judge_one(tmp_path, 5, right_at=6.0) == (Verdict.WRONG, 0.0, "scored 5")
    assert judge_score(0.6, ImportAsked(right_at=0.5)).verdict is Verdict.RIGHT


def test_samples_that_broke_or_were_not_scored_are_unknown(tmp_path: Path) -> None:
    broken = {**SAMPLE, "id": "b", "error": {"message": "timed\nout", "traceback": "…"}}
    path = write_log(tmp_path, broken, {**SAMPLE, "id": "u", "scores": {}}, status="error")
    found = read_foreign(path, PLAIN)
    assert [(one.verdict, one.reason) for one in found.answers] == [
        (Verdict.UNKNOWN, "it ended in an error: timed out"),
        (Verdict.UNKNOWN, "it was not scored by match"),
    ]
    assert found.notes[0] == "the log's status is error: samples may be missing"


def test_a_log_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    stated = {"scores": [{"name": "match", "metrics": {"accuracy": {"value": 0.25}}}]}
    found = read_foreign(write_log(tmp_path, SAMPLE, results=stated, version=9), PLAIN)
    assert "the log states an accuracy of 0.25, its samples give 1" in found.notes
    assert "the log is of version 9; version 2 is known here" in found.notes


def test_a_refusal_by_the_provider_is_marked(tmp_path: Path) -> None:
    output = {"completion": "", "choices": [{"stop_reason": "content_filter"}]}
    (answer,) = read_foreign(write_log(tmp_path, {**SAMPLE, "output": output}), PLAIN).answers
    assert answer.is_refusal


def test_a_log_without_samples_is_read_from_its_summaries(tmp_path: Path) -> None:
    path = tmp_path / "short.eval"
    with ZipEntries(EVAL) as entries, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("_journal/start.json", "summaries.json"):  # a run that was broken off has no header
            archive.writestr(name, entries.read(name))
    found = read_foreign(path, PLAIN)
    assert Counter(one.verdict for one in found.answers) == {Verdict.RIGHT: 3, Verdict.WRONG: 3}
    assert {one.output_sha256 for one in found.answers} == {""}


def test_results_that_lm_eval_wrote_give_their_answers() -> None:
    found = read_foreign(RESULTS, PLAIN)
    assert (found.tool, found.version, found.model) == ("lm-evaluation-harness", "0.4.13", "acme/dummy")
    right = [(one.family, one.task) for one in found.answers if one.verdict is Verdict.RIGHT]
    assert right == [("capitals", "2"), ("pick", "0")]
    assert len(found.answers) == 6
    assert {one.check for one in found.answers} == {"exact_match,strict", "acc,none"}
    assert found.notes == ("capitals: scores are those of exact_match,strict", "pick: scores are those of acc,none")
    assert read_foreign(RESULTS.parent, PLAIN) == found


def test_a_filter_and_a_metric_can_be_named() -> None:
    samples = next(RESULTS.parent.glob("samples_capitals_*"))
    found = read_foreign(samples, ImportAsked(score="exact_match", filter="flexible", endpoint="m"))
    assert ([one.verdict for one in found.answers], found.notes) == ([Verdict.WRONG] * 3, ())
    assert {one.endpoint for one in found.answers} == {"m"}
    with pytest.raises(UnknownName, match="no sample has the filter loose"):
        read_foreign(samples, ImportAsked(filter="loose"))
    with pytest.raises(UnknownName, match="no metric f1"):
        read_foreign(samples, ImportAsked(score="f1"))


def test_totals_that_the_samples_do_not_bear_out_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(RESULTS.parent, folder)
    samples = next(folder.glob("samples_pick_*"))
    samples.write_text("".join(samples.read_text().splitlines(keepends=True)[:2]))
    notes = read_foreign(folder, PLAIN).notes
    assert "pick: the results state 0.3333, the samples give 0.5" in notes
    assert "pick: the results state 3 documents, the samples have 2" in notes


def test_documents_that_were_answered_twice_are_attempts(tmp_path: Path) -> None:
    samples = next(RESULTS.parent.glob("samples_pick_*"))
    again = tmp_path / samples.name
    again.write_text(samples.read_text() * 2)
    attempts = [(one.task, one.attempt) for one in read_foreign(again, PLAIN).answers]
    assert attempts == [(str(task), attempt) for attempt in range(2) for task in range(3)]


def test_results_without_samples_are_no_answers(tmp_path: Path) -> None:
    shutil.copy(RESULTS, tmp_path)
    with pytest.raises(MissingPath, match="totals alone are no answers"):
        read_foreign(tmp_path / RESULTS.name, PLAIN)
    with pytest.raises(MissingPath, match=r"no results_\*\.json"):
        read_foreign(FIXTURES, PLAIN)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.eval", b"not a zip"),
        ("a.eval", b""),
        ("a.json", b"{"),
        ("a.json", b"[]"),
        ("a.json", b"{}"),
        ("a.json", b'{"eval": 3}'),
        ("a.json", b"[" * 100_000),
        ("a.jsonl", b""),
        ("a.jsonl", b"{"),
        ("a.jsonl", b"3"),
        ("a.txt", b"x"),
    ],
)
def test_what_is_no_log_is_told_with_its_file(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(HoldfastError) as caught:
        read_foreign(tmp_path / name, PLAIN)
    assert str(tmp_path / name) in caught.value.where
    with pytest.raises(MissingPath):
        read_foreign(tmp_path / "none", PLAIN)


def make_zip(tmp_path: Path, method: int, raw: bytes, stated: bytes) -> Path:
    """A zip whose one entry holds `raw` as it is, and says that it is `stated`, packed by `method`."""
    path = tmp_path / "made.eval"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("header.json", stated)
    data = bytearray(buffer.getvalue().replace(stated, raw, 1))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, at + 10, method)
    struct.pack_into("<I", data, at + 20, len(raw))
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 16, at)
    path.write_bytes(data)
    return path


def test_zstandard_entries_are_read_and_a_bomb_is_cut_off(tmp_path: Path) -> None:
    stated = b'{"version": 2, "eval": {"task": "t", "model": "m"}}'
    path = make_zip(tmp_path, 93, zstandard.compress(stated), stated)
    assert read_foreign(path, PLAIN).notes == ("the log holds no samples",)
    bomb = make_zip(tmp_path, 93, zstandard.compress(b"\0" * (1 << 26)), stated)
    with pytest.raises(MalformedFile, match="checksum"):
        read_foreign(bomb, PLAIN)
    with pytest.raises(MalformedFile, match="compression method 12 is not understood"):
        read_foreign(make_zip(tmp_path, 12, b"x", stated), PLAIN)


def test_an_entry_that_says_that_it_is_huge_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path, 0, b"{}", b"{}")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1 << 30)
    path.write_bytes(data)
    with pytest.raises(LimitExceeded, match=r"header\.json"):
        read_foreign(path, PLAIN)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(0, EVAL.stat().st_size - 1), st.integers(0, 255), st.integers(0, 1 << 14))
def test_a_damaged_log_is_an_error_that_is_told(tmp_path: Path, place: int, value: int, kept: int) -> None:
    data = bytearray(EVAL.read_bytes())
    data[place] = value
    path = tmp_path / "damaged.eval"
    for content in (bytes(data), bytes(data[:kept])):
        path.write_bytes(content)
        assert str(path) in find_place(path)


def find_place(path: Path) -> str:
    """Where reading fails; the path where it does not."""
    try:
        read_foreign(path, PLAIN)
    except HoldfastError as error:
        return error.where
    return str(path)


def test_every_byte_of_a_sample_is_under_its_checksum() -> None:
    with ZipEntries(EVAL) as entries:
        name = next(entries.find_under("samples"))
        assert json.loads(entries.read(name))["id"] == "fr"
        assert "header.json" in entries
        assert "nothing" not in entries
