"""A process that holds a name, and the writer's place when asked to, until it is killed."""

import sys
import time
from pathlib import Path

from holdfast.vault.catalogue.opening import open_catalogue
from tests.vault.catalogue.conftest import VAULT_ID


def main(location: str, name: str) -> None:
    """Say `held`, then sleep."""
    database = open_catalogue(location if "://" in location else Path(location), VAULT_ID)
    with database.hold(name) as is_held, database.transaction():
        assert is_held
        database.write("INSERT INTO meta (name, value) VALUES ('unfinished', '1')")
        print("held", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
