"""Damage in any file of the log is found and named."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.records.errors import DamagedVault
from tests.vault.log import naive
from tests.vault.log.logs import copy_of, entries_of, files_of, open_log, start_log


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 5 entries in two steps, so that it has partial files of an earlier checkpoint."""
    folder = tmp_path_factory.mktemp("small")
    start_log(folder, entries_of(2)).append(entries_of(3, 2))
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    start_log(folder, entries_of(520)).append(entries_of(80, 520))
    return folder


def check_damage_is_named(folder: Path, key: str, altered: bytes, where: str) -> None:
    path = folder / "vault" / key
    right = path.read_bytes()
    path.write_bytes(altered)
    try:
        with pytest.raises(DamagedVault) as caught:
            open_log(folder).verify()
        assert caught.value.where.startswith(where), (caught.value.where, caught.value.what)
    finally:
        path.write_bytes(right)


def test_every_flipped_bit_of_every_file_is_found_and_its_file_named(small: Path) -> None:
    for key, right in files_of(small).items():
        for place in range(len(right)):
            altered = right[:place] + bytes([right[place] ^ 1 << place % 8]) + right[place + 1 :]
            named = key if key != "log/key.pub" else "log/"
            check_damage_is_named(small, key, altered, named)


def test_every_truncation_and_addition_to_every_file_is_found_and_its_file_named(small: Path) -> None:
    for key, right in files_of(small).items():
        for kept in {0, 1, len(right) // 2, len(right) - 1}:
            check_damage_is_named(small, key, right[:kept], key)
        check_damage_is_named(small, key, right + b"\n", key)


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_altered_byte_of_a_log_with_several_levels_is_named_with_its_place(
    large: Path, data: st.DataObject
) -> None:
    files = files_of(large)
    key = data.draw(st.sampled_from(sorted(files)))
    right = files[key]
    place = data.draw(st.integers(0, len(right) - 1))
    altered = right[:place] + bytes([right[place] ^ data.draw(st.integers(1, 255))]) + right[place + 1 :]
    exact = key.startswith("log/tile/") and "entries" not in key
    check_damage_is_named(large, key, altered, f"{key} at byte {place}" if exact else "log/")


def test_an_altered_entry_is_named_by_the_offset_of_its_length(large: Path) -> None:
    key = "log/tile/entries/001"
    right = files_of(large)[key]
    third = 2 * (2 + len(entries_of(1, 256)[0]))
    for place in (third, third + 1, third + 2, third + 5):
        altered = right[:place] + bytes([right[place] ^ 4]) + right[place + 1 :]
        check_damage_is_named(large, key, altered, f"{key} at byte {third}")


@pytest.mark.parametrize("key", ["log/tile/0/001", "log/tile/entries/001", "log/tile/1/000.p/2", "log/key.pub"])
def test_a_missing_file_is_named(large: Path, key: str) -> None:
    path = large / "vault" / key
    right = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(DamagedVault, match="missing") as caught:
            open_log(large).verify()
        assert caught.value.where.startswith(key)
    finally:
        path.write_bytes(right)


def test_an_entry_and_its_hash_altered_together_do_not_pass(small: Path) -> None:
    folder = copy_of(small, "together")
    entries = [b"forged", *entries_of(4, 1)]
    for key, data in naive.files(entries).items():
        (folder / "vault" / key).write_bytes(data)
    with pytest.raises(DamagedVault, match="another history"):
        open_log(folder).verify()


def test_a_strange_file_among_the_tiles_is_named(small: Path) -> None:
    folder = copy_of(small, "strange")
    (folder / "vault" / "log" / "tile" / "0" / "stray").write_bytes(b"")
    with pytest.raises(DamagedVault, match="No file of a log is called so"):
        open_log(folder).verify()
