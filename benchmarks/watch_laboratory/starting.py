"""Starts the laboratory's server as a process of its own, and speaks to it: for stories, tests and speed."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.watch_laboratory.catalogue import CACHES, PLACE
from benchmarks.watch_laboratory.engines import MADE

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server. `url` is the base that ends before `/chat/completions`."""

    url: str
    process_id: int

    def change(self, **fields: object) -> dict[str, Any]:
        """Other conditions from now on; gives them all. Raises ValueError, with the server's reason."""
        return _exchange(self.url, "POST", "/laboratory", fields)

    def describe(self) -> dict[str, Any]:
        """The conditions, and how many were asked and failed."""
        return _exchange(self.url, "GET", "/laboratory", None)

    def read_cpu_s(self) -> float:
        """Processor time of the server so far, in seconds."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start_laboratory(model: str, *, place: Path = PLACE, seed: int = 0) -> Generator[Served, None, None]:
    """A server of one thread for as long as the block lasts: of a trained model, or of `made`, without PyTorch."""
    python = Path(sys.executable) if model == MADE else find_python()
    words = [python, "-m", "benchmarks.watch_laboratory.serve", model, "--place", place, "--seed", seed]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [str(word) for word in words]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the laboratory's server for {model} did not start: see what it printed")
            yield Served(url, process.pid)
        finally:
            process.terminate()


def find_python() -> Path:
    """The Python with PyTorch that tools/install-clients.sh made. Raises FileNotFoundError where there is none."""
    clients = Path(os.environ.get("HOLDFAST_CLIENTS") or CACHES / "holdfast-clients")
    ready = sorted(clients.glob("transformers-*/.ready"), key=lambda path: path.stat().st_mtime)
    if not ready:
        raise FileNotFoundError("no Python with PyTorch was found: run tools/install-clients.sh --all")
    return ready[-1].parent / "bin" / "python"


def _exchange(url: str, method: str, path: str, body: object) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        told: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(told["error"]["message"])
    return told
