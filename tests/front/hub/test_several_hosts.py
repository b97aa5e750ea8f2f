"""Two servers on two machines, so far as they can tell: one vault in a bucket, one catalogue in PostgreSQL."""

import hashlib
import http.client
import threading
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.workflows.vaults import VaultAsked
from tests.front.cli.runs import run_here
from tests.front.hub.balancer import balancing
from tests.front.hub.processes import Running, running
from tests.front.hub.serving import Served, wait_until
from tests.front.hub.team import MODEL, SIZE, Team, two_servers
from tests.vault.catalogue.postgres_server import serving as serving_postgres

PATH = f"/{MODEL}/resolve/main/weights.bin"
KILLED_AFTER = 3 << 20
CLIENTS = 4
TRIES = 8


def knows(address: str, token: str) -> bool:
    """Whether a server takes a token."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("GET", "/api/whoami-v2", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status == 200
    finally:
        connection.close()


def fetch(address: str, token: str) -> bytes:
    """A client that goes on from where it was when its connection breaks, as those of the hub do."""
    got = bytearray()
    for _ in range(TRIES):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        try:
            connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}", "Range": f"bytes={len(got)}-"})
            answer = connection.getresponse()
            assert answer.status == 206, answer.read()
            while piece := answer.read1(1 << 16):
                got += piece
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if len(got) == SIZE:
            break
    return bytes(got)


def test_one_of_two_servers_is_killed_under_load_and_every_client_ends_with_right_bytes(
    team: Team, tmp_path: Path
) -> None:
    with two_servers(team, tmp_path, ("three", "four")) as (one, two):
        token = team.run("token", "create", "cluster", "--read", "org/*").strip()
        addresses = [server.local_address for server in (one, two)]
        wait_until(lambda: all(knows(address, token) for address in addresses))  # a server reads the tokens each second
        turn = threading.Lock()

        def watch(backend: int, passed: int) -> None:
            with turn:
                if backend == 0 and passed > KILLED_AFTER and one.process.poll() is None:
                    one.kill()

        found: list[bytes] = []
        with balancing(addresses, watch) as balancer:
            threads = [
                threading.Thread(target=lambda: found.append(fetch(balancer.address, token))) for _ in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(300)
        assert one.process.poll() is not None
        assert [hashlib.sha256(data).hexdigest() for data in found] == [team.digest] * CLIENTS
        assert two.end() == 0
    team.run("log", "verify")
    told = team.run("log")
    assert "sent" in told
    assert "cluster (token" in told


def test_what_one_machine_decides_counts_on_the_other(team: Team, two_hosts: tuple[Running, Running]) -> None:
    token = team.run("token", "create", "shared", "--read", "org/*").strip()
    asked = VaultAsked(team.environ["HOLDFAST_VAULT"])
    clients = [Served(asked, server.local_address, token) for server in two_hosts]

    def both_say(status: int) -> bool:
        return all(client.ask(PATH, "HEAD").status == status for client in clients)

    wait_until(lambda: both_say(200))
    team.run("freeze", MODEL, "--by", "A. Counsel", "--why", "LEGAL-212")
    wait_until(lambda: both_say(451))
    team.run("thaw", MODEL, "--by", "A. Counsel", "--why", "closed")
    wait_until(lambda: both_say(200))
    team.run("token", "revoke", "shared")
    wait_until(lambda: both_say(401))


def test_a_server_goes_on_when_the_catalogues_server_was_started_anew(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"model_type": "qwen3"}')
    places = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    with serving_postgres() as postgres:
        environ = {"HOLDFAST_CATALOGUE": postgres.url(postgres.make_database()), **places}
        environ |= {"HOLDFAST_VAULT": str(tmp_path / "vault"), "HOME": str(tmp_path)}
        kept = run_here("keep", tmp_path / "model", "--as", "org/small", home=tmp_path, cwd=tmp_path, **environ)
        assert kept.code == 0, kept.err
        with running(environ, log=tmp_path / "log") as server:
            client = Served(VaultAsked(), server.address)
            file = "/org/small/resolve/main/config.json"
            assert client.ask(file).status == 200
            postgres.stop()
            wait_until(lambda: client.ask("/readyz").status == 503)
            assert client.ask("/healthz").status == 200
            postgres.start()
            wait_until(lambda: client.ask("/readyz").status == 200)
            wait_until(lambda: client.ask(file).status == 200)
            assert server.end() == 0
        told = run_here("log", home=tmp_path, cwd=tmp_path, **environ).out
    assert told.count("serve   org/small") == 2
