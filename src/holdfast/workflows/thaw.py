"""`holdfast thaw`: a frozen copy may be restored and served again, by the decision of somebody with a name."""

from holdfast.records.vault_log import LogVerb
from holdfast.workflows.deciding import DecideAsked, Decided, run_decision


def run_thaw(asked: DecideAsked) -> list[Decided]:
    """Thaw frozen copies. Who froze them, and why, stays on record."""
    return run_decision(asked, LogVerb.THAW)
