"""The lines of a commit: what clients send is read, and whatever else is refused with its line."""

import base64
import contextlib
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.access import BadRequest, TooLarge
from holdfast.records.hub_writing import AddedFile, AddedLarge, AskedCommit, CommitHeader, Deletion
from holdfast.workflows.hub_writing import commit_lines
from holdfast.workflows.hub_writing.commit_lines import is_good_path, read_commit

HEADER: dict[str, object] = {"key": "header", "value": {"summary": "a change"}}


def read(folder: Path, *lines: object) -> AskedCommit:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return read_commit(io.BytesIO(data), folder)


def op(key: str, **value: object) -> dict[str, object]:
    return {"key": key, "value": value}


def test_every_operation_of_the_clients_is_read(tmp_path: Path) -> None:
    header = op("header", summary="S", description="D", parentCommit="a" * 40)
    asked = read(
        tmp_path,
        header,
        op("file", path="a b/ü.txt", content=base64.b64encode(b"bytes\0").decode(), encoding="base64"),
        op("lfsFile", path="w.bin", algo="sha256", oid="b" * 64, size=12),
        op("lfsFile", path="copy.bin", algo="sha256", oid="b" * 64),
        op("deletedFile", path="old"),
        op("deletedFolder", path="olds/"),
        b"",
    )
    added, *rest = asked.operations
    assert asked.header == CommitHeader("S", "D", "a" * 40)
    assert asked.header.message == "S\n\nD"
    assert isinstance(added, AddedFile)
    assert (added.path, added.source.read_bytes()) == ("a b/ü.txt", b"bytes\0")
    assert rest == [
        AddedLarge("w.bin", "b" * 64, 12),
        AddedLarge("copy.bin", "b" * 64, None),
        Deletion("old", is_folder=False),
        Deletion("olds", is_folder=True),
    ]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "empty"),
        ([b"{"], "line 1.*no JSON"),
        ([b"[" * 100_000], "line 1.*no JSON"),
        ([b"\xff\xfe"], "line 1.*no JSON"),
        ([b"[]"], "no JSON object"),
        ([op("file", path="a", content="")], "the header comes first"),
        ([HEADER, HEADER], "line 2.*second header"),
        ([HEADER, {"key": "file"}], '"key" and "value"'),
        ([HEADER, op("chmod", path="a")], "no operation that is known"),
        ([HEADER, op("file", path="a", content="?")], "base64"),
        ([HEADER, op("file", path="a", content=7)], "base64"),
        ([HEADER, op("file", path="a", content="", encoding="utf-8")], "base64"),
        ([HEADER, op("file", path="../a", content="")], "path"),
        ([HEADER, op("file", path="/a", content="")], "path"),
        ([HEADER, op("file", path=".git/config", content="")], "path"),
        ([HEADER, op("file", path="a\\b", content="")], "path"),
        ([HEADER, op("file", path="a\nb", content="")], "path"),
        ([HEADER, op("file", path="a" * 1025, content="")], "path"),
        ([HEADER, op("file", path=None, content="")], "path"),
        ([HEADER, op("deletedFolder", path="")], "path"),
        ([HEADER, op("deletedFolder", path="/")], "path"),
        ([HEADER, op("deletedFolder")], "path"),
        ([HEADER, op("lfsFile", path="a", algo="md5", oid="b" * 64)], "sha256"),
        ([HEADER, op("lfsFile", path="a", algo="sha256", oid="B" * 64)], "sha256"),
        ([HEADER, op("lfsFile", path="a", algo="sha256", oid="b" * 64, size=-1)], "size"),
        ([HEADER, op("lfsFile", path="a", algo="sha256", oid="b" * 64, size=True)], "size"),
        ([op("header", summary="x" * 100_001)], "summary"),
        ([op("header", summary="a\0b")], "summary"),
        ([op("header", summary="S", parentCommit="main")], "parentCommit"),
        ([b'{"key": "header", "value": {"summary": "\\ud800"}}'], "summary"),
    ],
)
def test_what_no_client_means_is_refused_with_its_line(tmp_path: Path, lines: list[object], says: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(tmp_path, *lines)
    assert re.search(says, str(caught.value))
    assert "line" in caught.value.where


def test_a_line_and_a_commit_have_a_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_lines, "LINE_BYTES_MAX", 200)
    monkeypatch.setattr(commit_lines, "OPERATIONS_MAX", 3)
    with pytest.raises(TooLarge, match="line 2"):
        read(tmp_path, HEADER, op("file", path="a", content="A" * 200))
    assert len(read(tmp_path, HEADER, *[op("deletedFile", path="a")] * 3).operations) == 3
    with pytest.raises(TooLarge, match="line 5"):
        read(tmp_path, HEADER, *[op("deletedFile", path="a")] * 4)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_commit_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with contextlib.suppress(BadRequest, TooLarge):
        read(tmp_path_factory.getbasetemp(), HEADER, data)


@given(st.text(max_size=40))
def test_a_good_path_stays_in_its_folder(path: str) -> None:
    if is_good_path(path):
        inside = Path("/repository") / path
        assert inside.is_relative_to("/repository")
        assert ".." not in inside.parts
        assert inside != Path("/repository")
