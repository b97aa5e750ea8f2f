"""Where the tensors of a GGUF file lie, against the format's own library; and each way in which they may not."""

import struct
from pathlib import Path

import gguf as gguf_library
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.errors import (
    BadAlignment,
    BadOffsets,
    BadTensorEntry,
    DuplicateKey,
    TooManyEntries,
    TruncatedData,
    TruncatedHeader,
)
from holdfast.formats.ggml_types import GGML_TYPES
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.records.vault import Role
from tests.formats.layouts import check_whole, cut, describe, gguf, list_tensors, save, text

Q8_1 = 9  # ggml and its Python library do not agree on its size, and no file has it


def test_the_table_of_types_is_that_of_the_formats_own_library() -> None:
    theirs = {kind.value: (kind.name, *sizes) for kind, sizes in gguf_library.GGML_QUANT_SIZES.items()}
    ours = {number: (kind.name, kind.block_elements, kind.block_bytes) for number, kind in GGML_TYPES.items()}
    assert ours == {number: kind for number, kind in theirs.items() if number != Q8_1}


def write(path: Path, kinds: list[GGMLQuantizationType], alignment: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    writer = GGUFWriter(path, "llama")
    if alignment != 32:
        writer.add_custom_alignment(alignment)
    for number, kind in enumerate(kinds):
        elements, size = gguf_library.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (3, size * (512 // elements)), dtype=np.uint8)
        writer.add_tensor(f"blk.{number}.weight", blocks, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@given(
    kinds=st.lists(st.sampled_from([kind for kind in GGMLQuantizationType if kind != Q8_1]), min_size=1, max_size=6),
    alignment=st.sampled_from([32, 64, 8]),
)
@settings(deadline=None)
def test_tensors_of_every_type_are_those_that_the_formats_own_library_reads(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[GGMLQuantizationType], alignment: int
) -> None:
    path = tmp_path_factory.mktemp("own") / "model.gguf"
    write(path, kinds, alignment, seed=1)
    layout = read_layout(path)
    check_whole(path, layout)
    theirs = [
        (one.name, one.tensor_type.name, tuple(int(size) for size in one.shape), int(one.data_offset), int(one.n_bytes))
        for one in GGUFReader(path).tensors
    ]
    ours = [(one.name, one.dtype, one.shape, one.offset, one.length) for one in list_tensors(layout)]
    assert ours == theirs


def test_what_lies_between_tensors_is_padding(tmp_path: Path) -> None:
    path = save(tmp_path, gguf([(b"a", (3,), 0, 0), (b"b", (2,), 0, 32)], b"a" * 12 + bytes(20) + b"b" * 8 + bytes(24)))
    layout = read_layout(path)
    check_whole(path, layout)
    found = [(one.role, cut(path.read_bytes(), one)) for one in layout.stretches[-4:]]
    assert found == [
        (Role.TENSOR, b"a" * 12), (Role.PADDING, bytes(20)), (Role.TENSOR, b"b" * 8), (Role.PADDING, bytes(24)),
    ]  # fmt: skip


def test_tensors_that_are_listed_in_another_order_are_cut_as_they_lie(tmp_path: Path) -> None:
    path = save(tmp_path, gguf([(b"late", (8,), 0, 32), (b"early", (8,), 0, 0)], b"x" * 64))
    assert [name for name, _, _ in describe(read_layout(path))] == ["early", "late"]


@pytest.mark.parametrize("kind", [4, 9, 31, 38, 42, 1000])
def test_a_type_that_is_not_known_reaches_to_the_next_tensor(tmp_path: Path, kind: int) -> None:
    entries = [(b"a", (8,), 0, 0), (b"odd", (100,), kind, 32), (b"c", (8,), 0, 96)]
    path = save(tmp_path, gguf(entries, b"x" * 128))
    layout = read_layout(path)
    check_whole(path, layout)
    assert [(one.name, one.dtype, one.length) for one in list_tensors(layout)] == [
        ("a", "F32", 32), ("odd", f"TYPE_{kind}", 64), ("c", "F32", 32),
    ]  # fmt: skip


def test_a_last_tensor_of_an_unknown_type_reaches_to_the_end(tmp_path: Path) -> None:
    layout = read_layout(save(tmp_path, gguf([(b"odd", (1,), 77, 0)], b"x" * 50)))
    assert (layout.stretches[-1].dtype, layout.stretches[-1].length) == ("TYPE_77", 50)


def test_a_header_alone_is_a_vocabulary_and_needs_no_data(tmp_path: Path) -> None:
    path = save(tmp_path, gguf([], b""))
    check_whole(path, read_layout(path))
    assert [one.role for one in read_layout(path).stretches] == [Role.HEADER, Role.PADDING]


def test_a_big_endian_file_is_kept_as_bytes_with_a_warning(tmp_path: Path) -> None:
    path = save(tmp_path, b"GGUF" + struct.pack(">IQQ", 3, 0, 0))
    layout = read_layout(path)
    assert layout.format == "bytes"
    assert "big-endian" in layout.warnings[0]


@pytest.mark.parametrize(
    ("entries", "error", "what"),
    [
        ([(b"a", (8,), 0, 0), (b"b", (8,), 0, 16)], BadOffsets, "'b' begins"),
        ([(b"a", (100,), 0, 0)], TruncatedData, "'a' ends at"),
        ([(b"a", (8,), 0, 1 << 40)], TruncatedData, "'a' ends at"),
        ([(b"a", (8,), 77, 1 << 40)], BadOffsets, "after the file's end"),
        ([(b"a", (8,), 0, 0), (b"a", (8,), 0, 32)], DuplicateKey, "'a' stands twice"),
        ([(b"a", (100,), 12, 0)], BadTensorEntry, "rows of 100; Q4_K takes 256"),
        ([(b"a", (1 << 62, 1 << 62), 0, 0)], BadTensorEntry, "elements"),
        ([(b"a", (1,) * 9, 0, 0)], TooManyEntries, "dimensions"),
    ],
)
def test_tensors_that_cannot_be_are_refused(
    tmp_path: Path, entries: list[tuple[bytes, tuple[int, ...], int, int]], error: type[Exception], what: str
) -> None:
    path = save(tmp_path, gguf(entries, b"x" * 64))
    with pytest.raises(error, match=what) as caught:
        read_layout(path)
    assert "at byte" in str(caught.value)
    check_whole(path, layout_as_bytes(path))


@pytest.mark.parametrize("alignment", [0, 3, 33])
def test_an_alignment_that_is_no_power_of_two_is_refused(tmp_path: Path, alignment: int) -> None:
    pair = text(b"general.alignment") + struct.pack("<II", 4, alignment)
    with pytest.raises(BadAlignment, match=str(alignment)):
        read_layout(save(tmp_path, gguf([], b"", pair, 1)))


def test_an_entry_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    data = gguf([(b"a" * 100, (8,), 0, 0)], b"")
    with pytest.raises(TruncatedHeader):
        read_layout(save(tmp_path, data[:100]))


def test_200_000_tensors_are_cut(tmp_path: Path) -> None:
    path = save(
        tmp_path, gguf([(b"t%d" % number, (4, 2), 0, 32 * number) for number in range(200_000)], bytes(6_400_000))
    )
    layout = read_layout(path)
    assert len(list_tensors(layout)) == 200_000
