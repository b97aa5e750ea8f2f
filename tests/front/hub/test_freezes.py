"""What is decided about a copy counts for the next request: frozen, thawed, dropped, kept; no restart."""

import json
import socket
import ssl
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from holdfast.vault.opening import open_local_vault
from holdfast.workflows import serve
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.hubs import keep
from tests.front.hub.serving import Served, serving, wait_until
from tests.vault.models import tell

NAME = "org/base"
ADDRESSES = (
    f"/{NAME}/resolve/main/model.safetensors",
    f"/{NAME}/resolve/main/config.json",
    f"/{NAME}/resolve/main/nothing",
    f"/{NAME}/raw/main/config.json",
    f"/api/models/{NAME}",
    f"/api/models/{NAME}/revision/main",
    f"/api/models/{NAME}/tree/main?recursive=true",
    f"/api/models/{NAME}/commits/main",
    f"/api/models/{NAME}/treesize/main",
    f"/api/models/{NAME}/lfs-files",
    f"/api/models/{NAME}/safetensors-metadata/model.safetensors",
)


@pytest.fixture
def place(tmp_path: Path, hub_template: Place) -> Place:
    return copy_place(hub_template, tmp_path / "place")


@pytest.fixture
def hub(place: Place) -> Generator[Served]:
    with serving(place.vault, place.environ) as found:
        yield found


def freeze(place: Place, why: str) -> None:
    place.get("freeze", NAME, "--why", why, "--by", "A. Counsel")


def test_a_frozen_copy_is_refused_everywhere_with_its_decision(hub: Served, place: Place) -> None:
    assert hub.ask(ADDRESSES[0]).status == 200
    said = "to use is forbidden. A rule. Source: x; evidence to 2026-10-06"
    why = f"us-ofac (in force): {said}; eu-ai (proposed): to serve is contested. y"
    freeze(place, why)
    wait_until(lambda: hub.ask(ADDRESSES[0]).status == 451)
    for path in ADDRESSES:
        answer = hub.ask(path)
        assert answer.status == 451, path
        told = answer.json
        frozen = told["frozen"]
        assert (frozen["by"], frozen["decision"], frozen["model"]) == ("A. Counsel", why, f"{NAME}@main")
        assert frozen["levers"] == ["us-ofac", "eu-ai"]
        assert frozen["at"].endswith("Z")
        assert "A. Counsel" in told["error"]
        head = hub.ask(path, "HEAD")
        assert (head.status, head.body) == (451, b"")
        assert "A. Counsel" in head.headers["x-error-message"]
        assert head.headers["x-error-code"] == "GatedRepo"  # the one code whose message every client prints
    answer = hub.ask(f"/api/models/{NAME}/paths-info/main", "POST", b"paths=config.json&expand=false")
    assert answer.status == 451
    assert hub.ask("/org/tuned/resolve/main/model.safetensors").status == 200
    listed = {one["id"]: one["disabled"] for one in hub.ask("/api/models?full=true").json}
    assert listed == {NAME: True, "org/other": False, "org/tuned": False}


def test_a_freeze_counts_also_while_the_copy_is_asked_for_all_the_time(hub: Served, place: Place) -> None:
    for _ in range(20):
        assert hub.ask(ADDRESSES[1]).status == 200
    freeze(place, "because")
    wait_until(lambda: hub.ask(ADDRESSES[1]).status == 451, patience_s=5)
    place.get("thaw", NAME, "--why", "cleared")
    wait_until(lambda: hub.ask(ADDRESSES[1]).status == 200, patience_s=5)


def test_a_copy_that_was_dropped_is_not_there_and_a_new_one_is(hub: Served, place: Place) -> None:
    assert hub.ask(ADDRESSES[1]).status == 200
    place.get("drop", NAME, "--why", "not needed")
    wait_until(lambda: hub.ask(ADDRESSES[1]).headers.get("x-error-code") == "RepoNotFound")
    assert hub.ask("/new/model/resolve/main/config.json").status == 404
    keep(place.vault, place.folder / "other", "new/model")
    wait_until(lambda: hub.ask("/new/model/resolve/main/config.json").status == 200)
    keep(place.vault, place.folder / "tuned", "new/model", "second")
    right = (place.folder / "tuned/config.json").read_bytes()
    wait_until(lambda: hub.ask("/new/model/resolve/second/config.json").body == right)
    assert hub.ask("/new/model/resolve/main/config.json").body == (place.folder / "other/config.json").read_bytes()


def test_packs_that_come_from_elsewhere_are_found(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a folder is shared: another machine wrote them, with a catalogue of its own."""
    monkeypatch.setattr(serve, "ADOPT_S", 0.5)
    with serving(place.vault, {**place.environ, "HOLDFAST_CATALOGUE": str(tmp_path / "mine")}) as hub:
        assert hub.ask("/new/model/resolve/main/config.json").status == 404
        keep(place.vault, place.folder / "other", "new/model")
        wait_until(lambda: hub.ask("/new/model/resolve/main/config.json").status == 200)
        opened = open_local_vault(place.vault)
        tell(opened, "freeze", "new/model")
        opened.close()
        wait_until(lambda: hub.ask("/new/model/resolve/main/config.json").status == 451)


def test_the_newest_copy_being_frozen_no_older_one_is_served_instead(hub: Served, place: Place) -> None:
    keep(place.vault, place.folder / "base", "new/model", "v1")
    keep(place.vault, place.folder / "tuned", "new/model", "v2")
    opened = open_local_vault(place.vault)
    tell(opened, "freeze", "new/model", "v2")
    opened.close()
    wait_until(lambda: hub.ask("/new/model/resolve/main/config.json").status == 451)
    assert hub.ask("/new/model/resolve/v1/config.json").status == 200
    refs: Any = hub.ask("/api/models/new/model/refs").json
    assert [one["name"] for one in refs["branches"]] == ["main", "v2", "v1"]


def test_it_is_served_over_tls_as_well(place: Place, tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    client = ssl.create_default_context(cafile=str(tmp_path / "certificate"))
    with serving(place.vault, place.environ, tls=server) as hub:
        host, port = hub.host.split(":")
        with (
            socket.create_connection((host, int(port)), timeout=30) as plain,
            client.wrap_socket(plain, server_hostname="localhost") as sealed,
        ):
            sealed.sendall(f"GET {ADDRESSES[0]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            parts = b""
            while data := sealed.recv(1 << 16):
                parts += data
    head, _, body = parts.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == (place.folder / "base/model.safetensors").read_bytes()
    assert json.loads((place.folder / "base/config.json").read_text())["of"] == "base"
