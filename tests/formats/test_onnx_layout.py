"""Where the tensors of ONNX models lie, inside and beside them: real files, and each way of being wrong."""

from pathlib import Path

import numpy as np
import pytest

from holdfast.formats.errors import (
    BadOffsets,
    BadTensorEntry,
    BadWireFormat,
    NestedTooDeep,
    TooManyEntries,
    TruncatedData,
    TruncatedHeader,
)
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.formats.onnx_layout import ExternalTensor, find_external_data, layout_of_external
from holdfast.records.vault import Role
from tests.formats.layouts import FILES, check_whole, cut, list_tensors, save

# What make_files.py put into weights.onnx: every tensor counts up from zero.
EXPECTED = {
    "weight": ("F32", (32, 16), np.float32), "half": ("F16", (1024,), np.float16),
    "packed": ("F32", (20, 20), np.float32), "inner": ("I64", (256,), np.int64),
    "branch.weight": ("I32", (300,), np.int32),
}  # fmt: skip


def test_large_tensors_of_graph_branch_and_constant_are_found_with_their_bytes() -> None:
    path = FILES / "weights.onnx"
    tensors = list_tensors(read_layout(path))
    assert sorted(one.name for one in tensors) == sorted([*EXPECTED, "branch.weight"])  # both branches have it
    for one in tensors:
        dtype, shape, kind = EXPECTED[one.name]
        assert (one.dtype, one.shape) == (dtype, shape)
        assert cut(path.read_bytes(), one) == np.arange(np.prod(shape), dtype=kind).tobytes()


def test_a_small_tensor_stays_in_the_header() -> None:
    assert {one.role for one in read_layout(FILES / "tiny.onnx").stretches} == {Role.HEADER}


def test_a_model_with_a_data_file_names_its_tensors_there_without_a_warning() -> None:
    found = find_external_data(FILES / "beside.onnx")
    assert [(one.location, one.offset, one.length, one.name, one.dtype, one.shape) for one in found] == [
        ("beside.onnx.data", 0, 2048, "weight", "F32", (32, 16)),
        ("beside.onnx.data", 2048, 2048, "half", "F16", (1024,)),
    ]
    assert read_layout(FILES / "beside.onnx").warnings == ()


def test_a_data_file_is_cut_by_the_models_tensors() -> None:
    path = FILES / "beside.onnx.data"
    layout = layout_of_external(path, find_external_data(FILES / "beside.onnx"))
    check_whole(path, layout)
    assert layout.format == "onnx"
    data = {one.name: cut(path.read_bytes(), one) for one in list_tensors(layout)}
    assert data["weight"] == np.arange(512, dtype=np.float32).tobytes()
    assert data["half"] == np.arange(1024, dtype=np.float16).tobytes()


@pytest.mark.parametrize("name", ["weights.onnx", "state.pt", "README.md"])
def test_what_keeps_its_tensors_itself_has_no_external_data(name: str) -> None:
    assert find_external_data(FILES / name) == ()


def test_a_data_file_may_have_holes_and_tensors_that_share_bytes(tmp_path: Path) -> None:
    path = save(tmp_path, b"x" * 100)
    tensors = tuple(ExternalTensor("file", offset, 8, name, "F32", (2,)) for offset, name in ((40, "a"), (40, "tied")))
    layout = layout_of_external(path, tensors)
    check_whole(path, layout)
    assert [one.name for one in list_tensors(layout)] == ["a"]


@pytest.mark.parametrize(("offset", "error"), [(96, TruncatedData), (4, BadOffsets), (1 << 62, TruncatedData)])
def test_tensors_that_overlap_or_end_after_the_data_file_are_refused(
    tmp_path: Path, offset: int, error: type[Exception]
) -> None:
    path = save(tmp_path, b"x" * 100)
    tensors = tuple(ExternalTensor("file", one, 8, "a", "F32", (2,)) for one in (0, offset))
    with pytest.raises(error, match="'a'"):
        layout_of_external(path, tensors)


# Models made by hand.


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def model(*tensors: bytes) -> bytes:
    return field(1, 8) + field(7, b"".join(field(5, one) for one in tensors))


def tensor(dims: list[int], kind: int, raw: bytes) -> bytes:
    return b"".join(field(1, size) for size in dims) + field(2, kind) + field(8, b"w") + field(9, raw)


TYPES = {
    1: ("F32", 4), 2: ("U8", 1), 3: ("I8", 1), 4: ("U16", 2), 5: ("I16", 2), 6: ("I32", 4), 7: ("I64", 8),
    9: ("BOOL", 1), 10: ("F16", 2), 11: ("F64", 8), 12: ("U32", 4), 13: ("U64", 8), 14: ("C64", 8), 15: ("C128", 16),
    16: ("BF16", 2),
    17: ("F8_E4M3", 1), 18: ("F8_E4M3FNUZ", 1), 19: ("F8_E5M2", 1), 20: ("F8_E5M2FNUZ", 1), 21: ("U4", 0.5),
    22: ("I4", 0.5), 23: ("F4", 0.5), 24: ("F8_E8M0", 1), 25: ("U2", 0.25), 26: ("I2", 0.25),
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_onnx_is_measured(tmp_path: Path, kind: int) -> None:
    name, width = TYPES[kind]
    path = save(tmp_path, model(tensor([8, 1024], kind, b"x" * int(8192 * width))))
    layout = read_layout(path)
    check_whole(path, layout)
    assert [(one.dtype, one.shape) for one in list_tensors(layout)] == [(name, (8, 1024))]


def test_a_type_of_the_future_is_cut_by_its_length(tmp_path: Path) -> None:
    path = save(tmp_path, model(tensor([3], 99, b"x" * 5000)))
    assert [(one.dtype, one.length) for one in list_tensors(read_layout(path))] == [("TYPE_99", 5000)]


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        (model(tensor([1000], 1, b"x" * 2000)), BadTensorEntry, "has 2,000 bytes; shape and type make 4,000"),
        (model(tensor([1 << 63], 1, b"x" * 2000)), BadTensorEntry, "impossible shape"),
        (model(tensor([4], 1, b"x" * 5000))[:-9], TruncatedHeader, "bytes, the file has"),
        (field(1, 8) + field(7, field(1, b"") + b"\x2a\x20x") + field(2, b"x" * 99), BadWireFormat, "past the end"),
        (field(1, 8) + field(7, field(1, b"") + b"\x0f"), BadWireFormat, "wire type 7"),
    ],
)  # fmt: skip
def test_models_that_cannot_be_are_refused(tmp_path: Path, data: bytes, error: type[Exception], what: str) -> None:
    path = save(tmp_path, data)
    with pytest.raises(error, match=what) as caught:
        read_layout(path)
    assert "at byte" in str(caught.value)
    check_whole(path, layout_as_bytes(path))


def test_graphs_within_graphs_without_end_are_refused(tmp_path: Path) -> None:
    graph = field(2, b"innermost")
    for _ in range(100):
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(NestedTooDeep):
        read_layout(save(tmp_path, field(1, 8) + field(7, graph)))


@pytest.mark.parametrize(("key", "value"), [(b"offset", b"-1"), (b"length", b"1e9"), (b"offset", b"9" * 30)])
def test_external_numbers_that_cannot_be_are_refused(tmp_path: Path, key: bytes, value: bytes) -> None:
    pairs = field(13, field(1, b"location") + field(2, b"d")) + field(13, field(1, key) + field(2, value))
    path = save(tmp_path, model(field(1, 4) + field(2, 1) + field(8, b"w") + pairs))
    with pytest.raises(BadTensorEntry, match=key.decode()):
        find_external_data(path)


def test_a_text_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, model(field(8, b"x" * 2_000_000)))
    with pytest.raises(TooManyEntries, match="a text of"):
        read_layout(path)


@pytest.mark.parametrize(
    "data", [b"\x08\x01\x12\x03abc", b"\x08", b"\x08\x08\x3a\x02\xff\xff", b"\x08\x08\x3a\x02\x9a\x06"]
)
def test_other_protocol_buffers_are_bytes(tmp_path: Path, data: bytes) -> None:
    assert read_layout(save(tmp_path, data)).format == "bytes"
