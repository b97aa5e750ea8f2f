"""Files of a hub's revision, taken into the vault: those that it knows already, and those that must be fetched first.

A file is taken in when its bytes have the digest that the hub states; one that has not is fetched once more.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from time import monotonic, sleep
from typing import Final

from blake3 import blake3

from holdfast.records.errors import BusyVault, ChangedUpstream, MalformedFile, NotVerified
from holdfast.records.hub import HubFile, HubRevision
from holdfast.records.vault import FileLayout
from holdfast.upstream.carrying import Arrived, Wanted
from holdfast.upstream.line import Line
from holdfast.upstream.spool import Spool, explaining, sweep_spools
from holdfast.vault.intake import Intake, KnownFile, find_known
from holdfast.vault.keeping.revisions import SourceEntry
from holdfast.vault.opening import Vault
from holdfast.workflows.keep import make_reader

SPOOLS: Final = "pulls"
_NAMED: Final = ".named"
_OLD_S: Final = 14 * 86400
_TOGETHER_BYTES: Final = 64 << 20
_TOGETHER_FILES: Final = 200
_TRIES: Final = 2
_OTHERS_S: Final = 3600.0
_OTHERS_WAIT_S: Final = 0.5

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Taking:
    """Where files come from and where they go."""

    vault: Vault
    line: Line
    revision: HubRevision
    name: str

    @property
    def folder(self) -> Path:
        """Where files on their way lie."""
        return self.vault.storage.staging.folder / SPOOLS


@dataclass(slots=True)
class Fetched:
    """What is in the vault now, by path. `taken_bytes` were taken in, `fetched_bytes` of them came in this run."""

    files: dict[str, KnownFile] = field(default_factory=dict[str, KnownFile])
    fetched_files: int = 0
    fetched_bytes: int = 0
    taken_bytes: int = 0
    warnings: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


def take_files(taking: Taking, wanted: Sequence[HubFile], report: Report) -> Fetched:
    """All of them. Raises NetworkError, or what keeping raises; what was taken in until then stays known."""
    fetched = Fetched()
    _sweep(taking.folder)
    known: dict[str, KnownFile] = {}
    missing: dict[str, HubFile] = {}
    for file in wanted:
        key = name_spool(taking, file)
        if key in known or key in missing:
            continue
        found = find_known(taking.vault, file.sha256, file.git_blob) if file.stated else None
        if found is None or found.size != file.size:
            missing[key] = file
        else:
            known[key] = found
            _forget(taking, key, file.size)
    taken = _Taker(taking, missing, fetched, report).take() if missing else {}
    for file in wanted:
        key = name_spool(taking, file)
        fetched.files[file.path] = taken[key] if key in taken else known[key]
    fetched.fetched_files = sum(1 for file in wanted if name_spool(taking, file) in taken)
    return fetched


def name_spool(taking: Taking, file: HubFile) -> str:
    """Named by the digest that the hub states: another revision or another hub goes on with the same bytes."""
    if file.stated:
        return file.stated.replace(":", "-")
    said = f"{taking.revision.endpoint} {taking.revision.name} {taking.revision.commit} {file.path}"
    return f"unstated-{blake3(said.encode()).hexdigest()}"


def _forget(taking: Taking, key: str, size: int) -> None:
    """What a process left that died after its file was taken in; nothing while another one is at it."""
    if (taking.folder / f"{key}.journal").exists():
        with suppress(BusyVault):
            spool = Spool(taking.folder, key, size)
            rmtree(spool.path.with_suffix(_NAMED), ignore_errors=True)
            spool.discard()


def _sweep(folder: Path) -> None:
    """Spools that nobody goes on with, and names that were left of one: a name is taken away before its spool is."""
    sweep_spools(folder, time.time() - _OLD_S)
    for named in folder.glob(f"*{_NAMED}"):
        if not named.with_suffix(".journal").exists():
            rmtree(named, ignore_errors=True)


class _Taker:
    """Fetches and takes in, both at once."""

    def __init__(self, taking: Taking, missing: dict[str, HubFile], fetched: Fetched, report: Report) -> None:
        self._taking = taking
        self._missing = missing
        self._fetched = fetched
        self._report = report
        self._total = sum(file.size for file in missing.values())
        self._arrived = 0
        self._read = 0
        self._intake = Intake(taking.vault, make_forgiving_reader(fetched.warnings), self._tell_read)

    def take(self) -> dict[str, KnownFile]:
        """The files by their spools' names. Raises BusyVault when somebody else fetches one of them for an hour."""
        taken: dict[str, KnownFile] = {}
        deadline = monotonic() + _OTHERS_S
        turn = 0
        while turn < _TRIES and len(taken) < len(self._missing):
            wanted = [self._want(key, file) for key, file in self._missing.items() if key not in taken]
            with self._taking.line.fetching(wanted, self._taking.folder, self._tell_arrived) as arriving:
                for some in arriving:
                    for batch in _batch(some):
                        taken.update(self._take_in(batch, is_last=turn == _TRIES - 1))
                passed = arriving.passed
            if passed:
                taken.update(self._await_others(passed, deadline))
            else:
                turn += 1
        return taken

    def _await_others(self, passed: Sequence[Wanted], deadline: float) -> dict[str, KnownFile]:
        """What those who were fetching it have taken in by now; the rest is tried again."""
        if monotonic() > deadline:
            raise BusyVault(
                f"another pull has been fetching {passed[0].file.path} for an hour",
                where=str(self._taking.folder),
                next_step="See what it waits for, or stop it; then run again.",
            )
        sleep(_OTHERS_WAIT_S)
        found = {one.spool: find_known(self._taking.vault, one.file.sha256, one.file.git_blob) for one in passed}
        return {key: file for key, file in found.items() if file is not None}

    def _want(self, key: str, file: HubFile) -> Wanted:
        revision = self._taking.revision
        return Wanted(file, self._taking.line.endpoint.file(revision.name, revision.commit, file.path), key)

    def _take_in(self, arrived: Sequence[Arrived], *, is_last: bool) -> dict[str, KnownFile]:
        """Those that are what the hub states; the others are forgotten, or told when it is the last turn."""
        entries = [self._make_entry(one) for one in arrived]
        try:
            files = self._intake.add_all(entries)
        except NotVerified as error:
            if len(arrived) > 1:
                each = [self._take_in([one], is_last=is_last) for one in arrived]
                return {key: file for found in each for key, file in found.items()}
            self._reject(arrived[0], error, is_last=is_last)
            return {}
        for one, entry in zip(arrived, entries, strict=True):
            self._fetched.taken_bytes += one.wanted.file.size
            self._fetched.fetched_bytes += one.wanted.file.size - one.spool.resumed_bytes
            _clear(one, entry.source)
        return {one.wanted.spool: file for one, file in zip(arrived, files, strict=True)}

    def _make_entry(self, one: Arrived) -> SourceEntry:
        """The file under its own name, by which formats and dangers are judged."""
        file, link = one.wanted.file, one.spool.path.with_suffix(_NAMED) / Path(one.wanted.file.path).name
        with explaining(link):
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            os.link(one.spool.path, link)
        return SourceEntry(file.path, link, file.sha256, "" if file.sha256 else file.git_blob)

    def _reject(self, one: Arrived, error: NotVerified, *, is_last: bool) -> None:
        file = one.wanted.file
        self._arrived -= file.size
        _clear(one, one.spool.path.with_suffix(_NAMED) / Path(file.path).name)
        if is_last:
            raise ChangedUpstream(
                f"what arrives of {file.path} is not what the hub states: {error.what}",
                where=one.wanted.url,
                next_step="Nothing of it was kept. Ask whoever runs the hub, or pull from another: --endpoint.",
            ) from error
        self._fetched.notes.append(f"{file.path} arrived wrong and was fetched again: {error.what}")

    def _tell_arrived(self, count: int) -> None:
        self._arrived += count
        self._report(f"{self._taking.name}: fetching", self._arrived, self._total)

    def _tell_read(self, phase: str, count: int) -> None:
        self._read += count
        self._report(f"{self._taking.name}: {phase}", self._read, self._total)


def _clear(one: Arrived, link: Path) -> None:
    with suppress(OSError):
        link.unlink(missing_ok=True)
        link.parent.rmdir()
    one.spool.discard()
    one.done()


def _batch(arrived: Iterable[Arrived]) -> Iterable[list[Arrived]]:
    """Small files together, which share packs; a large one by itself."""
    some: list[Arrived] = []
    size = 0
    for one in arrived:
        if some and (size + one.spool.size > _TOGETHER_BYTES or len(some) >= _TOGETHER_FILES):
            yield some
            some, size = [], 0
        some.append(one)
        size += one.spool.size
    if some:
        yield some


def make_forgiving_reader(warnings: list[str]) -> Callable[[Path], FileLayout]:
    """Cuts files as they are taken in; one that breaks its format's rules is kept as bytes, with a warning: its digest
    tells that it is what upstream has."""
    strict = make_reader(warnings, as_bytes=False)
    plain = make_reader(warnings, as_bytes=True)

    def read(path: Path) -> FileLayout:
        try:
            return strict(path)
        except MalformedFile as error:
            warnings.append(f"{path.name}: kept as bytes, for it breaks its format's rules: {error.what}")
            return plain(path)

    return read
