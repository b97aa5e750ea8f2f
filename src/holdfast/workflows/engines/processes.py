"""An engine's process: started with what it needs alone, spoken to in lines of JSON, ended with all its children."""

import contextlib
import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, cast

from holdfast.records.smoke import NAMESPACE
from holdfast.workflows.engines import child

CHILD: Final = Path(child.__file__).parent
_LINE_BYTES_MAX: Final = 64 << 20
_END_S: Final = 5.0
_FINAL: Final = frozenset({"done", "failed", "ended", "late"})
Event = dict[str, Any]
"""What a process says, or what is said of it: `ended` when it is gone, `late` when it did not answer in time."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a process is to start. One that `speaks` says events on its standard output; of others it goes to the log."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    isolate: bool = False
    memory_bytes: int = 0
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, or the signal that ended it (0 for none); the most memory it had in bytes."""

    code: int
    signal: int
    peak_memory_bytes: int

    def describe(self) -> str:
        """In words, with the likely cause."""
        if not self.signal:
            return f"the engine ended with exit code {self.code}"
        if self.signal == signal.SIGKILL:
            return "the engine was killed (SIGKILL): most likely no memory was left"
        return f"the engine crashed ({signal.Signals(self.signal).name})"


class EngineProcess:
    """A process started by isolating.py. Use it in a `with` block: on leaving, it and its children are gone."""

    def __init__(self, start: Start) -> None:
        asked = json.dumps({"isolate": start.isolate, "memory_bytes": start.memory_bytes})
        start.log.parent.mkdir(parents=True, exist_ok=True)
        with start.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                (sys.executable, "-I", "-S", str(CHILD / "isolating.py"), asked, *start.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if start.speaks else log,
                stderr=log,
                cwd=start.folder,
                env=dict(start.environ),
                start_new_session=True,
            )
        self._inherited_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        self._seen_bytes = 0
        self.log = start.log
        self.isolation = "none (it was not asked for)"
        self._first = Answers()
        self._lock = threading.Lock()
        self._number = 0
        self._waiting: dict[int, Callable[[Event], None]] = {}
        self._ended: Ended | None = None
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._reap, daemon=True).start()

    def __enter__(self) -> "EngineProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    def wait_over(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; whether it came."""
        return self._over.wait(timeout_s)

    # --- speaking -----------------------------------------------------------------------------------------------------

    def wait_ready(self, timeout_s: float) -> Event:
        """Its first word about itself: `ready` or `failed`, else `ended` or `late`."""
        return self._first.wait(timeout_s)

    def ask(self, request: Mapping[str, object], tell: Callable[[Event], None]) -> int:
        """Send a request; `tell` is called by another thread with every event, the last `done`, `failed` or `ended`."""
        with self._lock:
            self._number += 1
            number = self._number
            self._waiting[number] = tell
        if self.is_over or not self._write({"id": number, **request}):
            self._tell(number, {"event": "ended"})
        return number

    def call(self, request: Mapping[str, object], timeout_s: float) -> Event:
        """Send a request and wait for its last event."""
        answers = Answers()
        self.ask(request, answers.put)
        return answers.wait(timeout_s)

    def cancel(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        with self._lock:
            was_waiting = self._waiting.pop(number, None) is not None
        if was_waiting:
            self._write({"cancel": number})

    def _write(self, request: Mapping[str, object]) -> bool:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError):  # it is gone, or was told to go
            return False
        return True

    def _listen(self) -> None:
        stream = self._process.stdout
        while stream is not None and (line := stream.readline(_LINE_BYTES_MAX)):
            try:
                event = cast("Event", json.loads(line))
                self._hear(event)
            except (ValueError, AttributeError, TypeError):
                self._kill(signal.SIGKILL)  # it does not speak as agreed
                return

    def _hear(self, event: Event) -> None:
        self._look_at_memory()
        if event.get("event") == "isolation":
            reason = str(event.get("reason")) or self._find_doubt()
            self.isolation = f"none ({reason})" if reason else NAMESPACE
        elif event.get("id") is None:
            self._first.put(event)
        else:
            self._tell(int(event["id"]), event)

    def _find_doubt(self) -> str:
        """Why not to believe that it is by itself, looked at from outside; empty when nothing speaks against it."""
        try:
            same = os.readlink(f"/proc/{self.pid}/ns/net") == os.readlink("/proc/self/ns/net")
        except OSError as error:
            return f"the process's network cannot be looked at: {error.strerror}"
        return "the process is still in this network" if same else ""

    def _tell(self, number: int, event: Event) -> None:
        with self._lock:
            is_last = event.get("event") in _FINAL
            tell = self._waiting.pop(number, None) if is_last else self._waiting.get(number)
        if tell is not None:
            tell(event)

    # --- ending -------------------------------------------------------------------------------------------------------

    def end(self) -> Ended:
        """Close its input, which ends it; with force when that does not help. Its children go with it."""
        self._look_at_memory()
        with contextlib.suppress(OSError), self._lock:
            assert self._process.stdin is not None
            self._process.stdin.close()
        for force in (signal.SIGTERM, signal.SIGKILL):
            if not self.wait_over(_END_S if force is signal.SIGKILL or self._process.stdout else 0):
                self._kill(force)
        self._over.wait()
        assert self._ended is not None
        return self._ended

    def kill(self) -> Ended:
        """End it at once."""
        self._kill(signal.SIGKILL)
        self._over.wait()
        return self.end()

    def _kill(self, force: signal.Signals) -> None:
        if self.is_over:
            return  # its number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, force)

    def _reap(self) -> None:
        _, status, usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        self._ended = Ended(max(code, 0), max(-code, 0), self._find_peak(usage.ru_maxrss << 10))
        self._kill(signal.SIGKILL)
        self._listener.join(_END_S)
        self._over.set()
        self._first.put({"event": "ended"})
        for number in list(self._waiting):
            self._tell(number, {"event": "ended"})

    def _look_at_memory(self) -> None:
        with contextlib.suppress(OSError, ValueError, StopIteration):  # it is gone, or this is not Linux
            lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
            peak = next(line for line in lines if line.startswith("VmHWM:"))
            self._seen_bytes = int(peak.split()[1]) << 10

    def _find_peak(self, counted_bytes: int) -> int:
        """Linux counts from the fork, when a process has its parent's memory: up to that, what was seen of it holds."""
        return counted_bytes if counted_bytes > self._inherited_bytes else self._seen_bytes or counted_bytes


class Answers:
    """Events that one thread puts and another waits for."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        """One more."""
        self._events.put(event)

    def wait(self, timeout_s: float) -> Event:
        """The first that is no piece; `late` when none comes in time."""
        deadline = monotonic() + timeout_s
        while True:
            try:
                event = self._events.get(timeout=max(deadline - monotonic(), 0.0))
            except queue.Empty:
                return {"event": "late"}
            if event.get("event") != "piece":
                return event


def read_tail(log: Path, bytes_max: int = 2000) -> str:
    """The end of a log, for people."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - bytes_max, 0))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
