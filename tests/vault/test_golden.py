"""Old vaults stay readable: a vault of every format version is here, and both readers restore every file of it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.objects import iterate_packs, read_runs
from holdfast.vault.catalogue.revisions import iterate_revisions
from holdfast.vault.checking import read_file_manifest, read_revision
from holdfast.vault.opening import FORMAT, open_local_vault
from tests.vault.injuries import make_small_vault
from tests.vault.models import Watch, hash_folder, restore, verify

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(path.name for path in GOLDEN.glob("v*"))
UNPACK = Path(__file__).parents[2] / "tools/unpack.py"


def unpack(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(UNPACK), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def read_sums(version: str) -> dict[str, dict[str, str]]:
    sums: dict[str, dict[str, str]] = json.loads((GOLDEN / version / "sha256.json").read_text())
    return sums


def test_the_present_version_has_a_golden_vault() -> None:
    assert f"v{FORMAT}" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_golden_vault_is_restored_byte_for_byte(tmp_path: Path, version: str) -> None:
    shutil.copytree(GOLDEN / version / "vault", tmp_path / "vault")
    vault = open_local_vault(tmp_path / "vault", Watch(), make=False)
    adopt_packs(vault)
    for name, sums in read_sums(version).items():
        restore(vault, tmp_path / name, name)
        assert hash_folder(tmp_path / name) == sums
    assert verify(vault).damage == ()
    assert hash_folder(tmp_path / "vault/packs") == hash_folder(GOLDEN / version / "vault/packs")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_second_reader_restores_what_is_not_frozen(tmp_path: Path, version: str) -> None:
    vault = GOLDEN / version / "vault"
    sums = read_sums(version)
    done = unpack(vault, "extract", "golden/tuned", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert hash_folder(tmp_path / "out") == sums["golden/tuned"]
    frozen = unpack(vault, "extract", "golden/base", tmp_path / "frozen")
    assert frozen.returncode != 0
    assert "frozen" in frozen.stderr + frozen.stdout
    assert unpack(vault, "check").returncode == 0


def test_the_golden_vault_of_version_1_has_every_codec_an_inline_segment_and_a_decision(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "v1/vault", tmp_path / "vault")
    vault = open_local_vault(tmp_path / "vault", Watch(), make=False)
    adopt_packs(vault)
    runs = [run for pack in iterate_packs(vault.database) for run in read_runs(vault.database, pack.id)]
    assert {codec for run in runs for codec, _ in run.frames} == {0, 1, 2, 3, 4}
    states = {row.name: row for row in iterate_revisions(vault.database)}
    assert states["golden/base"].state == "frozen"
    (model,) = (
        file for file in read_revision(vault, states["golden/tuned"].manifest).files if file.path == "model.safetensors"
    )
    assert any(segment.inline for segment in read_file_manifest(vault, model.manifest).segments)


@pytest.mark.parametrize("has_catalogue", [True, False])
def test_the_second_reader_restores_every_file_of_a_vault_that_the_package_wrote(
    tmp_path: Path, has_catalogue: bool
) -> None:
    make_small_vault(tmp_path).close()
    if not has_catalogue:
        for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
            left.unlink()
    for name in ("base", "tuned"):
        done = unpack(tmp_path / "vault", "extract", f"org/{name}@main", tmp_path / f"out-{name}")
        assert done.returncode == 0, done.stderr
        assert hash_folder(tmp_path / f"out-{name}") == hash_folder(tmp_path / name)
    assert unpack(tmp_path / "vault", "check").returncode == 0
