"""What only a real file system shows: links, permissions, limits, and what the errors of the system are called."""

import ctypes
import errno
import mmap
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.records.errors import AccessDenied, MissingKey, NoSpace, StorageError
from holdfast.vault.storage.disk import RealDisk, Seen, storage_error
from holdfast.vault.storage.local import LocalStorage
from tests.vault.storage.test_conformance import put, value_of

KEY = "packs/ab/one.pack"
NOBODY = 65534


def vault_at(folder: Path) -> LocalStorage:
    storage = LocalStorage(folder / "vault")
    put(storage, KEY, b"value")
    return storage


@pytest.mark.parametrize("linked", ["packs", "packs/ab", KEY])
def test_a_link_in_the_vault_is_never_followed(tmp_path: Path, linked: str) -> None:
    storage = vault_at(tmp_path)
    inside, outside = storage.root / linked, tmp_path / "outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    source = tmp_path / "source"
    source.write_bytes(b"new")
    for act in (
        lambda: storage.read(KEY, 0, 1),
        lambda: storage.find(KEY),
        lambda: storage.put(KEY, source),
        lambda: storage.delete(KEY),
        lambda: storage.forget(KEY),
    ):
        with pytest.raises(AccessDenied, match="links are not followed"):
            act()
    assert list(storage.iterate("")) == []
    assert next(path for path in (outside, *outside.rglob("*")) if path.is_file()).read_bytes() == b"value"
    assert source.read_bytes() == b"new"


def test_the_folder_of_a_vault_may_itself_be_reached_by_a_link(tmp_path: Path) -> None:
    vault_at(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "vault")
    assert value_of(LocalStorage(tmp_path / "link"), KEY) == b"value"


def test_files_that_are_no_keys_are_not_listed(tmp_path: Path) -> None:
    storage = vault_at(tmp_path)
    (storage.root / "link").symlink_to(storage.root / KEY)
    os.mkfifo(storage.root / "pipe")
    (storage.root / "line\nbreak").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(storage.root) + b"/\xff")).write_bytes(b"")
    (storage.root / "empty").mkdir()
    assert [stored.key for stored in storage.iterate("")] == [KEY]
    assert storage.find("pipe") is None


def test_a_file_where_a_folder_is_needed_is_named(tmp_path: Path) -> None:
    storage = vault_at(tmp_path)
    with pytest.raises(StorageError, match="A file stands where a folder is needed"):
        put(storage, f"{KEY}/below", b"x")


def test_a_vault_that_may_not_be_written_says_so_and_can_be_read(shared_folder: Path) -> None:
    storage = vault_at(shared_folder)
    source = shared_folder / "source"
    source.write_bytes(b"new")
    for path in (storage.root, *storage.root.rglob("*")):
        path.chmod(0o555)
    said = in_a_child(
        become_another_user,
        lambda: storage.read(KEY, 0, 5),
        lambda: storage.put("other", source),
        lambda: storage.delete(KEY),
        lambda: storage.create_staging("x"),
    )
    assert said == ["b'value'", "AccessDenied", "AccessDenied", "AccessDenied"]


def test_a_value_that_may_not_be_read_says_so(shared_folder: Path) -> None:
    storage = vault_at(shared_folder)
    (storage.root / KEY).chmod(0)
    assert in_a_child(become_another_user, lambda: storage.read(KEY, 0, 5)) == ["AccessDenied"]


def test_a_limit_of_the_system_is_no_space_and_the_old_value_stands(tmp_path: Path) -> None:
    storage = vault_at(tmp_path)
    assert in_a_child(allow_small_files, lambda: put(storage, KEY, bytes(10_000))) == ["NoSpace"]
    assert value_of(storage, KEY) == b"value"
    assert list(storage.staging.iterate()) == []


def test_the_disk_does_what_its_seam_says(tmp_path: Path) -> None:
    disk, path, folder = RealDisk(), tmp_path / "file", tmp_path / "folder"
    file = disk.create(path)
    file.write(memoryview(b"abc"))
    file.write(bytearray(b"def"))
    file.sync()
    file.close()
    file.close()
    disk.make_folder(folder)
    disk.make_folder(folder)
    assert disk.look(path) == Seen("file", 6)
    assert disk.read(path, 4, 99) == b"ef"
    assert disk.read(path, 6, 1) == b""
    disk.drop_cache(path)
    disk.rename(path, folder / "file")
    disk.sync_folder(folder)
    assert disk.list_folder(folder) == {"file": Seen("file", 6)}
    (folder / "link").symlink_to("file")
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe")
    assert {name: seen.kind for name, seen in disk.list_folder(folder).items()} == {
        "file": "file", "link": "link", "inner": "folder", "pipe": "other",
    }  # fmt: skip
    assert {name: disk.look(folder / name) for name in os.listdir(folder)} == disk.list_folder(folder)
    assert disk.list_folder(folder / "none") == disk.list_folder(folder / "file") == {}
    assert disk.look(path) is None
    disk.remove(folder / "file")
    with pytest.raises(MissingKey, match="file"):
        disk.remove(folder / "file")


def test_a_dropped_value_is_no_longer_in_memory(tmp_path: Path) -> None:
    storage = vault_at(tmp_path)
    put(storage, KEY, bytes(4 << 20))
    path = storage.root / KEY
    before = pages_in_memory(path)
    storage.forget(KEY)
    if before == pages_in_memory(path):
        pytest.skip("this file system lives in memory")
    assert pages_in_memory(path) == 0


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, NoSpace),
        (errno.EDQUOT, NoSpace),
        (errno.EFBIG, NoSpace),
        (errno.EACCES, AccessDenied),
        (errno.EPERM, AccessDenied),
        (errno.EROFS, AccessDenied),
        (errno.ENOENT, MissingKey),
        (errno.ENOTDIR, MissingKey),
        (errno.EIO, StorageError),
        (errno.EEXIST, StorageError),
        (errno.ELOOP, StorageError),
        (errno.EMFILE, StorageError),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_every_error_of_the_system_says_what_where_and_what_next(number: int, kind: type[StorageError]) -> None:
    error = storage_error(OSError(number, "text"), Path("/vault/key"))
    assert type(error) is kind
    assert error.where == "/vault/key"
    assert error.what
    assert error.next_step


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def in_a_child(prepare: Callable[[], None], *acts: Callable[[], object]) -> list[str]:
    """What each act answers, or the name of its error, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            prepare()
            os.write(writer, "\n".join(map(answer, acts)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:
        lines = said.read().splitlines()
    os.waitpid(child, 0)
    return lines


def answer(act: Callable[[], object]) -> str:
    try:
        return repr(act())
    except Exception as error:
        return type(error).__name__


def become_another_user() -> None:
    """Root may do everything; anybody else is refused what the modes refuse."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def allow_small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))


def pages_in_memory(path: Path) -> int:
    """By mincore(2), as vmtouch counts them."""
    size = path.stat().st_size
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size, mmap.MAP_SHARED) as mapped:
        resident = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
        start = ctypes.c_char.from_buffer(mapped)
        code = ctypes.CDLL(None).mincore(ctypes.byref(start), ctypes.c_size_t(size), resident)
        del start
    assert code == 0
    return sum(page & 1 for page in resident)
