"""Engines' processes: alone where they are to be, ended with all their children, and every end told."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from holdfast.records.smoke import NAMESPACE
from holdfast.workflows.engines.environment import make_environment
from holdfast.workflows.engines.processes import CHILD, EngineProcess, Start

READY = 'import json,sys\nsay = lambda **e: print(json.dumps(e), flush=True)\nsay(event="ready")\n'
WAIT_S = 60


def start(tmp_path: Path, script: str, *, isolate: bool = False, memory_bytes: int = 0) -> EngineProcess:
    environ = make_environment(os.environ, tmp_path)
    command = (sys.executable, "-c", script)
    return EngineProcess(Start(command, environ, tmp_path, tmp_path / "log", isolate, memory_bytes))


@pytest.fixture(scope="module")
def can_isolate() -> None:
    """Skips where the machine permits no network namespaces."""
    command = [sys.executable, str(CHILD / "isolating.py"), '{"isolate": true, "memory_bytes": 0}', "/bin/true"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if reason := json.loads(said)["reason"]:
        pytest.skip(reason)


@pytest.fixture
def listener() -> Iterator[int]:
    """A server on this machine's loopback: the port that it answers on."""
    with socket.create_server(("127.0.0.1", 0)) as server:  # the system itself answers who connects
        yield server.getsockname()[1]


CONNECT = READY + (
    "import socket\n"
    "try:\n    socket.create_connection(('127.0.0.1', {port}), timeout=20); reached = 'reached'\n"
    "except OSError as error:\n    reached = error.strerror\n"
    "try:\n    socket.create_server(('127.0.0.1', 0)); own = True\n"
    "except OSError:\n    own = False\n"
    "names = [line.split(':')[0].strip() for line in open('/proc/self/net/dev') if ':' in line]\n"
    "sys.stdin.readline()\n"
    "say(event='done', id=1, result=[reached, own, names])\n"
)


@pytest.mark.usefixtures("can_isolate")
def test_an_isolated_engine_reaches_nothing_of_this_machines_network_but_has_a_loopback_of_its_own(
    tmp_path: Path, listener: int
) -> None:
    with start(tmp_path, CONNECT.format(port=listener), isolate=True) as process:
        assert process.wait_ready(WAIT_S)["event"] == "ready"
        assert process.call({}, WAIT_S)["result"] == ["Connection refused", True, ["lo"]]
        assert process.isolation == NAMESPACE


def test_the_same_engine_without_isolation_reaches_it_and_says_that_it_is_not_isolated(
    tmp_path: Path, listener: int
) -> None:
    with start(tmp_path, CONNECT.format(port=listener)) as process:
        assert process.call({}, WAIT_S)["result"][0] == "reached"
        assert process.isolation == "none (it was not asked for)"


def test_an_engine_that_only_claims_to_be_alone_is_not_believed(tmp_path: Path) -> None:
    script = READY.replace("say(event", 'say(event="isolation", reason="")\nsay(event')
    with start(tmp_path, script + "sys.stdin.readline()") as process:
        process.wait_ready(WAIT_S)
        assert process.isolation == "none (the process is still in this network)"


def test_an_engine_knows_no_token_and_no_proxy_and_that_it_is_offline(tmp_path: Path) -> None:
    secrets = {"HF_TOKEN": "hf_secret", "HTTPS_PROXY": "http://proxy", "AWS_SECRET_ACCESS_KEY": "k", "PATH": "/bin"}
    environ = make_environment(secrets, tmp_path)
    assert not {"HF_TOKEN", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY"} & set(environ)
    assert (environ["HF_HUB_OFFLINE"], environ["TRANSFORMERS_OFFLINE"], environ["PATH"]) == ("1", "1", "/bin")
    assert environ["HF_HOME"].startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "the engine crashed (SIGSEGV)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the engine was killed (SIGKILL): most likely no memory was left"),
        ("sys.exit(7)", "the engine ended with exit code 7"),
    ],
)
def test_how_an_engine_ended_is_told(tmp_path: Path, ending: str, says: str) -> None:
    with start(tmp_path, READY + f"import os, signal\nsys.stdin.readline()\n{ending}") as process:
        assert process.wait_ready(WAIT_S)["event"] == "ready"
        assert process.call({}, WAIT_S) == {"event": "ended"}
        assert process.end().describe() == says
        assert process.call({}, WAIT_S) == {"event": "ended"}


def test_an_engine_that_does_not_answer_is_late_and_can_be_killed(tmp_path: Path) -> None:
    with start(tmp_path, READY + "import time\nwhile True: time.sleep(1)") as process:
        process.wait_ready(WAIT_S)
        assert process.call({}, 0.1) == {"event": "late"}
        assert process.kill().signal == signal.SIGKILL


def test_an_engine_that_speaks_nonsense_is_ended(tmp_path: Path) -> None:
    with start(tmp_path, "print('hello', flush=True)\nimport time\ntime.sleep(600)") as process:
        assert process.wait_ready(WAIT_S) == {"event": "ended"}


def test_an_engine_gets_no_more_memory_than_it_may_have(tmp_path: Path) -> None:
    script = (
        READY + "try:\n    bytearray(1 << 30)\nexcept MemoryError:\n    say(event='done', id=1, result='none left')\n"
    )
    with start(tmp_path, script + "sys.stdin.read()", memory_bytes=256 << 20) as process:
        assert process.call({}, WAIT_S)["result"] == "none left"
        assert 0 < process.end().peak_memory_bytes < 256 << 20


@pytest.mark.parametrize("mib", [20, 700])
def test_the_most_memory_that_an_engine_had_is_its_own_and_not_that_of_who_started_it(tmp_path: Path, mib: int) -> None:
    bytearray(300 << 20).translate(None)  # this process has had more than a small engine
    script = READY + f"data = b'x' * ({mib} << 20)\nsys.stdin.readline()\nsay(event='done', id=1)\n"
    with start(tmp_path, script) as process:
        assert process.call({}, WAIT_S)["event"] == "done"
        assert mib << 20 < process.end().peak_memory_bytes < (mib + 100) << 20


def test_the_children_of_an_engine_go_with_it(tmp_path: Path) -> None:
    sleeper = f"subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'])"
    script = (
        READY
        + f"import subprocess\nchild = {sleeper}\nsys.stdin.readline()\nsay(event='done', id=1, result=child.pid)\n"
    )
    with start(tmp_path, script + "sys.stdin.read()") as process:
        number = int(process.call({}, WAIT_S)["result"])
        assert is_running(number)
    deadline = monotonic() + WAIT_S
    while is_running(number) and monotonic() < deadline:
        sleep(0.01)
    assert not is_running(number)


def is_running(number: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for."""
    try:
        return ") Z" not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


def test_what_an_engine_prints_on_standard_error_is_in_its_log(tmp_path: Path) -> None:
    with start(tmp_path, "import sys\nsys.stderr.write('its own words')") as process:
        process.wait_ready(WAIT_S)
    assert (tmp_path / "log").read_text() == "its own words"


def test_a_program_that_is_not_there_is_an_exit_and_not_an_exception(tmp_path: Path) -> None:
    command = ("/nothing/here",)
    with EngineProcess(Start(command, {}, tmp_path, tmp_path / "log")) as process:
        assert process.wait_ready(WAIT_S) == {"event": "ended"}
    assert "/nothing/here: No such file or directory" in (tmp_path / "log").read_text()
