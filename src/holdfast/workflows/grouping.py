"""Uses grouped by model, in the order that every table shows them."""

from collections.abc import Iterable

from holdfast.records.model import Kind
from holdfast.records.use import Use


def group_uses(uses: Iterable[Use]) -> list[tuple[str, tuple[Use, ...]]]:
    """Uses by canonical model: weights, then hosted, then unresolved; within each the most used first."""
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(str(use.model) if use.model else use.text, []).append(use)
    return [(key, tuple(group)) for key, group in sorted(groups.items(), key=_order)]


def _order(item: tuple[str, list[Use]]) -> tuple[bool, bool, int, str]:
    key, uses = item
    return (uses[0].model is None, uses[0].kind is Kind.HOSTED, -len(uses), key.lower())
