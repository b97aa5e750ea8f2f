"""A model with files of every kind of size and name, kept in a vault; and connections that are spoken to by hand."""

import contextlib
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from holdfast.vault.catalogue.opening import CATALOGUE_NAME
from holdfast.vault.opening import open_local_vault
from tests.front.hub.serving import Served
from tests.vault.models import keep_folder, make_bf16, tune, write_safetensors

MODEL = "org/files"
CARD = """---
license: apache-2.0
language: [en, de]
tags: [tiny]
pipeline_tag: text-generation
base_model: org/other
released: 2026-01-02
---
# Tiny
"""


def write_model(folder: Path) -> Path:
    """Weights that are stored as they are, coded, and as differences; texts; names that need quoting."""
    plain = np.random.default_rng(7).integers(0, 256, 3_500_001, np.uint8)
    weights = make_bf16(1_200_000, 1)
    write_safetensors(folder / "model.safetensors", {"plain": ("U8", plain), "coded": ("BF16", weights)})
    write_safetensors(
        folder / "tuned.safetensors", {"coded": ("BF16", tune(weights, 2)), "few": ("BF16", weights[:20])}
    )
    (folder / "sub/deep").mkdir(parents=True)
    (folder / "sub/deep/a.txt").write_text("deep")
    (folder / "sub/b.txt").write_text("less deep")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "ümlaut & space #1?.txt").write_text("quoted")
    for size in (256 << 10, (256 << 10) + 1, (1 << 20) - 1, 1 << 20):
        (folder / f"{size}.bin").write_bytes(np.random.default_rng(size).bytes(size))
    (folder / "config.json").write_text(json.dumps({"model_type": "tiny", "architectures": ["Tiny"]}))
    (folder / "README.md").write_text(CARD)
    return folder


def keep(vault: Path, folder: Path, name: str = MODEL, revision: str = "main") -> None:
    """Keep a folder."""
    opened = open_local_vault(vault)
    try:
        keep_folder(opened, folder, name, revision)
    finally:
        opened.close()


def url(path: str, name: str = MODEL, revision: str = "main", word: str = "resolve") -> str:
    """The address of a file."""
    return f"/{name}/{word}/{quote(revision, safe='')}/{quote(path)}"


def list_files(folder: Path) -> dict[str, bytes]:
    """All files by their paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass
class Connection:
    """A socket to a server, with small buffers, so that a client that does not read is noticed soon."""

    socket: socket.socket

    @classmethod
    def open(cls, served: Served, buffer: int = 8192) -> "Connection":
        host, port = served.host.split(":")
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.settimeout(60)
        made.connect((host, int(port)))
        return cls(made)

    def send(self, *lines: str) -> None:
        """A request of these lines."""
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def get(self, path: str, *more: str) -> None:
        """A GET."""
        self.send(f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *more)

    def read(self, count: int) -> bytes:
        """Exactly so many bytes, fewer when the connection ends."""
        parts = b""
        while len(parts) < count and (data := self.socket.recv(count - len(parts))):
            parts += data
        return parts

    def read_head(self) -> str:
        """The status line and the headers."""
        head = b""
        while not head.endswith(b"\r\n\r\n") and (data := self.socket.recv(1)):
            head += data
        return head.decode("latin-1")

    def read_to_end(self) -> bytes:
        """All until the server closes, or resets, the connection."""
        parts: list[bytes] = []
        try:
            while data := self.socket.recv(1 << 16):
                parts.append(data)
        except ConnectionResetError:
            pass
        return b"".join(parts)

    def close(self) -> None:
        self.socket.close()


def open_files(process: int | None = None) -> int:
    """How many files a process has open, but for its catalogue: who looks for new packs opens that when it is time."""
    targets: list[str] = []
    for file in Path(f"/proc/{process or 'self'}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            targets.append(os.readlink(file))
    return sum(CATALOGUE_NAME not in target for target in targets)
