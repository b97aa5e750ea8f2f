"""Packs that git itself writes are read to the same objects; any other bytes are refused with their place."""

import hashlib
import random
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.git_pack import read_pack
from holdfast.records.errors import MalformedFile

WHERE = Path("the.pack")


def git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", folder, *words], input=given, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with texts that differ a little, so that git writes differences."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    rng = random.Random(5)
    lines = [f"line {rng.random()}\n" for _ in range(500)]
    for turn in range(12):
        lines[turn * 7] = f"changed {turn}\n"
        (folder / "text").write_text("".join(lines))
        (folder / f"d{turn}").mkdir()
        (folder / f"d{turn}" / "f").write_bytes(rng.randbytes(turn * 100))
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "-m", f"turn {turn}")
    return folder


def pack(folder: Path, *words: str) -> bytes:
    names = git(folder, "rev-list", "--objects", "--all", "--no-object-names")
    return git(folder, "pack-objects", "--stdout", "--quiet", "--window=50", "--depth=50", *words, given=names)


@pytest.mark.parametrize("words", [("--delta-base-offset",), (), ("--no-reuse-delta", "--depth=3")])
def test_a_pack_of_git_is_read_to_the_objects_that_git_names(folder: Path, words: tuple[str, ...]) -> None:
    found = read_pack(pack(folder, *words), WHERE)
    listed = git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
    assert sorted(f"{one.id} {one.kind} {len(one.body)}" for one in found) == sorted(listed.decode().splitlines())
    text = next(one for one in found if one.id == git(folder, "rev-parse", "HEAD:text").decode().strip())
    assert text.body == (folder / "text").read_bytes()


def make(*entries: bytes, count: int | None = None) -> bytes:
    """A pack of these entries with a right digest."""
    body = b"PACK" + (2).to_bytes(4, "big") + (count or len(entries)).to_bytes(4, "big") + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def entry(kind: int, content: bytes, size: int | None = None, between: bytes = b"") -> bytes:
    length = len(content) if size is None else size
    head = bytearray([kind << 4 | length & 15])
    length >>= 4
    while length:
        head[-1] |= 0x80
        head.append(length & 0x7F)
        length >>= 7
    return bytes(head) + between + zlib.compress(content)


BLOB = entry(3, b"hello\n")
BLOB_ID = bytes.fromhex("ce013625030ba8dba906f756967f9e9ca394464a")  # git hash-object


def test_a_pack_of_one_blob_is_read() -> None:
    assert [one.id for one in read_pack(make(BLOB), WHERE)] == [BLOB_ID.hex()]


def test_a_difference_against_a_later_object_is_read() -> None:
    delta = b"\x06\x07" + b"\x90\x06" + b"\x01!"  # copy 6 bytes from 0, insert one
    found = read_pack(make(entry(7, delta, between=BLOB_ID), BLOB), WHERE)
    assert [one.body for one in found] == [b"hello\n!", b"hello\n"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PACK",
        b"KCAP" + bytes(40),
        make(BLOB)[:-1],
        make(BLOB)[:-1] + b"\0",
        make(BLOB, count=2),
        make(BLOB, count=2_000_000),
        make(entry(3, b"hello\n", size=5)),
        make(entry(3, b"hello\n", size=7)),
        make(entry(3, b"x", size=1 << 40)),
        make(entry(5, b"x")),
        make(entry(0, b"x")),
        make(bytes([3 << 4 | 5]) + b"not zlib"),
        make(entry(3, b"hello\n")[:-3]),
        make(entry(7, b"\x06\x06\x90\x06", between=bytes(20))),
        make(entry(6, b"\x06\x06\x90\x06", between=b"\x7f")),
        make(entry(7, b"\x05\x06\x90\x06", between=BLOB_ID), BLOB),
        make(entry(7, b"\x06\x07\x90\x07", between=BLOB_ID), BLOB),
        make(entry(7, b"\x06\x06\x00", between=BLOB_ID), BLOB),
        make(entry(7, b"\x06\x06\x7f", between=BLOB_ID), BLOB),
        make(entry(7, b"\x06\x90", between=BLOB_ID), BLOB),
        make(entry(7, b"\x06" + b"\xff" * 12, between=BLOB_ID), BLOB),
        make(entry(7, b"\x06\x02\x90\x06", between=BLOB_ID), BLOB),
    ],
)
def test_what_is_no_pack_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFile):
        read_pack(data, WHERE)


def test_a_pack_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.formats.git_pack.UNPACKED_BYTES_MAX", 1000)
    base = entry(3, bytes(900))
    name = hashlib.sha1(b"blob 900\0" + bytes(900)).digest()
    grow = b"\x84\x07" + b"\x88\x0e" + b"\xb0\x84\x03" * 2
    with pytest.raises(MalformedFile):
        read_pack(make(base, entry(3, bytes(200))), WHERE)
    with pytest.raises(MalformedFile):
        read_pack(make(base, entry(7, grow, between=name)), WHERE)


@settings(max_examples=300)
@given(st.data())
def test_a_pack_with_a_changed_byte_is_refused_or_read(data: st.DataObject) -> None:
    whole = bytearray(make(entry(7, b"\x06\x07\x90\x06\x01!", between=BLOB_ID), BLOB)[:-20])
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_pack(bytes(whole) + hashlib.sha1(whole).digest(), WHERE)
    except MalformedFile:
        return
