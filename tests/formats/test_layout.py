"""Any file is cut into stretches that are the file again; what a file is follows from its content."""

import json
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from holdfast.formats.errors import BadOffsets, HeaderTooLarge, TruncatedHeader
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.records.errors import MalformedFile, UnreadableFile
from holdfast.records.vault import Role
from tests.formats.layouts import FILES, check_whole, cut, describe, list_tensors, save

DTYPES: list[type[np.generic]] = [
    np.uint8, np.int8, np.bool_, np.float16, np.int16, np.uint16, np.float32, np.int32, np.uint32, np.float64, np.int64,
]  # fmt: skip


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_every_file_of_the_fixtures_is_covered_by_its_stretches(path: Path) -> None:
    check_whole(path, read_layout(path))
    check_whole(path, layout_as_bytes(path))


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("tiny.safetensors", "safetensors"), ("tiny.gguf", "gguf"), ("state.pt", "torch"), ("scripted.pt", "torch"),
        ("tiny.onnx", "onnx"), ("legacy.pt", "bytes"), ("evil.pkl", "bytes"), ("README.md", "bytes"),
    ],
)  # fmt: skip
def test_a_format_is_known_by_content_under_any_name(tmp_path: Path, name: str, format_name: str) -> None:
    path = save(tmp_path, (FILES / name).read_bytes(), "renamed.txt")
    assert read_layout(path).format == format_name


def test_a_file_of_no_bytes_has_no_stretches(tmp_path: Path) -> None:
    assert read_layout(save(tmp_path, b"")).stretches == ()
    assert layout_as_bytes(tmp_path / "file").stretches == ()


def test_a_small_file_is_one_stretch_and_a_large_one_is_several(tmp_path: Path) -> None:
    whole = read_layout(save(tmp_path, b"x" * (1 << 20)))
    assert [(one.offset, one.length, one.role) for one in whole.stretches] == [(0, 1 << 20, Role.BYTES)]
    path = save(tmp_path, np.random.default_rng(0).bytes(5 << 20))
    assert len(read_layout(path).stretches) > 1
    check_whole(path, read_layout(path))


@pytest.mark.parametrize("name", ["state.pt", "weights.onnx", "tiny.gguf", "tiny.safetensors"])
def test_a_file_kept_as_bytes_has_no_tensors(name: str) -> None:
    layout = layout_as_bytes(FILES / name)
    assert (layout.format, {one.role for one in layout.stretches}) == ("bytes", {Role.BYTES})


def test_a_folder_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read_layout(tmp_path)


# safetensors


@given(
    arrays=st.lists(st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 5), max_size=4)), max_size=8),
    seed=st.integers(0, 100),
)
@settings(deadline=None)
def test_safetensors_tensors_are_those_that_the_formats_own_library_reads(
    tmp_path_factory: pytest.TempPathFactory, arrays: list[tuple[type[np.generic], list[int]]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    tensors = {
        f"tensor.{number}": random.integers(0, 2, shape).astype(dtype) for number, (dtype, shape) in enumerate(arrays)
    }
    path = tmp_path_factory.mktemp("own") / "model.safetensors"
    save_file(tensors, path)
    layout = read_layout(path)
    check_whole(path, layout)
    found = {one.name: cut(path.read_bytes(), one) for one in list_tensors(layout)}
    with safe_open(path, framework="numpy") as opened:
        names = set(opened.keys())
        assert found == {name: opened.get_tensor(name).tobytes() for name in names if opened.get_tensor(name).size}
        kinds = {name: opened.get_slice(name).get_dtype() for name in names}
    assert all(kinds[one.name] == one.dtype for one in list_tensors(layout))


@pytest.mark.parametrize(
    ("dtype", "shape", "size"),
    [
        ("F4", [2, 3], 3), ("F6_E2M3", [4], 3), ("F6_E3M2", [8], 6), ("F8_E8M0", [5], 5), ("F8_E5M2", [2, 2], 4),
        ("F8_E4M3", [3], 3), ("F8_E4M3FNUZ", [3], 3), ("F8_E5M2FNUZ", [3], 3), ("BF16", [3], 6), ("C64", [2], 16),
    ],
)  # fmt: skip
def test_types_below_a_byte_and_beside_numpy_are_measured(
    tmp_path: Path, dtype: str, shape: list[int], size: int
) -> None:
    header = json.dumps({"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}).encode()
    path = save(tmp_path, struct.pack("<Q", len(header)) + header + b"x" * size)
    assert describe(read_layout(path)) == [("w", dtype, tuple(shape))]
    check_whole(path, read_layout(path))


def test_a_tensor_of_no_elements_is_told_by_the_header_alone(tmp_path: Path) -> None:
    save_file({"a": np.zeros((0, 4), np.float32), "b": np.ones(2, np.float32)}, tmp_path / "m")
    assert [one.name for one in list_tensors(read_layout(tmp_path / "m"))] == ["b"]


def test_a_truncated_safetensors_file_is_refused_and_can_be_kept_as_bytes(tmp_path: Path) -> None:
    path = save(tmp_path, (FILES / "tiny.safetensors").read_bytes()[:200])
    with pytest.raises(TruncatedHeader):
        read_layout(path)
    check_whole(path, layout_as_bytes(path))


def test_a_header_length_that_no_reader_accepts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeaderTooLarge):
        read_layout(save(tmp_path, struct.pack("<Q", 1 << 39) + b"{}"))


def test_a_text_with_a_brace_in_ninth_place_is_no_model(tmp_path: Path) -> None:
    assert read_layout(save(tmp_path, b"function{}\n")).format == "bytes"


def test_overlapping_tensors_are_refused_with_the_byte_where_they_meet(tmp_path: Path) -> None:
    entries = {name: {"dtype": "U8", "shape": [4], "data_offsets": [at, at + 4]} for name, at in (("a", 0), ("b", 2))}
    header = json.dumps(entries).encode()
    path = save(tmp_path, struct.pack("<Q", len(header)) + header + b"x" * 6)
    with pytest.raises(BadOffsets, match=rf"at byte {8 + len(header) + 2}: tensor 'b' overlaps"):
        read_layout(path)


def test_200_000_tensors_are_cut(tmp_path: Path) -> None:
    entries = {
        f"layers.{number}.w": {"dtype": "BF16", "shape": [2, 4], "data_offsets": [16 * number, 16 * number + 16]}
        for number in range(200_000)
    }
    header = json.dumps(entries).encode()
    path = save(tmp_path, struct.pack("<Q", len(header)) + header + bytes(16 * 200_000))
    layout = read_layout(path)
    assert len(layout.stretches) == 200_001


@given(name=st.sampled_from(sorted(path.name for path in FILES.iterdir())), data=st.data())
@settings(deadline=None)
def test_a_damaged_file_is_covered_or_refused_in_our_own_words(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    original = (FILES / name).read_bytes()
    place = data.draw(st.integers(0, len(original)))
    damaged = (
        original[:place] + data.draw(st.binary(max_size=9)) + original[data.draw(st.integers(place, len(original))) :]
    )
    path = save(tmp_path_factory.mktemp("damaged"), damaged)
    check_whole(path, layout_as_bytes(path))
    with suppress(MalformedFile):
        check_whole(path, read_layout(path))
