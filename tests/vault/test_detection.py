"""Every single flipped bit and every truncation in a vault is found by verify, and the files it hurts are named."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from holdfast.records.errors import HoldfastError
from holdfast.vault.opening import Vault, open_local_vault
from tests.vault.injuries import Injury, check_injury, list_injuries, make_small_vault
from tests.vault.models import Watch, verify

FLIPS, TRUNCATIONS = 3_000, 300
SOAK_FLIPS, SOAK_TRUNCATIONS = 30_000, 3_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small vault that is never written to."""
    folder = tmp_path_factory.mktemp("small")
    make_small_vault(folder).close()
    return folder


@pytest.fixture
def place(template: Path, in_memory: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(template, in_memory / "small")


@pytest.fixture
def small(place: Path) -> Iterator[Vault]:
    """It, opened."""
    vault = open_local_vault(place / "vault", Watch())
    yield vault
    vault.close()


def find_missed(small: Vault, flips: int, truncations: int) -> list[tuple[Injury, str]]:
    injuries = list_injuries(small, Random(1), flips, truncations)
    return [(injury, wrong) for injury in injuries if (wrong := check_injury(small, injury))]


def test_a_vault_that_nothing_happened_to_is_whole(small: Vault) -> None:
    assert verify(small).damage == ()


def test_every_injury_is_found_and_the_files_it_hurts_are_named(small: Vault) -> None:
    assert find_missed(small, FLIPS, TRUNCATIONS) == []


@pytest.mark.soak
def test_every_one_of_very_many_injuries_is_found(small: Vault) -> None:
    assert find_missed(small, SOAK_FLIPS, SOAK_TRUNCATIONS) == []


def test_a_pack_that_is_gone_is_found_and_its_files_are_named(small: Vault) -> None:
    for pack in list(small.storage.iterate("packs/")):
        assert check_injury(small, Injury(pack.key, None, 0)) == ""


@pytest.mark.parametrize("seed", range(20))
def test_an_injury_is_found_by_a_rebuilt_catalogue_too(place: Path, seed: int) -> None:
    random = Random(seed)
    pack = random.choice(sorted((place / "vault/packs").rglob("*.pack")))
    data = bytearray(pack.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    pack.write_bytes(data)
    for left in (place / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    vault = open_local_vault(place / "vault", Watch())
    assert verify(vault).damage
    vault.close()


def test_a_flipped_bit_in_the_identity_is_told(place: Path) -> None:
    path = place / "vault/vault.json"
    whole = path.read_bytes()
    said = json.loads(whole)
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            vault = open_local_vault(place / "vault", Watch())
        except HoldfastError:
            continue
        # What is left is another time of making, which nothing depends on, or an equal spelling.
        assert vault.id == said["id"], f"bit {bit} gives another identity, and nobody notices"
        vault.close()
