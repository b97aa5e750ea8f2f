"""A server of the S3 protocol on loopback, as a process of its own, that checks the keys of those who ask."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from random import SystemRandom

BUCKET = "vaults"
START_WAIT_S = 60
PORTS = (12_000, 32_000)
SETUP_REQUESTS = 4  # after so many the server checks signatures
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
SCOPE = "setup/20200101/us-east-1/iam/aws4_request"
IAM_HEADERS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-www-form-urlencoded",
}


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where it listens, and the only key that it knows."""

    port: int
    key_id: str
    secret: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving() -> Iterator[S3Server]:
    """A server with one empty bucket, for as long as the block lasts."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(SETUP_REQUESTS)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield _set_up(port)
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """Where nobody listens, drawn from below the range out of which the system serves everybody else: until the server
    has it, no connection and hardly another test can come by it."""
    while True:
        port = SystemRandom().randrange(*PORTS)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_WAIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def _set_up(port: int) -> S3Server:
    _ask(port, "PUT", f"/{BUCKET}")
    _ask(port, "POST", "/", "Action=CreateUser&UserName=keeper")
    _ask(port, "POST", "/", f"Action=PutUserPolicy&UserName=keeper&PolicyName=all&PolicyDocument={POLICY}")
    answer = _ask(port, "POST", "/", "Action=CreateAccessKey&UserName=keeper")
    key_id, secret = (re.search(f"<{tag}>([^<]+)<", answer) for tag in ("AccessKeyId", "SecretAccessKey"))
    assert key_id, answer
    assert secret, answer
    return S3Server(port, key_id[1], secret[1])


def _ask(port: int, method: str, path: str, body: str = "") -> str:
    data = f"Version=2010-05-08&{body}".encode() if body else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, IAM_HEADERS if body else {}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        text: str = answer.read().decode()
        return text
