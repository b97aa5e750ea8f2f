"""A team's vault somewhere, its catalogue somewhere, and the real command line that uses both."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.vault.opening import find_identity, read_bytes
from holdfast.vault.storage.opening import open_storage
from holdfast.vault.storage.staging import StagedStorage
from tests.front.cli.runs import REPOSITORY, Ran, compose, run_here
from tests.vault.models import make_bf16, tune, write_safetensors

MODEL = "org/model"


@dataclass
class Keeper:
    """Somebody with a home of their own who uses the vault at `location`."""

    home: Path
    location: str
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def run(self, *arguments: str | Path) -> Ran:
        """The command line, on this vault; what is to run beside others is started by `start`."""
        return run_here(*arguments, home=self.home, cwd=REPOSITORY, **self._variables)

    def get(self, *arguments: str | Path) -> Any:
        """What the command line prints as JSON, after it ended well."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done.err + done.out
        return json.loads(done.out)

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """The command line, not waited for."""
        return subprocess.Popen(
            [sys.executable, "-m", "holdfast", *map(str, arguments)],
            cwd=REPOSITORY,
            env=compose(self.home, self._variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def _variables(self) -> dict[str, str]:
        cache = str(self.home / "cache")  # where the catalogue of a bucket is: nobody else's
        return {"XDG_CACHE_HOME": cache, "HOLDFAST_VAULT": self.location, **self.environ}

    def storage(self) -> StagedStorage:
        """The vault's medium."""
        return open_storage(self.location, staging=self.home / "by-hand")

    def identity(self) -> str:
        """The vault's id."""
        found = find_identity(self.storage())
        assert found is not None
        return found

    def packs(self) -> dict[str, int]:
        """Packs on the medium with their bytes."""
        return {stored.key: stored.size for stored in self.storage().iterate("packs/")}

    def damage(self, key: str) -> None:
        """Turn one byte in the middle of a value."""
        storage = self.storage()
        data = bytearray(read_bytes(storage, key))
        data[len(data) // 2] ^= 0x40
        with storage.create_staging("damaged") as file:
            file.write(data)
        storage.put(key, file.path)

    def lose_catalogue(self) -> None:
        """As if the disk with a catalogue in a file were gone."""
        for folder in (Path(self.location), self.home / "cache"):
            for path in folder.rglob("catalogue.sqlite*"):
                path.unlink()
        shutil.rmtree(self.home / "cache", ignore_errors=True)


def write_model(folder: Path, seed: int, elements: int = 60_000, tuned_by: int = 0) -> Path:
    """A model of two tensors and a licence; `tuned_by` makes it a fine-tune of the one with the same seed."""
    weights = [make_bf16(elements, seed), make_bf16(elements, seed + 1)]
    if tuned_by:
        weights = [tune(one, tuned_by) for one in weights]
    tensors = {f"layer.{number}.weight": ("BF16", one.reshape(100, -1)) for number, one in enumerate(weights)}
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "LICENSE").write_text("Use it well.\n" * 50)
    (folder / "config.json").write_text('{"model_type": "qwen3"}')
    return folder
