"""What the small files of a kept revision declare, read from the vault: licence, bases, signatures."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from holdfast.formats.configs import CONFIG_BYTES_MAX
from holdfast.inventory.artefacts.folder import FolderFacts, read_folder_facts
from holdfast.records.errors import InputError
from holdfast.records.signature import ModelSignature, SigningMethod
from holdfast.vault.intake import KnownFile
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import read_file
from holdfast.vault.signature_file import SIGNATURE_BYTES_MAX, SIGNATURE_SUFFIX, read_signature
from holdfast.workflows.signatures import note_signature

_DECLARING: Final = ("README.md", "config.json", "adapter_config.json")


def read_kept_facts(vault: Vault, files: Mapping[str, KnownFile], name: str) -> FolderFacts:
    """As `keep` reads them from a folder."""
    with tempfile.TemporaryDirectory() as place:
        for path in _DECLARING:
            file = files.get(path)
            if file is not None and file.size <= CONFIG_BYTES_MAX:
                Path(place, path).write_bytes(read_file(vault, file.manifest))
        return read_folder_facts(Path(place), "", name)


def note_kept_signatures(vault: Vault, files: Mapping[str, KnownFile]) -> Iterator[str]:
    """What the signatures among the files claim, in words; nothing is checked here."""
    for path, file in files.items():
        if path.endswith(SIGNATURE_SUFFIX) and file.size <= SIGNATURE_BYTES_MAX:
            with tempfile.TemporaryDirectory() as place:
                copy = Path(place, "model.sig")
                copy.write_bytes(read_file(vault, file.manifest))
                yield note_signature(_claim(copy, path))


def _claim(copy: Path, path: str) -> ModelSignature:
    try:
        return replace(read_signature(copy, copy.parent), path=path)
    except InputError:
        return ModelSignature(path, SigningMethod.OTHER)
