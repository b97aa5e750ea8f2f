"""A push by Xet whose requests reach two servers in turn: one vault in a bucket, and no folder in common."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.workflows.hub_writing.writer import HubWriter, WriteAsked
from holdfast.workflows.vaults import VaultAsked, open_vault
from holdfast.workflows.xet_arriving import XetArriving
from holdfast.workflows.xet_index import XetIndex
from tests.formats.xet.plainly import spell
from tests.front.hub.processes import Running
from tests.front.hub.serving import Served
from tests.front.hub.team import Team
from tests.front.hub.xet_client import open_store, prepare, send_xorbs

MODEL = "org/pushed"


def test_xorbs_that_one_server_received_another_makes_files_of(team: Team, two_hosts: tuple[Running, Running]) -> None:
    token = team.run("token", "create", "pusher", "--write", "org/*").strip()
    asked = VaultAsked(team.environ["HOLDFAST_VAULT"])
    first, second = (Served(asked, host.local_address, token) for host in two_hosts)
    made = json.dumps({"name": MODEL}).encode()
    assert first.ask("/api/repos/create", "POST", made).status == 200
    sent = prepare(os.urandom(300_000))
    path = f"/api/models/{MODEL}/xet-write-token/main"
    assert [answer.status for answer in send_xorbs(open_store(first, path), sent.xorbs)] == [200] * len(sent.xorbs)
    answer = open_store(second, path).ask("/v1/shards", "POST", sent.body)
    assert (answer.status, answer.body) == (200, b'{"result":1}')
    lines = [
        {"key": "header", "value": {"summary": "A push"}},
        {"key": "lfsFile", "value": {"path": "w.bin", "algo": "sha256", "oid": sent.sha256, "size": 300_000}},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    assert first.ask(f"/api/models/{MODEL}/commit/main", "POST", body).status == 200
    assert second.ask(f"/{MODEL}/resolve/main/w.bin").body == sent.data


def test_xorbs_in_a_bucket_are_taken_away_when_nobody_counts_on_them(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, team.environ[name])
    asked = VaultAsked(environ=team.get_environ("three"))
    arriving = XetArriving(HubWriter(WriteAsked(asked)), XetIndex(tmp_path), 0)
    now = datetime.now(UTC)
    (body,) = prepare(b"a small file").xorbs
    digest = spell(prepare(b"a small file").shard.xorbs[0].hash)
    for days in (0, 2, 5, 40):
        incoming = arriving.receive(f"{now - timedelta(days=days):%Y%m%d}", digest)
        incoming.write(body)
        assert incoming.finish()
    with open_vault(asked) as vault:
        before = len(list(vault.storage.iterate("xet/")))
        assert arriving.sweep(now) == 2
        assert len(list(vault.storage.iterate("xet/"))) == before - 2
    assert arriving.sweep(now) == 0
