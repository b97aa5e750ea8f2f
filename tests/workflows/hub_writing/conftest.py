"""A vault that is written to, and what its tests say to it."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.records.hub_service import ServedRevision
from holdfast.records.hub_writing import Committed, WriteTo
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.hub_writing.uploads import Announced
from holdfast.workflows.hub_writing.writer import HubWriter, WriteAsked
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.vaults import VaultAsked
from tests.vault.models import Watch

NAME = "team/model"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def add(path: str, data: bytes) -> dict[str, object]:
    content = base64.b64encode(data).decode()
    return {"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}}


def add_large(path: str, data: bytes) -> dict[str, object]:
    return {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256(data), "size": len(data)}}


def delete(path: str) -> dict[str, object]:
    return {"key": "deletedFile", "value": {"path": path}}


def delete_folder(path: str) -> dict[str, object]:
    return {"key": "deletedFolder", "value": {"path": path}}


@dataclass
class Desk:
    """A writer, its vault and its clock."""

    writer: HubWriter
    asked: VaultAsked
    clock: Watch
    folder: Path

    def send(self, *datas: bytes, name: str = NAME) -> None:
        """Large files arrive."""
        for data in datas:
            announced = Announced(sha256(data), len(data))
            with self.writer.uploads.receive(announced) as incoming:
                incoming.write(data)
                assert incoming.finish() == announced.sha256
                self.writer.take_in(name, incoming.path, announced)

    def commit(
        self,
        *operations: Mapping[str, object],
        parent: str = "",
        branch: str = "main",
        name: str = NAME,
        by: str = "Ana",
        summary: str = "a change",
        may_read: Callable[[str], bool] = lambda _name: True,
    ) -> Committed:
        """A commit as clients write it."""
        value = {"summary": summary, **({"parentCommit": parent} if parent else {})}
        lines = [{"key": "header", "value": value}, *operations]
        self.folder.mkdir(exist_ok=True)
        body = self.folder / "body"
        body.write_bytes(b"\n".join(json.dumps(line).encode() for line in lines))
        return self.writer.commit(WriteTo(name, branch, by), body, may_read)

    def read(self, revision: str = "main", name: str = NAME) -> tuple[ServedRevision, dict[str, bytes]]:
        """What is served, as whole files."""
        service = open_service(ServeAsked(self.asked))
        try:
            found = service.find_revision(name, revision)
            return found, {path: service.read_range(file, 0, file.size) for path, file in found.tree.files.items()}
        finally:
            service.close()

    def refs(self, name: str = NAME) -> dict[str, str]:
        """Commits by refs."""
        service = open_service(ServeAsked(self.asked))
        try:
            return {ref.ref: ref.commit for ref in service.list_refs(name)}
        finally:
            service.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    clock = Watch()
    open_local_vault(tmp_path / "vault", clock).close()
    asked = VaultAsked(str(tmp_path / "vault"), clock=clock)
    return Desk(HubWriter(WriteAsked(asked)), asked, clock, tmp_path / "sent")


@pytest.fixture
def repository(desk: Desk) -> Desk:
    """The same with an empty repository."""
    desk.writer.create_repository(NAME, "Ana")
    return desk
