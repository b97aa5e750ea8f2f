"""Large bodies on their way: many at once, clients that are slow or leave, an end of the server in between."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from holdfast.front.hub.site import SENDING, SiteAsked
from holdfast.front.hub.transfer import Pace
from tests.front.hub.hubs import Connection, keep, open_files, url
from tests.front.hub.serving import Served, serving, wait_until
from tests.vault.models import make_bf16, write_safetensors

REPOSITORY = Path(__file__).parents[3]
PACE = Pace(stalled_s=1.5, window_s=2.0, window_bytes=64 << 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 MB that are stored as they are, and 6 MB that are coded."""
    folder = tmp_path_factory.mktemp("large") / "model"
    plain = np.random.default_rng(1).integers(0, 256, 24_000_001, np.uint8)
    write_safetensors(folder / "plain.safetensors", {"w": ("U8", plain)})
    write_safetensors(folder / "coded.safetensors", {"w": ("BF16", make_bf16(3_000_000, 1))})
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    keep(home / "vault", folder)
    return home


@pytest.fixture(scope="module")
def hub(home: Path) -> Generator[Served]:
    with serving(home / "vault", {"HOME": str(home)}, site=SiteAsked(streams_max=24, pace=PACE)) as found:
        yield found


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["plain.safetensors", "coded.safetensors"])
def test_many_at_once_get_the_same_right_bytes(hub: Served, folder: Path, name: str) -> None:
    right = digest((folder / name).read_bytes())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: hub.ask(url(name)), range(20)))
    assert {(answer.status, digest(answer.body)) for answer in answers} == {(200, right)}


def test_many_ranges_at_once_are_each_their_own(hub: Served, folder: Path) -> None:
    data = (folder / "plain.safetensors").read_bytes()
    spans = [(at * 1_000_003, at * 1_000_003 + 3_000_000 + at) for at in range(16)]

    def ask(span: tuple[int, int]) -> bytes:
        return hub.ask(url("plain.safetensors"), Range=f"bytes={span[0]}-{span[1]}").body

    with ThreadPoolExecutor(16) as pool:
        for (begin, end), body in zip(spans, pool.map(ask, spans), strict=True):
            assert digest(body) == digest(data[begin : end + 1])


def test_clients_that_read_nothing_keep_nobody_waiting_and_are_left(hub: Served, folder: Path) -> None:
    before = open_files()
    idle = [Connection.open(hub, 256 << 10) for _ in range(2 * SENDING)]
    for connection in idle:
        connection.get(url("plain.safetensors"))
        connection.read_head()
    answer = hub.ask(url("plain.safetensors"))
    assert digest(answer.body) == digest((folder / "plain.safetensors").read_bytes())
    wait_until(lambda: open_files() <= before + len(idle))
    for connection in idle:
        assert len(connection.read_to_end()) < 24_000_000
        connection.close()


def test_a_client_that_reads_too_slowly_is_left(hub: Served) -> None:
    before = open_files()
    connection = Connection.open(hub, 256 << 10)
    connection.get(url("plain.safetensors"))
    connection.read_head()
    pause, size = threading.Event(), 0
    with contextlib.suppress(ConnectionResetError):
        while open_files() > before + 1:
            size += len(connection.socket.recv(512))
            pause.wait(0.02)
    assert size + len(connection.read_to_end()) < 24_000_000
    connection.close()


def test_a_client_that_is_slow_but_steady_gets_everything(hub: Served, folder: Path) -> None:
    data = (folder / "coded.safetensors").read_bytes()
    connection = Connection.open(hub, 64 << 10)
    connection.get(url("coded.safetensors"))
    connection.read_head()
    pause, parts = threading.Event(), b""
    while len(parts) < len(data):
        part = connection.read(min(400_000, len(data) - len(parts)))
        assert part
        parts += part
        pause.wait(0.2)
    assert digest(parts) == digest(data)
    connection.close()


def test_clients_that_vanish_leave_nothing_open(hub: Served) -> None:
    hub.ask(url("plain.safetensors"))
    before = open_files()
    for count in (0, 1, 100_000, 5_000_000):
        for _ in range(4):
            connection = Connection.open(hub)
            connection.get(url("plain.safetensors"))
            connection.read(count)
            connection.close()
    wait_until(lambda: open_files() <= before)
    assert hub.ask(url("plain.safetensors")).status == 200


def test_who_comes_when_too_many_are_served_is_told_to_come_back(home: Path) -> None:
    with serving(home / "vault", {"HOME": str(home)}, site=SiteAsked(streams_max=2)) as few:
        idle = [Connection.open(few) for _ in range(2)]
        for connection in idle:
            connection.get(url("plain.safetensors"))
            connection.read_head()
        answer = few.ask(url("plain.safetensors"))
        assert (answer.status, answer.headers["retry-after"].isdigit()) == (503, True)
        assert few.ask(f"/api/models/{'org/files'}").status == 200
        for connection in idle:
            connection.close()
        wait_until(lambda: few.ask(url("plain.safetensors")).status == 200)


def start(home: Path, *arguments: str) -> "tuple[subprocess.Popen[str], str]":
    """The command itself, and the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "serve", "--port", "0", "--vault", str(home / "vault"), *arguments],
        cwd=home,
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    name, _, address = process.stdout.readline().strip().partition("=")
    assert name == "HF_ENDPOINT"
    return process, address


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_sends_first_what_it_began(home: Path, folder: Path, name: int) -> None:
    process, address = start(home)
    connection = Connection.open(Served(None, address), 64 << 10)  # type: ignore[arg-type]
    connection.get(url("plain.safetensors"), "Connection: close")
    connection.read_head()
    process.send_signal(name)
    assert digest(connection.read_to_end()) == digest((folder / "plain.safetensors").read_bytes())
    assert process.wait(30) == 0


def test_a_server_that_is_told_to_end_does_not_wait_for_ever(home: Path) -> None:
    process, address = start(home, "--grace", "1")
    connection = Connection.open(Served(None, address))  # type: ignore[arg-type]
    connection.get(url("plain.safetensors"))
    connection.read_head()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    connection.close()
