"""Servers on loopback, each a process of its own: a bucket for vaults, a database for catalogues. And a folder that is
in memory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.vault.catalogue.postgres_server import PostgresServer
from tests.vault.catalogue.postgres_server import serving as serving_postgres
from tests.vault.storage.s3_server import BUCKET, S3Server, serving


@pytest.fixture(scope="session")
def running_server() -> Iterator[S3Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(running_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, and its key in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", running_server.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", running_server.secret)
    return running_server


@pytest.fixture
def bucket_url(server: S3Server) -> str:
    """A place of its own in the bucket."""
    return f"s3://{BUCKET}/teams/{uuid4().hex}?endpoint={server.endpoint}&region=us-east-1"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with serving_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of its own."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    return postgres.url(postgres.make_database())


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder whose files need no disk, where that can be had: for tests that make thousands."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    yield folder
    shutil.rmtree(folder)
