"""A PostgreSQL server on loopback, in a folder of its own, that asks for passwords and speaks TLS."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from tests.vault.storage.s3_server import free_port

USER = "keeper"
PASSWORD = "not: a 'plain' \\ password"
START_WAIT_S = 60
_OWNER = ("--reuid", "postgres", "--regid", "postgres", "--init-groups")
_SETTINGS = (
    "listen_addresses = '127.0.0.1'",
    "fsync = off",
    "ssl = on",
    "ssl_cert_file = 'server.crt'",
    "ssl_key_file = 'server.key'",
    "max_connections = 50",
)


@dataclass(slots=True)
class PostgresServer:
    """Where it listens, and who may use it. It ends with the process that started it, however that ends."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def url(self, database: str, settings: str = "", *, user: str = USER, password: str = PASSWORD) -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}{settings}"

    def make_database(self) -> str:
        """A database of its own."""
        name = f"team_{uuid4().hex[:12]}"
        self.run(f'CREATE DATABASE "{name}" OWNER {USER}')
        return name

    def run(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's administrator."""
        place = ["-h", str(self.folder), "-p", str(self.port), "-d", database]
        command = [_tool("psql"), "-XAtq", *place, "-c", statement]
        return subprocess.run(_as_owner(command), check=True, capture_output=True, text=True).stdout.strip()

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=START_WAIT_S)

    def start(self) -> None:
        """Begin, or begin again."""
        place = ["-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder)]
        command = _as_owner(["setpriv", "--pdeathsig", "QUIT", _tool("postgres"), *place])
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        ready = [_tool("pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        end = time.monotonic() + START_WAIT_S
        while subprocess.run(ready, check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.05)


@contextlib.contextmanager
def serving() -> Iterator[PostgresServer]:
    """A server for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
    server = PostgresServer(folder, free_port())
    try:
        _set_up(folder)
        server.start()
        server.run(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(folder: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    command = [_tool("initdb"), "-D", str(data), "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
    subprocess.run(_as_owner([*command, "-E", "UTF8", "--no-sync"]), check=True, stdout=subprocess.DEVNULL)
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(data / "server.key"), "-out", str(data / "server.crt")]
    subprocess.run(_as_owner([*key, "-addext", "subjectAltName=IP:127.0.0.1", *files]), check=True, capture_output=True)
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{setting}\n" for setting in _SETTINGS)


def _as_owner(command: list[str]) -> list[str]:
    """A server does not run as root."""
    return ["setpriv", *_OWNER, *command] if os.getuid() == 0 else command


def _tool(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name
