"""Which licence a family, or one member of it, was under on a date. None found is unknown, never `no licence`."""

import datetime
from collections.abc import Sequence

from holdfast.lineage.registry import Registry
from holdfast.records.family import Licence


def find_licences(
    registry: Registry, family: str, on: datetime.date, words: Sequence[str] | None = None
) -> tuple[Licence, ...]:
    """Licences in force on `on` for the member whose name has these words; for all members when `words` is None."""
    current = [rule for rule in registry.families[family].licences if _covers(rule, on)]
    if words is None:
        return tuple(current)
    named = tuple(rule for rule in current if rule.members and registry.is_member(rule.members, words))
    return named or tuple(rule for rule in current if not rule.members)


def _covers(rule: Licence, on: datetime.date) -> bool:
    return (rule.from_ is None or rule.from_ <= on) and (rule.until is None or on < rule.until)
