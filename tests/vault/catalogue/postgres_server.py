"""A PostgreSQL server on loopback, in a folder of its own, that asks for passwords and speaks TLS."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from tests.vault.storage.s3_server import free_port

USER = "keeper"
PASSWORD = "not: a 'plain' \\ password"
_SETTINGS = (
    "listen_addresses = '127.0.0.1'",
    "fsync = off",
    "ssl = on",
    "ssl_cert_file = 'server.crt'",
    "ssl_key_file = 'server.key'",
    "max_connections = 50",
)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where it listens, and who may use it."""

    folder: Path
    port: int

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
        command = [
            _tool("psql"),
            "-XAtq",
            "-h",
            str(self.folder),
            "-p",
            str(self.port),
            "-d",
            database,
            "-c",
            statement,
        ]
        return subprocess.run(_as_owner(command), check=True, capture_output=True, text=True).stdout.strip()

    def stop(self) -> None:
        """End it at once, as a crash would."""
        subprocess.run(
            _as_owner([_tool("pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "stop"]), check=False
        )

    def start(self) -> None:
        """Begin, or begin again."""
        data, log = self.folder / "data", self.folder / "log"
        options = f"-p {self.port} -k {self.folder}"
        command = [_tool("pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "start"]
        subprocess.run(_as_owner(command), check=True, stdout=subprocess.DEVNULL)


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
    names = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(data / "server.key"),
        "-out",
        str(data / "server.crt"),
    ]
    subprocess.run(_as_owner([*key, *names]), check=True, capture_output=True)
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{setting}\n" for setting in _SETTINGS)


def _as_owner(command: list[str]) -> list[str]:
    """A server does not run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


def _tool(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name
