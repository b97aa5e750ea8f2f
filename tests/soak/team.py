"""A vault on a small disk of its own, two servers of it on fixed ports, a copy of it elsewhere, a hub behind."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from holdfast.records.access import Grant, Scope
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked
from tests.front.cli.runs import Ran, run
from tests.front.cli.vaults import list_packs
from tests.front.hub.processes import Running, running
from tests.soak.truth import Truth
from tests.upstream.hub import Hub
from tests.upstream.hub import serving as serving_hub
from tests.vault.models import make_bf16, tune, write_safetensors

DISK_BYTES: Final = 768 << 20
UPSTREAM_MODELS: Final = 60
BASE, TUNED = "org/base", "org/tuned"


@dataclass
class Server:
    """`holdfast serve` on a port that stays the same when it is started anew."""

    number: int
    port: int
    environ: Mapping[str, str]
    options: tuple[str, ...]
    log: Path
    running: Running | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)
    starts: int = 0
    died: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.running.process.pid if self.running else 0

    @property
    def is_alive(self) -> bool:
        return self.running is not None and self.running.process.poll() is None

    def start(self) -> None:
        """Begin to serve; on return it answers."""
        options = ("--port", str(self.port), *self.options)
        self.running = self._stack.enter_context(running(self.environ, *options, log=self.log))
        self.starts += 1

    def stop(self, *, at_once: bool) -> int:
        """End it: as a machine that loses its power, or as a service manager does."""
        assert self.running is not None
        if self.running.process.poll() is not None:
            self.died += 1  # by itself
        elif at_once:
            self.running.kill()
        code = self.running.end() if not at_once and self.is_alive else 0
        self._stack.close()
        self.running = None
        return code

    def close(self) -> None:
        """For good."""
        self._stack.close()


@dataclass
class Team:
    """Everything that the test is about. `disk` is None where no disk of our own could be had."""

    folder: Path
    vault: Path
    backup: Path
    environ: Mapping[str, str]
    servers: tuple[Server, Server]
    hub: Hub
    token: str
    truth: Truth
    packs: tuple[Path, ...]
    disk: Path | None

    def run(self, *arguments: str | Path) -> Ran:
        """The command line, on this vault."""
        return run(*arguments, **{"home": self.folder / "home", **self.environ})  # type: ignore[arg-type]

    @property
    def has_room(self) -> bool:
        """Whether more may be pushed and pulled."""
        return shutil.disk_usage(self.vault).free > DISK_BYTES // 3


@contextmanager
def gathering(folder: Path) -> Generator[Team]:
    """The team, its servers started."""
    with _own_disk(folder / "disk") as disk, serving_hub(folder / "upstream") as hub, ExitStack() as stack:
        truth = Truth()
        vault = (disk or folder) / "vault"
        environ = _make_environ(folder, vault)
        _keep_models(folder, environ, truth)
        _fill_hub(hub, truth)
        backup = shutil.copytree(vault, folder / "backup")
        asked = VaultAsked(str(vault), environ)
        grants = (Grant(Scope.READ, "*"), Grant(Scope.WRITE, "push/*"))
        token = run_token_create(TokenAsked(asked, "soak", grants)).secret
        options = (
            "--upstream",
            hub.url,
            "--upstream-only",
            "acme/*",
            "--refresh",
            "0.05",
            "--grace",
            "10",
            "--xet-from",
            "0",
        )
        ports = (_find_port(), _find_port())
        one, two = (
            Server(number, port, environ, options, folder / f"log-{number}") for number, port in enumerate(ports, 1)
        )
        packs = tuple(vault / key for key in sorted(list_packs(vault)))
        for server in (one, two):
            stack.callback(server.close)
            server.start()
        yield Team(folder, vault, backup, environ, (one, two), hub, token, truth, packs, disk)


@contextmanager
def _own_disk(place: Path) -> Generator[Path | None]:
    """A small disk in memory, where this user may have one: filling it hurts nobody else."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False)


def _make_environ(folder: Path, vault: Path) -> dict[str, str]:
    places = {f"XDG_{name}_HOME": str(folder / "home" / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    (folder / "home").mkdir()
    return {"HOME": str(folder / "home"), "HOLDFAST_VAULT": str(vault), "HOLDFAST_BY": "Ana", **places}


def _keep_models(folder: Path, environ: Mapping[str, str], truth: Truth) -> None:
    """One whose weights are stored plain and coded, and a fine-tune of it."""
    weights = make_bf16(2_000_000, 1)
    plain = np.random.default_rng(2).integers(0, 256, 9_000_001, np.uint8)
    write_safetensors(folder / "base/model.safetensors", {"w": ("BF16", weights), "p": ("U8", plain)})
    write_safetensors(folder / "tuned/model.safetensors", {"w": ("BF16", tune(weights, 3))})
    for name in ("base", "tuned"):
        (folder / name / "config.json").write_text(f'{{"model_type": "qwen3", "of": "{name}"}}')
        (folder / name / "README.md").write_text(f"# {name}\n" * 2000)
        kept = run("keep", folder / name, "--as", f"org/{name}", **{"home": folder / "home", **environ})  # type: ignore[arg-type]
        assert kept.code == 0, kept.err
        truth.files[f"org/{name}"] = {path.name: path.read_bytes() for path in (folder / name).iterdir()}


def _fill_hub(hub: Hub, truth: Truth) -> None:
    for number in range(UPSTREAM_MODELS):
        noise = np.random.default_rng(100 + number).bytes(1_500_000 + number * 1000)
        files = {"config.json": b'{"n": %d}' % number, "w/model.bin": noise}
        hub.add(f"acme/m{number}", files)
        truth.files[f"acme/m{number}"] = files


def _find_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as opened:
        return int(opened.getsockname()[1])
