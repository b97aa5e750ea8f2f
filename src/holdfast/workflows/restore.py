"""`holdfast restore`: a kept copy back to a folder, byte for byte, or a clear no."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from holdfast.records.errors import FrozenCopy, UnknownName, VaultError
from holdfast.records.vault import RevisionManifest
from holdfast.vault.catalogue.revisions import DROPPED, FROZEN, VERIFYING, RevisionRow, read_decisions
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import restore_revision
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RestoreAsked:
    """Which copy goes where. `include` are patterns of paths; all files when there are none."""

    vault: VaultAsked
    model: str
    folder: Path
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoredCopy:
    """What was written; sizes in bytes."""

    model: str
    revision: str
    folder: str
    files: int
    size: int
    there_already: int


def run_restore(asked: RestoreAsked, report: Report) -> RestoredCopy:
    """Restore a copy. Raises FrozenCopy for one that somebody froze, DamagedVault for one that cannot come back."""
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, asked.model)
        check_usable(vault, row)
        revision = choose_files(read_revision(vault, row.manifest), asked.include)
        total = sum(entry.size for entry in revision.files)
        done = [0]

        def tell(count: int) -> None:
            done[0] += count
            report(done[0], total)

        found = restore_revision(vault, revision, asked.folder, tell)
    return RestoredCopy(row.name, row.revision, str(asked.folder), found.files, found.size, found.there_already)


def check_usable(vault: Vault, row: RevisionRow) -> None:
    """Raises FrozenCopy or VaultError when a copy is not to be given out."""
    if row.state == FROZEN:
        last = next(one for one in reversed(read_decisions(vault.database, row.model)) if one.verb == "freeze")
        raise FrozenCopy(
            f"{row.model} was frozen by {last.by} at {last.at}: {last.why}",
            where=vault.location,
            next_step=f"Whoever may decide it can run: holdfast thaw {row.model} --by NAME --why TEXT",
        )
    if row.state == DROPPED:
        raise VaultError(
            f"{row.model} was dropped from the vault", where=vault.location, next_step="Keep it again from its source."
        )
    if row.state == VERIFYING:
        raise VaultError(
            f"{row.model} was never verified: keeping it did not finish",
            where=vault.location,
            next_step="Run the same `holdfast keep` again; what is there already is not written twice.",
        )


def choose_files(revision: RevisionManifest, include: tuple[str, ...]) -> RevisionManifest:
    """The revision with the files that fit some pattern. Raises UnknownName when none does."""
    if not include:
        return revision
    files = tuple(file for file in revision.files if any(fnmatchcase(file.path, pattern) for pattern in include))
    if not files:
        raise UnknownName(
            f"no file of {revision.name} fits {', '.join(include)}",
            next_step=f"It has: {', '.join(file.path for file in revision.files[:8])}.",
        )
    return replace(revision, files=files)
