"""Programs that keep files and give them back, each as its documentation says for a folder on a local disk."""

import shutil
import subprocess
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from benchmarks.vault_running import HOLDFAST, Command

DVC = "dvc==3.67.1"
GIT = {f"GIT_{who}_{what}": "benchmark@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SETTINGS = {"RESTIC_PASSWORD": "of a benchmark", **GIT}


@dataclass(frozen=True, slots=True)
class Task:
    """Models to keep, in one command as far as a program can, and the folder that everything goes under."""

    folder: Path
    models: Sequence[Path]

    @property
    def store(self) -> Path:
        """Where programs put what they keep, if they can be told."""
        return self.folder / "store"

    @property
    def out(self) -> Path:
        """Where files come back."""
        return self.folder / "out"


Commands: TypeAlias = Callable[[Task], list[Command]]


@dataclass(frozen=True, slots=True)
class Keeper:
    """A program. `keep` makes a fresh store too; `clear` is not counted. With `inside` it keeps only what lies in its
    work tree, which is `out`. `kept_in` is where to weigh what it stores."""

    name: str
    keep: Commands
    restore: Commands
    clear: Commands = lambda _: []
    inside: bool = False
    kept_in: str = "store"


def list_keepers(cache: Path) -> Iterator[Keeper]:
    """holdfast, and those of its peers that are installed here; dvc is installed where it is missing."""
    yield Keeper("holdfast", keep_by_holdfast, restore_by_holdfast)
    if shutil.which("restic"):
        yield Keeper("restic", keep_by_restic, restore_by_restic)
    if shutil.which("borg"):
        yield Keeper("borg", keep_by_borg, restore_by_borg)
    if shutil.which("git-annex"):
        yield Keeper("git-annex", keep_by_annex, restore_by_annex, clear_annex, inside=True)
    dvc = install_dvc(cache / "peers")
    checkout: Command = [dvc, "checkout", "--quiet"]
    yield Keeper("dvc", partial(keep_by_dvc, dvc), lambda _: [checkout], clear_dvc, True, "out/.dvc/cache")


def install_dvc(folder: Path) -> Path:
    """The program, in a virtual environment of its own."""
    program = folder / "bin" / "dvc"
    if not program.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", DVC], check=True)
    return program


def keep_by_holdfast(task: Task) -> list[Command]:
    """Every byte hashed, encoded, proven, flushed, read back from the medium and compared."""
    return [[HOLDFAST, "keep", *task.models, "--vault", task.store]]


def restore_by_holdfast(task: Task) -> list[Command]:
    """Every frame, object and file compared; a command a model."""
    return [[HOLDFAST, "restore", one.name, task.out / one.name, "--vault", task.store] for one in task.models]


def keep_by_restic(task: Task) -> list[Command]:
    """Chunks by content, encrypted, compressed as it does by default; nothing is read back."""
    restic = ["restic", "--quiet", "--repo", str(task.store)]
    return [[*restic, "init"], [*restic, "backup", *task.models]]


def restore_by_restic(task: Task) -> list[Command]:
    """Chunks are authenticated; files are not compared again."""
    return [["restic", "--quiet", "--repo", task.store, "restore", "latest", "--target", task.out]]


def keep_by_borg(task: Task) -> list[Command]:
    """Chunks by content, lz4 as it does by default, not encrypted; nothing is read back."""
    return [
        ["borg", "init", "--encryption", "none", task.store],
        ["borg", "create", f"{task.store}::models", *task.models],
    ]


def restore_by_borg(task: Task) -> list[Command]:
    """Chunks are compared with their digests."""
    return [["borg", "extract", f"{task.store}::models"]]


def keep_by_annex(task: Task) -> list[Command]:
    """Whole files by sha256 in the work tree, and copied to a folder; nothing is read back."""
    remote = ["type=directory", f"directory={task.store}", "encryption=none"]
    return [
        ["mkdir", task.store],
        ["git", "init"],
        ["git", "annex", "init", "here"],
        ["git", "annex", "initremote", "store", *remote],
        ["git", "annex", "add", "--force-large", "."],
        ["git", "commit", "-m", "models"],
        ["git", "annex", "copy", "--to", "store", "."],
    ]


def clear_annex(_: Task) -> list[Command]:
    """The work tree gives up its copies."""
    return [["git", "annex", "drop", "--force", "."]]


def restore_by_annex(_: Task) -> list[Command]:
    """What comes back from the folder is compared with its sha256."""
    return [["git", "annex", "get", "--from", "store", "."]]


def keep_by_dvc(dvc: Path, task: Task) -> list[Command]:
    """Whole files by md5, copied to a cache in the work tree; nothing is read back."""
    return [[dvc, "init", "--quiet", "--no-scm"], [dvc, "add", "--quiet", *(one.name for one in task.models)]]


def clear_dvc(task: Task) -> list[Command]:
    """The work tree without the models."""
    return [["rm", "-rf", *(one.name for one in task.models)]]
