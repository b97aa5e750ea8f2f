"""What the small files of a kept revision declare, read from the vault: licence, bases, signatures."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from holdfast.formats.configs import CONFIG_BYTES_MAX
from holdfast.inventory.artefacts.folder import FolderFacts, read_folder_facts
from holdfast.vault.intake import KnownFile
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import read_file

_DECLARING: Final = ("README.md", "config.json", "adapter_config.json")


def read_kept_facts(vault: Vault, files: Mapping[str, KnownFile], name: str) -> FolderFacts:
    """As `keep` reads them from a folder."""
    with tempfile.TemporaryDirectory() as place:
        for path in _DECLARING:
            file = files.get(path)
            if file is not None and file.size <= CONFIG_BYTES_MAX:
                Path(place, path).write_bytes(read_file(vault, file.manifest))
        return read_folder_facts(Path(place), "", name)
