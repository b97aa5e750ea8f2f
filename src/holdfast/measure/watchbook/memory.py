"""What a signer remembers of a book outside of it: the newest entry it signed, so that a cut book is noticed."""

from typing import Final

from holdfast.measure.watchbook.keys import Signer
from holdfast.measure.watchbook.store import EntryStore
from holdfast.records.errors import DamagedBook
from holdfast.records.watchbook import Entry

_NEXT: Final = (
    "Put the newer book back. To go on with this one on purpose, delete the file `.seen` beside the key: who kept an"
    " earlier digest will see the cut."
)


def write_memory(signer: Signer, entry: Entry) -> None:
    """Remember an entry that the book holds."""
    signer.remember(f"{entry.number} {entry.digest}\n")


def check_memory(told: bytes | None, entries: EntryStore) -> None:
    """Raises DamagedBook where the book lacks the entry that is remembered."""
    if told is None:
        return
    number, _, digest = told.decode("ascii", "replace").strip().partition(" ")
    found = entries.find(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    if found is None or found.digest != digest:
        raise DamagedBook(
            f"The book lacks entry {number[:20]} that this key signed: it was cut or replaced by an older copy.",
            where=f"entry {number[:20]}",
            next_step=_NEXT,
        )
