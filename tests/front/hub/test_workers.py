"""Several processes on one port."""

import os
import re
import signal
from pathlib import Path

from holdfast.workflows.vaults import VaultAsked
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.processes import running
from tests.front.hub.serving import Served, wait_until

FILE = "/org/base/resolve/main/config.json"


def find_workers(parent: int) -> set[int]:
    """The processes below one that answer requests."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state = (path / "stat").read_text().rpartition(")")[2].split()
            words = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if int(state[1]) == parent and state[0] != "Z" and b"spawn_main" in words:
            found.add(int(path.name))
    return found


def count_served(place: Place) -> int:
    """Requests that the vault's log has."""
    outcomes = [str(one["outcome"]) for one in place.get("log")["events"] if one["verb"] == "serve"]
    return sum(int(found[1]) if (found := re.search(r"in (\d+) requests", one)) else 1 for one in outcomes)


def is_gone(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    expected = (place.folder / "base/config.json").read_bytes()
    with running(place.environ, "--workers", "2", log=tmp_path / "log") as server:
        client = Served(VaultAsked(str(place.vault), place.environ), server.address)
        workers = find_workers(server.process.pid)
        assert len(workers) == 2
        assert [client.ask(FILE).body for _ in range(10)] == [expected] * 10
        wait_until(lambda: 'holdfast_downloads_total{model="org/base"} 10' in client.ask("/metrics").body.decode())
        wait_until(lambda: count_served(place) == 10)
        os.kill(min(workers), signal.SIGKILL)
        wait_until(lambda: len(find_workers(server.process.pid) - workers) == 1, 60)
        wait_until(lambda: client.ask(FILE).body == expected)
        now = find_workers(server.process.pid)
        assert server.end() == 0
        assert all(map(is_gone, now))
    assert "is started anew" in (tmp_path / "log").read_text()
    assert place.run("log", "verify").code == 0


def test_workers_end_with_their_parent_however_it_ends(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    with running(place.environ, "--workers", "2", log=tmp_path / "log") as server:
        workers = find_workers(server.process.pid)
        server.kill()
        wait_until(lambda: all(map(is_gone, workers)), 60)


def test_what_keeps_workers_from_starting_is_told_once(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    done = place.run("serve", "--workers", "2", "--port", "0", "--host", "0.0.0.0")
    assert done.code == 5
    assert done.err.count("there is neither a token nor leave") == 1
