"""`holdfast repair`: damaged bytes back from parity, from a second vault, or from the folder they were kept from."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.vault_log import LogVerb
from holdfast.vault.donors import Donor, FolderDonor, VaultDonor
from holdfast.vault.opening import find_identity
from holdfast.vault.repairing import Repaired, repair_vault
from holdfast.vault.storage.opening import open_storage
from holdfast.workflows.keep import make_reader
from holdfast.workflows.vaults import Event, VaultAsked, check_path, holding, log_event, open_vault

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RepairAsked:
    """`sources` are vaults (folders or URLs) and folders of models that may have what is lost here."""

    vault: VaultAsked
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairAnswer:
    """What was repaired, and what is lost."""

    repaired: Repaired
    notes: tuple[str, ...]


def run_repair(asked: RepairAsked, report: Report) -> RepairAnswer:
    """Repair a vault as far as it can be."""
    with contextlib.ExitStack() as stack:
        vault = stack.enter_context(open_vault(asked.vault))
        donors = [_open_donor(asked, source, stack) for source in asked.sources]
        stack.enter_context(holding(vault, "prune"))
        stack.enter_context(holding(vault, "parity"))
        found = repair_vault(vault, donors, report)
        note = ""
        if found.damaged or found.from_parity or found.recovered or found.lost:
            outcome = f"{len(found.damaged)} packs damaged, {len(found.lost)} objects lost"
            note = log_event(vault, Event(LogVerb.REPAIR, vault.id, "", outcome), asked.vault.environ)
    return RepairAnswer(found, (note,) if note else ())


def _open_donor(asked: RepairAsked, source: str, stack: contextlib.ExitStack) -> Donor:
    if "://" in source or find_identity(open_storage(source)) is not None:
        other = VaultAsked(source, asked.vault.environ, asked.vault.clock)
        return VaultDonor(stack.enter_context(open_vault(other)))
    check_path(Path(source))
    return FolderDonor(Path(source), [make_reader([], as_bytes=False), make_reader([], as_bytes=True)])
