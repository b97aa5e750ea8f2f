"""A spool believes its journal no further than the bytes bear out, whatever happened in between."""

import os
import random
from pathlib import Path

import pytest

from holdfast.records.errors import BusyVault, NoSpace
from holdfast.upstream.spool import RECORD_BYTES, Span, Spool, check_room, sweep_spools

SIZE = 3 * RECORD_BYTES + 1000
CONTENT = random.Random(1).randbytes(SIZE)
NAME = "sha256-" + "0" * 64


def fill(folder: Path, *starts: int) -> None:
    with Spool(folder, NAME, SIZE) as spool:
        for start in starts:
            spool.write(start, CONTENT[start : start + RECORD_BYTES])


def missing(folder: Path) -> list[tuple[int, int]]:
    with Spool(folder, NAME, SIZE) as spool:
        return [(span.start, span.end) for span in spool.list_missing()]


def test_what_arrived_in_any_order_is_there_for_the_next_try(tmp_path: Path) -> None:
    fill(tmp_path, 2 * RECORD_BYTES, 0)
    assert missing(tmp_path) == [(RECORD_BYTES, 2 * RECORD_BYTES), (3 * RECORD_BYTES, SIZE)]
    fill(tmp_path, 3 * RECORD_BYTES, RECORD_BYTES)
    assert missing(tmp_path) == []
    with Spool(tmp_path, NAME, SIZE) as spool:
        assert spool.path.read_bytes() == CONTENT
        assert spool.resumed_bytes == SIZE


def test_a_range_whose_bytes_are_not_what_arrived_is_missing_again(tmp_path: Path) -> None:
    fill(tmp_path, 0, RECORD_BYTES)
    with (tmp_path / f"{NAME}.part").open("r+b") as file:
        file.seek(RECORD_BYTES + 17)
        file.write(bytes([CONTENT[RECORD_BYTES + 17] ^ 1]))
    assert missing(tmp_path) == [(RECORD_BYTES, SIZE)]
    fill(tmp_path, RECORD_BYTES, 2 * RECORD_BYTES)
    assert missing(tmp_path) == [(3 * RECORD_BYTES, SIZE)]


def test_bytes_that_a_power_cut_took_are_missing_again(tmp_path: Path) -> None:
    fill(tmp_path, 0, RECORD_BYTES)
    part = tmp_path / f"{NAME}.part"
    os.truncate(part, RECORD_BYTES)  # the name and the journal were on the medium, the last bytes not
    os.truncate(part, SIZE)
    assert missing(tmp_path) == [(RECORD_BYTES, SIZE)]


@pytest.mark.parametrize("cut", range(1, 79, 7))
def test_a_journal_that_ends_half_way_is_read_up_to_there(tmp_path: Path, cut: int) -> None:
    fill(tmp_path, 0, RECORD_BYTES)
    journal = tmp_path / f"{NAME}.journal"
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert missing(tmp_path) == [(RECORD_BYTES, SIZE)]
    fill(tmp_path, RECORD_BYTES)  # what is written after the half line counts
    assert missing(tmp_path) == [(2 * RECORD_BYTES, SIZE)]


@pytest.mark.parametrize("rubbish", [b"", b"\0" * 5000, b"{}\n", b"[1]\n", b"\xff\xfe\n0 1 2\n", b'{"spool": 2}\n'])
def test_a_journal_of_rubbish_is_begun_anew(tmp_path: Path, rubbish: bytes) -> None:
    fill(tmp_path, 0)
    (tmp_path / f"{NAME}.journal").write_bytes(rubbish)
    assert missing(tmp_path) == [(0, SIZE)]
    fill(tmp_path, 0)
    assert missing(tmp_path) == [(RECORD_BYTES, SIZE)]


def test_lines_that_lead_outside_the_file_or_overlap_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, 0)
    journal = tmp_path / f"{NAME}.journal"
    digest = "ab" * 32
    with journal.open("ab") as file:
        for start, length in ((SIZE, 5), (10**15, 5), (SIZE - 2, 100), (5, RECORD_BYTES), (0, 9_999_999)):
            file.write(f"{start} {length} {digest}\n".encode())
    assert missing(tmp_path) == [(RECORD_BYTES, SIZE)]


def test_a_file_of_another_size_is_begun_anew(tmp_path: Path) -> None:
    fill(tmp_path, 0)
    with Spool(tmp_path, NAME, SIZE + 1) as spool:
        assert spool.list_missing() == [Span(0, SIZE + 1)]


def test_a_restart_forgets_what_arrived_and_keeps_the_new_name(tmp_path: Path) -> None:
    fill(tmp_path, 0)
    with Spool(tmp_path, NAME, SIZE) as spool:
        spool.restart("new")
    with Spool(tmp_path, NAME, SIZE) as spool:
        assert (spool.validator, spool.list_missing()) == ("new", [Span(0, SIZE)])


def test_an_empty_file_has_nothing_missing(tmp_path: Path) -> None:
    with Spool(tmp_path, NAME, 0) as spool:
        assert spool.list_missing() == []
        assert spool.path.read_bytes() == b""


def test_a_spool_has_one_writer(tmp_path: Path) -> None:
    with Spool(tmp_path, NAME, SIZE), pytest.raises(BusyVault, match="another process"):
        Spool(tmp_path, NAME, SIZE)
    fill(tmp_path, 0)


def test_a_discarded_spool_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAME, SIZE)
    spool.discard()
    assert list(tmp_path.iterdir()) == []


def test_old_spools_are_swept_and_those_in_use_are_not(tmp_path: Path) -> None:
    fill(tmp_path, 0)
    with Spool(tmp_path, "held", 10):
        for path in tmp_path.iterdir():
            os.utime(path, (1000, 1000))
        assert sweep_spools(tmp_path, 2000) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["held.journal", "held.part"]


def test_too_little_room_is_told_before_anything_comes(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match="are free"):
        check_room(tmp_path / "not" / "yet", 1 << 60)
    check_room(tmp_path, 1)
