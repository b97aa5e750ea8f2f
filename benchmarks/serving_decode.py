"""How fast a kept model is decoded in this process by all cores, with nobody to send it to: what serving is held to."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from holdfast.vault.catalogue.revisions import read_files
from holdfast.vault.checking import read_file_manifest
from holdfast.vault.reading import THREADS, iterate_bytes
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault


def measure_decode(folder: Path, model: str) -> float:
    """GB a second of decoded bytes, every frame and every object compared with its digest."""
    with open_vault(VaultAsked(str(folder))) as vault, ThreadPoolExecutor(THREADS) as pool:
        files = read_files(vault.database, find_revision(vault, model).id)
        began = time.perf_counter()
        size = 0
        for file in files:
            for piece in iterate_bytes(vault, pool, read_file_manifest(vault, file.manifest).segments):
                size += len(piece)
        return size / (time.perf_counter() - began) / 1e9
