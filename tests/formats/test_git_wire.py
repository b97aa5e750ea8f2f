"""Packs and pkt-lines: what is written git itself reads, and what comes from outside is read or refused."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.errors import BadGitObject
from holdfast.formats.git import CommitSaid, GitEntry, blob_id, compute_commit, compute_trees, make_object
from holdfast.formats.git_wire import (
    FLUSH,
    LINE_BYTES_MAX,
    iterate_pack,
    make_line,
    read_wish,
    split_lines,
    wrap_in_band,
)

SIZES = (0, 1, 15, 16, 17, 2047, 2048, 100_000)


def test_git_reads_a_pack_of_every_kind_and_size(tmp_path: Path) -> None:
    blobs = [make_object("blob", os.urandom(size)) for size in SIZES]
    trees = compute_trees([GitEntry(f"d/{number}", one.id) for number, one in enumerate(blobs)])
    objects = [*blobs, *(make_object("tree", body) for body in trees.objects.values())]
    objects.append(compute_commit(trees.root, CommitSaid("all sizes", 1)))
    (tmp_path / "a.pack").write_bytes(b"".join(iterate_pack(len(objects), objects)))
    subprocess.run(["git", "init", "-q", "--bare"], cwd=tmp_path, check=True)
    subprocess.run(["git", "index-pack", "--strict", "-v", "a.pack"], cwd=tmp_path, check=True, capture_output=True)
    said = subprocess.run(
        ["git", "verify-pack", "-v", "a.idx"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    found = {line.split()[0]: line.split()[1] for line in said.stdout.splitlines() if len(line.split()) == 5}
    assert found == {one.id: one.kind for one in objects}
    assert blob_id(blobs[-1].body) in found


@given(st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=300)), max_size=20))
def test_lines_are_split_as_they_were_made(texts: list[bytes | None]) -> None:
    data = b"".join(FLUSH if text is None else make_line(text) for text in texts)
    assert list(split_lines(data)) == [None if text is None else text.removesuffix(b"\n") for text in texts]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadGitObject):
        read_wish(data)


def test_a_request_is_read_with_all_that_it_says() -> None:
    a, b, c = ("a" * 40, "b" * 40, "c" * 40)
    data = b"".join(
        [
            make_line(f"want {a} side-band-64k agent=git/2\n".encode()),
            make_line(f"want {b}\n".encode()),
            make_line(f"shallow {c}".encode()),
            make_line(b"deepen 2147483647"),
            FLUSH,
        ]
    )
    first = read_wish(data)
    assert (first.wants, first.shallow, first.depth) == ((a, b), frozenset({c}), 2147483647)
    assert (first.capabilities, first.talking, first.done) == (
        frozenset({"side-band-64k", "agent=git/2"}),
        False,
        False,
    )
    whole = read_wish(data + make_line(f"have {c}\n".encode()) + make_line(b"done\n"))
    assert (whole.haves, whole.talking, whole.done) == ((c,), True, True)


@pytest.mark.parametrize("data", [b"00", b"0001", b"fff0" + bytes(10), FLUSH * 300_000])
def test_lines_that_do_not_fit_are_told_with_their_place(data: bytes) -> None:
    with pytest.raises(BadGitObject, match="byte"):
        list(split_lines(data))


def test_a_long_piece_is_wrapped_into_lines_that_fit() -> None:
    piece = os.urandom(200_000)
    lines = list(split_lines(b"".join(wrap_in_band(piece))))
    assert all(line is not None and len(line) <= LINE_BYTES_MAX - 4 for line in lines)
    raw = b"".join(wrap_in_band(piece))
    at, found = 0, b""
    while at < len(raw):
        length = int(raw[at : at + 4], 16)
        assert raw[at + 4] == 1
        found += raw[at + 5 : at + length]
        at += length
    assert found == piece
