"""`holdfast freeze`: a copy is neither restored nor served from now on; its bytes and its record stay."""

from holdfast.records.vault_log import LogVerb
from holdfast.workflows.deciding import DecideAsked, Decided, run_decision


def run_freeze(asked: DecideAsked) -> list[Decided]:
    """Freeze copies: they are neither restored nor served until somebody thaws them."""
    return run_decision(asked, LogVerb.FREEZE)
