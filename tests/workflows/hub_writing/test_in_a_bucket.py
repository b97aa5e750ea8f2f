"""The same pushes to a vault in a bucket: a real server of the protocol on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.workflows.hub_writing.writer import HubWriter, WriteAsked
from holdfast.workflows.vaults import VaultAsked, open_vault
from tests.vault.models import Watch
from tests.vault.storage.s3_server import BUCKET, S3Server, serving
from tests.workflows.hub_writing.conftest import NAME, Desk, add, add_large


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with serving() as found:
        yield found


@pytest.fixture
def desk(server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clock = Watch()
    asked = VaultAsked(f"s3://{BUCKET}/{tmp_path.name}", clock=clock)
    with open_vault(asked, make=True):
        pass
    return Desk(HubWriter(WriteAsked(asked)), asked, clock, tmp_path / "sent")


def test_a_push_to_a_bucket_is_kept_and_read_back(desk: Desk) -> None:
    assert not desk.writer.takes_parts  # its servers share no folder
    first = desk.writer.create_repository(NAME, "Ana")
    desk.send(b"weights" * 100_000)
    done = desk.commit(add("README.md", b"# x\n"), add_large("w.bin", b"weights" * 100_000), parent=first.commit)
    revision, files = desk.read()
    assert revision.commit == done.commit
    assert (files["README.md"], files["w.bin"]) == (b"# x\n", b"weights" * 100_000)
    assert [
        path for path in desk.writer.uploads.folder.rglob("*") if path.is_file() and "arrived" not in str(path)
    ] == []
