"""What is no HTTP, or breaks its rules: an answer that gives nothing away, a line of the log, a server that goes on."""

import http.client
import json
import socket
import struct
from collections.abc import Generator

import pytest

from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.processes import running
from tests.front.hub.serving import wait_until

TOKEN = "hf_" + "a" * 40
GET = b"GET /api/models HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/models/org/base/paths-info/main HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BROKEN = {
    "a line of 20,000 bytes": GET + b"Authorization: Bearer " + TOKEN.encode() * 500 + b"\r\n\r\n",
    "5,000 lines": GET + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    "an address of 9,000 bytes": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xff\x00\x00\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a name with a space": GET + b"A B: c\r\n\r\n",
    "a name folded": GET + b"A: b\r\n c\r\n\r\n",
    "a zero byte": GET + b"A: b\x00c\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a length and chunks": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below zero": POST + b"Content-Length: -3\r\n\r\nabc",
    "a chunk without a size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "HTTP 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.fixture(scope="module")
def place(hub_template: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return copy_place(hub_template, tmp_path_factory.mktemp("connections") / "place")


@pytest.fixture(scope="module")
def address(place: Place) -> Generator[tuple[str, int]]:
    with running(place.environ, log=place.folder / "log") as server:
        host, port = server.address.removeprefix("http://").split(":")
        yield host, int(port)


def send(address: tuple[str, int], data: bytes) -> http.client.HTTPResponse:
    with socket.create_connection(address, timeout=30) as opened:
        opened.sendall(data)
        answer = http.client.HTTPResponse(opened)
        answer.begin()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer


def read_log(place: Place) -> str:
    return (place.folder / "log").read_text()


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_rules_is_answered_as_any_mistake(address: tuple[str, int], name: str) -> None:
    answer = send(address, BROKEN[name])
    assert (answer.status, answer.headers["Server"]) == (400, "holdfast")
    assert "cannot be read as HTTP" in json.loads(answer.body)["error"]  # type: ignore[attr-defined]
    assert answer.headers["X-Request-Id"]
    assert TOKEN[:10] not in str(answer.headers) + answer.body.decode()  # type: ignore[attr-defined]


def test_a_body_that_cannot_be_unpacked_ends_its_connection_alone(address: tuple[str, int], place: Place) -> None:
    head = POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    answer = send(address, head)
    assert (answer.status, b"not packed" in answer.body) == (400, True)  # type: ignore[attr-defined]
    assert send(address, GET + b"Connection: close\r\n\r\n").status == 200


@pytest.mark.parametrize("at_once", [True, False])
def test_who_leaves_in_the_middle_of_a_body_is_one_line_too(
    address: tuple[str, int], place: Place, at_once: bool
) -> None:
    with socket.create_connection(address, timeout=30) as opened:
        opened.sendall(POST + b"Content-Length: 90000\r\nUser-Agent: leaver\r\n\r\nabc")
        if at_once:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: any(line.endswith("leaver") for line in read_log(place).splitlines()))


def test_the_log_has_a_line_for_each_and_no_trace_of_calls(address: tuple[str, int], place: Place) -> None:
    name = send(address, BROKEN["two lengths"]).headers["X-Request-Id"]
    lines: list[str] = []
    while not lines:
        lines = [line for line in read_log(place).splitlines() if name in line]
    assert len(lines) == 1
    assert "Duplicate Content-Length" in lines[0]
    assert "Traceback" not in read_log(place)
    assert TOKEN not in read_log(place)


def test_an_expectation_that_nobody_meets_is_told(address: tuple[str, int]) -> None:
    assert send(address, GET + b"Expect: 99-luft\r\nConnection: close\r\n\r\n").status == 417
