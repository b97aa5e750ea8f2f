"""`holdfast drop`: a copy is given up; the next `holdfast prune` may free its bytes. Frozen copies are refused."""

from holdfast.records.vault_log import LogVerb
from holdfast.workflows.deciding import DecideAsked, Decided, run_decision


def run_drop(asked: DecideAsked) -> list[Decided]:
    """Drop copies. Raises FrozenCopy for one that is frozen."""
    return run_decision(asked, LogVerb.DROP)
