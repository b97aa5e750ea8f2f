"""Starts programs in the sandbox and reads how they ended. What a program writes may have any form."""

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from holdfast.measure.quality.sandbox import child
from holdfast.measure.quality.sandbox.programs import Program, Ran, RunEnd

_CHILD: Final = Path(child.__file__).parent
_REPORT_BYTES_MAX: Final = 2 << 20
WAIT_S: Final = 10.0
WAIT_PER_CPU_S: Final = 4.0  # a busy machine gives a program less than a core
_SHARED_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")


class Isolation(StrEnum):
    """REQUIRED: code that cannot be isolated is not run. WANTED: it is run all the same, under limits alone, as the
    user, who has read it or trusts the model. NONE: isolation is not tried."""

    REQUIRED = "required"
    WANTED = "wanted"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Runs programs one by one; each in processes of its own, that are gone afterwards."""

    isolation: Isolation = Isolation.REQUIRED

    def run(self, program: Program) -> Ran:
        """How it ended. Never raises: what cannot be run is NOT_RUN."""
        try:
            with tempfile.TemporaryDirectory(prefix="holdfast-code-", ignore_cleanup_errors=True) as folder:
                os.chmod(folder, 0o755)  # noqa: S103 - it is empty, and nobody must be able to pass
                return self._run_in(Path(folder), program)
        except OSError as error:
            return Ran(RunEnd.NOT_RUN, f"the sandbox could not be started: {error}")

    def find_obstacle(self) -> str:
        """Why code cannot be isolated here; empty when it can. Runs an empty program."""
        ran = Sandbox(Isolation.REQUIRED).run(Program(""))
        return ran.reason if ran.end is RunEnd.NOT_RUN else ""

    def _run_in(self, folder: Path, program: Program) -> Ran:
        nonce = secrets.token_hex(16)
        with tempfile.TemporaryFile() as request, tempfile.TemporaryFile() as report:
            asked = {
                "report": report.fileno(),
                "isolation": self.isolation.value,
                "folder": str(folder),
                "libraries": find_libraries(),
                "nonce": nonce,
                "program": asdict(program),
            }
            request.write(json.dumps(asked).encode())
            request.seek(0)
            status = _start_and_wait(request, report, program)
            return read_end(status, _read_report(report, nonce), program)


def find_libraries() -> list[str]:
    """What Python needs to run its own library: folders and files, none inside another."""
    own = (sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED"), f"{sys.base_prefix}/lib")
    found = sorted({str(path) for path in (*own, *_SHARED_LIBRARIES) if os.path.exists(str(path))}, key=len)
    return [path for path in found if not any(path != other and path.startswith(f"{other}/") for other in found)]


def _start_and_wait(request: BinaryIO, report: BinaryIO, program: Program) -> Mapping[str, Any]:
    """What the first process says; `late` when it does not end in time. All its processes are gone afterwards."""
    process = subprocess.Popen(  # noqa: S603
        (sys.executable, "-I", "-S", "-B", str(_CHILD)),
        stdin=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(report.fileno(),),
        cwd="/",
        env={},
        start_new_session=True,
    )
    output = _read_until_end(process, time.monotonic() + WAIT_S + WAIT_PER_CPU_S * program.cpu_s)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # it was not waited for yet, so the number is still its own
    process.communicate()
    if output is None:
        return {"late": True}
    try:
        return cast("dict[str, Any]", json.loads(output))
    except ValueError:
        return {"isolation": f"the sandbox broke (exit code {process.returncode})", "started": False}


def _read_until_end(process: "subprocess.Popen[bytes]", deadline: float) -> bytes | None:
    """All that the first process writes, until it ends; None when it does not in time."""
    assert process.stdout is not None
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0.0))
        if not ready:
            return None
        part = os.read(process.stdout.fileno(), 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _read_report(file: BinaryIO, nonce: str) -> Mapping[str, Any]:
    """What the worker reported; empty when it is not of the form that the worker writes."""
    file.seek(0)
    try:
        report = cast("object", json.loads(file.read(_REPORT_BYTES_MAX)))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(report, dict):
        return {}
    found = cast("dict[str, Any]", report)
    return found if found.get("nonce") == nonce and found.get("end") in set(RunEnd) else {}


def read_end(status: Mapping[str, Any], report: Mapping[str, Any], program: Program) -> Ran:
    """How a program ended, by what the first process and the worker told."""
    if "late" in status:
        return Ran(RunEnd.NOT_RUN, f"it waited: it had not used {program.cpu_s} s of CPU when it was ended")
    isolation = str(status["isolation"])
    if not status["started"]:
        return Ran(RunEnd.NOT_RUN, f"the code was not run: {isolation}", isolation=isolation)
    if report:
        end = RunEnd(str(report["end"]))
        return Ran(end, str(report.get("reason", ""))[:300], str(report.get("results", "[]")), isolation)
    end, reason = _explain_end(status, program)
    return Ran(end, reason, isolation=isolation)


def _explain_end(status: Mapping[str, Any], program: Program) -> tuple[RunEnd, str]:
    ended_by = int(status["signal"])
    was_spent = float(status["cpu_s"]) >= 0.9 * program.cpu_s
    if ended_by == signal.SIGXCPU or (ended_by == signal.SIGKILL and was_spent):
        return RunEnd.LIMIT, f"it needed more than {program.cpu_s} s of CPU"
    if ended_by == signal.SIGKILL:
        return RunEnd.NOT_RUN, "it was killed: most likely this machine had no memory left"
    if ended_by:
        return RunEnd.FAILED, f"it crashed ({signal.Signals(ended_by).name})"
    return RunEnd.FAILED, "it left before its end"
