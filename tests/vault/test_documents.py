"""Documents come back as they were, and whatever is no document is refused by an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import DamagedVault, MalformedFile
from holdfast.records.vault import (
    Decision,
    FileEntry,
    FileManifest,
    ObjectId,
    Origin,
    RevisionManifest,
    Role,
    Segment,
)
from holdfast.vault.documents import Document, check_path, decode_document, encode_document

NAME = ObjectId("blake3-256:" + "ab" * 32)
SHA = "cd" * 32
FILE = FileManifest(
    "safetensors", 12, SHA, "ef" * 20,
    (Segment(2, Role.HEADER, None, b"hi"), Segment(10, Role.TENSOR, NAME, b"", "w", "BF16", (5, 1))), ("a warning",),
)  # fmt: skip
REVISION = RevisionManifest(
    "org/name", "main", Origin("here", "2026-01-02T03:04:05Z", "c", "g", (("a", "sha256:b"),)),
    (FileEntry("deep/file", NAME, 12, SHA),), "mit", ("base",), ("finding",), "2026-01-01",
)  # fmt: skip
DECISION = Decision("keep", "org/name@main", "somebody", "because", "2026-01-02T03:04:05Z", 7, NAME)
DOCUMENTS: tuple[Document, ...] = (FILE, REVISION, DECISION)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_comes_back(document: Document) -> None:
    assert decode_document(encode_document(document), "here") == document


def test_a_document_is_canonical_json() -> None:
    data = encode_document(DECISION)
    assert data == (
        b'{"at":"2026-01-02T03:04:05Z","by":"somebody","document":"journal","manifest":"blake3-256:' + b"ab" * 32 + b'"'
        b',"model":"org/name@main","sequence":7,"verb":"keep","why":"because"}'
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_written_as_all_canonical_json_is(document: Document) -> None:
    assert encode_document(document) == encode_canonical(json.loads(encode_document(document))).encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.builds(Decision, texts, texts, texts, texts, texts, st.integers(0, 2**63 - 1), st.sampled_from([None, NAME])))
def test_any_decision_comes_back(decision: Decision) -> None:
    assert decode_document(encode_document(decision), "here") == decision


def change(document: Document, path: str, value: object) -> bytes:
    plain: Any = json.loads(encode_document(document))
    *steps, last = path.split(".")
    at = plain
    for step in steps:
        at = at[int(step) if isinstance(at, list) else step]
    at[int(last) if isinstance(at, list) else last] = value
    return json.dumps(plain).encode()


WRONG: list[object] = [0, -1, 1.5, True, None, "x", [], {}, [[]], "\ud800", 1 << 63, 10**4000]
FIELDS: list[tuple[Document, tuple[str, ...]]] = [
    (FILE, ("size", "sha256", "git_blob", "segments", "warnings", "format", "segments.0.0", "segments.0.1",
            "segments.0.3", "segments.1.2", "segments.1.4", "segments.1.5", "segments.1.6", "segments.0")),
    (REVISION, ("name", "revision", "files", "files.0", "files.0.path", "files.0.manifest", "files.0.size",
                "files.0.sha256", "origin", "origin.upstream", "origin.source", "bases", "findings", "horizon")),
    (DECISION, ("verb", "model", "by", "why", "at", "sequence", "manifest")),
]  # fmt: skip


@pytest.mark.parametrize(("document", "paths"), FIELDS)
def test_a_field_of_another_type_is_refused_or_read_as_what_it_is(document: Document, paths: tuple[str, ...]) -> None:
    for path in paths:
        for value in WRONG:
            try:
                found = decode_document(change(document, path, value), "here")
            except DamagedVault:
                continue
            assert decode_document(encode_document(found), "here") == found


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"7", b'"x"', b"\xff", b"{}", b'{"document":"else"}', b'{"document":["file"]}',
     b"[" * 100_000, b'{"document":"file"}', b'{"document":"journal","sequence":1e400}', bytes(100)],
)  # fmt: skip
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedVault, match="here"):
        decode_document(data, "here")


def test_segments_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DamagedVault, match="add up"):
        decode_document(change(FILE, "size", 13), "here")


def test_an_inline_segment_of_another_length_is_refused() -> None:
    with pytest.raises(DamagedVault, match="inline"):
        decode_document(change(FILE, "segments.0.3", "00"), "here")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", ".", "a/.", "a\\b", "a\0b", "a/"])
def test_a_path_that_leaves_its_folder_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        check_path(path)
    with pytest.raises(DamagedVault):
        decode_document(change(REVISION, "files.0.path", path), "here")


def test_a_name_that_is_no_text_is_refused_before_it_is_written() -> None:
    with pytest.raises(MalformedFile, match="no text"):
        encode_document(Decision("keep", "org/\udcff", "", "", "", 1))
