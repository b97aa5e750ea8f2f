"""Packs come back as they were written, and every flipped bit and lost byte is found where it is."""

import tempfile
from pathlib import Path

from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.packs.layout import HEADER_BYTES, NO_BASE, Kind, count_frames
from holdfast.vault.packs.reading import Fault, compute_digest, read_frame, read_index, walk_frames
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter, SealedPack
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Stored

FRAME = 1 << 20
OBJECTS = [b"", b"a", bytes(range(256)), b"FRAM" * 60]


def write_pack(storage: LocalStorage, objects: list[bytes], kind: Kind = Kind.DATA) -> SealedPack:
    writer = PackWriter(storage)
    for data in objects:
        head = ObjectHead(blake3(data).digest(), NO_BASE, len(data), count_frames(len(data)), kind)
        for index in range(head.count):
            piece = data[index * FRAME : (index + 1) * FRAME]
            writer.add(head, index, EncodedFrame(0, len(piece), piece))
    return writer.seal()


def read_all(storage: LocalStorage, pack: Stored) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for run in read_index(storage, pack):
        offset = run.offset
        for _, size in run.frames:
            head, payload = read_frame(storage, pack.key, offset, size)
            assert head.digest == run.digest
            found[run.digest] = found.get(run.digest, b"") + bytes(payload)
            offset += 112 + size
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), unique=True, max_size=8), st.integers(0, 2))
def test_whatever_objects_are_written_come_back(objects: list[bytes], large: int) -> None:
    objects = [*objects, *(bytes([place]) * (FRAME + place) for place in range(large))]
    with tempfile.TemporaryDirectory() as folder:
        storage = LocalStorage(Path(folder))
        pack = write_pack(storage, objects)
        stored = Stored(pack.key, pack.size)
        assert read_index(storage, stored) == pack.runs
        assert read_all(storage, stored) == {blake3(data).digest(): data for data in objects}
        walked = list(walk_frames(storage, stored))
        assert not any(isinstance(one, Fault) for one in walked)
        assert len(walked) == sum(count_frames(len(data)) for data in objects)


def test_an_unfinished_pack_leaves_nothing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    PackWriter(storage).discard()
    assert list(storage.staging.iterate()) == []
    assert list(storage.iterate("")) == []


def list_extents(pack: SealedPack) -> list[tuple[int, int, bytes]]:
    """Where each frame begins and ends, and whose it is."""
    return [(run.offset, run.offset + run.stored_bytes, run.digest) for run in pack.runs]


def test_every_flipped_bit_is_found_and_located(in_memory: Path) -> None:
    storage = LocalStorage(in_memory)
    pack = write_pack(storage, OBJECTS)
    stored, path = Stored(pack.key, pack.size), in_memory / pack.key
    whole = path.read_bytes()
    data = bytearray(whole)
    for bit in range(len(whole) * 8):
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        assert compute_digest(storage, stored) != pack.digest
        hurt = {digest for begin, end, digest in list_extents(pack) if begin <= bit // 8 < end}
        assert find_hurt(storage, pack) == hurt
        data[bit // 8] ^= 1 << bit % 8
    assert compute_digest(storage, stored) != pack.digest  # the last flip is still on the disk


def find_hurt(storage: LocalStorage, pack: SealedPack) -> set[bytes]:
    hurt: set[bytes] = set()
    for run in pack.runs:
        try:
            read_frame(storage, pack.key, run.offset, run.frames[0][1])
        except (DamagedVault, StorageError):
            hurt.add(run.digest)
    return hurt


def test_every_truncation_is_found(in_memory: Path) -> None:
    storage = LocalStorage(in_memory)
    pack = write_pack(storage, OBJECTS)
    path = in_memory / pack.key
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert compute_digest(storage, Stored(pack.key, size)) != pack.digest
        hurt = {digest for _, end, digest in list_extents(pack) if end > size}
        assert find_hurt(storage, pack) == hurt


def test_a_walk_finds_every_frame_that_is_whole_whatever_byte_is_wrong(in_memory: Path) -> None:
    storage = LocalStorage(in_memory)
    pack = write_pack(storage, OBJECTS)
    path = in_memory / pack.key
    whole = path.read_bytes()
    for place in range(HEADER_BYTES, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        walked = [one for one in walk_frames(storage, Stored(pack.key, pack.size)) if not isinstance(one, Fault)]
        expected = {digest for begin, end, digest in list_extents(pack) if not begin <= place < end}
        assert {head.digest for _, head, _ in walked} == expected


def test_a_walk_over_a_truncated_pack_finds_what_is_left(in_memory: Path) -> None:
    storage = LocalStorage(in_memory)
    pack = write_pack(storage, OBJECTS)
    path = in_memory / pack.key
    whole = path.read_bytes()
    for size in range(HEADER_BYTES, len(whole)):
        path.write_bytes(whole[:size])
        walked = [one for one in walk_frames(storage, Stored(pack.key, size)) if not isinstance(one, Fault)]
        assert {head.digest for _, head, _ in walked} == {
            digest for _, end, digest in list_extents(pack) if end <= size
        }


def test_frames_inside_the_content_of_a_damaged_frame_are_not_taken_for_frames(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    inner = (tmp_path / write_pack(storage, [b"inner"], Kind.DOCUMENT).key).read_bytes()
    pack = write_pack(storage, [inner, b"last"])
    path = tmp_path / pack.key
    whole = path.read_bytes()
    path.write_bytes(whole[: HEADER_BYTES + 112] + b"X" + whole[HEADER_BYTES + 113 :])
    fault, found = walk_frames(storage, Stored(pack.key, pack.size))
    assert isinstance(fault, Fault)
    assert not isinstance(found, Fault)
    assert fault.offset == HEADER_BYTES
    assert found[1].digest == blake3(b"last").digest()


def test_a_walk_over_any_bytes_ends(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    path = tmp_path / "packs/aa/a.pack"
    path.parent.mkdir(parents=True)
    for data in (b"FRAM" * 500, bytes(3000), b"\xff" * 3000, b"", b"HOLDPACK"):
        path.write_bytes(data)
        for one in walk_frames(storage, Stored("packs/aa/a.pack", len(data))):
            assert isinstance(one, Fault)
