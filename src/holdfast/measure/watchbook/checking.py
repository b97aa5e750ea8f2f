"""Whether a book is what was written: every digest, the chain, every signature, and that every entry can be read.

Works on entries wherever they come from: a database or an export.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.watchbook.bodies import check_entry_body, decode_body
from holdfast.measure.watchbook.entries import NONE_BEFORE, find_break, find_time, tell_step_back, write_text
from holdfast.measure.watchbook.keys import BookKey, decode_key, split_signature
from holdfast.records.errors import BadSignature, BookError, MalformedFile
from holdfast.records.watchbook import BookFault, BookReport, Entry, EntryKind

FAULTS_MAX: Final = 1000
REMARKS_MAX: Final = 1000
_OTHER_COPY: Final = "Compare with another copy or an export; take the last one that holds."
_ASK: Final = "Ask whoever the key is said to belong to; trust it with --key once they confirm its fingerprint."


def check_book(book: str, entries: Iterable[Entry | BookFault], trusted: Sequence[str] = ()) -> BookReport:
    """What is right and wrong with the entries of the book of this id, from the first on.

    `trusted` are lines of public keys kept elsewhere: then an entry by another key is a fault. Without them the book's
    own word is taken for which keys may sign, which shows damage, but not who wrote the whole of it anew."""
    check = _Check(book, tuple(decode_key(line) for line in trusted))
    for item in entries:
        check.take(item)
    return check.report()


@dataclass(slots=True)
class _Check:
    """What is known after the entries so far."""

    book: str
    trusted: tuple[BookKey, ...]
    keys: dict[bytes, BookKey] = field(default_factory=dict)
    monitors: dict[str, None] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    reserved: dict[int, str] = field(default_factory=dict)
    faults: list[BookFault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    last: Entry | None = None
    due: int | None = 0  # the number that comes next; None after an entry without one
    head: str | None = NONE_BEFORE  # the digest before it; None where it cannot be known
    count: int = 0
    withheld: int = 0

    def take(self, item: Entry | BookFault) -> None:
        """Check the next entry."""
        self.count += 1
        if isinstance(item, BookFault):
            self._note(item)
            self.due, self.head = (None if item.number is None else item.number + 1), None
            return
        self._check_place(item)
        self._learn_key(item)
        self._check_signature(item)
        self._check_words(item)
        self.due, self.head, self.last = item.number + 1, item.digest, item

    def report(self) -> BookReport:
        """All of it."""
        if not self.count:
            self._note(BookFault(None, "the book has no entries", _OTHER_COPY))
        signing = tuple((key.line, key.fingerprint) for key in self.keys.values())
        head = self.last.digest if self.last else NONE_BEFORE
        names = tuple(sorted(self.monitors))
        faults, remarks = tuple(self.faults), tuple(self.remarks)
        return BookReport(self.book, self.count, names, signing, head, faults, remarks, self.withheld)

    def _check_place(self, entry: Entry) -> None:
        if self.due is not None and entry.number != self.due:
            self._fault(entry, f"it comes where entry {self.due} is due: entries are missing or out of order")
        elif self.head is not None and entry.previous != self.head:
            self._fault(entry, "it does not follow the entry before it: one of the two is not the one written")
        if broken := find_break(entry, self.book):
            self._fault(entry, broken)
        if find_time(entry.at) is None:
            self._fault(entry, f"it has no time: {entry.at[:40]!r}")
        if self.last and (remark := tell_step_back(entry.at, self.last.at)):
            self._remark(f"entry {entry.number}: {remark}")

    def _learn_key(self, entry: Entry) -> None:
        if entry.kind not in (EntryKind.OPENED, EntryKind.JOINED) or entry.body is None:
            return
        if (entry.kind is EntryKind.OPENED) != (entry.number == 0):
            self._fault(entry, "a book is opened once, by its first entry")
        try:
            key = decode_key(str(decode_body(entry.body).get("key")))
        except (BadSignature, MalformedFile) as error:
            self._fault(entry, f"it names no key: {error.what}")
            return
        if self.trusted and key.line not in [one.line for one in self.trusted]:
            self._note(BookFault(entry.number, f"it lets a key sign that is not trusted: {key.fingerprint}", _ASK))
        self.keys[key.id] = key

    def _check_signature(self, entry: Entry) -> None:
        try:
            key_id, signature = split_signature(entry.signature)
        except BadSignature:
            self._fault(entry, "it has no signature")
            return
        known = {one.id: one for one in self.trusted} if self.trusted else self.keys
        key = known.get(key_id)
        if key is None:
            self._note(BookFault(entry.number, f"the key {key_id.hex()} that signed it is not known", _ASK))
        elif not key.is_signer_of(write_text(entry, self.book), signature):
            self._fault(entry, "its signature does not hold")

    def _check_words(self, entry: Entry) -> None:
        if entry.monitor:
            self.monitors.setdefault(entry.monitor)
        self.withheld += entry.body is None
        try:
            check_entry_body(entry)
        except (MalformedFile, BookError) as error:
            self._note(BookFault(entry.number, error.what, error.next_step))
            return
        if entry.kind is EntryKind.RESERVED:
            self.reserved[entry.number] = entry.monitor
        if entry.kind in (EntryKind.VISITED, EntryKind.SETTLED) and entry.body is not None:
            self._check_settlement(entry, entry.body)
        if entry.kind is EntryKind.VISITED and entry.body is not None:
            self._check_order(entry, entry.body)

    def _check_settlement(self, entry: Entry, body: str) -> None:
        named = decode_body(body).get("reserved")
        if named is not None and (not isinstance(named, int) or self.reserved.get(named) != entry.monitor):
            self._fault(entry, f"it settles entry {named!r:.40}, which put nothing aside for its monitor")

    def _check_order(self, entry: Entry, body: str) -> None:
        number = decode_body(body)["number"]
        assert isinstance(number, int), "it was decoded as a visit"
        if number <= self.visits.get(entry.monitor, -1):
            self._remark(f"entry {entry.number}: visit {number} of {entry.monitor} comes after a later one")
        self.visits[entry.monitor] = number

    def _fault(self, entry: Entry, what: str) -> None:
        self._note(BookFault(entry.number, what, _OTHER_COPY))

    def _note(self, fault: BookFault) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(fault)

    def _remark(self, remark: str) -> None:
        if len(self.remarks) < REMARKS_MAX:
            self.remarks.append(remark)
