"""From a chosen engine to its process: one command for each, the same environment for all."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.workflows.engines.choosing import Load
from holdfast.workflows.engines.environment import make_environment
from holdfast.workflows.engines.finding import EngineName, Installed
from holdfast.workflows.engines.processes import CHILD, EngineProcess, Start
from holdfast.workflows.engines.servers import Server

_OWN: Final = str(CHILD / "__main__.py")


@dataclass(frozen=True, slots=True)
class Room:
    """What a process may use: the variables it inherits from, a folder to write to, its log, memory (0: no limit)."""

    environ: Mapping[str, str]
    scratch: Path
    log: Path
    isolate: bool = True
    memory_bytes: int = 0


def start_worker(engine: EngineName, load: Load, folder: Path, installed: Installed, room: Room) -> EngineProcess:
    """A process in the engine's Python that loads the copy and answers requests."""
    main = (load.main,) if load.main else ()
    return _start((installed.python, _OWN, "worker", engine.value, str(folder), *main), {}, room, speaks=True)


def start_driver(server: Server, wait_s: float, room: Room) -> EngineProcess:
    """A server together with the process that asks it once, in one namespace."""
    return _start((sys.executable, _OWN, "driving", server.to_json(wait_s)), server.environ, room, speaks=True)


def start_server(server: Server, room: Room) -> EngineProcess:
    """A server that others are to reach."""
    return _start(server.command, server.environ, room, speaks=False)


def _start(command: tuple[str, ...], more: Mapping[str, str], room: Room, *, speaks: bool) -> EngineProcess:
    environ = {**make_environment(room.environ, room.scratch), **more}
    isolate = room.isolate and speaks
    return EngineProcess(Start(command, environ, room.scratch, room.log, isolate, room.memory_bytes, speaks))
