"""Every backend, each on a real medium: a folder, and a bucket of a server on loopback."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from holdfast.vault.storage.opening import open_storage
from holdfast.vault.storage.staging import StagedStorage
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


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> StagedStorage:
    if request.param == "folder":
        return open_storage(str(tmp_path / "vault"))
    return open_storage(request.getfixturevalue("bucket_url"), staging=tmp_path / "staging")
