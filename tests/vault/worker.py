"""One process of a test: `python -m tests.vault.worker VERB VAULT [FOLDER NAME]` says `ready`, waits for a line, works.

What goes wrong is printed as its class and sentence, with exit code 1.
"""

import os
import resource
import sys
from pathlib import Path

from holdfast.records.errors import HoldfastError
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.opening import open_catalogue
from holdfast.vault.opening import Vault, find_identity, open_local_vault, tell_time
from holdfast.vault.pruning import carry_out, plan_prune
from holdfast.vault.storage.local import LocalStorage
from tests.vault.models import keep_folder, restore, say_nothing, verify


def main(verb: str, vault_folder: str, folder: str = "", name: str = "") -> None:
    """Do one thing, as a process of its own."""
    _limit()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    vault = _open(Path(vault_folder))
    adopt_packs(vault)
    if verb == "keep":
        kept = keep_folder(vault, Path(folder), name)
        print(kept.new_bytes)
    elif verb == "restore":
        restore(vault, Path(folder), name)
    elif verb == "verify":
        found = verify(vault)
        print(len(found.damage), found.damage)
    elif verb == "prune":
        for _ in range(20):
            carry_out(vault, plan_prune(vault, 0), say_nothing)
    vault.close()


def _open(folder: Path) -> Vault:
    elsewhere = os.environ.get("WORKER_CATALOGUE")
    if elsewhere is None:
        return open_local_vault(folder)
    storage = LocalStorage(folder)
    identity = find_identity(storage)
    assert identity is not None
    return Vault(str(folder), identity, storage, open_catalogue(Path(elsewhere), identity), tell_time)


def _limit() -> None:
    if user := os.environ.get("WORKER_USER"):
        os.setgid(int(user))
        os.setuid(int(user))
    if size := os.environ.get("WORKER_FILE_BYTES"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except HoldfastError as error:
        print(type(error).__name__, error.what, error.where)
        sys.exit(1)
