"""A model of 200,000 tensors, as some adapters and quantised mixtures have them."""

from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.vault.opening import open_local_vault
from tests.vault.models import Watch, hash_folder, keep_folder, restore, verify, write_safetensors

TENSORS = 200_000


@pytest.mark.soak
def test_two_hundred_thousand_tensors_are_kept_verified_and_restored(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(TENSORS, 40)).astype(np.float32)
    write_safetensors(
        tmp_path / "model/m.safetensors", {f"layer.{number}": ("F32", row) for number, row in enumerate(values)}
    )
    vault = open_local_vault(tmp_path / "vault", Watch())
    began = monotonic()
    keep_folder(vault, tmp_path / "model")
    kept = monotonic()
    assert verify(vault).damage == ()
    restore(vault, tmp_path / "out")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")
    restored = monotonic()
    drop_tables(vault.database)
    make_tables(vault.database)
    adopt_packs(vault)
    restore(vault, tmp_path / "out")
    seconds = [round(end - begin) for begin, end in ((began, kept), (kept, restored), (restored, monotonic()))]
    print(f"keep {seconds[0]} s, verify and restore {seconds[1]} s, rebuild {seconds[2]} s")
