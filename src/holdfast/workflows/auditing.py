"""What servers gave out and refused, written into the vault's log, and read from it again: who was served how often.

Entries are appended many at once. What could not be appended is the caller's still: nothing is dropped here.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from holdfast.records.errors import HoldfastError
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.vault.log.events import encode_event
from holdfast.vault.log.log import VaultLog
from holdfast.vault.opening import Vault
from holdfast.workflows.log import has_log
from holdfast.workflows.vaults import VaultAsked, holding, open_log, open_vault

_SENT: Final = re.compile(r"(?:sent|broken off after) (\d+) bytes(?: in (\d+) requests)?")


@dataclass(frozen=True, slots=True)
class Served:
    """How much of a model was given out, by all servers of the vault: requests, bytes, and when the last one was
    (ISO 8601 in UTC, empty for never)."""

    requests: int = 0
    bytes: int = 0
    last_at: str = ""


class AuditLog:
    """The vault's log for a server, by a connection of its own. One thread uses it at a time."""

    def __init__(self, asked: VaultAsked) -> None:
        self._asked = asked
        self._stack = ExitStack()
        self._vault: Vault | None = None
        self._turn = threading.Lock()

    def append(self, events: Sequence[LogEvent]) -> None:
        """Append entries, all or none. Raises a HoldfastError; the next call begins with a new connection."""
        with self._turn:
            try:
                vault = self._open()
                with holding(vault, "log"):
                    open_log(vault, self._asked.environ).append([encode_event(event) for event in events])
            except HoldfastError:
                self._close()
                raise

    def close(self) -> None:
        """Let go of the vault."""
        with self._turn:
            self._close()

    def _open(self) -> Vault:
        if self._vault is None:
            self._vault = self._stack.enter_context(open_vault(self._asked, adopt=False))
        return self._vault

    def _close(self) -> None:
        self._vault = None
        self._stack.close()


class Tally:
    """What the log says was served, by model; it reads on from where it was."""

    def __init__(self) -> None:
        self._next = 0
        self._served: dict[str, Served] = {}
        self._turn = threading.Lock()

    def read(self, vault: Vault) -> Mapping[str, Served]:
        """By model, without its revision. Raises DamagedVault or StorageError; what was counted before stands."""
        with self._turn:
            if has_log(vault):
                for entry in VaultLog(vault.storage, vault.id).iterate(self._next):
                    self._count(entry)
                    self._next += 1
            return dict(self._served)

    def _count(self, entry: bytes) -> None:
        if b'"verb":"serve"' not in entry:
            return
        said = cast("dict[str, Any]", json.loads(entry))
        found = _SENT.match(str(said.get("outcome")))
        if found is None:
            return
        model = str(said.get("subject")).partition("@")[0]
        before = self._served.get(model, Served())
        last_at = max(before.last_at, str(said.get("at")))
        self._served[model] = Served(before.requests + int(found[2] or 1), before.bytes + int(found[1]), last_at)


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a server did or did not do for somebody: `subject` is a copy (`org/name@commit`) or an address,
    `what` the path in it or the reason. `size` are the bytes that were sent, `status` is HTTP's; `at` ISO 8601."""

    verb: LogVerb
    subject: str
    by: str
    what: str
    at: str
    status: int
    size: int = 0
    count: int = 1
    is_cut: bool = False

    @property
    def sameness(self) -> tuple[str, ...]:
        """What deeds have in common that one entry can stand for."""
        return (self.verb, self.subject, self.by, self.what, str(self.status), str(self.is_cut))

    def join(self, later: "Deed") -> "Deed":
        """Both as one."""
        return replace(self, at=later.at, size=self.size + later.size, count=self.count + later.count)

    def to_event(self) -> LogEvent:
        """The entry of the log."""
        return LogEvent(self.verb, self.subject, self.by, self.what, self.at, self._say())

    def _say(self) -> str:
        many = f" in {self.count} requests" if self.count > 1 else ""
        if self.verb is LogVerb.SERVE:
            return f"{'broken off after' if self.is_cut else 'sent'} {self.size} bytes{many}"
        return f"refused with {self.status}{many}"
