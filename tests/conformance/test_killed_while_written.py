"""A server that is killed while it is written to loses nothing that it answered for; the push goes on with the next."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from holdfast.records.access import Grant, Scope
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked
from holdfast.workflows.verify import VerifyAsked, run_verify
from tests.vault.models import say_nothing

MODEL = "team/model"
SIZES = (8_000_000, 9_000_000, 10_000_000)


class Running:
    """`holdfast serve` as a process that can be killed."""

    def __init__(self, vault: Path, token: str) -> None:
        command = [sys.executable, "-m", "holdfast", "serve", "--vault", str(vault), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = next(line for line in self.process.stdout if "HF_ENDPOINT=" in line)
        self.address: str = line.partition("=")[2].strip()
        self.token = token

    def ask(self, method: str, path: str, body: bytes) -> Any:
        """JSON, or nothing for an empty body. Raises OSError when the server has gone."""
        parts = urlsplit(path)
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            headers = {} if parts.query else {"Authorization": f"Bearer {self.token}"}
            connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers)
            response = connection.getresponse()
            said = response.read()
            assert response.status == 200, said
            return json.loads(said) if said else None
        except http.client.HTTPException as error:
            raise ConnectionResetError(str(error)) from error
        finally:
            connection.close()

    def push(self, datas: list[bytes]) -> str:
        """Everything that a client does."""
        objects = [{"oid": hashlib.sha256(data).hexdigest(), "size": len(data)} for data in datas]
        said = {"operation": "upload", "transfers": ["basic"], "objects": objects}
        told = self.ask("POST", f"/{MODEL}.git/info/lfs/objects/batch", json.dumps(said).encode())["objects"]
        for one, data in zip(told, datas, strict=True):
            if "actions" in one:
                self.ask("PUT", one["actions"]["upload"]["href"], data)
        lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "S"}}]
        for number, one in enumerate(objects):
            lines.append({"key": "lfsFile", "value": {"path": f"{number}.bin", "algo": "sha256", **one}})
        body = b"\n".join(json.dumps(line).encode() for line in lines)
        commit: str = self.ask("POST", f"/api/models/{MODEL}/commit/main", body)["commitOid"]
        return commit


def test_a_push_survives_servers_that_are_killed_at_any_moment(tmp_path: Path) -> None:
    open_local_vault(tmp_path / "vault").close()
    asked = VaultAsked(str(tmp_path / "vault"))
    token = run_token_create(TokenAsked(asked, "Ana", (Grant(Scope.ADMIN, "*"),))).secret
    datas = [os.urandom(size) for size in SIZES]
    first = Running(tmp_path / "vault", token)
    created = json.dumps({"organization": "team", "name": "model"}).encode()
    first.ask("POST", "/api/repos/create", created)
    first.process.send_signal(signal.SIGTERM)
    first.process.wait(60)
    for wait_s in (0.2, 0.5, 0.9):
        run_and_kill(Running(tmp_path / "vault", token), datas, wait_s)
        assert run_verify(VerifyAsked(asked), say_nothing).damage == ()
    last = Running(tmp_path / "vault", token)
    commit = last.push(datas)
    sha = last.ask("GET", f"/api/models/{MODEL}", b"")["sha"]
    last.process.send_signal(signal.SIGTERM)
    assert last.process.wait(60) == 0
    assert sha == commit
    assert run_verify(VerifyAsked(asked), say_nothing).damage == ()


def run_and_kill(server: Running, datas: list[bytes], wait_s: float) -> None:
    """Push, and kill the server after a moment, wherever it is then."""

    def push() -> None:
        try:
            server.push(datas)
        except OSError:
            return  # it was killed under our hands

    pushing = threading.Thread(target=push)
    pushing.start()
    sleep(wait_s)
    server.process.kill()
    server.process.wait(60)
    pushing.join(60)
    assert not pushing.is_alive()
