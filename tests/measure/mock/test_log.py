"""The log: what a mock wrote can be read while it runs, after it stopped and after it was killed. Nothing else is taken
for one."""

import os
import signal
import struct
from pathlib import Path

import numpy as np
import pytest
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import ask

from holdfast.measure.mock.log import REQUEST_ROW, TOKEN_ROW, read_mock_log
from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.starting import start_mock
from holdfast.measure.mock.tables import HEADER_BYTES, REQUEST_FORMAT, TOKEN_FORMAT, TOKENS, create_tables, write_about
from holdfast.records.errors import MalformedFile, MissingPath

QUICK = Distribution(mean=0.001)


def write_log(folder: Path, rows: int = 3) -> None:
    tables = create_tables(folder, 10, rows)
    write_about(folder, 17, "plain", ("one", "two"))
    tables[0].add(*range(17))
    for number in range(5):
        tables[1].add(number, 0, 0, 0, number, 1, 0)
    for table in tables:
        table.close()


def test_a_log_reads_back_and_says_what_it_lost(tmp_path: Path) -> None:
    write_log(tmp_path)
    log = read_mock_log(tmp_path)
    assert log.requests.tolist() == [tuple(range(17))]
    assert log.tokens["deadline_ns"].tolist() == [0, 1, 2]
    assert (log.lost, log.start_ns, log.version, log.scenarios) == (2, 17, "plain", ("one", "two"))
    assert log.find_request(0) == 0
    assert log.find_request(5) is None


def test_rows_are_as_wide_as_they_are_written() -> None:
    assert (REQUEST_ROW.itemsize, TOKEN_ROW.itemsize) == (REQUEST_FORMAT.size, TOKEN_FORMAT.size)


def test_a_mock_with_a_full_log_goes_on_and_counts_what_it_lost(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, log_tokens_max=4, log_requests_max=1))
    for _ in range(2):
        assert len(ask(mock, stream=True, max_tokens=6).events) == 6 + len(["role", "finish", "done"])
    log = mock.read_log()
    assert (log.requests.size, log.tokens.size, log.lost) == (1, 4, 1 + 2 + 6)
    assert log.requests["tokens"].tolist() == [6]


def test_tokens_of_a_request_without_a_row_are_logged(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, log_requests_max=1))
    for _ in range(2):
        ask(mock, stream=True, max_tokens=2)
    assert mock.read_log().tokens["request"].tolist() == [0, 0, 2**32 - 1, 2**32 - 1]


def test_the_log_of_a_killed_mock_is_whole_as_far_as_it_came(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK))
    ask(mock, stream=True, max_tokens=6)
    before = mock.read_log()
    assert before.tokens["index"].tolist() == list(range(6))
    assert mock.is_running
    os.kill(mock.pid, signal.SIGKILL)
    mock.wait()
    assert not mock.is_running
    assert np.array_equal(mock.read_log().tokens, before.tokens)
    mock.stop()
    assert np.array_equal(mock.read_log().tokens, before.tokens)


def test_a_log_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    with start_mock(MockSpec(ttft_s=QUICK, gap_s=QUICK), log_folder=tmp_path / "log") as mock:
        ask(mock, stream=True, max_tokens=2)
    log = read_mock_log(tmp_path / "log")
    assert log.tokens.size == 2
    assert np.array_equal(log.requests, mock.read_log().requests)
    assert (tmp_path / "log" / TOKENS).stat().st_size == HEADER_BYTES + 2 * TOKEN_ROW.itemsize


def test_a_folder_without_a_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="no log of a mock"):
        read_mock_log(tmp_path)


@pytest.mark.parametrize("damage", ["about", "format", "lacks", "magic", "cut", "empty", "missing", "many"])
def test_a_damaged_log_is_refused(tmp_path: Path, damage: str) -> None:
    write_log(tmp_path)
    about, tokens = tmp_path / "about.json", tmp_path / TOKENS
    data = tokens.read_bytes()
    match damage:
        case "about":
            about.write_text("{")
        case "format":
            about.write_text('{"format": 2}')
        case "lacks":
            about.write_text('{"format": 1}')
        case "magic":
            tokens.write_bytes(b"X" + data[1:])
        case "cut":
            tokens.write_bytes(data[:-1])
        case "empty":
            tokens.write_bytes(b"")
        case "missing":
            tokens.unlink()
        case _:
            tokens.write_bytes(data[:8] + struct.pack("<Q", 2**63) + data[16:])
    with pytest.raises(MalformedFile, match="no log of a mock"):
        read_mock_log(tmp_path)
