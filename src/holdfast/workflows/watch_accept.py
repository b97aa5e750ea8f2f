"""`holdfast watch accept`, `pause`, `resume` and `remove`: what people decide about a monitor, on record with why."""

from dataclasses import dataclass, replace
from typing import Final

from holdfast.records.errors import UsageError
from holdfast.records.watchbook import Decision
from holdfast.records.watching import Monitor
from holdfast.workflows.vaults import tell_who
from holdfast.workflows.watching.books import BookAsked, open_watchbook

_WHY: Final = "Say why: --why 'the provider announced version 2'. It is on record."


@dataclass(frozen=True, slots=True)
class DecideAsked:
    """About which monitor, why, and who decides (empty: HOLDFAST_BY or the login)."""

    book: BookAsked
    name: str
    why: str
    by: str = ""


def accept_change(asked: DecideAsked) -> Monitor:
    """What is served from now on is the baseline: a new life with a burn-in of its own, and a smaller part of the rate
    of false alarms. Raises UnknownName, and UsageError without a reason."""
    decision = _decide(asked)
    with open_watchbook(asked.book) as book, book.holding(asked.name):
        monitor = book.read_monitor(asked.name).monitor
        settings = replace(monitor.settings, life=monitor.settings.life + 1)
        renewed = replace(monitor, settings=settings)
        book.accept(renewed, decision)
    return renewed


def pause_monitor(asked: DecideAsked) -> None:
    """It is not visited until it is resumed."""
    with open_watchbook(asked.book) as book:
        book.pause(asked.name, _decide(asked))


def resume_monitor(asked: DecideAsked) -> None:
    """It is visited again."""
    with open_watchbook(asked.book) as book:
        book.resume(asked.name, _decide(asked))


def remove_monitor(asked: DecideAsked) -> None:
    """It is watched no more; what it saw stays on record."""
    with open_watchbook(asked.book) as book:
        book.remove(asked.name, _decide(asked))


def _decide(asked: DecideAsked) -> Decision:
    if not asked.why.strip():
        raise UsageError("a decision needs a reason", where=asked.name, next_step=_WHY)
    return Decision(asked.by or tell_who(asked.book.environ), asked.why.strip())
