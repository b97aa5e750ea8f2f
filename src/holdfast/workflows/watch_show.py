"""`holdfast watch list` and `report`: monitors as they stand, from the book alone. Asks no endpoint anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.workflows.watching.books import BookAsked, read_watchbook
from holdfast.workflows.watching.report import Plain, Reported
from holdfast.workflows.watching.standing import make_document, read_standing


@dataclass(frozen=True, slots=True)
class Shown:
    """Monitors, and the document that pages and tables are drawn from."""

    reported: tuple[Reported, ...]
    document: Plain


def show_watch(asked: BookAsked, names: Sequence[str] = ()) -> Shown:
    """The named monitors, or all. Raises what opening a book raises, and UnknownName."""
    with read_watchbook(asked) as book:
        now = asked.clock()
        reported = read_standing(book, names, now)
    return Shown(reported, make_document(reported, now))
