"""A small vault of several packs, and single injuries to it: a flipped bit, a truncation, a pack that is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from holdfast.vault.catalogue.objects import iterate_packs, locate, read_runs
from holdfast.vault.catalogue.revisions import find_hurt
from holdfast.vault.checking import check_pack
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.storage.local import LocalStorage
from tests.vault.models import Watch, keep_folder, make_bf16, tell, tune, write_safetensors


@dataclass(frozen=True, slots=True)
class Injury:
    """Bit `at` of a pack is flipped; or it has `size` bytes left; or, without both, it is gone."""

    key: str
    at: int | None
    size: int


def make_small_vault(folder: Path) -> Vault:
    """Some models in a vault in `folder`: a base, its fine-tune, small files, a decision; every pack of a few KB."""
    vault = open_local_vault(folder / "vault", Watch())
    weights = make_bf16(8192, 1)
    for name, seed in (("base", 0), ("tuned", 2), ("other", 3)):
        array = tune(weights, seed) if seed else weights
        source = folder / name
        write_safetensors(source / "model.safetensors", {"w": ("BF16", array), "b": ("F32", array[:100].view("<f4"))})
        (source / "README.md").write_bytes(b"words " * (60 + seed))
        (source / "empty").write_bytes(b"")
        keep_folder(vault, source, f"org/{name}")
    tell(vault, "freeze", "org/other")
    return vault


def list_injuries(vault: Vault, random: Random, flips: int, truncations: int) -> Iterator[Injury]:
    """So many flips at random, so that every byte is as likely as every other, and truncations of any length."""
    packs = list(vault.storage.iterate("packs/"))
    sizes = [pack.size for pack in packs]
    for pack in random.choices(packs, sizes, k=flips):
        yield Injury(pack.key, random.randrange(pack.size * 8), pack.size)
    for pack in random.choices(packs, sizes, k=truncations):
        yield Injury(pack.key, None, random.randrange(1, pack.size))


def check_injury(vault: Vault, injury: Injury) -> str:
    """Injure a vault, look at the pack as verify does, heal it; empty when all was found, else what was not."""
    assert isinstance(vault.storage, LocalStorage)
    path = vault.storage.root / injury.key
    whole = path.read_bytes()
    injure(path, whole, injury)
    try:
        pack = next(one for one in iterate_packs(vault.database) if one.key == injury.key)
        damage = check_pack(vault, pack)
    finally:
        path.write_bytes(whole)
    if not damage:
        return "nothing was found"
    named = {file for one in damage for file in one.hurts}
    expected = _find_expected(vault, pack.id, injury)
    return "" if named == expected else f"named {sorted(named)}, hurt are {sorted(expected)}"


def injure(path: Path, whole: bytes, injury: Injury) -> None:
    """Do it to the file."""
    if injury.at is not None:
        data = bytearray(whole)
        data[injury.at // 8] ^= 1 << injury.at % 8
        path.write_bytes(data)
    elif injury.size:
        path.write_bytes(whole[: injury.size])
    else:
        path.unlink()


def _find_expected(vault: Vault, pack: int, injury: Injury) -> set[str]:
    """By the extents of the runs: the files that need an object that is hit here and lies nowhere else."""
    hurt: set[str] = set()
    for run in read_runs(vault.database, pack):
        begin, end = run.offset, run.offset + run.stored_bytes
        is_hit = begin <= injury.at // 8 < end if injury.at is not None else end > injury.size
        found = locate(vault.database, [run.digest])[run.digest]
        if is_hit and all(place.pack == pack for place in found.places):
            hurt.update(find_hurt(vault.database, [found.id])[found.id])
    return hurt
