"""Every single flipped bit and every truncation in a vault is found by verify, and the files it hurts are named."""

import json
from pathlib import Path
from random import Random

import pytest

from holdfast.records.errors import HoldfastError
from holdfast.vault.opening import Vault, open_local_vault
from tests.vault.injuries import Injury, check_injury, list_injuries, make_small_vault
from tests.vault.models import Watch, verify

FLIPS = 10_000
TRUNCATIONS = 1_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return make_small_vault(tmp_path_factory.mktemp("small"))


def test_a_vault_that_nothing_happened_to_is_whole(small: Vault) -> None:
    assert verify(small).damage == ()


def test_every_injury_is_found_and_the_files_it_hurts_are_named(small: Vault) -> None:
    missed = [
        (injury, wrong)
        for injury in list_injuries(small, Random(1), FLIPS, TRUNCATIONS)
        if (wrong := check_injury(small, injury))
    ]
    assert missed == []


def test_a_pack_that_is_gone_is_found_and_its_files_are_named(small: Vault) -> None:
    for pack in list(small.storage.iterate("packs/")):
        assert check_injury(small, Injury(pack.key, None, 0)) == ""


@pytest.mark.parametrize("seed", range(20))
def test_an_injury_is_found_by_a_rebuilt_catalogue_too(tmp_path: Path, seed: int) -> None:
    make_small_vault(tmp_path).close()
    random = Random(seed)
    pack = random.choice(sorted((tmp_path / "vault/packs").rglob("*.pack")))
    data = bytearray(pack.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    pack.write_bytes(data)
    for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    vault = open_local_vault(tmp_path / "vault", Watch())
    assert verify(vault).damage
    vault.close()


def test_a_flipped_bit_in_the_identity_is_told(tmp_path: Path) -> None:
    make_small_vault(tmp_path).close()
    path = tmp_path / "vault/vault.json"
    whole = path.read_bytes()
    said = json.loads(whole)
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            vault = open_local_vault(tmp_path / "vault", Watch())
        except HoldfastError:
            continue
        # What is left is another time of making, which nothing depends on, or an equal spelling.
        assert vault.id == said["id"], f"bit {bit} gives another identity, and nobody notices"
        vault.close()
