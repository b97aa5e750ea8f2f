"""Speaks HTTP with a mock over a bare socket, and stamps every segment: a reader that shares nothing with ours."""

import json
import socket
import time
from bisect import bisect_left
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from holdfast.measure.mock.starting import Mock

PATHS = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
}


@dataclass(frozen=True)
class Heard:
    """An answer as it came: `ends` are offsets into `data`, each with the moment by which so much had come."""

    data: bytes
    ends: list[int]
    stamps: list[int]
    is_reset: bool

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}

    @property
    def body(self) -> bytes:
        return b"".join(self.data[begin:end] for begin, end in self.pieces())

    def pieces(self) -> list[tuple[int, int]]:
        """Where the body lies in the data."""
        at = self.data.index(b"\r\n\r\n") + 4
        if self.headers.get("transfer-encoding") != "chunked":
            return [(at, len(self.data))]
        found = []
        while at < len(self.data):
            line = self.data.index(b"\r\n", at)
            size = int(self.data[at:line], 16)
            if size == 0:
                break
            found.append((line + 2, line + 2 + size))
            at = line + 4 + size
        return found

    @property
    def is_whole(self) -> bool:
        """Whether HTTP says that all of it has come."""
        if self.headers.get("transfer-encoding") == "chunked":
            return self.data.endswith(b"\r\n0\r\n\r\n")
        return len(self.body) == int(self.headers.get("content-length", -1))

    def find_stamp(self, offset: int) -> int:
        """When the byte of the body at this offset had come."""
        for begin, end in self.pieces():
            if offset < end - begin:
                return self.stamps[bisect_left(self.ends, begin + offset + 1)]
            offset -= end - begin
        raise ValueError(offset)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list["Event"]:
        return list_events(self.body)


@dataclass(frozen=True)
class Event:
    """One event: its type, its data, and where it ends in the body."""

    kind: str
    data: str
    end: int

    @property
    def json(self) -> Any:
        return json.loads(self.data)


def list_events(body: bytes) -> list[Event]:
    """As the HTML standard says that a stream is to be interpreted (section 9.2.6), in bytes."""
    found: list[Event] = []
    kind, data, at = "", list[str](), 0
    while at < len(body):
        end = min((place for place in (body.find(b"\n", at), body.find(b"\r", at)) if place >= 0), default=-1)
        if end < 0:
            break
        line = body[at:end].decode()
        at = end + (2 if body[end : end + 2] == b"\r\n" else 1)
        if not line:
            if data:
                found.append(Event(kind, "\n".join(data), at))
            kind, data = "", []
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
    return found


def connect(mock: Mock) -> socket.socket:
    parts = urlsplit(mock.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def write_request(path: str, body: object = None, *, method: str = "POST", **headers: object) -> bytes:
    """`sample=3` becomes the header `x-holdfast-sample: 3`; others keep their names."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {"sample": "x-holdfast-sample", "scenario": "x-holdfast-scenario"}
    lines = [f"{method} {path} HTTP/1.1", "Host: mock", f"Content-Length: {len(data)}"]
    lines += [f"{names.get(name, name)}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + data


def hear(connection: socket.socket) -> Heard:
    """Until the answer is whole, or the connection ends."""
    data, ends, stamps, is_reset = bytearray(), list[int](), list[int](), False
    while True:
        try:
            more = connection.recv(1 << 16)
        except ConnectionResetError:
            more, is_reset = b"", True
        data += more
        ends.append(len(data))
        stamps.append(time.monotonic_ns())
        has_head = data.startswith(b"HTTP/") and b"\r\n\r\n" in data[:1000]
        may_be_whole = has_head and (data.endswith(b"0\r\n\r\n") or b"\r\nTransfer-Encoding" not in data[:1000])
        if not more or (may_be_whole and Heard(bytes(data), ends, stamps, is_reset).is_whole):
            return Heard(bytes(data), ends, stamps, is_reset)


def hear_start(mock: Mock, end: bytes, *, scenario: str = "", **body: object) -> Heard:
    """The start of an answer in chat, to the first segment of its body that has this in it. Then the client leaves."""
    headers: dict[str, Any] = {"scenario": scenario} if scenario else {}
    with connect(mock) as connection:
        connection.sendall(write_request(PATHS["chat"], body, **headers))
        data = b""
        while end not in data.partition(b"\r\n\r\n")[2]:
            data += connection.recv(1 << 16)
    return Heard(data, [len(data)], [0], is_reset=False)


def ask(mock: Mock, api: str = "chat", *, scenario: str = "", sample: int | None = None, **body: object) -> Heard:
    """One request on a connection of its own."""
    headers: dict[str, Any] = {"scenario": scenario} if scenario else {}
    if sample is not None:
        headers["sample"] = sample
    with connect(mock) as connection:
        connection.sendall(write_request(PATHS[api], body, **headers))
        return hear(connection)


def read_truth(mock: Mock) -> dict[str, Any]:
    with connect(mock) as connection:
        connection.sendall(write_request("/truth", method="GET"))
        found: dict[str, Any] = hear(connection).json
    return found


def wait_for(mock: Mock, **counts: int) -> dict[str, Any]:
    """Until `/truth` says so: what a client sees and what the server notes are not at one moment."""
    for _ in range(600):
        truth = read_truth(mock)
        if all(truth[name] == counts[name] for name in counts):
            return truth
        time.sleep(0.01)
    raise AssertionError(f"{truth} for {counts}")


@dataclass(frozen=True)
class Answered:
    """What a client heard of one request, and what the mock's log says of it."""

    heard: Heard
    row: Any
    tokens: Any


_SAMPLES = count(1)


def ask_and_look(mock: Mock, api: str = "chat", *, scenario: str = "", **body: object) -> Answered:
    """One request with a sample number that no other has."""
    sample = next(_SAMPLES)
    heard = ask(mock, api, scenario=scenario, sample=sample, **body)
    log = mock.read_log()
    number = log.find_request(sample)
    assert number is not None
    return Answered(heard, log.requests[number], log.find_tokens(number))
