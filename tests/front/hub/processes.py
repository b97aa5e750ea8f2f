"""`holdfast serve` as a process, in the way that a service manager runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

WAIT_S = 120


@dataclass
class Running:
    """A server in a process of its own."""

    address: str
    process: "subprocess.Popen[str]" = field(repr=False)

    @property
    def local_address(self) -> str:
        """Where those on this machine reach it, also when it listens everywhere."""
        return self.address.replace("0.0.0.0", "127.0.0.1")

    def kill(self) -> None:
        """As a machine that loses its power."""
        self.process.kill()
        self.process.wait(WAIT_S)

    def end(self) -> int:
        """As a service manager ends it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


@contextmanager
def running(environ: Mapping[str, str], *options: str, log: Path) -> Generator[Running]:
    """A server on a free port; its own log goes to a file."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "XDG_", "PG"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "serve", "--port", "0", "--log-file", str(log), *options],
        env={**clean, **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("HF_ENDPOINT="), f"it did not start: {line}"
        yield Running(line.partition("=")[2].strip(), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)
