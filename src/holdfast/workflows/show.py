"""`holdfast show MODEL`: all that the vault knows of a copy: its files, its origin, what was decided about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.records.vault import Decision, RevisionManifest
from holdfast.vault.catalogue.revisions import FileRow, read_decisions, read_files
from holdfast.vault.checking import read_revision, read_warnings
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import read_file
from holdfast.workflows.list import CopyRow, tell_copy
from holdfast.workflows.signatures import KnownSignature, list_signatures
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

_LICENCE_NAMES: Final = ("license", "licence", "copying", "notice", "use_policy", "terms")
_TEXT_BYTES_MAX: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a copy."""

    path: str
    size: int
    sha256: str
    format: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """A copy with everything about it."""

    copy: CopyRow
    manifest: RevisionManifest
    files: tuple[ShownFile, ...]
    licences: tuple[tuple[str, str], ...]
    decisions: tuple[Decision, ...]
    signatures: tuple[KnownSignature, ...]


def run_show(asked: VaultAsked, model: str) -> ShownCopy:
    """One copy. Raises UnknownName with the nearest names."""
    with open_vault(asked) as vault:
        return show_copy(vault, model)


def show_copy(vault: Vault, model: str) -> ShownCopy:
    """One copy of an open vault."""
    row = find_revision(vault, model)
    manifest = read_revision(vault, row.manifest)
    rows = read_files(vault.database, row.id)
    return ShownCopy(
        copy=tell_copy(vault, row),
        manifest=manifest,
        files=tuple(_show_file(vault, file) for file in rows),
        licences=tuple(_read_licences(vault, rows)),
        decisions=tuple(read_decisions(vault.database, row.model)),
        signatures=list_signatures(vault, row, rows),
    )


def _show_file(vault: Vault, file: FileRow) -> ShownFile:
    try:
        warnings = read_warnings(vault, file.manifest)
    except HoldfastError as error:
        warnings = (f"its manifest cannot be read: {error.what}",)
    return ShownFile(file.path, file.size, file.sha256, file.format, warnings)


def _read_licences(vault: Vault, files: list[FileRow]) -> Iterator[tuple[str, str]]:
    """Path and text of the licence files of a copy."""
    for file in files:
        name = file.path.rpartition("/")[2].lower()
        if name.startswith(_LICENCE_NAMES) and file.size <= _TEXT_BYTES_MAX:
            yield file.path, read_file(vault, file.manifest).decode("utf-8", "replace")
