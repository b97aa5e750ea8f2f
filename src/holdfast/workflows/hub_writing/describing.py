"""What is recorded of a revision that was pushed beside its files: licence, bases, the lever findings of the day."""

import datetime
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final

from holdfast.formats.configs import CARD_BYTES_MAX
from holdfast.inventory.artefacts.folder import FolderFacts, read_folder_facts
from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import RevisionManifest
from holdfast.vault.intake import KnownFile
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import read_file
from holdfast.workflows.keep import list_findings, tell_findings
from holdfast.workflows.knowledge import Knowledge, read_knowledge

_DECLARING: Final = ("README.md", "config.json", "adapter_config.json")


class Describer:
    """Describes revisions as `holdfast keep` does. Rule data is read once a day."""

    def __init__(self, party: str, data: Path | None) -> None:
        self._party = party
        self._data = data
        self._turn = Lock()
        self._knowledge: Knowledge | None = None

    def describe(
        self, vault: Vault, revision: RevisionManifest, files: Mapping[str, KnownFile], folder: Path
    ) -> RevisionManifest:
        """The revision with what its own small files declare. `folder` is an empty one to read them in."""
        facts = _read_facts(vault, revision.name, files, folder)
        knowledge = self._know(vault.clock().date())
        findings = list_findings(revision.name, facts.claims, knowledge, self._party)
        return replace(
            revision,
            licence=facts.licence,
            bases=tuple(dict.fromkeys(claim.base for claim in facts.claims)),
            findings=tell_findings(findings),
            horizon=knowledge.book.vocabulary.evidence_horizon.isoformat(),
        )

    def _know(self, today: datetime.date) -> Knowledge:
        with self._turn:
            if self._knowledge is None or self._knowledge.on != today:
                self._knowledge = read_knowledge(self._data, today)
            return self._knowledge


def _read_facts(vault: Vault, name: str, files: Mapping[str, KnownFile], folder: Path) -> FolderFacts:
    for path in _DECLARING:
        known = files.get(path)
        if known is None or known.size > CARD_BYTES_MAX:
            continue
        try:
            (folder / path).write_bytes(read_file(vault, known.manifest))
        except (DamagedVault, StorageError):
            continue  # keeping the revision reads it back, and tells
    return read_folder_facts(folder, "", name)
