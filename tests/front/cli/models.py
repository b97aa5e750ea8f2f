"""Small models on disk, and a vault of a test's own, for tests that run the command line."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.front.cli.runs import Ran, compose, run, run_here

COMMIT, OTHER_COMMIT = "a" * 40, "b" * 40


def write_model(folder: Path, seed: str = "weights", **more: bytes) -> Path:
    """A folder with a configuration and 100 kB of weights that follow from `seed`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_bytes(b'{"model_type": "qwen3"}')
    (folder / "weights.bin").write_bytes(hashlib.shake_256(seed.encode()).digest(100_000))
    for name, data in more.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def make_home(folder: Path, template: "Home") -> "Home":
    """A copy of a home that was made once."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    return Home(folder, template.environ)


@dataclass
class Home:
    """A user's home with a vault in the usual place."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def vault(self) -> Path:
        """Where the vault is when nobody says otherwise."""
        return self.folder / ".local/share/holdfast/vault"

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> Ran:
        """The command line with this home, in this process."""
        return run_here(*arguments, home=self.folder, cwd=cwd or self.folder, **self.environ)

    def start(self, *arguments: str | Path, cwd: Path | None = None) -> Ran:
        """The same in a process of its own."""
        return run(*arguments, home=self.folder, cwd=cwd or self.folder, **self.environ)

    def begin(self, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        """The same, not waited for."""
        command = [sys.executable, "-m", "holdfast", *map(str, arguments)]
        return subprocess.Popen(command, cwd=self.folder, env=compose(self.folder, self.environ))

    def get(self, *arguments: str | Path, cwd: Path | None = None) -> Any:
        """What the command line prints as JSON, after it ended well."""
        done = self.run(*arguments, "--json", cwd=cwd)
        assert done.code == 0, done.err + done.out
        return json.loads(done.out)

    def keep(self, model: Path, name: str, revision: str = COMMIT) -> Any:
        """Keep a folder under a name."""
        return self.get("keep", model, "--as", name, "--revision", revision)["copies"][0]
