"""A range is the file's bytes, whatever it touches, and says so when it cannot be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from holdfast.records.errors import DamagedVault, UsageError
from holdfast.records.vault import FileManifest, Role, Segment, to_object_id
from holdfast.vault.catalogue.objects import locate
from holdfast.vault.checking import read_file_manifest, read_revision
from holdfast.vault.codecs.choosing import Codec
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.packs import writing
from holdfast.vault.packs.layout import FRAME_BYTES, HEAD_BYTES
from holdfast.vault.ranges import RangeReader, read_range
from tests.vault.models import find_row, keep_folder, make_bf16, tune, write_safetensors

LARGE = 5 * FRAME_BYTES // 4  # elements of two bytes: two and a half frames


@dataclass(frozen=True)
class Kept:
    """A vault and the files in it: a base and its fine-tune, of small, inline and large tensors, over several packs."""

    vault: Vault
    folder: Path
    base: tuple[FileManifest, bytes]
    tuned: tuple[FileManifest, bytes]


def find_file(vault: Vault, revision: str) -> FileManifest:
    (entry,) = read_revision(vault, find_row(vault, "org/model", revision).manifest).files
    return read_file_manifest(vault, entry.manifest)


def open_kept(folder: Path) -> Kept:
    vault = open_local_vault(folder / "vault")
    files = [(find_file(vault, name), (folder / name / "model.safetensors").read_bytes()) for name in ("base", "tuned")]
    return Kept(vault, folder, files[0], files[1])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("ranges")
    first, second = make_bf16(LARGE, 1), make_bf16(LARGE, 2)
    base: dict[str, tuple[str, NDArray[np.generic]]] = {
        "a.weight": ("BF16", first),
        "b.bias": ("BF16", make_bf16(17, 3)),
        "c.none": ("BF16", make_bf16(0, 3)),
        "d.weight": ("BF16", second),
        "e.ids": ("I32", np.arange(50_000, dtype=np.int32)),
    }
    write_safetensors(folder / "base" / "model.safetensors", base)
    tuned = {**base, "a.weight": ("BF16", tune(first, 4)), "b.bias": ("BF16", make_bf16(17, 5))}
    write_safetensors(folder / "tuned" / "model.safetensors", tuned)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "PACK_BYTES_MAX", 3 << 19)  # objects go over packs
        vault = open_local_vault(folder / "vault")
        keep_folder(vault, folder / "base", revision="base")
        keep_folder(vault, folder / "tuned", revision="tuned")
        vault.close()
    found = open_kept(folder)
    yield found
    found.vault.close()


def find_edges(manifest: FileManifest) -> list[int]:
    """Where segments and frames begin."""
    at, edges = 0, [0]
    for segment in manifest.segments:
        edges += range(at, at + segment.length, FRAME_BYTES)
        at += segment.length
        edges.append(at)
    return sorted(set(edges))


def test_what_is_kept_here_has_all_that_ranges_meet(kept: Kept) -> None:
    segments = kept.tuned[0].segments
    places = [
        place
        for one in locate(kept.vault.database, [bytes.fromhex(s.object[11:]) for s in segments if s.object]).values()
        for place in one.places
    ]
    assert any(segment.inline for segment in segments)
    assert any(codec == Codec.DIFFERENCE for place in places for codec, _ in place.frames)
    assert len({place.pack for place in places}) > 2
    assert any(place.first > 0 for place in places)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_range_is_the_bytes_of_the_file(kept: Kept, data: st.DataObject) -> None:
    manifest, content = data.draw(st.sampled_from([kept.base, kept.tuned]))
    near = st.tuples(st.sampled_from(find_edges(manifest)), st.integers(-3, 3)).map(sum)
    places = near | st.integers(0, len(content))
    begin, end = sorted(min(max(data.draw(places), 0), len(content)) for _ in range(2))
    assert read_range(kept.vault, manifest, begin, end - begin) == content[begin:end]


@pytest.mark.parametrize("which", ["base", "tuned"])
def test_the_whole_file_is_a_range_and_so_is_nothing(kept: Kept, which: str) -> None:
    manifest, content = getattr(kept, which)
    reader = RangeReader(kept.vault, manifest)
    assert reader.read(0, len(content)) == content
    assert reader.read(len(content), 0) == b""
    assert reader.read(0, 0) == b""


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, -1), (5, -5), (0, 1 << 62), (1 << 62, 1), (None, 1)])
def test_a_range_outside_the_file_is_refused(kept: Kept, offset: int | None, length: int) -> None:
    manifest, content = kept.base
    with pytest.raises(UsageError, match=f"are not all in a file of {len(content)} bytes"):
        read_range(kept.vault, manifest, len(content) if offset is None else offset, length)


def test_an_empty_file_has_one_range(kept: Kept) -> None:
    empty = FileManifest("bytes", 0, "0" * 64, "0" * 40, ())
    assert read_range(kept.vault, empty, 0, 0) == b""
    with pytest.raises(UsageError, match="are not all in a file of 0 bytes"):
        read_range(kept.vault, empty, 0, 1)


def test_an_object_that_no_pack_holds_is_named(kept: Kept) -> None:
    name = to_object_id(bytes(32))
    lost = FileManifest("bytes", 5, "0" * 64, "0" * 40, (Segment(5, Role.BYTES, name),))
    with pytest.raises(DamagedVault, match="is in no pack") as raised:
        read_range(kept.vault, lost, 1, 2)
    assert raised.value.where == name


def test_an_object_of_another_length_than_its_segment_is_refused(kept: Kept) -> None:
    manifest, content = kept.base
    large = max(manifest.segments, key=lambda segment: segment.length)
    lying = replace(manifest, segments=(replace(large, length=large.length + 1),))
    with pytest.raises(DamagedVault, match=f"an object of {large.length} bytes stands for {large.length + 1}"):
        read_range(kept.vault, lying, 0, 1)
    assert content


def test_a_damaged_frame_hurts_the_ranges_that_touch_it_and_no_others(kept: Kept) -> None:
    manifest, content = kept.base
    large = next(segment for segment in manifest.segments if segment.length > FRAME_BYTES)
    assert large.object is not None
    begin = content.index(make_bf16(LARGE, 1).tobytes())
    (one,) = locate(kept.vault.database, [bytes.fromhex(large.object[11:])]).values()
    place = next(place for place in one.places if place.first == 0)
    pack = kept.folder / "vault" / place.key
    whole = pack.read_bytes()
    at = place.offset + HEAD_BYTES + 1000
    try:
        pack.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DamagedVault, match="a frame is not what was written"):
            read_range(kept.vault, manifest, begin + 10, 10)
        after = begin + FRAME_BYTES
        assert read_range(kept.vault, manifest, after, 10) == content[after : after + 10]
        with pytest.raises(DamagedVault, match="a frame is not what was written"):
            read_range(kept.vault, kept.tuned[0], begin + 10, 10)  # its base is hurt
    finally:
        pack.write_bytes(whole)
    assert read_range(kept.vault, manifest, begin + 10, 10) == content[begin + 10 : begin + 20]


def test_a_file_of_very_many_segments_is_read_anywhere(kept: Kept) -> None:
    large = max(kept.base[0].segments, key=lambda segment: segment.length)
    small = Segment(3, Role.PADDING, None, b"abc")
    segments = (*[small] * 200_000, large, *[small] * 200_000)
    size = sum(segment.length for segment in segments)
    manifest = FileManifest("bytes", size, "0" * 64, "0" * 40, segments)
    assert read_range(kept.vault, manifest, 600_000 - 4, 6)[:4] == b"cabc"
    assert read_range(kept.vault, manifest, size - 7, 7) == b"cabcabc"
