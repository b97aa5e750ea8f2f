"""The process that runs what a model wrote: limited, as nobody, and reporting what the code gave."""

import contextlib
import json
import os
import resource
import signal
import traceback
from typing import Any, NoReturn

from holdfast.measure.quality.sandbox.child.isolating import become_nobody, die_with_parent

_RESULT_CHARACTERS_MAX = 1_000_000
_FILE_BYTES_MAX = 8 << 20
_FILES_MAX = 64
_PROCESSES_MAX = 8
_OURS = ("answer.py", "tests.py")


def work(asked: dict[str, Any], is_isolated: bool) -> NoReturn:
    """Run the program and report. What cannot be reported any more is told by how this process ends."""
    report, program = int(asked["report"]), asked["program"]
    try:
        _leave(report, is_isolated)
        _limit(program["cpu_s"], program["memory_mb"] << 20)
    except (OSError, ValueError) as error:
        _report(report, {"nonce": asked["nonce"], "end": "not run", "reason": f"no limits could be set: {error}"})
        os._exit(1)
    _report(report, {"nonce": asked["nonce"], **_run(program)})
    os._exit(0)


def _leave(report: int, is_isolated: bool) -> None:
    """Let go of every file but the report, and of every right."""
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.closerange(3, report)
    os.closerange(report + 1, 1024)
    if is_isolated:
        become_nobody()
    die_with_parent()


def _limit(cpu_s: int, memory_bytes: int) -> None:
    limits = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (_FILE_BYTES_MAX, _FILE_BYTES_MAX),
        resource.RLIMIT_NOFILE: (_FILES_MAX, _FILES_MAX),
        resource.RLIMIT_NPROC: (_PROCESSES_MAX, _PROCESSES_MAX),
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 1),
        resource.RLIMIT_AS: (memory_bytes, memory_bytes),
    }
    for name, limit in limits.items():
        resource.setrlimit(name, limit)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is an error, not the end


def _report(file: int, report: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        os.write(file, json.dumps(report).encode())


def _run(program: dict[str, Any]) -> dict[str, object]:
    try:
        return _run_parts(program)
    except MemoryError:
        return {"end": "limit", "reason": f"it needed more than {program['memory_mb']} MB of memory"}
    except BaseException as error:
        return {"end": "failed", "reason": _explain(error)}


def _run_parts(program: dict[str, Any]) -> dict[str, object]:
    module: dict[str, Any] = {"__name__": "answer"}
    exec(compile(program["code"], "answer.py", "exec"), module)  # noqa: S102 - this is what the sandbox is for
    if program["tests"]:
        exec(compile(program["tests"], "tests.py", "exec"), module)  # noqa: S102
    if not program["call"]:
        return {"end": "done", "reason": "", "results": "[]"}
    function = module.get(program["call"])
    if not callable(function):
        return {"end": "failed", "reason": f"it defines no function {program['call']}"}
    results = json.dumps([function(*arguments) for arguments in json.loads(program["arguments"])])
    if len(results) > _RESULT_CHARACTERS_MAX:
        return {"end": "limit", "reason": f"its results are longer than {_RESULT_CHARACTERS_MAX:,} characters"}
    return {"end": "done", "reason": "", "results": results}


def _explain(error: BaseException) -> str:
    """The error in a line, and where in the answer or the tests it arose."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in _OURS]
    place = f"{places[-1].filename} line {places[-1].lineno}: " if places else ""
    try:
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    except Exception:  # a class of the model's own, whose text cannot be had
        words = type(error).__name__
    return f"{place}{words}"[:300]
