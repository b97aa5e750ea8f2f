"""Models that a server's clients ask for and the vault does not hold: pulled from a hub, verified, kept, then served.

What is held is served without waiting; whether its branch has moved on is asked beside that. What the hub cannot be
asked is never taken for an answer.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from time import monotonic
from typing import Final

from holdfast.records.errors import BusyVault, HoldfastError, NotUpstream, UnknownRepository, UnknownRevision
from holdfast.records.hub_service import ServedRevision
from holdfast.upstream.line import Line
from holdfast.workflows.pull import PullAsked, pull_over
from holdfast.workflows.pulling import HubAsked, find_standpoint
from holdfast.workflows.serve import Service
from holdfast.workflows.vaults import VaultAsked, open_vault

WAIT_S: Final = 8.0  # clients give a hub ten seconds
REFRESH_S: Final = 600.0
_MISSED_S: Final = 30.0
_AT_ONCE: Final = 2
_MISSES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class ThroughAsked:
    """Which hub stands behind the vault. `only` are patterns of the names that are pulled from it (none: all); a branch
    is compared with the hub's when that was not done for `refresh_s`; a client waits `wait_s` for what is pulled."""

    hub: HubAsked
    only: tuple[str, ...] = ()
    refresh_s: float = REFRESH_S
    wait_s: float = WAIT_S


@dataclass(slots=True)
class _Pull:
    """A pull on its way. `said` is how far it is, in words."""

    future: "Future[None]" = field(default_factory=Future)
    said: str = "its files are asked for"

    def tell(self, phase: str, done: int, total: int) -> None:
        """Note how far it is."""
        self.said = f"{phase} {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"


def make_vault(asked: VaultAsked) -> None:
    """See that there is a vault."""
    with open_vault(asked, make=True, adopt=False):
        pass


class PullThrough:
    """Pulls for many clients, each revision once at a time."""

    def __init__(self, asked: ThroughAsked, vault: VaultAsked, service: Service) -> None:
        find_standpoint(vault, asked.hub)  # raises what is wrong with it before the first client comes
        self._asked = asked
        self._vault = vault
        self._service = service
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="pulling")
        self._turn = threading.Lock()
        self._pulls: dict[tuple[str, str], _Pull] = {}
        self._asked_at: dict[tuple[str, str], float] = {}
        self._faults: dict[str, str] = {}

    def find_said(self, name: str, revision: str) -> str | None:
        """What `bring` would say, when it need not wait for anything; None when it must be asked."""
        held = self._service.find_known(name, revision)
        if held is None or (held.is_mirrored and held.ref and self._is_due(name, revision, self._asked.refresh_s)):
            return None
        return self._faults.get(name, "")

    def bring(self, name: str, revision: str) -> str:
        """See that a revision is held, if the hub has it; what is to be said of the hub beside the answer, if anything.

        Raises BusyVault while it is being pulled, ForbiddenByLever, and NetworkError when the hub cannot be asked for
        what is not held. A frozen copy, and what the hub has not either, are left to whoever answers.
        """
        if not self._is_wanted(name):
            return ""
        try:
            held = self._service.find_revision(name, revision)
        except (UnknownRepository, UnknownRevision):
            self._wait_for(name, revision)
            return ""
        if held.is_mirrored and held.ref and self._is_due(name, revision, self._asked.refresh_s):
            self._begin(name, revision, lambda pull: self._renew(pull, name, revision, held))
        return self._faults.get(name, "")

    def close(self) -> None:
        """Let go; what is being pulled goes on from its last range another time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_wanted(self, name: str) -> bool:
        parts = name.split("/")
        if len(parts) > 2 or not all(parts):
            return False
        return not self._asked.only or any(fnmatchcase(name, pattern) for pattern in self._asked.only)

    def _is_due(self, name: str, revision: str, every_s: float) -> bool:
        with self._turn:
            at = self._asked_at.get((name, revision))
            return at is None or monotonic() - at > every_s

    def _wait_for(self, name: str, revision: str) -> None:
        if not self._is_due(name, revision, _MISSED_S) and (name, revision) not in self._pulls:
            if fault := self._faults.get(name):
                raise BusyVault(fault, where=name, next_step="Ask again in a moment.")
            return  # the hub was asked just now, and has not got it
        pull = self._begin(name, revision, lambda pull: self._fetch(pull, name, revision))
        try:
            pull.future.result(self._asked.wait_s)
        except NotYet:
            raise BusyVault(
                f"{name} is being pulled from the hub behind this vault: {pull.said}",
                where=name,
                next_step="Ask again in a moment; it goes on meanwhile.",
            ) from None
        except NotUpstream:
            return
        self._service.notice()

    def _begin(self, name: str, revision: str, work: Callable[[_Pull], None]) -> _Pull:
        """The pull that is on its way, or a new one."""
        with self._turn:
            pull = self._pulls.get((name, revision))
            if pull is None:
                pull = self._pulls[name, revision] = _Pull()
                self._threads.submit(self._run, pull, name, revision, work)
            return pull

    def _run(self, pull: _Pull, name: str, revision: str, work: Callable[[_Pull], None]) -> None:
        error: BaseException | None = None
        try:
            work(pull)
        except BaseException as caught:  # whoever waits for it is told
            error = caught
        self._note(name, revision, error)
        if error is None:
            pull.future.set_result(None)
        else:
            pull.future.set_exception(error)

    def _note(self, name: str, revision: str, error: BaseException | None) -> None:
        with self._turn:
            if len(self._asked_at) > _MISSES_MAX:
                self._asked_at.clear()
            self._asked_at[name, revision] = monotonic()
            self._pulls.pop((name, revision), None)
            if error is None or (isinstance(error, NotUpstream) and not self._faults.get(name)):
                self._faults.pop(name, None)
                return
            what = error.what if isinstance(error, HoldfastError) else "a fault in the vault's server"
            when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._faults[name] = f"the hub behind this vault did not give {name} at {when}: {what}"

    def _fetch(self, pull: _Pull, name: str, revision: str) -> None:
        at = find_standpoint(self._vault, self._asked.hub)
        asked = PullAsked(self._vault, f"{name}@{revision}", self._asked.hub, why="a client asked for it")
        with Line(at.line) as line:
            pull_over(line, at, asked, pull.tell)

    def _renew(self, pull: _Pull, name: str, revision: str, held: ServedRevision) -> None:
        """Pull a branch when it has moved on."""
        at = find_standpoint(self._vault, self._asked.hub)
        with Line(at.line) as line:
            if line.ask(line.client.fetch_revision(name, revision)).commit == held.commit:
                return
            asked = PullAsked(self._vault, f"{name}@{revision}", self._asked.hub, why="its branch has moved on")
            pull_over(line, at, asked, pull.tell)
        self._service.notice()
