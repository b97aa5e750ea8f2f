"""Small models made by hand, and a vault to keep them in: what the tests of the vault begin with."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from holdfast.formats.layout import read_layout
from holdfast.records.vault import Decision, Origin, RevisionManifest
from holdfast.vault.catalogue.revisions import RevisionRow, iterate_revisions
from holdfast.vault.checking import read_revision
from holdfast.vault.journal import decide
from holdfast.vault.keeping.revisions import Keeping, Kept, SourceEntry, keep_revision
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import Restored, restore_revision
from holdfast.vault.verifying import Verified, VerifyPlan, verify_packs

Tensors = Mapping[str, tuple[str, NDArray[np.generic]]]
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Watch:
    """A clock that is set by hand."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Forward, or back."""
        self.now += timedelta(seconds=seconds)


def say_nothing(*_: object) -> None:
    """A report that goes nowhere."""


def make_bf16(count: int, seed: int, scale: float = 0.02) -> NDArray[np.uint16]:
    """Weights as they are trained: normal, in bf16."""
    values = np.random.default_rng(seed).normal(0, scale, count).astype(np.float32)
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def tune(weights: NDArray[np.uint16], seed: int, share: float = 0.3) -> NDArray[np.uint16]:
    """A fine-tune: some weights moved by a step."""
    random = np.random.default_rng(seed)
    moved = random.random(weights.size) < share
    return np.where(moved, weights + random.integers(-1, 2, weights.size).astype(np.int16), weights).astype(np.uint16)


def write_safetensors(path: Path, tensors: Tensors) -> Path:
    """A safetensors file, byte by byte as its specification says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header: dict[str, object] = {}
    parts: list[bytes] = []
    offset = 0
    for name, (dtype, array) in tensors.items():
        data = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))
    return path


def write_random_model(folder: Path, random: Random) -> None:
    """A small model, one of two bases or tuned from one, sometimes with a text beside it."""
    seed = random.randrange(1 << 30)
    weights = make_bf16(random.choice((8192, 9001, 12000)), random.randrange(2))
    if random.random() < 0.5:
        weights = tune(weights, seed, random.choice((0.0001, 0.3)))
    write_safetensors(
        folder / "model.safetensors", {"layer.weight": ("BF16", weights), "bias": ("F32", weights[:40].view("<f4"))}
    )
    if random.random() < 0.5:
        (folder / "README.md").write_bytes(Random(seed % 5).randbytes(seed % 3000))


def hash_folder(folder: Path) -> dict[str, str]:
    """The sha256 of every file, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def keep_folder(
    vault: Vault,
    folder: Path,
    name: str = "org/model",
    revision: str = "main",
    base: int | None = None,
    report: Callable[[str, int], None] = say_nothing,
) -> Kept:
    """Keep every file under a folder."""
    entries = tuple(
        SourceEntry(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()
    )
    manifest = RevisionManifest(name, revision, Origin(folder.name, vault.timestamp), ())
    return keep_revision(vault, Keeping(manifest, entries, read_layout, "a test", base=base), report)


def find_row(vault: Vault, name: str = "org/model", revision: str = "main") -> RevisionRow:
    """The newest revision of this name."""
    return next(iterate_revisions(vault.database, name, revision))


def restore(vault: Vault, folder: Path, name: str = "org/model", revision: str = "main") -> Restored:
    """Restore a revision whatever its state."""
    manifest = read_revision(vault, find_row(vault, name, revision).manifest)
    return restore_revision(vault, manifest, folder, say_nothing)


def verify(vault: Vault, plan: VerifyPlan | None = None) -> Verified:
    """Verify, as a rule everything."""
    return verify_packs(vault, plan or VerifyPlan(), say_nothing)


def tell(vault: Vault, verb: str, name: str = "org/model", revision: str = "main") -> Decision:
    """Record a decision."""
    return decide(vault, verb, f"{name}@{revision}", "a test", "because")
