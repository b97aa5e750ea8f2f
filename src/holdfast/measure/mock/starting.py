"""Starts a mock in a process of its own, tells where it listens, and reads its log while it runs and afterwards."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

from holdfast.measure.mock.log import MockLog, read_mock_log
from holdfast.measure.mock.spec import MockSpec
from holdfast.measure.mock.spec_json import check_spec, write_spec
from holdfast.measure.mock.tables import WAITED_FOR
from holdfast.records.errors import NetworkError

STOP_S: Final = 10.0
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - no disk to wait for


class Mock:
    """A mock that runs. `url` is the base that ends before `/chat/completions`; `version` is "native" or "plain"."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, said: dict[str, object]) -> None:
        self._process, self._folder = process, folder
        self._kept: MockLog | None = None
        self.url, self.version = str(said["url"]), str(said["version"])
        self.pid = process.pid

    def __enter__(self) -> "Mock":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it still serves."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Until it has ended, whoever ends it."""
        self._process.wait()

    def read_log(self) -> MockLog:
        """What it has done so far; after `stop`, all that it did."""
        if self._kept is not None:
            return self._kept
        self._wait_for_log()
        return read_mock_log(self._folder)

    def _wait_for_log(self) -> None:
        """Until all that it has done is in its log: what it sent can be here before that is noted there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
            self._process.stdout.readline()

    def stop(self) -> None:
        """End it. The log can still be read."""
        if self._kept is None:
            _end(self._process)
            self._kept = read_mock_log(self._folder)


class TemporaryMock(Mock):
    """A mock whose log is in memory, and in no file once it has stopped."""

    def stop(self) -> None:
        """End it. The log can still be read."""
        if self._kept is None:
            (self._folder / WAITED_FOR).touch()
        super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def start_mock(spec: MockSpec, *, prefer_plain: bool = False, log_folder: Path | None = None) -> Mock:
    """A mock that serves now. Its log is kept in `log_folder`, or else nowhere. Only this machine reaches it unless the
    spec names a host. Raises ConfigurationError for an impossible spec and NetworkError when it cannot listen."""
    check_spec(spec)
    choice = ["--plain"] if prefer_plain else []
    if log_folder is None:
        folder = Path(tempfile.mkdtemp(prefix="holdfast-mock-", dir=_find_memory()))
        with _removed_on_error(folder):
            return TemporaryMock(*_start(spec, folder, [*choice, "--temporary"]))
    log_folder.mkdir(parents=True, exist_ok=True)
    return Mock(*_start(spec, log_folder, choice))


def _start(
    spec: MockSpec, folder: Path, options: list[str]
) -> "tuple[subprocess.Popen[bytes], Path, dict[str, object]]":
    (folder / "spec.json").write_text(write_spec(spec), encoding="utf-8")
    command = [sys.executable, "-m", "holdfast.measure.mock", str(folder / "spec.json"), str(folder), *options]
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise _explain(process)
    return process, folder, json.loads(line)


def _explain(process: "subprocess.Popen[bytes]") -> NetworkError:
    said = process.communicate(timeout=STOP_S)[1].decode("utf-8", "replace").strip().splitlines()
    return NetworkError(
        f"the mock did not start: {said[0] if said else f'it ended with {process.returncode}'}",
        next_step="Name another host or port, or port 0 for any that is free.",
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Its standard input ends, and it with it; if not, it is killed, which costs nothing of the log."""
    with contextlib.suppress(subprocess.TimeoutExpired, OSError, ValueError):
        process.communicate(timeout=STOP_S)
    if process.poll() is None:
        process.kill()
        process.wait()


def _find_memory() -> str | None:
    return str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK | os.X_OK) else None


@contextlib.contextmanager
def _removed_on_error(folder: Path) -> Generator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
