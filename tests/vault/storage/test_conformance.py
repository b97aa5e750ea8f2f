"""What every backend promises. A new backend is done when it is a parameter of `storage` and this passes."""

import threading
from pathlib import Path
from random import Random

import pytest

from holdfast.records.errors import MissingKey, StorageError, TruncatedKey
from holdfast.vault.storage.seam import Stored
from holdfast.vault.storage.staging import StagedStorage

KEY = "packs/ab/one.pack"
HOSTILE = [
    "", "/", "/etc/passwd", "..", "../outside", "a/../../outside", "a/./b", "a//b", "a/", "a\\b", "a\0b", "a\nb",
    "\udc80", "x" * 256, "/".join(["abcdefgh"] * 120), "staging/x", "staging",
]  # fmt: skip


def put(storage: StagedStorage, key: str, value: bytes) -> None:
    with storage.create_staging(f"writing-{threading.get_ident()}") as file:
        file.write(value)
    storage.put(key, file.path)


def value_of(storage: StagedStorage, key: str) -> bytes:
    found = storage.find(key)
    assert found is not None
    return storage.read(key, 0, found.size)


def keys_of(storage: StagedStorage, prefix: str = "") -> list[str]:
    return [stored.key for stored in storage.iterate(prefix)]


@pytest.mark.parametrize("size", [0, 1, (5 << 20) + 1, 8 << 20, (8 << 20) + 1, (17 << 20) + 3])
def test_a_value_comes_back_as_it_was_put_whatever_its_size(storage: StagedStorage, size: int) -> None:
    value = Random(size).randbytes(size)
    put(storage, KEY, value)
    assert storage.find(KEY) == Stored(KEY, size)
    assert value_of(storage, KEY) == value


def test_putting_moves_the_file(storage: StagedStorage) -> None:
    put(storage, KEY, b"value")
    assert list(storage.staging.iterate()) == []


def test_a_file_from_anywhere_can_be_put(storage: StagedStorage, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere"
    source.write_bytes(b"from elsewhere")
    storage.put(KEY, source)
    assert value_of(storage, KEY) == b"from elsewhere"
    assert not source.exists()


def test_a_value_can_be_replaced_by_a_shorter_and_by_a_longer_one(storage: StagedStorage) -> None:
    for value in (b"middle", b"short", b"the longest of all", b""):
        put(storage, KEY, value)
        assert value_of(storage, KEY) == value
        assert list(storage.iterate("")) == [Stored(KEY, len(value))]


def test_a_file_that_is_not_there_cannot_be_put_and_the_old_value_stands(
    storage: StagedStorage, tmp_path: Path
) -> None:
    put(storage, KEY, b"old")
    for missing in (tmp_path / "missing", storage.staging.path_of("missing")):
        with pytest.raises(MissingKey, match="missing"):
            storage.put(KEY, missing)
    assert value_of(storage, KEY) == b"old"


def test_ranges_are_the_slices_of_the_value(storage: StagedStorage) -> None:
    random = Random(7)
    value = random.randbytes(9 << 20)
    put(storage, KEY, value)
    for _ in range(30):
        offset = random.randrange(len(value))
        length = random.randrange(min(1 << 20, len(value) - offset) + 1)
        assert storage.read(KEY, offset, length) == value[offset : offset + length]


def test_a_long_range_is_read_whole(storage: StagedStorage) -> None:
    value = Random(8).randbytes((33 << 20) + 5)
    put(storage, KEY, value)
    assert storage.read(KEY, 3, (33 << 20) + 1) == value[3 : (33 << 20) + 4]


@pytest.mark.parametrize(("offset", "length"), [(0, 6), (4, 2), (5, 1), (6, 1), (1 << 40, 1)])
def test_a_range_past_the_end_is_reported_as_truncated(storage: StagedStorage, offset: int, length: int) -> None:
    put(storage, KEY, b"value")
    with pytest.raises(TruncatedKey, match=KEY):
        storage.read(KEY, offset, length)


def test_reading_nothing_needs_a_value(storage: StagedStorage) -> None:
    put(storage, KEY, b"")
    assert storage.read(KEY, 0, 0) == b""
    with pytest.raises(MissingKey):
        storage.read("missing", 0, 0)


@pytest.mark.parametrize("key", ["missing", "packs/ab", "packs/ab/one.pack/below", "packs/missing/one.pack"])
def test_a_missing_value_is_none_to_find_and_an_error_to_read_or_forget(storage: StagedStorage, key: str) -> None:
    put(storage, KEY, b"value")
    assert storage.find(key) is None
    with pytest.raises(MissingKey, match=key):
        storage.read(key, 0, 1)
    with pytest.raises(MissingKey, match=key):
        storage.forget(key)


def test_an_empty_storage_lists_nothing(storage: StagedStorage) -> None:
    assert keys_of(storage) == []
    assert keys_of(storage, "packs/") == []


def test_keys_are_listed_in_their_order_and_by_folder(storage: StagedStorage) -> None:
    keys = ["a-b", "a.b", "a/b", "a/b.c", "a/c/d", "a0", "ab/c", "z é/ü", "z/~"]
    for number, key in enumerate(reversed(keys)):
        put(storage, key, b"x" * number)
    assert keys_of(storage) == sorted(keys)
    assert keys_of(storage, "a/") == ["a/b", "a/b.c", "a/c/d"]
    assert keys_of(storage, "a/c/") == ["a/c/d"]
    assert keys_of(storage, "a/b/") == []
    assert next(iter(storage.iterate("a/"))) == Stored("a/b", 6)


def test_files_being_written_are_no_keys(storage: StagedStorage) -> None:
    file = storage.create_staging("half")
    file.write(b"half")
    assert keys_of(storage) == []
    file.close()
    assert list(storage.staging.iterate()) == [Stored("half", 4)]
    storage.staging.remove("half")
    storage.staging.remove("half")
    assert list(storage.staging.iterate()) == []


def test_a_deleted_value_is_gone_and_deleting_nothing_is_no_error(storage: StagedStorage) -> None:
    put(storage, KEY, b"value")
    put(storage, "packs/ab/two.pack", b"other")
    storage.delete(KEY)
    storage.delete(KEY)
    storage.delete("never/there")
    storage.delete("packs/ab")
    assert storage.find(KEY) is None
    assert keys_of(storage) == ["packs/ab/two.pack"]


def test_a_forgotten_value_reads_the_same(storage: StagedStorage) -> None:
    put(storage, KEY, b"value")
    storage.forget(KEY)
    assert value_of(storage, KEY) == b"value"


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_a_hostile_key_is_refused_by_every_method(storage: StagedStorage, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"value")
    for act in (
        lambda: storage.put(key, source),
        lambda: storage.read(key, 0, 1),
        lambda: storage.find(key),
        lambda: storage.delete(key),
        lambda: storage.forget(key),
    ):
        with pytest.raises(StorageError):
            act()
    assert source.exists()
    assert keys_of(storage) == []


@pytest.mark.parametrize("prefix", ["/", "..", "../", "a", "a//", "staging/"])
def test_a_hostile_prefix_is_refused(storage: StagedStorage, prefix: str) -> None:
    with pytest.raises(StorageError):
        keys_of(storage, prefix)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\0"])
def test_a_staging_file_has_a_plain_name(storage: StagedStorage, name: str) -> None:
    with pytest.raises(StorageError):
        storage.create_staging(name)


def test_two_writers_never_share_a_staging_file(storage: StagedStorage) -> None:
    first = storage.create_staging("same")
    with pytest.raises(StorageError, match="exists already"):
        storage.create_staging("same")
    first.discard()
    storage.create_staging("same").discard()


def test_a_staging_file_is_gone_when_its_writer_failed(storage: StagedStorage) -> None:
    with pytest.raises(TypeError), storage.create_staging("failing") as file:
        file.write("text")  # type: ignore[arg-type]
    assert list(storage.staging.iterate()) == []


def test_more_keys_than_a_page_holds_are_all_listed(storage: StagedStorage) -> None:
    keys = [f"many/{number:04}" for number in range(1010)]
    each = [threading.Thread(target=_put_all, args=(storage, keys[start::8])) for start in range(8)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert keys_of(storage, "many/") == keys


def test_readers_see_whole_values_while_writers_replace_them(storage: StagedStorage) -> None:
    values = [bytes([number]) * (1 << 16) for number in range(8)]
    put(storage, KEY, values[0])
    seen: set[bytes] = set()
    writer = threading.Thread(target=_put_each, args=(storage, values * 3))
    writer.start()
    while writer.is_alive():
        seen.add(storage.read(KEY, 0, 1 << 16))
    writer.join()
    assert seen <= set(values)
    assert value_of(storage, KEY) == values[-1]


def _put_each(storage: StagedStorage, values: list[bytes]) -> None:
    for value in values:
        put(storage, KEY, value)


def _put_all(storage: StagedStorage, keys: list[str]) -> None:
    for key in keys:
        put(storage, key, b"x")
