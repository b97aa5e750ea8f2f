"""Real processes that work on one vault."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """How a process ended, and what it said."""

    code: int
    said: str


class Worker:
    """tests/vault/worker.py, started and waiting; `go` lets it work."""

    def __init__(self, verb: str, vault: Path, folder: Path | None = None, name: str = "", **variables: str) -> None:
        arguments = [verb, str(vault), *((str(folder), name) if folder else ())]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.vault.worker", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_ready(self) -> "Worker":
        """It has loaded everything."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def go(self) -> "Worker":
        """Now it works."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self

    def end(self) -> Done:
        """Wait for its end."""
        said, _ = self.process.communicate(timeout=120)
        return Done(self.process.returncode, said)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.communicate()


def run_at_once(workers: list[Worker]) -> list[Done]:
    """Let all go at the same moment."""
    for worker in workers:
        worker.wait_until_ready()
    for worker in workers:
        worker.go()
    return [worker.end() for worker in workers]


def run_one(verb: str, vault: Path, folder: Path | None = None, name: str = "", **variables: str) -> Done:
    """One process by itself."""
    return run_at_once([Worker(verb, vault, folder, name, **variables)])[0]
