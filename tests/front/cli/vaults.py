"""A few vaults side by side, the models that are kept in them, and the command line, called in this process."""

import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.front.cli.runs import Ran, run_here
from tests.vault.models import hash_folder, make_bf16, tune, write_safetensors

from holdfast.vault.storage.local import LocalStorage

BASE, TUNED, OTHER = "org/base", "org/tuned", "org/other"


@dataclass(frozen=True)
class Place:
    """A folder with models, vaults and a user's home; `packs` are those that each keep brought, the largest first."""

    folder: Path
    packs: Mapping[str, Sequence[str]]

    @property
    def vault(self) -> Path:
        """The vault that is meant when nobody says otherwise."""
        return self.folder / "vault"

    def run(self, *arguments: str | Path) -> Ran:
        """The command line, without a process of its own."""
        return run_here(*arguments, cwd=self.folder, home=self.home, **self.environ)

    @property
    def home(self) -> Path:
        """The user's."""
        return self.folder.parent / "home"

    @property
    def environ(self) -> dict[str, str]:
        """What the command line finds in its environment."""
        places = {f"XDG_{name}_HOME": str(self.home / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
        return {"HOME": str(self.home), "HOLDFAST_VAULT": str(self.vault), "HOLDFAST_BY": "Ana", **places}

    def get(self, *arguments: str | Path, code: int = 0) -> Any:
        """What the command line prints as JSON, after it ended with this code."""
        done = self.run(*arguments, "--json")
        assert done.code == code, f"{done.code}: {done.err}{done.out}"
        return json.loads(done.out)

    def fail(self, *arguments: str | Path, code: int) -> Any:
        """The error that the command line prints as JSON."""
        done = self.run(*arguments, "--json")
        assert done.code == code, f"{done.code}: {done.err}{done.out}"
        assert done.out == ""
        return json.loads(done.err)

    def keep(self, name: str, folder: str | Path, vault: Path | None = None, revision: str = "main") -> Any:
        """Keep a folder under a name."""
        return self.get("keep", folder, "--as", name, "--revision", revision, "--vault", vault or self.vault)["copies"][
            0
        ]

    def copy_vault(self, name: str = "backup") -> Path:
        """A copy of the vault's files, as any tool would make it."""
        return shutil.copytree(self.vault, self.folder / name)

    def comes_back(self, name: str, vault: Path | None = None, source: str = "") -> bool:
        """Whether a restored copy has the digests of the files that it was kept from."""
        target = self.folder / f"out-{name.replace('/', '-')}"
        shutil.rmtree(target, ignore_errors=True)
        done = self.run("restore", name, target, "--vault", vault or self.vault)
        return done.code == 0 and hash_folder(target) == hash_folder(self.folder / (source or name.partition("/")[2]))

    def all_come_back(self, vault: Path | None = None) -> bool:
        """Whether every model does."""
        return all(self.comes_back(name, vault) for name in (BASE, TUNED, OTHER))


def list_packs(vault: Path) -> set[str]:
    """The keys of all packs."""
    return {path.relative_to(vault).as_posix() for path in (vault / "packs").rglob("*.pack")}


def read_packs(vault: Path) -> dict[str, bytes]:
    """All packs with their bytes."""
    return {key: (vault / key).read_bytes() for key in list_packs(vault)}


def lose_catalogue(vault: Path) -> None:
    """The catalogue is gone, as after copying the packs alone."""
    for path in vault.glob("catalogue.sqlite*"):
        path.unlink()


def flip(path: Path, offset: int) -> None:
    """Turn one bit; a negative offset counts from the end."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 4
    path.write_bytes(data)


def make_place(folder: Path) -> Place:
    """A vault with a model, a fine-tune of it, and one that has nothing to do with them."""
    weights, bias = make_bf16(700_000, 1), make_bf16(20_000, 2)
    write_safetensors(folder / "base/model.safetensors", {"w": ("BF16", weights), "b": ("BF16", bias)})
    write_safetensors(
        folder / "tuned/model.safetensors", {"w": ("BF16", tune(weights, 3)), "b": ("BF16", tune(bias, 4))}
    )
    write_safetensors(folder / "other/model.safetensors", {"v": ("BF16", make_bf16(30_000, 5))})
    for name in ("base", "tuned", "other"):
        (folder / name / "config.json").write_text(json.dumps({"model_type": "qwen3", "of": name, "pad": "x" * 100}))
    packs: dict[str, Sequence[str]] = {}
    place = Place(folder, packs)
    for name in ("base", "tuned", "other"):
        before = list_packs(place.vault)
        place.keep(f"org/{name}", name)
        new = list_packs(place.vault) - before
        packs[name] = sorted(new, key=lambda key: -(place.vault / key).stat().st_size)
    return place


def copy_place(template: Place, folder: Path) -> Place:
    """A copy of a place that was made once."""
    shutil.copytree(template.folder, folder)
    return Place(folder, template.packs)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Have the next but `step` pack that is put into a folder interrupt its process, before it is put."""
    put, seen = LocalStorage.put, itertools.count()

    def interrupt(storage: LocalStorage, key: str, source: Path) -> None:
        if key.startswith("packs/") and ".packs" not in str(storage.root) and next(seen) == step:
            raise KeyboardInterrupt
        put(storage, key, source)

    monkeypatch.setattr(LocalStorage, "put", interrupt)
