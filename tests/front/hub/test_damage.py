"""A vault whose medium turns bits, lies or loses files, while it is served: no wrong byte ever leaves it."""

import hashlib
import os
import random
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from holdfast.front.hub.site import SiteAsked
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.serve import ServeAsked
from tests.front.hub.hubs import Connection, keep, list_files, url, write_model
from tests.front.hub.serving import Served, serving
from tests.vault.models import verify

LARGE = ("model.safetensors", "tuned.safetensors", "1048576.bin")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("damage") / "model")


@pytest.fixture
def vault(tmp_path: Path, folder: Path) -> Path:
    keep(tmp_path / "vault", folder)
    return tmp_path / "vault"


@pytest.fixture
def hub(vault: Path) -> Generator[Served]:
    with serving(vault, {"HOME": str(vault.parent)}) as found:
        yield found


def list_packs(vault: Path) -> list[Path]:
    return sorted((vault / "packs").rglob("*.pack"), key=lambda path: -path.stat().st_size)


def turn(path: Path, offset: int) -> None:
    """Turn a bit, in place: the file stays the same one."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << offset % 8]))


def fetch(hub: Served, path: str) -> tuple[int, bytes]:
    """What a client has in hand when the answer ends, however it ends."""
    connection = Connection.open(hub, 1 << 20)
    connection.get(url(path), "Connection: close")
    head = connection.read_head()
    body = connection.read_to_end()
    connection.close()
    return int(head.split(" ")[1]), body


def test_of_a_hundred_turned_bits_not_one_is_served(hub: Served, vault: Path, folder: Path) -> None:
    files = list_files(folder)
    pack = list_packs(vault)[0]
    size, draw = pack.stat().st_size, random.Random(11)
    refused = 0
    for offset in (draw.randrange(size) for _ in range(100)):
        turn(pack, offset)
        for path in LARGE:
            status, body = fetch(hub, path)
            if status == 200:
                assert body == files[path][: len(body)], (path, offset)
            refused += status == 500 or (status == 200 and len(body) < len(files[path]))
        turn(pack, offset)
    assert refused > 80
    for path in LARGE:
        assert fetch(hub, path) == (200, files[path])


def find_plain(vault: Path, data: bytes, at: int) -> tuple[Path, int]:
    """The pack, and the offset in it, where 64 bytes of the tensor lie that is stored as it is."""
    sample = data[at : at + 64]
    return next((path, found) for path in list_packs(vault) if (found := path.read_bytes().find(sample)) >= 0)


def test_a_turned_bit_at_the_front_is_an_error(hub: Served, vault: Path, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    turn(*find_plain(vault, data, 1000))
    answer = hub.ask(url("model.safetensors"))
    assert answer.status == 500
    assert "not what was written" in answer.json["error"]
    assert hub.ask(url("model.safetensors"), "HEAD").status == 200
    assert hub.ask(url("model.safetensors"), Range="bytes=0-7").status == 206  # those eight bytes are right
    assert hub.ask(url("sub/b.txt")).body == b"less deep"


def test_a_turned_bit_further_back_ends_the_answer_before_it(hub: Served, vault: Path, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    turn(*find_plain(vault, data, 2_500_000))
    status, body = fetch(hub, "model.safetensors")
    assert (status, body) == (200, data[: len(body)])
    assert len(body) <= 2_500_000
    assert hub.ask(url("model.safetensors"), Range="bytes=2500000-2500063").status == 500
    assert hub.ask(url("model.safetensors"), Range="bytes=2000000-3000000").status == 500


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


INJURIES = (cut_short, empty, Path.unlink, overwrite, zero, link, make_folder)


@pytest.mark.parametrize("injury", INJURIES)
def test_a_pack_is_injured_and_nothing_wrong_is_served(
    injury: Callable[[Path], None], hub: Served, vault: Path, folder: Path
) -> None:
    files = list_files(folder)
    assert fetch(hub, "model.safetensors") == (200, files["model.safetensors"])
    injury(list_packs(vault)[0])
    for path, data in files.items():
        status, body = fetch(hub, path)
        assert status in (200, 500), path
        assert status == 500 or body == data[: len(body)], path
    assert hub.ask("/api/models").status == 200


def test_what_is_damaged_in_one_pack_is_served_from_another(hub: Served, vault: Path, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    pack = list_packs(vault)[0]
    turn(pack, pack.stat().st_size // 2)
    opened = open_local_vault(vault)
    assert verify(opened).damage
    opened.close()
    keep(vault, folder, revision="again")
    for revision in ("main", "again"):
        answer = hub.ask(url("model.safetensors", revision=revision))
        assert hashlib.sha256(answer.body).digest() == hashlib.sha256(data).digest()
    assert len(list_packs(vault)) > 1


def test_of_verified_packs_plain_bytes_are_sent_unchecked_only_when_asked_for(vault: Path, folder: Path) -> None:
    """The price of --trust-verified, and that nobody pays it who did not ask for it."""
    data = (folder / "model.safetensors").read_bytes()
    opened = open_local_vault(vault)
    verify(opened)
    opened.close()
    environ = {"HOME": str(vault.parent)}
    with serving(vault, environ, trusted_hours=1) as trusting:
        assert trusting.ask(url("model.safetensors")).body == data
        turn(*find_plain(vault, data, 2_500_000))
        assert len(trusting.ask(url("model.safetensors")).body) == len(data)
    with serving(vault, environ, site=SiteAsked()) as checking:
        _, body = fetch(checking, "model.safetensors")
        assert len(body) < len(data)
    assert ServeAsked(checking.vault).trusted_hours == 0
