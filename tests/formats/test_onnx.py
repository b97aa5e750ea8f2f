"""ONNX files: a real one, and one test for each way of being wrong."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.errors import BadMagic, BadWireFormat, TooManyEntries, TruncatedHeader
from holdfast.formats.onnx import read_onnx_header
from holdfast.records.errors import HoldfastError

FILES = Path(__file__).parent / "fixtures"


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def save(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "a.onnx").write_bytes(data)
    return tmp_path / "a.onnx"


IR = varint(1 << 3) + b"\x08"


def test_a_real_file_gives_producer_graph_operator_sets_and_properties() -> None:
    header = read_onnx_header(FILES / "tiny.onnx")
    assert (header.producer, header.producer_version, header.graph_name) == ("pytorch", "2.15.0", "tiny-graph")
    assert header.opsets == (("", 17), ("ai.onnx.ml", 3))
    assert dict(header.metadata) == {"base_model": "tiny-org/tiny-base", "task": "embedding"}


def test_tensors_are_passed_over_and_not_read(tmp_path: Path) -> None:
    graph = field(5, b"\xff" * 50_000) + field(2, b"late name")
    assert read_onnx_header(save(tmp_path, IR + field(7, graph)), header_bytes_max=1_000).graph_name == "late name"


@pytest.mark.parametrize("data", [b"", IR, field(7, b"")])
def test_a_file_without_version_or_graph_is_no_model(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadMagic):
        read_onnx_header(save(tmp_path, data))


def test_a_field_longer_than_the_file_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(TruncatedHeader):
        read_onnx_header(save(tmp_path, IR + varint(7 << 3 | 2) + varint(1 << 40)))


@pytest.mark.parametrize("data", [b"\x00\x01", varint(1 << 3 | 3), varint(1 << 3 | 7), varint(1 << 3) + b"\xff" * 11])
def test_a_tag_or_number_that_cannot_be_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadWireFormat):
        read_onnx_header(save(tmp_path, data))


def test_a_field_that_reaches_past_its_message_is_refused(tmp_path: Path) -> None:
    inner = varint(1 << 3 | 2) + varint(20)
    data = IR + varint(8 << 3 | 2) + varint(len(inner)) + inner + b"x" * 40
    with pytest.raises(BadWireFormat, match="past the end"):
        read_onnx_header(save(tmp_path, data))


def test_a_file_of_millions_of_empty_fields_ends(tmp_path: Path) -> None:
    with pytest.raises(TooManyEntries, match="fields"):
        read_onnx_header(save(tmp_path, (varint(9 << 3) + b"\0") * 2_100_000))


@given(cut=st.integers(0, 440), flip=st.integers(0, 440), value=st.integers(0, 255))
def test_a_damaged_real_file_gives_a_header_or_an_error_of_the_tree(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, value: int
) -> None:
    data = bytearray((FILES / "tiny.onnx").read_bytes())
    data[flip] = value
    path = save(tmp_path_factory.mktemp("damaged"), bytes(data[: len(data) - cut]))
    with suppress(HoldfastError):
        read_onnx_header(path)
