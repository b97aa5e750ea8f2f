"""The sandbox: what code can reach in it, how it can end, and that nothing of it is left."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from holdfast.measure.quality.sandbox import running
from holdfast.measure.quality.sandbox.programs import Program, Ran, RunEnd
from holdfast.measure.quality.sandbox.running import Isolation, Sandbox

SANDBOX = Sandbox()
OBSTACLE = SANDBOX.find_obstacle()
needs_isolation = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)


def run(code: str, tests: str = "") -> Ran:
    return SANDBOX.run(Program(code, tests, cpu_s=1))


def see(code: str) -> object:
    """What a function `see` gives inside."""
    ran = SANDBOX.run(Program(code, call="see", arguments="[[]]"))
    assert ran.end is RunEnd.DONE, ran.reason
    return json.loads(ran.results)[0]


@needs_isolation
def test_a_function_is_called_with_each_list_of_arguments() -> None:
    ran = SANDBOX.run(Program("def f(a, b=2): return [a, b]", call="f", arguments="[[1], [3, 4]]"))
    assert (ran.end, json.loads(ran.results), ran.isolation) == (RunEnd.DONE, [[1, 2], [3, 4]], "")


@needs_isolation
def test_tests_that_hold_are_done_and_one_that_does_not_is_told_with_its_line() -> None:
    code = "def f(x): return x + 1"
    assert run(code, "assert f(1) == 2").end is RunEnd.DONE
    ran = run(code, "assert f(1) == 2\nassert f(2) == 4, 'two'")
    assert (ran.end, ran.reason) == (RunEnd.FAILED, "tests.py line 2: AssertionError: two")


@needs_isolation
@pytest.mark.parametrize(
    ("code", "end", "reason"),
    [
        ("def f(:", RunEnd.FAILED, "SyntaxError"),
        ("1 / 0", RunEnd.FAILED, "answer.py line 1: ZeroDivisionError: division by zero"),
        ("import os\nos._exit(0)", RunEnd.FAILED, "it left before its end"),
        ("raise SystemExit(0)", RunEnd.FAILED, "SystemExit"),
        ("raise KeyboardInterrupt", RunEnd.FAILED, "KeyboardInterrupt"),
        ("def f(): f()\nf()", RunEnd.FAILED, "RecursionError"),
        ("import ctypes\nctypes.string_at(0)", RunEnd.FAILED, "it crashed (SIGSEGV)"),
        ("while True: pass", RunEnd.LIMIT, "more than 1 s of CPU"),
        ("bytearray(1 << 30)", RunEnd.LIMIT, "more than 256 MB of memory"),
        ("class E(Exception):\n def __str__(self): raise E\nraise E", RunEnd.FAILED, "answer.py line 3: E"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", RunEnd.NOT_RUN, "it was killed"),
        ("x = open('/dev/zero', 'rb')\nopen('big', 'wb').write(x.read(9 << 20))\n1/0", RunEnd.FAILED, "answer.py line"),
    ],
)
def test_each_way_to_end_is_told_apart(code: str, end: RunEnd, reason: str) -> None:
    ran = run(code)
    assert ran.end is end
    assert reason in ran.reason


@needs_isolation
def test_results_that_are_no_json_are_a_failure() -> None:
    ran = SANDBOX.run(Program("def f(): return {1}", call="f", arguments="[[]]"))
    assert (ran.end, "JSON" in ran.reason) == (RunEnd.FAILED, True)
    assert SANDBOX.run(Program("x = 1", call="f", arguments="[[]]")).reason == "it defines no function f"


@needs_isolation
def test_results_without_end_are_a_limit() -> None:
    ran = SANDBOX.run(Program("def f(): return 'x' * (2 << 20)", call="f", arguments="[[]]"))
    assert ran.end is RunEnd.LIMIT


@needs_isolation
def test_no_network_can_be_reached() -> None:
    assert see("import os\ndef see(): return sorted(os.listdir('/'))") == sorted(
        {*(Path(one).parts[1] for one in running.find_libraries()), "dev", "scratch"}
    )
    code = """
import socket
def see():
    found = []
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as tried:
                tried.connect((address, 9))
                found.append(address)
        except OSError:
            pass
    return found
"""
    assert see(code) == []


@needs_isolation
def test_no_file_outside_can_be_read_or_written(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept")
    code = f"import os\ndef see(): return [os.path.exists(path) for path in ({str(secret)!r}, '/etc/passwd', '/bin')]"
    assert see(code) == [False, False, False]
    library = Path(os.__file__)
    ran = run(f"open({str(library.parent / 'planted.py')!r}, 'w')")
    assert ran.end is RunEnd.FAILED
    assert not (library.parent / "planted.py").exists()
    assert see("def see():\n open('x', 'w').write('mine')\n return open('x').read()") == "mine"


@needs_isolation
def test_code_runs_without_rights_variables_or_others_processes() -> None:
    code = """
import os
def see():
    lines = dict(os.environ)
    lines.pop("LC_CTYPE", None)  # Python's own
    killed = []
    for process in range(1, 60):
        try:
            os.kill(process, 0)
            killed.append(process)
        except OSError as error:
            if isinstance(error, PermissionError):
                killed.append(process)
    return [lines, os.getuid() != 0, len(killed)]
"""
    found = see(code)
    assert isinstance(found, list)
    assert found[:2] == [{}, True]
    assert found[2] <= 2


@needs_isolation
@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.chroot('/scratch')",
        "import ctypes, os\nif ctypes.CDLL(None).unshare(0x10000000): raise OSError",
        "import ctypes\nif ctypes.CDLL(None).mount(b'none', b'/scratch', b'tmpfs', 0, None): raise OSError",
        "import os\nos.setuid(0)",
        "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'])",
        "open('/proc/self/environ')",
    ],
)
def test_there_is_no_way_back_out(code: str) -> None:
    ran = run(code)
    assert ran.end is RunEnd.FAILED
    assert "Error" in ran.reason


@needs_isolation
def test_processes_that_were_started_are_few_and_end_with_the_program() -> None:
    mark = f"holdfast-{os.getpid()}"
    code = f"""
import ctypes, os, time
for _ in range(1000):
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"{mark[-15:]}", 0, 0, 0)
        time.sleep(600)
"""
    ran = run(code)
    assert ran.end is RunEnd.FAILED
    assert "BlockingIOError" in ran.reason
    names = [path.read_text() for path in Path("/proc").glob("[0-9]*/comm") if path.exists()]
    assert mark[-15:] not in "".join(names)


@needs_isolation
def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mounts = Path("/proc/self/mounts").read_text()
    run("open('x', 'w').write('y')")
    assert list(tmp_path.iterdir()) == []
    assert Path("/proc/self/mounts").read_text() == mounts


@needs_isolation
def test_what_a_program_writes_into_the_report_is_not_believed() -> None:
    code = """
import os
forged = b'{"nonce": "00", "end": "done", "reason": "", "results": "[]"}'
for number in range(64):
    try:
        os.write(number, forged)
    except OSError:
        pass
os._exit(0)
"""
    assert run(code).end is RunEnd.FAILED


def test_code_that_cannot_be_isolated_is_not_run_unless_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none() -> list[str]:
        return [str(tmp_path / "not" / "there")]

    monkeypatch.setattr(running, "find_libraries", find_none)  # a system on which the new root cannot be made
    program = Program("x = 1", "assert x == 1")
    ran = Sandbox().run(program)
    assert ran.end is RunEnd.NOT_RUN
    assert "namespaces are not to be had here" in ran.reason
    assert Sandbox(Isolation.NONE).run(program).end is RunEnd.DONE


def test_limits_hold_without_isolation_too() -> None:
    plain = Sandbox(Isolation.NONE)
    ran = plain.run(Program("while True: pass", cpu_s=1))
    assert (ran.end, ran.isolation) == (RunEnd.LIMIT, "it was not asked for")
    assert plain.run(Program("import os\nassert os.listdir('.') == []")).end is RunEnd.DONE


def test_a_program_that_waits_for_ever_is_ended_and_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WAIT_S", 0.5)
    monkeypatch.setattr(running, "WAIT_PER_CPU_S", 0.0)
    ran = Sandbox(Isolation.NONE).run(Program("import time\ntime.sleep(600)"))
    assert (ran.end, "it waited" in ran.reason) == (RunEnd.NOT_RUN, True)


def test_a_python_that_cannot_start_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    ran = SANDBOX.run(Program("x = 1"))
    assert ran.end is RunEnd.NOT_RUN
    assert "could not be started" in ran.reason


def test_signals_are_named() -> None:
    status = {"isolation": "", "started": True, "code": 0, "signal": int(signal.SIGBUS), "cpu_s": 0.0}
    assert running.read_end(status, {}, Program("")).reason == "it crashed (SIGBUS)"
