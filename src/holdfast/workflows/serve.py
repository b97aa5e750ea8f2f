"""`holdfast serve`: what the vault says to a hub's clients. It knows names, copies and bytes, and nothing of HTTP.

What is decided about a copy counts for every question that is asked half a second later.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from holdfast.formats.git import compute_pointer
from holdfast.records.errors import HoldfastError, UnknownEntry, UnknownRepository, UnknownRevision
from holdfast.records.hub_service import (
    Freeze,
    HeldBack,
    ModelFacts,
    ServedCommit,
    ServedFile,
    ServedModel,
    ServedRef,
    ServedRevision,
    ServedTree,
)
from holdfast.records.vault import ObjectId, RevisionManifest
from holdfast.records.vault_log import LogVerb
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.renewing import RenewingDatabase
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.catalogue.serving import list_large_files, read_stamp
from holdfast.vault.catalogue.shared import SharedDatabase
from holdfast.vault.checking import read_file_manifest, read_revision
from holdfast.vault.opening import Vault, find_identity
from holdfast.vault.sending import Layout
from holdfast.workflows.auditing import Tally
from holdfast.workflows.deciding import find_last
from holdfast.workflows.hub_bodies import Body, BodySource
from holdfast.workflows.hub_facts import read_facts, read_headers
from holdfast.workflows.hub_names import Repository, Resolved, list_names, read_repository, resolve
from holdfast.workflows.hub_verified import VerifiedTimes
from holdfast.workflows.hub_views import make_tree
from holdfast.workflows.hub_writing.history import iterate_history
from holdfast.workflows.overview import Overview, read_overview
from holdfast.workflows.vaults import VaultAsked, open_vault, reopen_catalogue

FRESH_S: Final = 0.4  # what was decided is known after so long at the latest
ADOPT_S: Final = 5.0  # packs that came without this catalogue's knowing are looked for so often
ADOPT_MAX_S: Final = 15.0  # or, where that takes long, so often
MISSED_S: Final = 1.0  # and so often when something is asked for that is not known
_VERIFIED_S: Final = 30.0
_LEVER: Final = re.compile(r"(?:^|; )([a-z0-9][a-z0-9.-]*) \([^)]*\): to ")
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class ServeAsked:
    """Which vault is served. `trusted_hours`: plain frames of packs verified within so many hours are sent unchecked; 0
    for never."""

    vault: VaultAsked
    trusted_hours: float = 0.0


class _Kept(Generic[_K, _V]):
    """The values used last, up to a weight in all."""

    def __init__(self, weight_max: int) -> None:
        self._values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._left = weight_max
        self._turn = threading.Lock()

    def find(self, key: _K) -> _V | None:
        with self._turn:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: _K, value: _V, weight: int) -> None:
        with self._turn:
            if key in self._values:
                return
            self._values[key] = value, weight
            self._left -= weight
            while self._left < 0 and len(self._values) > 1:
                _, (_, freed) = self._values.popitem(last=False)
                self._left += freed


class Service:
    """A vault, open to be asked by many threads. Every answer is about kept copies; one that is frozen is HeldBack."""

    def __init__(self, vault: Vault, asked: ServeAsked, beside: ExitStack) -> None:
        renewing = RenewingDatabase(vault.database, lambda: reopen_catalogue(asked.vault, vault))
        self._vault = replace(vault, database=SharedDatabase(renewing))
        self._asked = asked
        self._beside = beside
        self._manifests: _Kept[ObjectId, RevisionManifest] = _Kept(64 << 10)  # files
        self._trees: _Kept[ObjectId, ServedTree] = _Kept(256 << 10)  # files
        self._layouts: _Kept[ObjectId, Layout] = _Kept(256 << 10)  # segments
        self._facts: _Kept[ObjectId, ModelFacts] = _Kept(2048)
        self._bodies = BodySource(self._vault)
        self._verified = VerifiedTimes(self._vault.database, asked.vault)
        self._names = _Names({}, {}, (), 0.0, 0.0)
        self._turn = threading.RLock()
        self._tally = Tally()
        self._adopter = _Adopter(asked.vault)

    @property
    def location(self) -> str:
        """Where the vault is."""
        return self._vault.location

    @property
    def vault(self) -> Vault:
        """The vault, to be read by any thread and written by none."""
        return self._vault

    def check_ready(self) -> None:
        """Raises what is wrong when the medium or the catalogue does not answer."""
        find_identity(self._vault.storage)
        read_stamp(self._vault.database)

    def read_overview(self) -> Overview:
        """All copies, for people, and how often the log says that they were served."""
        return read_overview(self._vault, self._tally)

    def close(self) -> None:
        """Let go of the vault."""
        self._adopter.close()
        self._bodies.close()
        self._verified.close()
        self._vault.close()
        self._beside.close()

    # --- names ---

    def find_known(self, name: str, asked: str) -> ServedRevision | None:
        """A revision that was asked for just now, without waiting for anything; None when it must be looked up."""
        names = self._names
        return names.revisions.get((name, asked)) if monotonic() - names.at < FRESH_S else None

    def find_revision(self, name: str, asked: str) -> ServedRevision:
        """A revision as clients name it. Raises UnknownRepository, UnknownRevision, HeldBack or DamagedVault."""
        names = self._refresh()
        known = names.revisions.get((name, asked))
        if known is not None:
            return known
        try:
            found = self._look_up(names, name, asked)
        except (UnknownRepository, UnknownRevision):
            if not self._adopter.adopt(MISSED_S):
                raise
            names = self._renew()
            found = self._look_up(names, name, asked)
        names.revisions[name, asked] = found
        return found

    def notice(self) -> None:
        """Know at once what was decided just now."""
        self._renew()

    def check_repository(self, name: str) -> None:
        """Raises UnknownRepository."""
        self._find_repository(self._refresh(), name)

    def list_refs(self, name: str) -> list[ServedRef]:
        """Branches and tags, `main` first."""
        repository = self._find_repository(self._refresh(), name)
        return [
            ServedRef(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"), ref, self._get_commit(resolved.row))
            for ref, resolved in list_names(repository)
        ]

    def list_commits(self, name: str, asked: str) -> list[ServedCommit]:
        """The commit of a revision and those before it, as far as they are held."""
        revision = self.find_revision(name, asked)
        return list(iterate_history(self._vault, revision.commit)) or [make_commit(revision)]

    def iterate_models(self) -> Iterator[ServedModel]:
        """Every repository, in order of its name."""
        self._refresh()
        newest: dict[str, ServedModel] = {}
        for row in iterate_revisions(self._vault.database):
            if row.state not in (KEPT, FROZEN):
                continue
            seen = newest.get(row.name)
            if seen is None:
                newest[row.name] = ServedModel(row.name, row.revision, row.kept_at or "", 1, row.state == FROZEN)
            else:
                newest[row.name] = replace(seen, copies=seen.copies + 1)
        return iter(newest.values())

    def _look_up(self, names: "_Names", name: str, asked: str) -> ServedRevision:
        repository = self._find_repository(names, name)
        found = resolve(repository, asked, self._get_commit)
        if found.row.state == FROZEN:
            raise self._hold_back(found.row)
        return self._serve(found)

    def _find_repository(self, names: "_Names", name: str) -> Repository:
        known = names.repositories.get(name)
        if known is None:
            known = names.repositories[name] = read_repository(self._vault, name)
        return known

    def _refresh(self) -> "_Names":
        """The names that are known, emptied if anything was decided since they were."""
        if monotonic() - self._names.at < FRESH_S:
            return self._names
        self._adopter.adopt_beside(ADOPT_S)
        return self._renew()

    def _renew(self) -> "_Names":
        with self._turn:
            now = monotonic()
            stamp = read_stamp(self._vault.database)
            old = self._names
            if stamp == old.stamp and now - old.since < _VERIFIED_S:
                self._names = replace(old, at=now)
            else:
                self._names = _Names({}, {}, stamp, now, now)
            return self._names

    # --- copies ---

    def _serve(self, found: Resolved) -> ServedRevision:
        row, manifest = found.row, self._read_manifest(found.row)
        verified = self._verified.find(row.id)
        return ServedRevision(
            name=row.name,
            ref=found.ref,
            revision=row.revision,
            manifest=row.manifest,
            tree=self._get_tree(row),
            kept_at=row.kept_at or manifest.origin.retrieved_at,
            retrieved_at=manifest.origin.retrieved_at,
            source=manifest.origin.source,
            licence=manifest.licence,
            bases=manifest.bases,
            verified_at=None if verified is None else write_time(verified),
            is_mirrored="://" in manifest.origin.source,
        )

    def _get_tree(self, row: RevisionRow) -> ServedTree:
        tree = self._trees.find(row.manifest)
        if tree is None:
            tree = make_tree(self._vault, row, self._read_manifest(row))
            self._trees.put(row.manifest, tree, len(tree.files) + 1)
        return tree

    def _get_commit(self, row: RevisionRow) -> str:
        return self._get_tree(row).commit

    def _read_manifest(self, row: RevisionRow) -> RevisionManifest:
        manifest = self._manifests.find(row.manifest)
        if manifest is None:
            manifest = read_revision(self._vault, row.manifest)
            self._manifests.put(row.manifest, manifest, len(manifest.files) + 1)
        return manifest

    def _hold_back(self, row: RevisionRow) -> HeldBack:
        last = find_last(self._vault, row.model, LogVerb.FREEZE)
        why, by, at = (last.why, last.by, last.at) if last else ("its decision cannot be read", "unknown", "")
        levers = tuple(dict.fromkeys(_LEVER.findall(why)))
        return HeldBack(
            f"{row.model} was frozen by {by} at {at}: {why}",
            Freeze(row.model, levers, why, by, at),
            where=row.name,
            next_step=f"Whoever may decide it can run: holdfast thaw {row.model} --by NAME --why TEXT",
        )

    def read_facts(self, revision: ServedRevision) -> ModelFacts:
        """What its card and configuration declare."""
        facts = self._facts.find(revision.manifest)
        if facts is None:
            facts = read_facts(self.read_range, revision)
            self._facts.put(revision.manifest, facts, 1)
        return facts

    def read_headers(self, revision: ServedRevision, path: str) -> dict[str, Any]:
        """The headers of the safetensors files that an index names. Raises UnknownEntry, MalformedFile, LimitExceeded
        or DamagedVault."""
        return read_headers(self.read_range, revision, path)

    # --- bytes ---

    def open_body(self, file: ServedFile, begin: int, end: int, *, trusting: bool = False) -> Body:
        """Bytes `begin` to `end` of a file. Raises DamagedVault when its manifest cannot be read. `trusting` lets packs
        be sent unchecked that were verified within the time that was set, if one was."""
        layout = self._layouts.find(file.manifest)
        if layout is None:
            layout = Layout(read_file_manifest(self._vault, file.manifest))
            self._layouts.put(file.manifest, layout, len(layout.manifest.segments) + 16)
        hours = self._asked.trusted_hours if trusting else 0.0
        since = self._vault.now - int(hours * 3600) if hours > 0 else None
        return Body(self._bodies, layout, begin, end, since)

    def list_large(self, bytes_min: int) -> list[ServedFile]:
        """The files of so many bytes and more that kept copies have, each once and without a path."""
        found = list_large_files(self._vault.database, bytes_min)
        return [ServedFile("", one.size, one.sha256, "", 0, one.manifest) for one in found]

    def read_range(self, file: ServedFile, begin: int, end: int) -> bytes:
        """Bytes of a file that fit into memory."""
        body = self.open_body(file, begin, end)
        try:
            return body.read_all()
        finally:
            body.close()


@dataclass(frozen=True, slots=True)
class _Names:
    """What names mean, as of a moment and of what had been decided then."""

    repositories: dict[str, Repository]
    revisions: dict[tuple[str, str], ServedRevision]
    stamp: tuple[int, ...]
    since: float
    at: float


class _Adopter:
    """Looks for packs that others put on the medium, through a catalogue connection of its own."""

    def __init__(self, asked: VaultAsked) -> None:
        self._asked = asked
        self._stack = ExitStack()
        self._vault: Vault | None = None
        self._turn = threading.Lock()
        self._at = monotonic()
        self._took_s = 0.0

    def adopt(self, every_s: float) -> bool:
        """Take in what is new, unless that was done a moment ago; whether it was done now. However many ask, not
        much of the time is spent on it."""
        with self._turn:
            if not self._is_due(every_s):
                return False
            began = monotonic()
            try:
                if self._vault is None:
                    self._vault = self._stack.enter_context(open_vault(self._asked, adopt=False))
                adopt_packs(self._vault)
            except HoldfastError:
                self._let_go()  # the next time begins with a new connection
                return False  # who reads what is missing is told so
            finally:
                self._at = monotonic()
                self._took_s = self._at - began
            return True

    def _is_due(self, every_s: float) -> bool:
        return monotonic() - self._at >= max(every_s, min(10 * self._took_s, ADOPT_MAX_S))

    def adopt_beside(self, every_s: float) -> None:
        """The same in a thread of its own."""
        if self._is_due(every_s) and not self._turn.locked():
            threading.Thread(target=self.adopt, args=(every_s,), daemon=True).start()

    def close(self) -> None:
        """Let go of the catalogue."""
        with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        self._vault = None
        self._stack.close()


def open_service(asked: ServeAsked) -> Service:
    """The vault, open until the service is closed. Raises MissingPath when there is none."""
    stack = ExitStack()
    vault = stack.enter_context(open_vault(asked.vault))
    return Service(vault, asked, stack)


def find_file(revision: ServedRevision, path: str) -> ServedFile:
    """Raises UnknownEntry."""
    file = revision.tree.files.get(path)
    if file is None:
        raise UnknownEntry(
            f"{revision.name} has no file {path[:200]!r} at {revision.commit}",
            where=revision.name,
            next_step="See the tree of the revision.",
        )
    return file


def make_commit(revision: ServedRevision) -> ServedCommit:
    """The commit of a copy, in words."""
    title = f"{revision.name}@{revision.revision}, kept at {revision.kept_at}"
    return ServedCommit(revision.commit, title, "", "holdfast", revision.retrieved_at)


def make_pointer(file: ServedFile) -> bytes:
    """What lies in git for a large file."""
    return compute_pointer(file.sha256, file.size)


def write_time(seconds: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
