"""Safetensors headers: a real file, and one test for each way of being wrong."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.errors import (
    BadHeaderText,
    BadOffsets,
    BadTensorEntry,
    DuplicateKey,
    HeaderTooLarge,
    NestedTooDeep,
    TooManyEntries,
    TruncatedData,
    TruncatedHeader,
)
from holdfast.formats.safetensors import read_safetensors_header
from holdfast.records.errors import MalformedFile, UnreadableFile

FILES = Path(__file__).parent / "fixtures"


def write(path: Path, header: object, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(begin: int, end: int, dtype: str = "U8", shape: list[int] | None = None) -> dict[str, object]:
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape, "data_offsets": [begin, end]}


def test_a_real_file_gives_its_tensors_and_metadata() -> None:
    header = read_safetensors_header(FILES / "tiny.safetensors")
    assert {(one.name, one.dtype, one.shape) for one in header.tensors} == {
        ("layer.0.bias", "F32", (8,)),
        ("layer.0.weight", "F32", (8, 8)),
        ("embeddings.word.weight", "F16", (4, 8)),
    }
    assert dict(header.metadata) == {"format": "pt", "source": "made for tests"}
    assert 8 + header.header_bytes + 8 * 4 + 64 * 4 + 32 * 2 == (FILES / "tiny.safetensors").stat().st_size


def test_a_file_without_tensors_is_valid(tmp_path: Path) -> None:
    assert read_safetensors_header(write(tmp_path / "a", {})).tensors == ()


@pytest.mark.parametrize("length", [0, 3, 7])
def test_a_file_shorter_than_its_length_field_is_truncated_at_byte_0(tmp_path: Path, length: int) -> None:
    (tmp_path / "a").write_bytes(b"\x10" * length)
    with pytest.raises(TruncatedHeader, match="at byte 0"):
        read_safetensors_header(tmp_path / "a")


def test_a_truncated_header_is_reported_with_its_offset(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(struct.pack("<Q", 100) + b'{"a":')
    with pytest.raises(TruncatedHeader, match="at byte 8"):
        read_safetensors_header(tmp_path / "a")


def test_a_header_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(HeaderTooLarge, match="limit"):
        read_safetensors_header(tmp_path / "a")


@pytest.mark.parametrize(
    "text", [b"not json", b"[]", b'"a"', b"\xff\xfe", b'{"__metadata__": 5}', b'{"__metadata__": {"a": 5}}']
)
def test_a_header_that_is_no_object_of_its_format_is_bad_text(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(BadHeaderText):
        read_safetensors_header(write(tmp_path / "a", text))


def test_a_header_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NestedTooDeep):
        read_safetensors_header(write(tmp_path / "a", b'{"a":' * 100_000))


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    with pytest.raises(DuplicateKey, match="'a'"):
        read_safetensors_header(write(tmp_path / "a", text))


@pytest.mark.parametrize(
    "bad",
    [
        5,
        {"dtype": "U8", "shape": [1]},
        {"dtype": "WEIRD", "shape": [1], "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [-1], "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [1.5], "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [1], "data_offsets": [0]},
        {"dtype": "U8", "shape": "1", "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [1] * 65, "data_offsets": [0, 1]},
    ],
)
def test_an_entry_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, bad: object) -> None:
    with pytest.raises(BadTensorEntry, match="'weight'"):
        read_safetensors_header(write(tmp_path / "a", {"weight": bad}, b"x"))


@pytest.mark.parametrize(
    ("entries", "data"),
    [
        ({"a": entry(0, 4), "b": entry(2, 6)}, 6),
        ({"a": entry(0, 4), "b": entry(6, 8)}, 8),
        ({"a": entry(1, 4)}, 4),
        ({"a": entry(0, 4)}, 5),
        ({"a": entry(0, 4, "F32", [2])}, 4),
        ({"a": entry(0, 1, "F4", [3])}, 1),
        ({"a": entry(0, 8, "U8", [1 << 62, 4])}, 8),
        ({"a": {"dtype": "U8", "shape": [1], "data_offsets": [4, 3]}}, 4),
    ],
)
def test_offsets_that_overlap_leave_holes_or_disagree_are_refused(
    tmp_path: Path, entries: dict[str, object], data: int
) -> None:
    with pytest.raises(BadOffsets):
        read_safetensors_header(write(tmp_path / "a", entries, b"x" * data))


def test_tensors_that_end_after_the_file_are_refused_with_the_byte_where_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"a": entry(0, 4)}, b"xxx")
    with pytest.raises(TruncatedData, match=f"at byte {path.stat().st_size}"):
        read_safetensors_header(path)


def test_a_header_of_more_values_than_any_model_has_is_not_parsed(tmp_path: Path) -> None:
    text = b'{"a":' + b"[" * 5_000_001 + b"," * 5_000_000
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(TooManyEntries, match="values"):
        read_safetensors_header(tmp_path / "a")


def test_a_name_given_twice_among_200_000_is_found_at_once(tmp_path: Path) -> None:
    text = b"{" + b",".join(b'"t%d":0' % number for number in [*range(200_000), 199_999]) + b"}"
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(DuplicateKey, match="t199999"):
        read_safetensors_header(tmp_path / "a")


def test_something_that_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read_safetensors_header(tmp_path)


@given(cut=st.integers(0, 639))
def test_every_cut_of_a_real_file_is_an_error_of_the_tree(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "a"
    path.write_bytes((FILES / "tiny.safetensors").read_bytes()[:cut])
    with pytest.raises(MalformedFile):
        read_safetensors_header(path)


@given(sizes=st.lists(st.integers(0, 50), max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    entries: dict[str, object] = {}
    end = 0
    for number, size in enumerate(sizes):
        entries[f"t{number}"] = entry(end, end + size)
        end += size
    path = write(tmp_path_factory.mktemp("round") / "a", entries, b"x" * end)
    assert sorted(one.end - one.begin for one in read_safetensors_header(path).tensors) == sorted(sizes)
