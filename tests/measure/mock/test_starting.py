"""A mock starts, serves this machine alone, and ends with whoever started it. What clients send is bounded."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import PATHS, ask, connect, hear, read_truth, wait_for, write_request

from holdfast.measure.mock.native import find_native_library
from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.spec_json import write_spec
from holdfast.measure.mock.starting import start_mock
from holdfast.records.errors import NetworkError

AT_ONCE = MockSpec(ttft_s=Distribution(), gap_s=Distribution(), body_bytes_max=100_000, tokens_max=50)


def wait_for_end(pid: int) -> None:
    for _ in range(600):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")


def test_a_mock_is_reached_from_this_machine_alone_unless_told_otherwise(start: Start) -> None:
    mock = start(AT_ONCE)
    assert mock.url.startswith("http://127.0.0.1:")
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{int(mock.url.split(':')[2].split('/')[0]):04X}"
    assert [
        line.split()[1] for line in listening if line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"
    ] == [f"0100007F:{port}"]


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="there is no IPv6 here")
def test_a_mock_can_listen_on_ipv6() -> None:
    with start_mock(MockSpec(host="::1", ttft_s=Distribution())) as mock:
        assert mock.url.startswith("http://[::1]:")
        assert ask(mock, max_tokens=1).status == 200


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NetworkError, match=f"127.0.0.1:{port}: the mock cannot listen"):
            start_mock(MockSpec(port=port))
    with pytest.raises(NetworkError, match="the mock cannot listen"):
        start_mock(MockSpec(host="203.0.113.7"))


def test_a_mock_ends_with_the_process_that_started_it() -> None:
    script = (
        "import os, sys\nfrom holdfast.measure.mock.spec import MockSpec\n"
        "from holdfast.measure.mock.starting import start_mock\n"
        "mock = start_mock(MockSpec(), prefer_plain=sys.argv[1] == 'plain')\n"
        "print(mock.pid, mock._folder, flush=True)\nos._exit(1)"
    )
    for version in ("native", "plain"):
        done = subprocess.run([sys.executable, "-c", script, version], capture_output=True, text=True, check=False)
        pid, folder = done.stdout.split()
        wait_for_end(int(pid))
        assert not Path(folder).exists()


def test_stopping_twice_is_stopping_once_and_leaves_no_file(start: Start) -> None:
    mock = start(AT_ONCE)
    ask(mock, max_tokens=1)
    folder = mock._folder
    assert folder.exists()
    mock.stop()
    mock.stop()
    wait_for_end(mock.pid)
    assert not folder.exists()
    assert mock.read_log().requests.size == 1


@pytest.mark.skipif(find_native_library() is None, reason="there is no compiler here")
def test_the_compiled_server_is_taken_unless_the_plain_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for prefer_plain, variable in ((False, "native"), (True, "native"), (False, "plain")):
        monkeypatch.setenv("HOLDFAST_KERNEL", variable)
        with start_mock(AT_ONCE, prefer_plain=prefer_plain) as mock:
            versions.append((mock.version, read_truth(mock)["version"], mock.read_log().version))
    assert versions == [("native",) * 3, ("plain",) * 3, ("plain",) * 3]


def test_a_library_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    assert find_native_library(tmp_path / "none.so") is None
    (tmp_path / "not.so").write_bytes(b"\x7fELF")
    assert find_native_library(tmp_path / "not.so") is None


def test_the_module_serves_a_spec_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(write_spec(AT_ONCE))
    command = [sys.executable, "-m", "holdfast.measure.mock"]
    with subprocess.Popen(
        [*command, tmp_path / "spec.json", tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["pid"] == process.pid
        process.communicate(timeout=60)
    assert process.returncode == 0
    refused = subprocess.run([*command, tmp_path / "none.json", tmp_path], capture_output=True, text=True, check=False)
    assert (refused.returncode, "no such file" in refused.stderr) == (3, True)


def test_a_request_may_come_byte_by_byte(start: Start) -> None:
    mock = start(AT_ONCE)
    with connect(mock) as connection:
        for byte in write_request(PATHS["chat"], {"max_tokens": 1}, sample=4):
            connection.sendall(bytes([byte]))
        assert hear(connection).status == 200
    log = mock.read_log()
    assert log.requests["first_byte_ns"][0] < log.requests["read_ns"][0]


def test_connections_above_the_limit_wait_until_others_are_closed(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(), connections_max=2))
    first, second, third = connect(mock), connect(mock), connect(mock)
    for connection in (first, second):
        connection.sendall(write_request(PATHS["chat"], {"max_tokens": 1}))
        assert hear(connection).status == 200
    third.sendall(write_request(PATHS["chat"], {"max_tokens": 1}))
    first.close()
    assert hear(third).status == 200
    log = mock.read_log()
    assert log.requests["connection"].tolist() == [0, 1, 2]
    second.close()
    third.close()


def test_a_body_above_the_limit_is_refused_before_it_has_come(start: Start) -> None:
    mock = start(AT_ONCE)
    with connect(mock) as connection:
        connection.sendall(write_request(PATHS["chat"], b" " * 100_001))
        assert hear(connection).status == 413
    with connect(mock) as connection:
        connection.sendall(write_request(PATHS["chat"], b"{" + b" " * 99_998 + b"}"))
        assert hear(connection).status == 200


def test_tokens_above_the_limit_are_not_sent(start: Start) -> None:
    assert ask(start(AT_ONCE), max_tokens=10**30).json["usage"]["completion_tokens"] == 50


def test_noise_is_answered_with_an_error_or_nothing_and_hurts_nobody(start: Start) -> None:
    mock, noise = start(AT_ONCE), random.Random(6)
    good = write_request(PATHS["chat"], {"stream": True, "max_tokens": 3, "messages": [{"content": "so"}]})
    for _ in range(60):
        data = bytearray(good if noise.random() < 0.7 else noise.randbytes(noise.randrange(1, 400)))
        for _ in range(noise.randrange(4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        with connect(mock) as connection:
            connection.sendall(data[: noise.choice([None, None, noise.randrange(len(data))])])
            connection.shutdown(socket.SHUT_WR)
            heard = b""
            while more := connection.recv(1 << 16):
                heard += more
        assert not heard or heard.startswith(b"HTTP/1.1 "), heard
    assert ask(mock, max_tokens=1).status == 200
    assert wait_for(mock, served=0)["requests"] >= 1


def test_a_mock_stays_on_the_processor_that_it_is_given(start: Start) -> None:
    core = max(os.sched_getaffinity(0))
    mock = start(MockSpec(core=core, is_realtime=True))
    assert os.sched_getaffinity(mock.pid) == {core}
