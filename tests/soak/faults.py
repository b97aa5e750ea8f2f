"""What befalls the servers, one thing after another, drawn from a seed; each is over when its function returns."""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final, TypeAlias

from aiohttp import web

from tests.soak.team import Server, Team
from tests.upstream.hub import fail

Fault: TypeAlias = Callable[["Fate"], None]


@dataclass
class Fate:
    """Draws what happens, and remembers what did. `ended` is set when enough has."""

    team: Team
    draw: random.Random
    ended: Event = field(default_factory=Event)
    counts: Counter[str] = field(default_factory=Counter[str])
    told: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])
    began: float = field(default_factory=monotonic)

    def tell(self, text: str) -> None:
        """A line of the story."""
        self.told.append(f"{monotonic() - self.began:7.1f} s  {text}")

    def wait(self, least_s: float, most_s: float) -> None:
        """Some time, not past the end."""
        self.ended.wait(self.draw.uniform(least_s, most_s))

    def choose_server(self) -> Server:
        """The first more often: the second lives long, so that what leaks is seen."""
        return self.team.servers[0 if self.draw.random() < 0.8 else 1]

    def run(self) -> None:
        """Until `ended`: each once, in some order, then as often as FAULTS has it."""
        first = self.draw.sample([one for one, _ in FAULTS], len(FAULTS))
        while not self.ended.is_set():
            fault = first.pop() if first else self._draw_fault()
            self.counts[fault.__name__] += 1
            fault(self)
            self._look_for_the_dead()
            self.wait(0.5, 3)

    def _draw_fault(self) -> Fault:
        return self.draw.choices([one for one, _ in FAULTS], [weight for _, weight in FAULTS])[0]

    def _look_for_the_dead(self) -> None:
        for server in self.team.servers:
            if not server.is_alive:
                self.faults.append(f"server {server.number} ended by itself")
                server.stop(at_once=True)
                server.start()


def kill(fate: Fate) -> None:
    """SIGKILL, and a new start some time later."""
    server = fate.choose_server()
    fate.tell(f"server {server.number} is killed")
    server.stop(at_once=True)
    fate.wait(0, 2)
    server.start()


def end(fate: Fate) -> None:
    """SIGTERM, and a new start."""
    server = fate.choose_server()
    fate.tell(f"server {server.number} is told to end")
    code = server.stop(at_once=False)
    if code != 0:
        fate.faults.append(f"server {server.number} ended with {code} at SIGTERM")
    server.start()


def pause(fate: Fate) -> None:
    """As a machine that swaps, or is moved: nothing at all happens for a while."""
    server = fate.choose_server()
    fate.tell(f"server {server.number} stands still")
    os.kill(server.pid, signal.SIGSTOP)
    fate.wait(1, 4)
    os.kill(server.pid, signal.SIGCONT)


def fill_the_disk(fate: Fate) -> None:
    """Nothing more can be written for a while."""
    if fate.team.disk is None:
        return
    filler = fate.team.disk / "filler"
    fate.tell("the disk is full")
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                while file.write(b"\0" * size) == size:
                    pass
    except OSError:
        pass
    fate.wait(1, 5)
    filler.unlink()


def flip_a_bit(fate: Fate) -> None:
    """A bit of a pack turns; some time later the pack is repaired from a copy of the vault."""
    path = fate.draw.choice(fate.team.packs)
    offset = fate.draw.randrange(path.stat().st_size)
    fate.tell(f"bit {offset} of {path.name[:12]} turns")
    fate.team.truth.damaged = True
    _turn(path, offset, 1 << fate.draw.randrange(8))
    fate.wait(1, 4)
    for _ in range(3):  # a server may have been killed while it held what repair needs
        done = fate.team.run("repair", "--from", fate.team.backup)
        if done.code == 0:
            break
    else:
        fate.faults.append(f"repair ended with {done.code}: {done.out[-500:]}{done.err[-1000:]}")
    fate.wait(1, 1)  # who reads an answer that was begun before is done by then
    fate.team.truth.damaged = False


def _turn(path: Path, offset: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        value = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([value ^ bit]))


def lose_the_hub(fate: Fate) -> None:
    """The hub behind the vault answers with errors, or breaks off each body, or sends wrong bytes."""
    hub, kind = fate.team.hub, fate.draw.choice(("errors", "cuts", "lies"))
    fate.tell(f"the hub behind: {kind}")
    if kind == "errors":
        hub.fault = _fail
    elif kind == "cuts":
        hub.cuts[:] = [fate.draw.randrange(1_000_000) for _ in range(200)]
    else:
        hub.lies["w/model.bin"] = fate.draw.randbytes(1_500_000)
    fate.wait(2, 6)
    hub.fault = None
    hub.cuts.clear()
    hub.lies.clear()


async def _fail(_request: web.Request) -> web.StreamResponse | None:
    return fail(500, message="out of order")


FAULTS: Final[tuple[tuple[Fault, int], ...]] = (
    (kill, 4),
    (end, 2),
    (pause, 1),
    (fill_the_disk, 3),
    (flip_a_bit, 3),
    (lose_the_hub, 3),
)
"""Each with how often it is drawn."""
