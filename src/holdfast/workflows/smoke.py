"""`holdfast smoke`: a kept copy loaded in a known runtime without a network, one pass run, and the result recorded."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final, cast

from holdfast.records.smoke import SmokeOutcome, SmokeResult
from holdfast.vault.catalogue.revisions import RevisionRow, read_files
from holdfast.vault.opening import Vault
from holdfast.workflows.engines.choosing import Load, Wish, choose
from holdfast.workflows.engines.finding import EngineName, Installed, find_engines, read_version
from holdfast.workflows.engines.folder import hold_folder, remove_folder
from holdfast.workflows.engines.logs import make_log
from holdfast.workflows.engines.processes import EngineProcess, Event
from holdfast.workflows.engines.servers import Place, find_free_port, is_server, make_server
from holdfast.workflows.engines.starting import Room, start_driver, start_worker
from holdfast.workflows.readiness import Smoked, record_smoke
from holdfast.workflows.restore import check_usable
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

TIMEOUT_S: Final = 900.0
_OUTCOMES: Final = {"unsound": SmokeOutcome.FAILED, "refused": SmokeOutcome.FAILED, "unknown": SmokeOutcome.UNKNOWN}
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SmokeAsked:
    """Which copy, with which engine, in which Python (empty: the environment's or this one), within which limits.

    `memory_bytes` 0 means no limit. `keep_files` leaves what was restored for the next run.
    """

    vault: VaultAsked
    model: str
    wish: Wish = field(default_factory=Wish)
    python: str = ""
    timeout_s: float = TIMEOUT_S
    memory_bytes: int = 0
    keep_files: bool = False


@dataclass(frozen=True, slots=True)
class SmokedCopy:
    """A copy with what its smoke test found; `log` is where the engine's own words are."""

    model: str
    revision: str
    manifest: str
    smoked: Smoked
    log: str
    notes: tuple[str, ...]


def run_smoke(asked: SmokeAsked, report: Report) -> SmokedCopy:
    """Test one copy and record the result, whatever it is.

    Raises FrozenCopy, MissingEngine and EngineError (nothing to run it with), DamagedVault: then nothing is recorded.
    """
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, asked.model)
        check_usable(vault, row)
        files = read_files(vault.database, row.id)
        installed = find_engines(asked.python, asked.vault.environ)
        load, engine = choose(row.model, files, asked.wish, installed)
        log = make_log(row.name, engine, asked.vault.environ)
        result = _restore_and_try(vault, row, asked, _Chosen(load, engine, installed, log), report)
        smoked, fault = record_smoke(vault, row, result, asked.vault)
    return SmokedCopy(row.name, row.revision, row.manifest, smoked, str(log), (fault,) if fault else ())


@dataclass(frozen=True, slots=True)
class _Chosen:
    load: Load
    engine: EngineName
    installed: Installed
    log: Path


def _restore_and_try(vault: Vault, row: RevisionRow, asked: SmokeAsked, chosen: _Chosen, report: Report) -> SmokeResult:
    total = sum(file.size for file in chosen.load.files)
    done = [0]

    def tell(count: int) -> None:
        done[0] += count
        report(f"{row.name}: restoring", done[0], total)

    with hold_folder(asked.vault, vault, row, chosen.load, tell) as folder:
        report(f"{row.name}: running with {chosen.engine}", total, total)
        with tempfile.TemporaryDirectory(prefix="holdfast-smoke-") as scratch:
            room = Room(asked.vault.environ, Path(scratch), chosen.log, memory_bytes=asked.memory_bytes)
            result = _try(row.name, folder.path, chosen, room, asked.timeout_s)
    if not (asked.keep_files or folder.was_there):
        remove_folder(folder)
    return result


def _try(name: str, folder: Path, chosen: _Chosen, room: Room, timeout_s: float) -> SmokeResult:
    """One smoke test; every way it can end is a result."""
    begun = monotonic()
    load, engine, installed = chosen.load, chosen.engine, chosen.installed
    with ExitStack() as stack:
        if is_server(load, engine):
            server = make_server(engine, load, Place(folder, name, room.scratch, find_free_port()), installed)
            process = stack.enter_context(start_driver(server, timeout_s, room))
            version = read_version(installed, engine, room.environ)
        else:
            process = stack.enter_context(start_worker(engine, load, folder, installed, room))
            version = engine.value
        first = process.wait_ready(timeout_s)
        ready = monotonic()
        last = process.call({"do": "probe"}, timeout_s) if first["event"] == "ready" else first
        passed = monotonic()
        ended = process.kill() if last["event"] == "late" else process.end()
    facts = cast("dict[str, Any]", first.get("facts") or {})
    probe = cast("dict[str, Any]", last.get("result") or {})
    outcome, reason = _judge(last, process, timeout_s)
    return SmokeResult(
        outcome=outcome,
        reason=reason,
        engine=engine.value,
        version=str(facts.get("version") or version),
        isolation=process.isolation,
        files=tuple(sorted(file.path for file in load.files)),
        checked=str(probe.get("checked", "")),
        shape=tuple(probe.get("shape", ())),
        output_sha256=str(probe.get("digest", "")),
        sample=str(probe.get("sample", "")),
        load_s=round(ready - begun, 3),
        pass_s=round(passed - ready, 3),
        peak_memory_bytes=ended.peak_memory_bytes,
        notes=(*_tell_choice(load), *map(str, cast("Sequence[object]", facts.get("notes", ())))),
    )


def _judge(last: Event, process: EngineProcess, timeout_s: float) -> tuple[SmokeOutcome, str]:
    if last["event"] == "done":
        return SmokeOutcome.PASSED, ""
    if last["event"] == "late":
        return SmokeOutcome.UNKNOWN, f"the engine did not answer within {timeout_s:.0f} s, and was ended"
    if last["event"] == "failed":
        return _OUTCOMES.get(str(last.get("outcome")), SmokeOutcome.UNKNOWN), str(last.get("reason"))[:1000]
    return SmokeOutcome.UNKNOWN, process.end().describe()


def _tell_choice(load: Load) -> tuple[str, ...]:
    return (f"{load.main}, one of {load.of} such files",) if load.of > 1 else ()
