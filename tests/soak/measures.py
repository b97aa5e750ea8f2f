"""How a server does: memory, open files, requests that it has not answered yet."""

import contextlib
import http.client
import os
import re
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.front.hub.hubs import open_files
from tests.soak.team import Server, Team


@dataclass(frozen=True)
class Measure:
    """Of a process that is at rest. `open_requests` leaves out the one that asks; `kinds` says which files are open."""

    memory_mb: float
    files: int
    threads: int
    open_requests: int
    kinds: str = ""


def read_status(pid: int, name: str) -> int:
    """A number of /proc/PID/status; 0 when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def measure(server: Server, token: str) -> Measure:
    """How it is now."""
    connection = http.client.HTTPConnection(server.host, timeout=60)
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    numbers = dict(re.findall(r"^(holdfast_(?:requests|transfers)_open) (\d+)$", text, re.MULTILINE))
    waiting = int(numbers.get("holdfast_requests_open", 99)) - 1 + int(numbers.get("holdfast_transfers_open", 0))
    memory_mb, threads = read_status(server.pid, "VmRSS") / 1024, read_status(server.pid, "Threads")
    return Measure(memory_mb, open_files(server.pid), threads, waiting, list_kinds(server.pid))


def list_kinds(pid: int) -> str:
    """What a process has open, in short."""
    found: Counter[str] = Counter()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(file)
            found[target.partition(":")[0] if ":" in target else Path(target).name] += 1
    return ", ".join(f"{count} {kind}" for kind, count in sorted(found.items()))


@dataclass
class Watch:
    """The most that each server's process ever had, while the test runs."""

    team: Team
    ended: threading.Event
    memory_mb: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    files: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def run(self) -> None:
        """Look twice a second."""
        while not self.ended.wait(0.5):
            for server in self.team.servers:
                pid = server.pid
                if not pid:
                    continue
                self.memory_mb[server.number] = max(self.memory_mb[server.number], read_status(pid, "VmRSS") / 1024)
                try:
                    self.files[server.number] = max(self.files[server.number], open_files(pid))
                except OSError:
                    continue
