"""Packs have the bytes that docs/format.md says: written down here by hand, not by the code that writes packs."""

import struct
from pathlib import Path

import pytest
from blake3 import blake3

from holdfast.records.errors import DamagedVault, NewerVault
from holdfast.vault.packs.layout import NO_BASE, Kind, Run, count_frames, decode_index, encode_index
from holdfast.vault.packs.reading import check_pack_header, read_index
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Stored

HELLO = b"hello"
DIGEST = bytes.fromhex("ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f")  # b3sum of "hello"
BASE = bytes(range(32))

# docs/format.md, line by line.
HEADER = b"HOLDPACK" + b"\x01\x00" + b"\x20\x00" + bytes(20)
FRAME_PLAIN = (
    b"FRAM"
    + b"\x01"  # kind: data
    + b"\x00"  # codec: raw
    + b"\x00\x00"
    + b"\x05\x00\x00\x00"  # raw bytes of this frame
    + b"\x05\x00\x00\x00"  # payload bytes
    + b"\x05\x00\x00\x00\x00\x00\x00\x00"  # raw bytes of the object
    + b"\x00\x00\x00\x00"  # index of this frame
    + b"\x01\x00\x00\x00"  # count of frames
    + DIGEST
    + bytes(32)  # no base
)
FRAME = FRAME_PLAIN + blake3(FRAME_PLAIN + HELLO).digest()[:16] + HELLO
ROW = (
    DIGEST
    + bytes(32)
    + b"\x05\x00\x00\x00\x00\x00\x00\x00"
    + b"\x20\x00\x00\x00\x00\x00\x00\x00"  # the first frame's head stands after the header
    + b"\x01"
    + b"\x00\x00\x00"
    + b"\x00\x00\x00\x00"  # index of the first frame
    + b"\x01\x00\x00\x00"  # frames in this run
    + b"\x01\x00\x00\x00"  # frames of the object
    + b"\x00"
    + b"\x05\x00\x00\x00"  # codec, payload bytes
)
FOOTER = (
    b"HOLDEND1"
    + (32 + 112 + 5).to_bytes(8, "little")
    + len(ROW).to_bytes(8, "little")
    + blake3(ROW).digest()
    + (1).to_bytes(8, "little")
)
PACK = HEADER + FRAME + ROW + FOOTER


def write_hello(storage: LocalStorage) -> Path:
    writer = PackWriter(storage)
    head = ObjectHead(DIGEST, NO_BASE, len(HELLO), 1, Kind.DATA)
    writer.add(head, 0, EncodedFrame(0, len(HELLO), HELLO))
    return storage.root / writer.seal().key


def test_a_pack_has_the_bytes_of_the_format(tmp_path: Path) -> None:
    path = write_hello(LocalStorage(tmp_path))
    assert len(HEADER) == 32
    assert len(FRAME) == 112 + 5
    assert path.read_bytes() == PACK


def test_a_pack_is_named_by_its_digest(tmp_path: Path) -> None:
    path = write_hello(LocalStorage(tmp_path))
    name = blake3(PACK).hexdigest()
    assert path.relative_to(tmp_path).as_posix() == f"packs/{name[:2]}/{name}.pack"


def put_pack(storage: LocalStorage, data: bytes) -> Stored:
    with storage.create_staging("pack") as file:
        file.write(data)
    storage.put("packs/aa/a.pack", file.path)
    return Stored("packs/aa/a.pack", len(data))


def test_an_index_written_by_hand_is_read(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    (run,) = read_index(storage, put_pack(storage, PACK))
    assert run == Run(DIGEST, NO_BASE, 5, 32, Kind.DATA, 0, 1, ((0, 5),))


def test_an_empty_object_has_one_empty_frame() -> None:
    assert [count_frames(size) for size in (0, 1, 1 << 20, (1 << 20) + 1, 5 << 20)] == [1, 1, 1, 2, 5]


def test_an_index_of_many_runs_comes_back() -> None:
    runs = [
        Run(DIGEST, BASE if place % 2 else NO_BASE, 3 << 20, 32 + place, Kind.DATA, 1, 3, ((2, 7), (4, 9)))
        for place in range(50)
    ]
    assert list(decode_index(encode_index(runs), "here")) == runs


def test_a_pack_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    newer = put_pack(storage, PACK[:8] + b"\x02\x00" + PACK[10:])
    with pytest.raises(NewerVault, match="version 2"):
        check_pack_header(storage, newer)


def test_every_flipped_bit_of_a_header_is_damage_or_a_newer_version(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    check_pack_header(storage, put_pack(storage, PACK))
    for bit in range(len(HEADER) * 8):
        data = bytearray(PACK)
        data[bit // 8] ^= 1 << bit % 8
        flipped = put_pack(storage, bytes(data))
        newer = int.from_bytes(data[8:10], "little") > 1
        with pytest.raises(NewerVault if newer else DamagedVault, match=r"a\.pack"):
            check_pack_header(storage, flipped)


def with_index(rows: bytes, **changed: int) -> bytes:
    footer = [len(HEADER + FRAME), len(rows)]
    footer[0] = changed.get("offset", footer[0])
    footer[1] = changed.get("length", footer[1])
    frames = changed.get("frames", 1)
    return HEADER + FRAME + rows + b"HOLDEND1" + struct.pack("<QQ32sQ", *footer, blake3(rows).digest(), frames)


LYING = {
    "an offset past the end": with_index(ROW, offset=10_000),
    "an offset before the frames": with_index(ROW, offset=3),
    "a length past the end": with_index(ROW, length=1 << 40),
    "a row cut short": with_index(ROW[:-3]),
    "a row of no frames": with_index(ROW[:88] + bytes(4) + ROW[92:-5]),
    "a row of four thousand million frames": with_index(ROW[:88] + b"\xff\xff\xff\xff" + ROW[92:]),
    "an unknown kind": with_index(ROW[:80] + b"\x07" + ROW[81:]),
    "an object larger than any": with_index(ROW[:64] + b"\xff" * 8 + ROW[72:]),
    "frames outside the pack": with_index(ROW[:72] + b"\xff" * 7 + b"\x7f" + ROW[80:]),
    "frames inside the header": with_index(ROW[:72] + bytes(8) + ROW[80:]),
    "a payload past the index": with_index(ROW[:-4] + b"\xff\xff\x00\x00"),
    "a footer that counts more frames than the index": with_index(ROW, frames=2),
    "a footer that counts no frames": with_index(ROW, frames=0),
    "another count of frames": with_index(ROW[:92] + b"\x02\x00\x00\x00" + ROW[96:]),
    "nothing": b"",
    "a footer alone": PACK[-64:],
    "no footer": PACK[:-1],
}


@pytest.mark.parametrize("lie", sorted(LYING))
def test_a_lying_index_is_refused(tmp_path: Path, lie: str) -> None:
    storage = LocalStorage(tmp_path)
    with pytest.raises(DamagedVault, match=r"a\.pack"):
        read_index(storage, put_pack(storage, LYING[lie]))
