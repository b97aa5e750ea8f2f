"""Two servers of one vault, many clients, and whatever can go wrong, for ten minutes: no wrong byte, nothing lost.

`HOLDFAST_SOAK_MINUTES=1` tries it for a minute, `HOLDFAST_SOAK_SEED` draws the same faults again.
"""

import os
import random
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.soak.clients import CLIENTS, Client, Errand, ask, fetch_by_curl, fetch_by_lfs, push_by_hand, run_errand
from tests.soak.faults import Fate
from tests.soak.measures import Measure, Watch, measure
from tests.soak.team import Server, Team, gathering
from tests.soak.truth import Truth

MINUTES = float(os.environ.get("HOLDFAST_SOAK_MINUTES", "10"))
SEED = int(os.environ.get("HOLDFAST_SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
MEMORY_MB_MAX = 500
FILES_MAX = 400
FILES_GROWN_MAX = 4
MEMORY_GROWN_MB_MAX = 24
REST_S = 120
ROUND = 40


def keep_busy(team: Team, client: Client, number: int, ended: threading.Event) -> None:
    """One thread's work until the end."""
    draw = random.Random(f"{SEED} {client.__name__} {number}")
    for turn in count():
        if ended.is_set():
            return
        folder = team.folder / "errands" / f"{client.__name__}-{number}-{turn}"
        try:
            run_errand(client, Errand(team, draw, folder))
        except Exception as error:
            team.truth.note(client.__name__, "wrong", about=f"the client itself failed: {error!r}")
        sleep(0.1)


def suffer(team: Team) -> tuple[Fate, Watch]:
    """The clients at work while faults happen; on return all is over and both servers stand."""
    ended, fate = threading.Event(), Fate(team, random.Random(SEED))
    watch = Watch(team, ended)
    threads = [threading.Thread(target=fate.run), threading.Thread(target=watch.run)]
    for client, often in CLIENTS:
        threads += [threading.Thread(target=keep_busy, args=(team, client, n, ended)) for n in range(often)]
    for thread in threads:
        thread.start()
    sleep(MINUTES * 60)
    fate.ended.set()
    threads[0].join(300)
    ended.set()
    for thread in threads[1:]:
        thread.join(300)
    fate.faults += [f"a client never came back: {thread}" for thread in threads if thread.is_alive()]
    return fate, watch


def rest(server: Server, token: str) -> Measure:
    """How a server is when nobody asks it any more; what it then still does is stuck."""
    ends = monotonic() + REST_S
    while monotonic() < ends:
        with suppress(OSError):
            found = measure(server, token)
            if found.open_requests == 0:
                return found
        sleep(1)
    return measure(server, token)


def look_for_leaks(team: Team) -> dict[int, list[Measure]]:
    """Each server at rest, after each of three rounds of the same work."""
    found: dict[int, list[Measure]] = {}
    for server in team.servers:
        alone = Team(**{**vars(team), "servers": (server, server)})
        found[server.number] = []
        for _ in range(3):
            for turn in range(ROUND):
                client = (fetch_by_curl, fetch_by_lfs, push_by_hand)[turn % 3]
                run_errand(client, Errand(alone, random.Random(f"{SEED} {turn}"), team.folder / "errands/leaks"))
            found[server.number].append(rest(server, team.token))
    return found


def list_lost(team: Team) -> list[str]:
    """Every commit that was acknowledged, asked for again at both servers."""
    lost: list[str] = []
    errand = Errand(team, random.Random(SEED), team.folder)
    for server in team.servers:
        for one in team.truth.pushed:
            for path, data in one.files.items():
                got = ask(errand, "GET", f"/{one.model}/resolve/{one.commit}/{path}", server=server)
                if (got.status, got.body) != (200, data):
                    lost.append(
                        f"{one.model}@{one.commit} {path} at server {server.number}: {got.status} {got.body[:200]!r}"
                    )
    return lost


def list_traces(team: Team) -> list[str]:
    """Faults of ours that the servers' logs tell of."""
    found: list[str] = []
    for server in team.servers:
        lines = server.log.read_text(errors="replace").splitlines()
        found += ["\n".join(lines[at - 1 : at + 40]) for at, line in enumerate(lines) if line.startswith("Traceback")]
    return found


def check_vault(team: Team) -> list[str]:
    """What the command line finds wrong."""
    asked: Sequence[Sequence[str | Path]] = (["repair", "--from", team.backup], ["verify"], ["log", "verify"], ["list"])
    ran = [(words, team.run(*words)) for words in asked]
    return [
        f"holdfast {words[0]} ended with {done.code}: {done.out[-2000:]}{done.err[-2000:]}"
        for words, done in ran
        if done.code
    ]


def render(team: Team, fate: Fate, watch: Watch, leaks: dict[int, list[Measure]]) -> str:
    """What happened."""
    disk = "a disk of its own" if team.disk else "no disk of its own: it was never filled"
    lines = [f"\nseed {SEED}, {MINUTES:g} minutes, {disk}"]
    lines += fate.told if MINUTES <= 2 else []
    lines += [", ".join(f"{name.replace('_', ' ')}: {times}" for name, times in sorted(fate.counts.items()))]
    lines += team.truth.render()
    for server in team.servers:
        most = f"{watch.memory_mb[server.number]:.0f} MB and {watch.files[server.number]} files at most"
        rested = "; ".join(
            f"{one.memory_mb:.0f} MB, {one.files} files, {one.threads} threads" for one in leaks[server.number]
        )
        lines.append(f"server {server.number}: {server.starts} starts, {most}; at rest {rested}")
        lines.append(f"          open: {leaks[server.number][-1].kinds}")
    return "\n".join(lines)


def list_leaks(watch: Watch, leaks: dict[int, list[Measure]]) -> list[str]:
    """What grew, or never came to rest."""
    found = [f"server {one}: {most:.0f} MB" for one, most in watch.memory_mb.items() if most > MEMORY_MB_MAX]
    found += [f"server {one}: {most} open files" for one, most in watch.files.items() if most > FILES_MAX]
    for number, rounds in leaks.items():
        _, before, after = rounds
        if after.open_requests:
            found.append(f"server {number} is still busy with {after.open_requests}")
        if after.files - before.files > FILES_GROWN_MAX or after.memory_mb - before.memory_mb > MEMORY_GROWN_MB_MAX:
            found.append(f"server {number} grows: {before} then {after}")
    return found


@pytest.mark.soak
def test_servers_that_suffer_serve_no_wrong_byte_and_lose_nothing(tmp_path: Path) -> None:
    with gathering(tmp_path) as team:
        fate, watch = suffer(team)
        leaks = look_for_leaks(team)
        lost, wrong = list_lost(team), check_vault(team)
        sys.stderr.write(render(team, fate, watch, leaks) + "\n")
        truth: Truth = team.truth
        assert truth.wrong == []
        assert lost == []
        assert wrong == []
        assert fate.faults == []
        assert list_traces(team) == []
        assert list_leaks(watch, leaks) == []
    assert truth.pushed, "nothing was pushed"
    assert sum(truth.sizes.values()) > 0
