"""Files on their way in: nothing counts before it is whole and what was announced, and nothing is left behind."""

import hashlib
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast.records.errors import NoSpace
from holdfast.records.hub_writing import WrongContent
from holdfast.workflows.hub_writing import uploads as module
from holdfast.workflows.hub_writing.uploads import LEFT_S, Announced, Uploads, make_upload

MIB = 1 << 20


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "staging" / "uploads")


def announce(data: bytes) -> Announced:
    return Announced(hashlib.sha256(data).hexdigest(), len(data))


def list_files(uploads: Uploads) -> list[Path]:
    return [path for path in uploads.folder.rglob("*") if path.is_file()]


def send_part(uploads: Uploads, upload: str, announced: Announced, number: int, data: bytes) -> str:
    part = uploads.receive_part(upload, announced, number)
    try:
        part.write(data)
        return part.finish()
    finally:
        part.close()


def test_a_file_is_there_while_it_is_received_and_gone_afterwards(uploads: Uploads) -> None:
    data = os.urandom(3 * MIB + 5)
    with uploads.receive(announce(data)) as incoming:
        incoming.write(data[: 2 * MIB])
        incoming.write(data[2 * MIB :])
        assert incoming.finish() == hashlib.sha256(data).hexdigest()
        assert incoming.path.read_bytes() == data
    assert list_files(uploads) == []


def test_too_much_and_too_little_are_refused_and_leave_nothing(uploads: Uploads) -> None:
    with pytest.raises(WrongContent, match="more than"), uploads.receive(announce(b"four")) as incoming:
        incoming.write(b"fours")
    with uploads.receive(announce(b"four")) as incoming:
        incoming.write(b"fou")
        with pytest.raises(WrongContent, match="3 bytes were sent of 4"):
            incoming.finish()
    assert list_files(uploads) == []


def test_what_cannot_fit_is_refused_before_it_is_sent(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    def tell_usage(_path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=3)

    monkeypatch.setattr(shutil, "disk_usage", tell_usage)
    with pytest.raises(NoSpace, match="3 are free"), uploads.receive(announce(b"four")):
        pass


@pytest.mark.parametrize("size", [1, 64 * MIB, 64 * MIB + 1, 50 * 10**9, 411 * 10**9])
def test_parts_cover_a_file_without_gap_or_overlap(size: int) -> None:
    announced = Announced("0" * 64, size)
    at = 0
    for number in range(1, announced.parts + 1):
        begin, length = announced.measure_part(number)
        assert begin == at
        assert 0 < length <= announced.part_bytes
        at += length
    assert at == size
    assert announced.parts == -(-size // announced.part_bytes) <= 100  # as clients compute it
    assert announced.part_bytes % MIB == 0


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_BYTES_MIN", MIB)


@pytest.mark.usefixtures("small_parts")
def test_parts_in_any_order_make_the_file(uploads: Uploads) -> None:
    data = os.urandom(2 * MIB + 7)
    announced, upload = announce(data), make_upload()
    pieces = {number: data[(number - 1) * MIB : number * MIB] for number in (3, 1, 2)}
    etags = {number: send_part(uploads, upload, announced, number, piece) for number, piece in pieces.items()}
    body = uploads.complete(upload, announced, etags)
    assert body.read_bytes() == data
    uploads.discard(upload, announced)
    assert list_files(uploads) == []


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_broke_is_named_and_sent_again(uploads: Uploads) -> None:
    data = os.urandom(2 * MIB)
    announced, upload = announce(data), make_upload()
    etags = {1: send_part(uploads, upload, announced, 1, data[:MIB])}
    etags[2] = send_part(uploads, upload, announced, 2, data[MIB:])
    with pytest.raises(WrongContent):
        send_part(uploads, upload, announced, 2, data[MIB:-1])  # what came before does not count any more
    with pytest.raises(WrongContent, match="of 2 parts 2 did not"):
        uploads.complete(upload, announced, etags)
    send_part(uploads, upload, announced, 2, data[MIB:])
    assert uploads.complete(upload, announced, etags).read_bytes() == data


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("wrong", [{}, {1: "x"}, {1: "", 2: ""}])
def test_parts_that_were_not_sent_or_have_another_etag_are_no_file(uploads: Uploads, wrong: Mapping[int, str]) -> None:
    announced = announce(bytes(2 * MIB))
    upload = make_upload()
    send_part(uploads, upload, announced, 1, bytes(MIB))
    with pytest.raises(WrongContent, match="did not arrive"):
        uploads.complete(upload, announced, wrong)


@pytest.mark.usefixtures("small_parts")
def test_parts_that_make_another_file_are_refused(uploads: Uploads) -> None:
    announced = announce(bytes(2 * MIB))
    upload = make_upload()
    etags = {number: send_part(uploads, upload, announced, number, b"x" * MIB) for number in (1, 2)}
    with pytest.raises(WrongContent, match="sha256"):
        uploads.complete(upload, announced, etags)


def test_what_arrived_for_one_model_did_not_for_another(uploads: Uploads) -> None:
    uploads.note_arrived("team/a", "0" * 64)
    assert uploads.has_arrived("team/a", "0" * 64)
    assert not uploads.has_arrived("team/b", "0" * 64)
    assert not uploads.has_arrived("team/a", "1" * 64)


def test_what_was_left_two_days_ago_is_taken_away_and_newer_stays(uploads: Uploads) -> None:
    now = time.time()
    announced = announce(bytes(10))
    old, new = make_upload(), make_upload()
    for upload in (old, new):
        uploads.receive_part(upload, announced, 1).close()
    for path in list_files(uploads):
        if old in str(path):
            os.utime(path, (now, now - LEFT_S - 5))
    uploads.note_arrived("team/a", "0" * 64)
    assert uploads.sweep(now) == 1
    assert [path.name for path in uploads.folder.iterdir() if old in path.name] == []
    assert len(list_files(uploads)) == 2
    assert uploads.sweep(now + LEFT_S + 60) == 2
    assert list(uploads.folder.iterdir()) == []
