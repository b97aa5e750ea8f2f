"""The book of a watch: what was enrolled, seen, spent and decided, one signed entry after another.

Nothing in it is ever changed or taken away. One Book is used by one thread; any number of processes may have one each.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from holdfast.measure.watchbook import bodies, spending
from holdfast.measure.watchbook.entries import Draft, check_name, seal_entry, tell_step_back, write_time
from holdfast.measure.watchbook.keys import Signer
from holdfast.measure.watchbook.memory import check_memory, write_memory
from holdfast.measure.watchbook.store import EntryStore
from holdfast.measure.watchbook.tables import BookDatabase, find_book, make_tables, telling
from holdfast.measure.watchbook.visits import decode_visit, encode_visit
from holdfast.records.errors import BookError, BusyVault, UnknownName
from holdfast.records.watchbook import (
    Alarm,
    BookFault,
    Decision,
    Entry,
    EntryKind,
    Life,
    Reservation,
    Spending,
    Watched,
)
from holdfast.records.watching import Monitor, Visit

Clock = Callable[[], datetime]
_LIVES: Final = (EntryKind.ENROLLED, EntryKind.ACCEPTED, EntryKind.REMOVED)
_STANDING: Final = (*_LIVES, EntryKind.PAUSED, EntryKind.RESUMED)
_IN_LIFE: Final = (EntryKind.VISITED, EntryKind.ALARMED)


def make_book(database: BookDatabase, draw: Callable[[int], bytes] = os.urandom) -> str:
    """The id of the book in a database, which is made if it is new. Raises NewerBook, DamagedBook or StorageError."""
    return make_tables(database, draw(16).hex())


def open_book(database: BookDatabase, signer: Signer | None, clock: Clock) -> "Book":
    """The book in a database that `make_book` made. Without a signer it is only read.

    Raises DamagedBook where it lacks what this signer remembers to have signed."""
    identity = find_book(database)
    if identity is None:
        raise UnknownName("There is no book of a watch here.", next_step="Begin one with `holdfast watch add`.")
    book = Book(database, identity, signer, clock)
    if signer is not None:
        book.join()
    return book


class Book:
    """A book, open. `id` is 32 hexadecimal digits."""

    def __init__(self, database: BookDatabase, identity: str, signer: Signer | None, clock: Clock) -> None:
        self.id: Final = identity
        self._database = database
        self._entries = EntryStore(database, identity)
        self._signer = signer
        self._clock = clock

    def join(self) -> None:
        """Put this signer's key among those that sign, where it is not yet; hold the book to what it remembers."""
        signer = self._writer()
        self.check_memory(signer.recall())
        line = signer.key.verifier.encode()
        with self._entries.writing():
            if line in self.read_keys():
                return
            kind = EntryKind.JOINED if self._entries.find_last() else EntryKind.OPENED
            entry = self._append("", kind, bodies.encode_body({"key": line}))
        write_memory(signer, entry)

    def check_memory(self, remembered: bytes | None) -> None:
        """Raises DamagedBook where the book lacks the entry that a signer remembers to have signed last."""
        check_memory(remembered, self._entries)

    def read_keys(self) -> tuple[str, ...]:
        """The public keys that sign in this book, as lines, the first one first."""
        told = [bodies.decode_body(one.body or "") for one in self._entries.read((EntryKind.OPENED, EntryKind.JOINED))]
        return tuple(str(fields.get("key")) for fields in told)

    @contextmanager
    def holding(self, name: str) -> Generator[None]:
        """Hold a monitor: one run of it at a time. Raises BusyVault when another run holds it."""
        with ExitStack() as stack:
            with telling():
                is_held = stack.enter_context(self._database.hold(f"watch-{sha256(name.encode()).hexdigest()[:24]}"))
            if not is_held:
                raise BusyVault(
                    f"Another run of {name} is under way.",
                    next_step="Wait until it ends; it ends with its process at the latest.",
                )
            yield

    def enrol(self, monitor: Monitor) -> Entry:
        """A monitor begins, or goes on with other settings: what it saw before counts no more for its evidence."""
        check_name(monitor.name)
        return self.append(monitor.name, EntryKind.ENROLLED, bodies.encode_monitor(monitor))

    def accept(self, monitor: Monitor, decision: Decision) -> Entry:
        """The behaviour from here on is the baseline: a new life, with `monitor` as it is now. Raises UnknownName."""
        self.read_monitor(monitor.name)
        return self.append(monitor.name, EntryKind.ACCEPTED, bodies.encode_acceptance(decision, monitor))

    def pause(self, name: str, decision: Decision) -> Entry:
        """It is not run until it is resumed. Raises UnknownName."""
        return self._decide(name, EntryKind.PAUSED, decision)

    def resume(self, name: str, decision: Decision) -> Entry:
        """It is run again. Raises UnknownName."""
        return self._decide(name, EntryKind.RESUMED, decision)

    def remove(self, name: str, decision: Decision) -> Entry:
        """It is watched no more; what it saw stays on record. Raises UnknownName."""
        return self._decide(name, EntryKind.REMOVED, decision)

    def reserve(self, name: str, wanted: Reservation, usd_per_month_max: float | None) -> Reservation | None:
        """Put aside what a visit may spend, before it; None where this month's budget does not allow it.

        With a budget and no price nothing can be promised: None as well. `wanted.number` means nothing yet."""
        with self._entries.writing():
            if usd_per_month_max is not None:
                spent = self.read_spending(name, write_time(self._clock())[:7])
                if wanted.cost_usd is None or spent.unpriced or spent.cost_usd + wanted.cost_usd > usd_per_month_max:
                    return None
            entry = self._append(name, EntryKind.RESERVED, spending.encode_amount(wanted.cost_usd, wanted.tokens))
        write_memory(self._writer(), entry)
        return Reservation(entry.number, wanted.cost_usd, wanted.tokens)

    def settle(self, name: str, reserved: Reservation, cost_usd: float | None, tokens: int) -> Entry:
        """What a visit that came to nothing really spent. A visit that is appended settles by itself."""
        body = spending.encode_amount(cost_usd, tokens, reserved.number)
        return self.append(name, EntryKind.SETTLED, body)

    def append_visit(self, name: str, visit: Visit, reserved: Reservation | None = None) -> Entry:
        """What one visit saw; with its reservation, which it settles. Raises UnknownName.

        Where the clock now stands before the newest entry the visit says so among its remarks."""
        self.read_monitor(name)
        visit = self._remark_clock(visit)
        body = bodies.encode_body(encode_visit(visit, reserved.number if reserved else None))
        return self.append(name, EntryKind.VISITED, body)

    def append_alarm(self, name: str, alarm: Alarm) -> Entry:
        """An alarm that was sent."""
        return self.append(name, EntryKind.ALARMED, bodies.encode_body(alarm))

    def append_notice(self, name: str, notice: object) -> Entry:
        """Something to know about a monitor, as a record or plain values; read back by `iterate_bodies`."""
        return self.append(name, EntryKind.NOTICED, bodies.encode_body(notice))

    def read_monitors(self) -> tuple[Watched, ...]:
        """The monitors that are watched, paused ones too, in the order in which they began."""
        found: dict[str, Watched] = {}
        for entry in self._entries.read(_STANDING):
            _apply(found, entry)
        return tuple(found.values())

    def read_monitor(self, name: str) -> Watched:
        """One monitor as it stands. Raises UnknownName."""
        found: dict[str, Watched] = {}
        for entry in self._entries.read(_STANDING, name):
            _apply(found, entry)
        if name not in found:
            raise UnknownName(f"There is no monitor {name!r}.", next_step="`holdfast watch list` names them.")
        return found[name]

    def read_lives(self, name: str) -> tuple[Life, ...]:
        """Every life of a monitor, the last one last, also of one that was removed; none of one never enrolled."""
        begun = [one for one in self._entries.read(_LIVES, name) if one.kind is not EntryKind.REMOVED]
        within = self._entries.read(_IN_LIFE, name)
        ends = [one.number for one in begun[1:]]
        return tuple(
            _make_life(
                start, [one for one in within if start.number < one.number and (end is None or one.number < end)]
            )
            for start, end in zip(begun, [*ends, None], strict=False)
        )

    def read_life(self, name: str) -> Life:
        """The present life of a monitor. Raises UnknownName."""
        watched = self.read_monitor(name)
        start = self._entries.find(watched.entry)
        assert start is not None, "a life begins with an entry"
        return _make_life(start, self._entries.read(_IN_LIFE, name, watched.entry))

    def read_visits(self, name: str) -> tuple[Visit, ...]:
        """The visits of the present life, in order. Raises UnknownName."""
        return self.read_life(name).visits

    def read_spending(self, name: str, month: str) -> Spending:
        """What a monitor spent in a month `YYYY-MM`, over all of its lives."""
        return spending.add_up(self._entries.read(spending.KINDS, name), month)

    def iterate_bodies(self, name: str, kind: EntryKind) -> Iterator[tuple[Entry, Mapping[str, object]]]:
        """The entries of one kind with what they say as plain values."""
        for entry in self._entries.read((kind,), name):
            yield entry, bodies.decode_body(entry.body or "")

    def find_last(self) -> Entry | None:
        """The newest entry; None in a book that nobody has written to."""
        return self._entries.find_last()

    def iterate_entries(self) -> Iterator[Entry | BookFault]:
        """Every entry in order, unchecked; a fault for each that cannot be read."""
        return self._entries.iterate()

    def append(self, name: str, kind: EntryKind, body: str) -> Entry:
        """Append one entry, and remember that it was signed. Raises BookError, StorageError or BusyVault."""
        check_name(name)
        with self._entries.writing():
            entry = self._append(name, kind, body)
        write_memory(self._writer(), entry)
        return entry

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _append(self, name: str, kind: EntryKind, body: str) -> Entry:
        entry = seal_entry(
            Draft(name, kind, write_time(self._clock()), body), self._entries.find_last(), self.id, self._writer()
        )
        self._entries.append(entry)
        return entry

    def _decide(self, name: str, kind: EntryKind, decision: Decision) -> Entry:
        self.read_monitor(name)
        return self.append(name, kind, bodies.encode_body(decision))

    def _remark_clock(self, visit: Visit) -> Visit:
        last, now = self._entries.find_last(), write_time(self._clock())
        remark = tell_step_back(now, last.at) if last else ""
        return replace(visit, remarks=(*visit.remarks, remark)) if remark else visit

    def _writer(self) -> Signer:
        if self._signer is None:
            raise BookError("The book was opened to be read only.", next_step="Open it with a key that signs.")
        return self._signer


def _apply(found: dict[str, Watched], entry: Entry) -> None:
    """What an entry changes about who is watched."""
    body, name = entry.body or "", entry.monitor
    match entry.kind:
        case EntryKind.ENROLLED:
            found[name] = Watched(bodies.decode_monitor(body), entry.number, entry.at, is_paused=False)
        case EntryKind.ACCEPTED:
            found[name] = Watched(bodies.decode_acceptance(body)[1], entry.number, entry.at, is_paused=False)
        case EntryKind.REMOVED:
            found.pop(name, None)
        case _ if name in found:
            was = found[name]
            found[name] = Watched(was.monitor, was.entry, was.since, is_paused=entry.kind is EntryKind.PAUSED)
        case _:
            pass


def _make_life(start: Entry, within: list[Entry]) -> Life:
    body = start.body or ""
    if start.kind is EntryKind.ACCEPTED:
        decision, monitor = bodies.decode_acceptance(body)
    else:
        decision, monitor = None, bodies.decode_monitor(body)
    visits = [decode_visit(bodies.decode_body(one.body or "")) for one in within if one.kind is EntryKind.VISITED]
    alarms = [bodies.decode_alarm(one.body or "") for one in within if one.kind is EntryKind.ALARMED]
    return Life(monitor, start.number, start.at, decision, tuple(visits), tuple(alarms))
