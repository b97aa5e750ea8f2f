"""Bundles: written, interrupted, damaged, loaded. The checks of digests are made with sha256sum and b3 of the files."""

import json
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import ChangedWhileRead, MalformedFile, MissingPath, NewerVault, OutputError, UsageError
from holdfast.vault.volumes.layout import BundleManifest
from holdfast.vault.volumes.reading import load_manifest, read_volumes
from holdfast.vault.volumes.writing import Item, write_volumes

VOLUME = 64 << 10
Contents = dict[str, bytes]


def make_contents(sizes: list[int], seed: int = 1) -> Contents:
    source = random.Random(seed)
    return {f"packs/{number:02}/file-{number}.pack": source.randbytes(size) for number, size in enumerate(sizes)}


def make_item(name: str, data: bytes) -> Item:
    return Item(name, len(data), lambda offset, length: data[offset : offset + length])


def make_items(contents: Contents) -> list[Item]:
    return [make_item(name, data) for name, data in contents.items()]


def write(contents: Contents, to: Path, percent: float = 10, volume: int = VOLUME) -> BundleManifest:
    return write_volumes(make_items(contents), to, volume, percent)


def read_back(folder: Path) -> Contents:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir() if path.is_file()}


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x80
    path.write_bytes(data)


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 200_000), max_size=12),
    percent=st.sampled_from([0, 5, 33.3]),
    seed=st.integers(0, 2**32),
)
def test_what_is_bundled_comes_back_byte_for_byte(sizes: list[int], percent: float, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, contents = Path(name), make_contents(sizes, seed)
        manifest = write(contents, folder / "bundle", percent)
        assert all(path.stat().st_size <= VOLUME for path in (folder / "bundle").glob("*.vol"))
        read_volumes(folder / "bundle", manifest.id, folder / "out")
        assert read_back(folder / "out") == contents
        assert sorted(path.name for path in folder.iterdir()) == ["bundle", "out"]


def test_sha256sum_finds_every_volume_and_manifest_whole(tmp_path: Path) -> None:
    manifest = write(make_contents([300_000, 5]), tmp_path)
    sums = f"bundle-{manifest.id}.sha256"
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", sums], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    named = {line.split(":")[0] for line in done.stdout.splitlines()}
    assert named == {path.name for path in tmp_path.iterdir()} - {sums}


def test_volumes_after_their_heads_are_the_files_one_after_the_other(tmp_path: Path) -> None:
    contents = make_contents([100_000, 0, 70_000])
    manifest = write(contents, tmp_path)
    volumes = [(tmp_path / f"bundle-{manifest.id}.{number:03}.vol").read_bytes() for number in range(3)]
    assert b"".join(volume[64:] for volume in volumes) == b"".join(contents.values())
    for number, volume in enumerate(volumes):
        assert volume[:8] == b"HOLDVOL1"
        assert volume[12:20] == number.to_bytes(4, "little") + (3).to_bytes(4, "little")
        assert volume[24:32] == (len(volume) - 64).to_bytes(8, "little")
        assert volume[32:48].hex() == manifest.id
        assert volume[48:64] == blake3(volume[:48]).digest(16)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_damage_within_the_parity_is_repaired_and_the_bundle_itself_is_only_read(seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, source, contents = Path(name), random.Random(seed), make_contents([400_000, 90_000], seed)
        manifest = write(contents, folder / "bundle", 15)
        volumes = [folder / "bundle" / volume.name for volume in manifest.volumes]
        # 8 volumes in 30 blocks of 16 KiB have 5 blocks of parity: one whole volume (4 blocks), or five flips.
        if source.random() < 0.5:
            source.choice(volumes).unlink()
        else:
            for _ in range(5):
                path = source.choice(volumes)
                flip(path, source.randrange(path.stat().st_size))
        before = snapshot(folder / "bundle")
        read_volumes(folder / "bundle", manifest.id, folder / "out")
        assert read_back(folder / "out") == contents
        assert snapshot(folder / "bundle") == before


def test_all_bytes_of_the_volumes_are_told_as_they_are_verified_and_then_those_of_the_files(tmp_path: Path) -> None:
    contents = make_contents([9 << 20, 0, 70_000])
    manifest = write(contents, tmp_path / "bundle", volume=5 << 20)
    told: list[tuple[str, int, int]] = []
    read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out", lambda *said: told.append(said))
    files = sum(map(len, contents.values()))
    sizes = {"verifying volumes": files + 64 * len(manifest.volumes), "unpacking": files}
    assert list(dict.fromkeys(phase for phase, _, _ in told)) == list(sizes)
    for phase, size in sizes.items():
        steps = [(done, total) for one, done, total in told if one == phase]
        assert steps == sorted(steps)
        assert len(steps) >= 3
        assert {total for _, total in steps} == {size}
        assert steps[-1] == (size, size)


def test_missing_volumes_that_parity_cannot_replace_are_named_and_nothing_is_handed_over(tmp_path: Path) -> None:
    manifest = write(make_contents([400_000]), tmp_path / "bundle", 10)
    for number in (1, 4):
        (tmp_path / "bundle" / manifest.volumes[number].name).unlink()
    with pytest.raises(MissingPath) as caught:
        read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert set(re.findall(r"bundle-\w+\.\w+\.vol", str(caught.value))) == {manifest.volumes[n].name for n in (1, 4)}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("percent", [0, 5])
def test_bytes_damaged_beyond_repair_are_named(tmp_path: Path, percent: float) -> None:
    manifest = write(make_contents([400_000]), tmp_path / "bundle", percent)
    for number in range(4):
        flip(tmp_path / "bundle" / manifest.volumes[number].name, 20_000)
    with pytest.raises(MalformedFile) as caught:
        read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert all(manifest.volumes[number].name in str(caught.value) for number in range(4))
    assert ("from byte 16384 to 32768" in str(caught.value)) == (percent == 5)
    assert not (tmp_path / "out").exists()


def test_a_load_that_failed_goes_on_when_the_missing_volume_arrives(tmp_path: Path) -> None:
    contents = make_contents([200_000, 200_000])
    manifest = write(contents, tmp_path / "bundle", 0)
    (tmp_path / "away").mkdir()
    shutil.move(tmp_path / "bundle" / manifest.volumes[2].name, tmp_path / "away")
    with pytest.raises(MissingPath):
        read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    shutil.move(tmp_path / "away" / manifest.volumes[2].name, tmp_path / "bundle")
    read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert read_back(tmp_path / "out") == contents


def test_a_file_that_was_extracted_before_is_kept_and_a_torn_one_written_anew(tmp_path: Path) -> None:
    contents = make_contents([100_000, 100_000])
    manifest = write(contents, tmp_path / "bundle", 0)
    first, second = contents
    part = tmp_path / f".out.{manifest.id}.part" / "files"
    for name, data in ((first, contents[first]), (second, b"\0" * 100_000)):
        (part / name).parent.mkdir(parents=True)
        (part / name).write_bytes(data)
    kept = (part / first).stat().st_ino
    read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert read_back(tmp_path / "out") == contents
    assert (tmp_path / "out" / first).stat().st_ino == kept


@settings(max_examples=20, deadline=None)
@given(stop=st.integers(0, 400_000), seed=st.integers(0, 2**32))
def test_an_interrupted_write_goes_on_after_its_last_whole_volume(stop: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, contents = Path(name), make_contents([250_000, 150_000], seed)
        with pytest.raises(KeyboardInterrupt):
            write_volumes(make_failing_items(contents, stop), folder / "bundle", VOLUME, 10)
        assert list((folder / "bundle").glob("*.json")) == []
        whole = snapshot_volumes(folder / "bundle")
        assert len(whole) == stop // (VOLUME - 64)
        manifest = write(contents, folder / "bundle", 10)
        after = snapshot_volumes(folder / "bundle")
        assert {name: after[name] for name in whole} == whole
        assert after.keys() == {volume.name for part in (manifest.volumes, *manifest.parity) for volume in part}
        read_volumes(folder / "bundle", manifest.id, folder / "out")
        assert read_back(folder / "out") == contents


def snapshot_volumes(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {name: kept for name, kept in snapshot(folder).items() if name.endswith(".vol")}


def make_failing_items(contents: Contents, stop: int) -> list[Item]:
    """Items whose reads are interrupted when they reach the byte `stop` of all of them."""
    items, start = list[Item](), 0
    for name, data in contents.items():
        items.append(Item(name, len(data), interrupt(data, stop - start)))
        start += len(data)
    return items


def interrupt(data: bytes, stop: int) -> Callable[[int, int], bytes]:
    def read(offset: int, length: int) -> bytes:
        if offset + length > stop or stop == len(data) == offset + length:
            raise KeyboardInterrupt
        return data[offset : offset + length]

    return read


def test_a_volume_that_rotted_before_the_write_went_on_is_written_anew(tmp_path: Path) -> None:
    contents = make_contents([300_000])
    manifest = write(contents, tmp_path)
    good = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    flip(tmp_path / manifest.volumes[2].name, 40_000)
    (tmp_path / manifest.volumes[1].name).unlink()
    assert write(contents, tmp_path) == manifest
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == good


def test_a_file_that_ends_early_is_reported_by_its_name(tmp_path: Path) -> None:
    item = Item("short.pack", 100, lambda offset, _length: b"x" * (50 - offset))
    with pytest.raises(ChangedWhileRead, match=r"short\.pack"):
        write_volumes([item], tmp_path, VOLUME, 5)


def test_a_damaged_manifest_is_replaced_by_its_copy_and_two_damaged_ones_are_an_error(tmp_path: Path) -> None:
    manifest = write(make_contents([1000]), tmp_path)
    flip(tmp_path / f"bundle-{manifest.id}.json", 30)
    assert load_manifest(tmp_path, manifest.id) == manifest
    flip(tmp_path / f"bundle-{manifest.id}.copy.json", 31)
    with pytest.raises(MalformedFile, match="manifest"):
        load_manifest(tmp_path, manifest.id)


def test_any_flipped_byte_of_a_manifest_is_noticed(tmp_path: Path) -> None:
    manifest = write(make_contents([10]), tmp_path)
    (tmp_path / f"bundle-{manifest.id}.copy.json").unlink()
    path = tmp_path / f"bundle-{manifest.id}.json"
    for offset in range(0, path.stat().st_size - 1, 3):  # the last byte is the line's end
        flip(path, offset)
        with pytest.raises((MalformedFile, NewerVault)):
            load_manifest(tmp_path, manifest.id)
        flip(path, offset)


HOSTILE = ["../up", "/etc/passwd", "a/../../b", "a//b", "", ".", "a\\b", "C:x", "a\0b", "a\nb", "nul. ", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_out_of_the_folder_is_refused_when_writing(tmp_path: Path, name: str) -> None:
    with pytest.raises(MalformedFile, match="name"):
        write({name: b"x"}, tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_manifest_with_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    manifest = write({"plain": b"x"}, tmp_path / "bundle")
    forge(tmp_path / "bundle", manifest.id, lambda fields: fields["files"][0].update(name=name))
    with pytest.raises(MalformedFile, match="name"):
        read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("names", [("a", "A"), ("a", "a/b"), ("é", "e\u0301")])
def test_names_that_are_one_file_on_some_system_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(MalformedFile, match="name"):
        write(dict.fromkeys(names, b"x"), tmp_path)


FORGERIES: list[Callable[[dict], object]] = [  # type: ignore[type-arg]
    lambda fields: fields.update(id="0" * 32),
    lambda fields: fields.update(volume_bytes=64),
    lambda fields: fields.update(volume_bytes=-1),
    lambda fields: fields.update(volumes=[]),
    lambda fields: fields.update(files=5),
    lambda fields: fields.update(parity_percent="5"),
    lambda fields: fields["files"][0].update(size=10**18),
    lambda fields: fields["volumes"][0].update(name="../bundle.vol"),
    lambda fields: fields["parity"][0][0].update(name="/etc/passwd"),
    lambda fields: fields["parity"].append([]),
    lambda fields: fields.update(group_volumes=0),
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_manifest_that_contradicts_itself_is_refused(
    tmp_path: Path,
    forgery: Callable[[dict], object],  # type: ignore[type-arg]
) -> None:
    manifest = write(make_contents([1000]), tmp_path)
    forge(tmp_path, manifest.id, forgery)
    with pytest.raises(MalformedFile, match="manifest"):
        load_manifest(tmp_path, manifest.id)


def test_a_bundle_of_a_later_format_is_refused_as_such(tmp_path: Path) -> None:
    manifest = write(make_contents([1000]), tmp_path)
    forge(tmp_path, manifest.id, lambda fields: fields.update(format=2))
    with pytest.raises(NewerVault):
        load_manifest(tmp_path, manifest.id)


def forge(folder: Path, bundle_id: str, change: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    """Alter a manifest and give it a fitting check, as an attacker would."""
    fields = json.loads((folder / f"bundle-{bundle_id}.json").read_bytes())
    del fields["check"]
    change(fields)
    fields["check"] = blake3(encode_canonical(fields).encode()).hexdigest()
    for name in (f"bundle-{bundle_id}.json", f"bundle-{bundle_id}.copy.json"):
        (folder / name).write_text(encode_canonical(fields))


def test_a_folder_that_is_there_already_is_not_written_into(tmp_path: Path) -> None:
    manifest = write(make_contents([1000]), tmp_path / "bundle")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("precious")
    with pytest.raises(OutputError, match="there already"):
        read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert read_back(tmp_path / "out") == {"mine": b"precious"}
    read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "other")


@pytest.mark.parametrize(("volume", "percent"), [(1000, 5), (VOLUME, 101), (VOLUME, -1)])
def test_sizes_and_percentages_that_make_no_sense_are_refused(tmp_path: Path, volume: int, percent: float) -> None:
    with pytest.raises(UsageError):
        write(make_contents([1000]), tmp_path / "bundle", percent, volume)
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("bundle_id", ["../x", "", "ABC", "0" * 31])
def test_what_is_no_bundle_id_is_refused(tmp_path: Path, bundle_id: str) -> None:
    with pytest.raises(UsageError):
        read_volumes(tmp_path, bundle_id, tmp_path / "out")


def test_many_volumes_are_served_by_several_groups_of_parity(tmp_path: Path) -> None:
    contents = make_contents([70 * VOLUME])
    manifest = write(contents, tmp_path / "bundle", 20)
    assert [len(group) for group in manifest.list_groups()] == [24, 24, 23]
    for number in (0, 1, 30, 31, 60, 70):
        (tmp_path / "bundle" / manifest.volumes[number].name).unlink()
    (tmp_path / "bundle" / manifest.parity[2][0].name).unlink()
    read_volumes(tmp_path / "bundle", manifest.id, tmp_path / "out")
    assert read_back(tmp_path / "out") == contents
