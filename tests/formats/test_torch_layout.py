"""Where the storages of torch's archives lie: real files, and each way in which an archive may lie."""

import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from holdfast.formats.errors import ArchiveBomb, BadArchive, BadOffsets, BadPickle, BadTensorEntry, DuplicateKey
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.records.errors import MalformedFile
from holdfast.records.vault import Role
from tests.formats.layouts import FILES, check_whole, cut, list_tensors, save


def test_storages_have_the_name_type_and_shape_of_the_tensor_that_fills_them() -> None:
    found = [(one.name, one.dtype, one.shape) for one in list_tensors(read_layout(FILES / "kinds.pt"))]
    assert found == [
        ("bf16.weight", "BF16", (8, 8)),
        ("f8.weight", "F8_E4M3", (16,)),
        ("count", "I64", (2, 3)),
        ("kinds/data/3", "F16", (32,)),  # two tensors lie on it, none fills it
        ("kinds/data/5", "F32", (4,)),  # two tensors are named exp_avg
        ("kinds/data/6", "F32", (5,)),
        ("parameter", "F64", (10,)),
    ]


def test_storages_hold_the_numbers_that_were_saved() -> None:
    path = FILES / "kinds.pt"
    data = {one.name: cut(path.read_bytes(), one) for one in list_tensors(read_layout(path))}
    upper_halves = np.arange(64, dtype=np.float32).view(np.uint32) >> 16  # small integers are exact in bf16
    assert data["bf16.weight"] == upper_halves.astype(np.uint16).tobytes()
    assert data["count"] == np.arange(6, dtype=np.int64).tobytes()
    assert data["kinds/data/3"] == np.arange(32, dtype=np.float16).tobytes()
    assert data["kinds/data/6"] == np.arange(5, dtype=np.float32).tobytes()
    assert data["parameter"] == np.arange(10, dtype=np.float64).tobytes()


def test_storages_are_the_members_that_zip_itself_reads() -> None:
    for name in ("kinds.pt", "state.pt", "scripted.pt"):
        with zipfile.ZipFile(FILES / name) as archive:
            members = {archive.read(one) for one in archive.namelist() if "/data/" in one and archive.read(one)}
        data = (FILES / name).read_bytes()
        assert {cut(data, one) for one in list_tensors(read_layout(FILES / name))} == members


class Ref:
    """Something that pickles to a persistent id of torch's form."""

    def __init__(self, kind: str, key: str, elements: int) -> None:
        self.kind, self.key, self.elements = kind, key, elements


def make_pickle(*refs: Ref) -> bytes:
    """A list of storages, with a text instead of the class: it is put right in the bytes, torch is not needed."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return ("storage", f"<{obj.kind}>", obj.key, "cpu", obj.elements) if isinstance(obj, Ref) else None

    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(list(refs))
    data = stream.getvalue()
    for kind in {ref.kind for ref in refs}:
        quoted = f"<{kind}>".encode()
        data = data.replace(b"X" + struct.pack("<I", len(quoted)) + quoted, b"ctorch\n" + kind.encode() + b"\n")
    return data


def write(path: Path, pickled: bytes, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("m/data.pkl", pickled)
        for name, data in members.items():
            archive.writestr(f"m/{name}", data)
    return path


KINDS = {
    "DoubleStorage": ("F64", 8), "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8), "IntStorage": ("I32", 4), "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1),
    "ByteStorage": ("U8", 1), "BoolStorage": ("BOOL", 1), "ComplexFloatStorage": ("C64", 8),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_of_storage_is_a_type(tmp_path: Path, kind: str) -> None:
    dtype, width = KINDS[kind]
    path = write(tmp_path / "a.pt", make_pickle(Ref(kind, "0", 3)), {"data/0": b"x" * 3 * width})
    assert [(one.name, one.dtype, one.shape) for one in list_tensors(read_layout(path))] == [("m/data/0", dtype, (3,))]
    check_whole(path, read_layout(path))


def test_a_compressed_storage_is_bytes(tmp_path: Path) -> None:
    pickled = make_pickle(Ref("FloatStorage", "0", 1000))
    path = write(tmp_path / "a.pt", pickled, {"data/0": bytes(4000)}, zipfile.ZIP_DEFLATED)
    layout = read_layout(path)
    check_whole(path, layout)
    assert {one.role for one in layout.stretches} == {Role.HEADER, Role.BYTES}


def test_a_member_that_the_pickle_does_not_mention_is_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", make_pickle(), {"data/0": b"xyz"})
    assert [one.name for one in read_layout(path).stretches if one.role is Role.BYTES] == ["m/data/0"]


def test_another_archive_is_bytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme", "x")
    assert read_layout(tmp_path / "a.zip").format == "bytes"


def check_refused(path: Path, error: type[MalformedFile], what: str) -> None:
    with pytest.raises(error, match=what):
        read_layout(path)
    check_whole(path, layout_as_bytes(path))


def test_a_storage_of_another_size_than_the_pickle_says_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", make_pickle(Ref("FloatStorage", "0", 1 << 60)), {"data/0": b"x" * 8})
    check_refused(path, BadTensorEntry, "has 8 bytes; the pickle says 1,152,921,504,606,846,976 times 4")


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", make_pickle(), {"data/0": b"first", "data/1": b"other"})
    check_refused(save(tmp_path, path.read_bytes().replace(b"data/1", b"data/0")), DuplicateKey, "stands twice")


def test_a_directory_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.pt", make_pickle(), {"data/0": b"first"}).read_bytes()
    entry = data.rindex(b"PK\1\2")
    wrong = data[: entry + 42] + struct.pack("<I", 7) + data[entry + 46 :]
    check_refused(save(tmp_path, wrong), BadArchive, "no member 'm/data/0' here")


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.pt", make_pickle(), {"data/0": b"x" * 90, "data/1": b"y"}).read_bytes()
    local = data.index(b"PK\3\4", data.index(b"m/data/0"))
    moved = data.index(b"x" * 90)
    data = data[:moved] + data[local : local + 30] + data[moved + 30 :]  # a second header inside the first member
    entry = data.rindex(b"PK\1\2")
    check_refused(
        save(tmp_path, data[: entry + 42] + struct.pack("<I", moved) + data[entry + 46 :]), BadOffsets, "begins"
    )


def test_a_stored_member_of_two_sizes_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.pt", make_pickle(), {"data/0": b"x" * 90}).read_bytes()
    entry = data.rindex(b"PK\1\2")
    check_refused(
        save(tmp_path, data[: entry + 24] + struct.pack("<I", 5) + data[entry + 28 :]), BadArchive, "said to have 5"
    )


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    for name in ("state.pt", "scripted.pt"):
        check_refused(save(tmp_path, (FILES / name).read_bytes()[:900]), BadArchive, "cannot be read")


def test_a_pickle_that_breaks_off_is_refused(tmp_path: Path) -> None:
    check_refused(write(tmp_path / "a.pt", b"\x80\x02]q", {}), BadPickle, "at byte 3")


def test_a_pickle_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", bytes(20_000_000), {}, zipfile.ZIP_DEFLATED)
    check_refused(path, ArchiveBomb, "20,000,000")
