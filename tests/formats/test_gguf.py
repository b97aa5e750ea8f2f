"""GGUF headers: a real file, and one test for each way of being wrong."""

import struct
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.errors import (
    BadHeaderText,
    BadMagic,
    BadValueType,
    DuplicateKey,
    HeaderTooLarge,
    NestedTooDeep,
    TooManyEntries,
    TruncatedHeader,
    UnknownVersion,
)
from holdfast.formats.gguf import LongArray, read_gguf_header
from holdfast.records.errors import HoldfastError

FILES = Path(__file__).parent / "fixtures"
TEXT, ARRAY = 8, 9


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def header(pairs: int, body: bytes, tensors: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs) + body


def pair(key: bytes, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def save(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "a.gguf").write_bytes(data)
    return tmp_path / "a.gguf"


def test_a_real_file_gives_its_metadata_and_tensors() -> None:
    found = read_gguf_header(FILES / "tiny.gguf")
    assert found.version == 3
    assert found.find_text("general.architecture") == "llama"
    assert found.find_text("general.base_model.0.repo_url") == "https://huggingface.co/tiny-org/tiny-base"
    assert dict(found.metadata)["general.base_model.count"] == 1
    assert dict(found.metadata)["test.numbers"] == (1, 2, 3)
    assert [(one.name, one.shape, one.kind) for one in found.tensors] == [("token_embd.weight", (8, 4), 0)]


def test_a_long_vocabulary_is_kept_as_its_hash() -> None:
    tokens = "\0".join(f"tok{number}" for number in range(100)).encode()
    expected = LongArray(100, sha256(tokens).hexdigest())
    assert dict(read_gguf_header(FILES / "tiny.gguf").metadata)["tokenizer.ggml.tokens"] == expected


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (0, b"\xff", 255), (1, b"\xff", -1), (2, b"\xff\xff", 65535), (3, b"\xfe\xff", -2), (4, b"\1\0\0\0", 1),
        (5, b"\xff\xff\xff\xff", -1), (6, struct.pack("<f", 0.5), 0.5), (7, b"\1", True), (TEXT, text(b"hi"), "hi"),
        (10, struct.pack("<Q", 1 << 63), 1 << 63), (11, struct.pack("<q", -5), -5), (12, struct.pack("<d", 0.1), 0.1),
        (ARRAY, struct.pack("<IQ", TEXT, 2) + text(b"a") + text(b"b"), ("a", "b")),
    ],
)  # fmt: skip
def test_every_value_type_is_read(tmp_path: Path, kind: int, data: bytes, value: object) -> None:
    path = save(tmp_path, header(1, pair(b"key", kind, data)))
    assert dict(read_gguf_header(path).metadata) == {"key": value}


def test_version_2_is_read(tmp_path: Path) -> None:
    assert read_gguf_header(save(tmp_path, header(0, b"", version=2))).version == 2


@pytest.mark.parametrize("version", [0, 1, 4, 0x03000000])
def test_another_version_is_refused_by_its_number(tmp_path: Path, version: int) -> None:
    with pytest.raises(UnknownVersion, match=str(version)):
        read_gguf_header(save(tmp_path, header(0, b"", version=version)))


def test_another_magic_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMagic, match="PK"):
        read_gguf_header(save(tmp_path, b"PK\x03\x04" + b"\0" * 40))


@pytest.mark.parametrize(("tensors", "pairs"), [(1 << 60, 0), (0, 1 << 60), (0, 5), (3, 0)])
def test_counts_that_the_file_cannot_hold_are_refused(tmp_path: Path, tensors: int, pairs: int) -> None:
    with pytest.raises(TooManyEntries, match="announces"):
        read_gguf_header(save(tmp_path, header(pairs, b"\0" * 20, tensors)))


def test_an_array_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    body = pair(b"key", ARRAY, struct.pack("<IQ", 4, 1 << 50))
    with pytest.raises(TooManyEntries, match="array items"):
        read_gguf_header(save(tmp_path, header(1, body)))


def test_an_array_of_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NestedTooDeep):
        read_gguf_header(save(tmp_path, header(1, pair(b"key", ARRAY, struct.pack("<IQ", ARRAY, 1) + b"\0" * 20))))


@pytest.mark.parametrize(
    "data", [pair(b"key", 13, b"\0" * 8), pair(b"key", ARRAY, struct.pack("<IQ", 99, 1) + b"\0" * 8)]
)
def test_a_value_type_that_does_not_exist_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadValueType):
        read_gguf_header(save(tmp_path, header(1, data)))


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuplicateKey, match="key"):
        read_gguf_header(save(tmp_path, header(2, pair(b"key", 0, b"\0") * 2)))


def test_a_key_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadHeaderText):
        read_gguf_header(save(tmp_path, header(1, pair(b"\xff\xfe", 0, b"\0"))))


def test_a_value_that_is_cut_off_is_reported_with_its_offset(tmp_path: Path) -> None:
    body = pair(b"key", TEXT, struct.pack("<Q", 100) + b"short")
    with pytest.raises(TruncatedHeader, match="at byte 47"):
        read_gguf_header(save(tmp_path, header(1, body)))


def test_a_header_beyond_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = save(tmp_path, header(1, pair(b"key", TEXT, text(b"x" * 5_000))))
    with pytest.raises(HeaderTooLarge, match="limit is 1,000"):
        read_gguf_header(path, header_bytes_max=1_000)


@given(cut=st.integers(0, 2_000), flip=st.integers(0, 2_175), value=st.integers(0, 255))
def test_a_damaged_real_file_gives_a_header_or_an_error_of_the_tree(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, value: int
) -> None:
    data = bytearray((FILES / "tiny.gguf").read_bytes())
    data[flip] = value
    path = save(tmp_path_factory.mktemp("damaged"), bytes(data[: len(data) - cut]))
    with suppress(HoldfastError):
        read_gguf_header(path)
