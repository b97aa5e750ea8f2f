"""`holdfast run`: an engine started on a kept copy, offline and on loopback alone, until who asked for it ends it."""

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from holdfast.records.errors import EngineError
from holdfast.vault.catalogue.revisions import RevisionRow, read_files
from holdfast.workflows.engines.child.driving import run_after, wait_healthy
from holdfast.workflows.engines.choosing import Load, Wish, choose
from holdfast.workflows.engines.environment import make_environment
from holdfast.workflows.engines.finding import EngineName, Installed, find_engines, read_version
from holdfast.workflows.engines.folder import hold_folder
from holdfast.workflows.engines.logs import make_log
from holdfast.workflows.engines.processes import EngineProcess, read_tail
from holdfast.workflows.engines.servers import HOST, Place, Server, is_server, make_server
from holdfast.workflows.engines.starting import Room, start_server, start_worker
from holdfast.workflows.restore import check_usable
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

PORT: Final = 8421
START_S: Final = 900.0
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RunAsked:
    """Which copy, with which engine, on which port of loopback, in which Python (empty: the environment's or this)."""

    vault: VaultAsked
    model: str
    wish: Wish = field(default_factory=Wish)
    port: int = PORT
    python: str = ""
    timeout_s: float = START_S


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that has loaded its copy. `model` is the name to ask for; `kind` is generate, embed or classify.

    An engine that `speaks` is not reachable by itself: whoever started it answers on the port for it.
    """

    model: str
    revision: str
    engine: EngineName
    version: str
    kind: str
    port: int
    folder: Path
    log: Path
    isolation: str
    process: EngineProcess
    speaks: bool
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """What goes where OpenAI's base URL goes."""
        return f"http://{HOST}:{self.port}/v1"

    def explain_end(self) -> EngineError:
        """Why an engine that was not told to end has ended."""
        return _explain(self.process.end().describe(), self.model, self.log)


@contextmanager
def run_model(asked: RunAsked, report: Report) -> Generator[Running]:
    """A running engine for the time of a `with` block; on leaving it is gone, and the run folder stays.

    Raises FrozenCopy, MissingEngine, EngineError with the end of its log, DamagedVault.
    """
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, asked.model)
        check_usable(vault, row)
        installed = find_engines(asked.python, asked.vault.environ)
        load, engine = choose(row.model, read_files(vault.database, row.id), asked.wish, installed)
        total = sum(file.size for file in load.files)
        done = [0]

        def tell(count: int) -> None:
            done[0] += count
            report(f"{row.name}: restoring", done[0], total)

        with hold_folder(asked.vault, vault, row, load, tell) as folder:
            report(f"{row.name}: starting {engine}", total, total)
            with tempfile.TemporaryDirectory(prefix="holdfast-run-") as scratch:
                room = Room(asked.vault.environ, Path(scratch), make_log(row.name, engine, asked.vault.environ))
                start = _serve if is_server(load, engine) else _work
                with start(row, _Chosen(asked, load, engine, installed, folder.path), room) as running:
                    yield running


@dataclass(frozen=True, slots=True)
class _Chosen:
    asked: RunAsked
    load: Load
    engine: EngineName
    installed: Installed
    folder: Path


@contextmanager
def _work(row: RevisionRow, chosen: _Chosen, room: Room) -> Generator[Running]:
    """A library's engine: in a namespace without a network, spoken to over pipes."""
    with start_worker(chosen.engine, chosen.load, chosen.folder, chosen.installed, room) as process:
        first = process.wait_ready(chosen.asked.timeout_s)
        if first["event"] != "ready":
            raise _explain(_say_first(first, process, chosen.asked.timeout_s), row.model, room.log)
        facts = cast("dict[str, Any]", first["facts"])
        if facts["kind"] == "forward":
            raise EngineError(
                f"{facts['version']} loads it, but it neither makes text nor embeddings nor labels of text",
                where=row.model,
                next_step="`holdfast smoke` tests it; restore it for the program that it is for.",
            )
        yield Running(
            model=row.name,
            revision=row.revision,
            engine=chosen.engine,
            version=str(facts["version"]),
            kind=str(facts["kind"]),
            port=chosen.asked.port,
            folder=chosen.folder,
            log=room.log,
            isolation=process.isolation,
            process=process,
            speaks=True,
            labels=tuple(facts["labels"]),
            notes=tuple(facts["notes"]),
        )


def _say_first(first: dict[str, Any], process: EngineProcess, timeout_s: float) -> str:
    if first["event"] == "failed":
        return str(first["reason"])
    return process.end().describe() if first["event"] == "ended" else f"it was not ready after {timeout_s:.0f} s"


@contextmanager
def _serve(row: RevisionRow, chosen: _Chosen, room: Room) -> Generator[Running]:
    """An engine that is a server of its own."""
    place = Place(chosen.folder, row.name, room.scratch, chosen.asked.port)
    server = make_server(chosen.engine, chosen.load, place, chosen.installed)
    with start_server(server, room) as process:
        problem = wait_healthy(server.port, server.health, chosen.asked.timeout_s, lambda: process.is_over)
        problem = problem or run_after(server.after, _environ(server, room))
        if problem:
            raise _explain(process.end().describe() if process.is_over else problem, row.model, room.log)
        yield Running(
            model=server.model,
            revision=row.revision,
            engine=chosen.engine,
            version=read_version(chosen.installed, chosen.engine, room.environ),
            kind=server.kind,
            port=server.port,
            folder=chosen.folder,
            log=room.log,
            isolation="none (it answers on loopback itself)",
            process=process,
            speaks=False,
        )


def _environ(server: Server, room: Room) -> dict[str, str]:
    return {**make_environment(room.environ, room.scratch), **server.environ}


def _explain(what: str, model: str, log: Path) -> EngineError:
    tail = read_tail(log).splitlines()[-3:]
    said = f" Its last words: {' / '.join(line.strip() for line in tail)}" if tail else ""
    return EngineError(what, where=model, next_step=f"The whole log: {log}.{said}")
