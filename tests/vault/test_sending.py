"""Kept files on their way out: the right bytes, whoever reads beside, and what several want is read once."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import FileManifest, Role, Segment
from holdfast.vault.catalogue.revisions import read_files
from holdfast.vault.checking import read_file_manifest
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.sending import Layout, Loader, SharedFrames, Stretch, plan_parts
from tests.vault.models import find_row, keep_folder, make_bf16, tune, verify, write_safetensors


@dataclass(frozen=True)
class Kept:
    """A file that lies in a vault as it is, coded and as a difference, and its bytes."""

    vault: Vault
    layout: Layout
    data: bytes

    def read(self, begin: int, end: int, since: int | None = None) -> bytes:
        """These bytes, as they would be sent."""
        loader = Loader(self.vault, SharedFrames())
        parts = [loader.load(part) for part in plan_parts(self.vault, self.layout, begin, end, since)]
        loader.close()
        assert not any(isinstance(part, Stretch) for part in parts)
        return b"".join(bytes(part) for part in parts if isinstance(part, memoryview))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Generator[Kept]:
    home = tmp_path_factory.mktemp("sending")
    weights = make_bf16(1_300_000, 1)
    plain = np.random.default_rng(1).integers(0, 256, 2_500_000, np.uint8)
    write_safetensors(home / "base/model.safetensors", {"w": ("BF16", weights)})
    path = write_safetensors(
        home / "tuned/model.safetensors",
        {"p": ("U8", plain), "w": ("BF16", tune(weights, 2)), "few": ("BF16", weights[:9])},
    )
    vault = open_local_vault(home / "vault")
    keep_folder(vault, home / "base", "org/base")
    keep_folder(vault, home / "tuned", "org/tuned", base=find_row(vault, "org/base").id)
    (file,) = read_files(vault.database, find_row(vault, "org/tuned").id)
    yield Kept(vault, Layout(read_file_manifest(vault, file.manifest)), path.read_bytes())
    vault.close()


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_every_stretch_of_a_file_is_those_bytes(kept: Kept, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(kept.data)))
    end = data.draw(st.integers(begin, len(kept.data)))
    assert kept.read(begin, end) == kept.data[begin:end]


def test_the_whole_is_every_byte(kept: Kept) -> None:
    assert kept.read(0, len(kept.data)) == kept.data


def test_many_who_read_the_same_at_once_each_get_all_of_it(kept: Kept) -> None:
    shared = SharedFrames(3 << 20)

    def read(_: int) -> bytes:
        loader = Loader(kept.vault, shared)
        parts = [loader.load_apart(part) for part in plan_parts(kept.vault, kept.layout, 0, len(kept.data), None)]
        loader.close()
        return b"".join(parts)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(16))) == {kept.data}
    assert shared.readers == 0


def test_plain_frames_of_verified_packs_are_told_as_stretches_of_a_file(kept: Kept) -> None:
    verify(kept.vault)
    since = kept.vault.now - 3600
    loader = Loader(kept.vault, SharedFrames())
    found, sizes = b"", []
    for part in plan_parts(kept.vault, kept.layout, 0, len(kept.data), since):
        piece = loader.load(part)
        if isinstance(piece, Stretch):
            sizes.append(piece.length)
            with open(f"/proc/self/fd/{piece.descriptor}", "rb") as file:
                file.seek(piece.offset)
                found += file.read(piece.length)
        else:
            found += bytes(piece)
    loader.close()
    assert found == kept.data
    assert sum(sizes) >= 2_500_000
    late = plan_parts(kept.vault, kept.layout, 0, len(kept.data), kept.vault.now + 3600)
    assert not any(part.is_trusted for part in late)


def test_an_object_of_another_size_than_the_file_says_is_told(kept: Kept) -> None:
    lost = FileManifest(
        "bytes", 5, "0" * 64, "0" * 40, (Segment(5, Role.BYTES, kept.layout.manifest.segments[1].object),)
    )
    with pytest.raises(DamagedVault, match="stands for 5"):
        list(plan_parts(kept.vault, Layout(lost), 0, 5, None))


class TestSharedFrames:
    def test_one_reader_alone_has_nothing_kept_for_it(self) -> None:
        shared, loads = SharedFrames(), list[int]()
        shared.join()
        for _ in range(3):
            shared.load((b"a", 0), lambda: load(loads))
        assert len(loads) == 3

    def test_what_two_readers_want_is_loaded_once(self) -> None:
        shared, loads = SharedFrames(), list[int]()
        shared.join()
        shared.join()
        pieces = [shared.load((b"a", 0), lambda: load(loads)) for _ in range(3)]
        assert (len(loads), set(map(bytes, pieces))) == (1, {b"data"})

    def test_who_comes_while_it_is_being_loaded_waits_for_it(self) -> None:
        shared, loads, going, begun = SharedFrames(), list[int](), threading.Event(), threading.Event()
        shared.join()
        shared.join()

        def load_slowly() -> memoryview:
            begun.set()
            going.wait(30)
            return load(loads)

        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(shared.load, (b"a", 0), load_slowly)
            begun.wait(30)
            others = [pool.submit(shared.load, (b"a", 0), lambda: load(loads)) for _ in range(3)]
            going.set()
            assert {bytes(one.result(30)) for one in (first, *others)} == {b"data"}
        assert len(loads) == 1

    def test_what_failed_for_one_is_tried_by_the_others(self) -> None:
        shared, loads = SharedFrames(), list[int]()
        shared.join()
        shared.join()

        def fail() -> memoryview:
            raise DamagedVault("no")

        with pytest.raises(DamagedVault):
            shared.load((b"a", 0), fail)
        assert bytes(shared.load((b"a", 0), lambda: load(loads))) == b"data"

    def test_no_more_is_kept_than_there_is_room_for(self) -> None:
        shared, loads = SharedFrames(10), list[int]()
        shared.join()
        shared.join()
        for index in (0, 1, 2, 2, 1, 0):
            shared.load((b"a", index), lambda: load(loads))
        assert len(loads) == 4  # two of four bytes fit: the first was forgotten

    def test_when_all_but_one_have_left_nothing_is_kept(self) -> None:
        shared, loads = SharedFrames(), list[int]()
        shared.join()
        shared.join()
        shared.load((b"a", 0), lambda: load(loads))
        shared.leave()
        shared.join()
        shared.load((b"a", 0), lambda: load(loads))
        assert len(loads) == 2


def load(loads: list[int]) -> memoryview:
    loads.append(1)
    return memoryview(b"data")
