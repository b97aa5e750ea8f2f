"""When served copies were verified. That takes a while to work out for thousands of files: nobody waits for it twice,
and nobody who asks something else waits for it, since it is asked through a connection of its own.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.vault.catalogue.database import Database
from holdfast.vault.copy_sizes import find_verified_at
from holdfast.vault.opening import Vault
from holdfast.workflows.vaults import VaultAsked, open_vault

OLD_S: Final = 30.0


@dataclass(slots=True)
class _Known:
    when: int | None
    at: float


class VerifiedTimes:
    """By the number of a revision, when the pack of it that was verified longest ago was (seconds since 1970)."""

    def __init__(self, database: Database, asked: VaultAsked) -> None:
        self._database = database
        self._asked = asked
        self._stack = ExitStack()
        self._own: Vault | None = None
        self._known: dict[int, _Known] = {}
        self._turn = threading.Lock()
        self._beside = ThreadPoolExecutor(1, "verified")

    def find(self, revision: int) -> int | None:
        """None when a part of it never was. What is known may be half a minute old, and is then read anew beside."""
        with self._turn:
            known = self._known.get(revision)
        if known is None:
            return self._read(self._database, revision)
        if monotonic() - known.at > OLD_S:
            known.at = monotonic()  # once
            self._beside.submit(self._read_beside, revision)
        return known.when

    def close(self) -> None:
        """Wait for what is being read."""
        self._beside.shutdown(cancel_futures=True)
        self._stack.close()

    def _read(self, database: Database, revision: int) -> int | None:
        when = find_verified_at(database, revision)
        with self._turn:
            self._known[revision] = _Known(when, monotonic())
        return when

    def _read_beside(self, revision: int) -> None:
        try:
            if self._own is None:
                self._own = self._stack.enter_context(open_vault(self._asked, adopt=False))
            self._read(self._own.database, revision)
        except HoldfastError:  # whoever asks is told the old time; the next try has a new connection
            self._own = None
            self._stack.close()
