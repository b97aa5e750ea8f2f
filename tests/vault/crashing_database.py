"""A catalogue that stops with the machine: at a commit where a plan says so, and from then on for good."""

import contextlib
import shutil
import sqlite3
from collections.abc import Generator
from pathlib import Path

from holdfast.records.errors import NoSpace
from holdfast.vault.catalogue.database import Parameters, Row, SqliteDatabase
from tests.vault.simulated_disk import Crashed, SimulatedDisk


class CrashingDatabase(SqliteDatabase):
    """SQLite in a real file, whose life hangs on a simulated disk. `crash_at` and `fail_at` count commits from now."""

    def __init__(self, path: Path, disk: SimulatedDisk) -> None:
        self._disk = disk
        self._commits = 0
        self.crash_at = 0
        self.fail_at = 0
        super().__init__(path)
        self._connection.execute("PRAGMA synchronous = OFF")  # this file's own durability is not what is tried here

    def read(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """As SQLite does, while the machine runs."""
        self._check_running()
        if statement != "COMMIT":
            return super().read(statement, parameters)
        self._commits += 1
        if self._commits == self.fail_at:
            raise NoSpace("the disk is full", where="catalogue", next_step="Free some space.")
        if self._commits == self.crash_at and self._disk.random.random() < 0.5:
            self._crash()
        rows = super().read(statement, parameters)
        if self._commits == self.crash_at:
            self._crash()
        return rows

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """As SQLite does, while the machine runs."""
        self._check_running()
        with super().transaction():
            yield

    def plan(self, *, crash_at: int = 0, fail_at: int = 0) -> None:
        """Strike at a commit, counted from 1 and from now; 0 for never."""
        self._commits, self.crash_at, self.fail_at = 0, crash_at, fail_at

    def copy_to(self, path: Path) -> None:
        """The catalogue as it is committed now."""
        with contextlib.closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def _crash(self) -> None:
        self._disk.stop()
        raise Crashed("at a commit of the catalogue")

    def _check_running(self) -> None:
        if self._disk.is_stopped:
            raise Crashed("the machine stopped before")


def replace_catalogue(path: Path, earlier: Path | None) -> None:
    """Put an earlier copy in the catalogue's place, or nothing."""
    for left in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        left.unlink(missing_ok=True)
    if earlier is not None:
        shutil.copy(earlier, path)
