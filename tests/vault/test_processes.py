"""Several real processes on one vault, and processes that are killed: nothing is lost, nothing is done twice."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import sleep

import pytest

from holdfast.vault.adopting import adopt_packs
from holdfast.vault.opening import Vault, open_local_vault
from tests.vault.models import hash_folder, keep_folder, make_bf16, restore, tell, tune, verify, write_safetensors
from tests.vault.processes import Worker, run_at_once, run_one

KILLS = 8


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that others reach; those of pytest are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def make_model(folder: Path, seed: int = 1, files: int = 3) -> Path:
    for number in range(files):
        tensors = {f"layer.{part}": ("BF16", make_bf16(150_000, seed * 100 + number * 10 + part)) for part in range(6)}
        write_safetensors(folder / f"model-{number}.safetensors", tensors)
    (folder / "README.md").write_bytes(b"words " * 1000)
    return folder


def open_again(folder: Path) -> Vault:
    vault = open_local_vault(folder)
    adopt_packs(vault)
    return vault


def keep_here(vault_folder: Path, folder: Path, name: str) -> None:
    """What was kept before any of the processes began."""
    vault = open_again(vault_folder)
    keep_folder(vault, folder, name)
    vault.close()


def check_all_comes_back(vault: Vault, folder: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        restore(vault, Path(out), name)
        assert hash_folder(Path(out)) == hash_folder(folder)


def list_written_twice(vault: Vault) -> Sequence[object]:
    return vault.database.read(
        "SELECT o.digest FROM runs r JOIN objects o ON o.id = r.object WHERE o.kind = 1 GROUP BY o.digest"
        " HAVING COUNT(*) > 1"
    )


def test_processes_that_keep_the_same_model_at_once_write_every_object_once(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    workers = [Worker("keep", tmp_path / "vault", model, f"org/{number}") for number in range(3)]
    for done in run_at_once(workers):
        assert done.code == 0, done.said
    vault = open_again(tmp_path / "vault")
    assert list_written_twice(vault) == []
    for number in range(3):
        check_all_comes_back(vault, model, f"org/{number}")
    assert verify(vault).damage == ()


def test_processes_that_keep_the_same_revision_under_one_name_agree(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", files=1)
    for done in run_at_once([Worker("keep", tmp_path / "vault", model, "org/same") for _ in range(3)]):
        assert done.code == 0, done.said
    vault = open_again(tmp_path / "vault")
    check_all_comes_back(vault, model, "org/same")
    assert vault.database.read("SELECT COUNT(*) FROM revisions WHERE state = 'kept'") == [(1,)]


def test_a_prune_beside_keeps_takes_nothing_that_they_need(tmp_path: Path) -> None:
    first = make_model(tmp_path / "first")
    keep_here(tmp_path / "vault", first, "org/first")
    vault = open_again(tmp_path / "vault")
    tell(vault, "drop", "org/first")
    second = tmp_path / "second"
    for number in range(3):
        tensors = {
            f"layer.{part}": ("BF16", tune(make_bf16(150_000, 100 + number * 10 + part), part, 0.2 if part % 2 else 0))
            for part in range(6)
        }
        write_safetensors(second / f"model-{number}.safetensors", tensors)
    workers = [
        Worker("prune", tmp_path / "vault"),
        Worker("keep", tmp_path / "vault", second, "org/second"),
        Worker("keep", tmp_path / "vault", first, "org/again"),
        Worker("verify", tmp_path / "vault"),
    ]
    for done in run_at_once(workers):
        assert done.code == 0, done.said
        assert done.said.split()[:1] in ([], ["0"]) or done.said.strip().isdigit(), done.said
    check_all_comes_back(vault, second, "org/second")
    check_all_comes_back(vault, first, "org/again")
    assert verify(vault).damage == ()


def test_a_prune_beside_a_restore_leaves_it_whole(tmp_path: Path) -> None:
    weights = {f"w{number}": ("BF16", make_bf16(200_000, number)) for number in range(8)}
    write_safetensors(tmp_path / "all/m.safetensors", weights)
    write_safetensors(tmp_path / "some/m.safetensors", {name: weights[name] for name in ("w1", "w5")})
    for name in ("all", "some"):
        keep_here(tmp_path / "vault", tmp_path / name, f"org/{name}")
    tell(open_again(tmp_path / "vault"), "drop", "org/all")
    workers = [Worker("prune", tmp_path / "vault")] + [
        Worker("restore", tmp_path / "vault", tmp_path / f"out{number}", "org/some") for number in range(3)
    ]
    for done in run_at_once(workers):
        assert done.code == 0, done.said
    for number in range(3):
        assert hash_folder(tmp_path / f"out{number}") == hash_folder(tmp_path / "some")


def test_a_keep_that_is_killed_at_any_moment_is_finished_by_running_it_again(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    other = make_model(tmp_path / "other", 2, files=1)
    keep_here(tmp_path / "vault", other, "org/other")
    random = Random(5)
    for _ in range(KILLS):
        worker = Worker("keep", tmp_path / "vault", model, "org/model").wait_until_ready().go()
        sleep(random.random() ** 2 * 0.8)
        worker.kill()
        vault = open_again(tmp_path / "vault")
        check_all_comes_back(vault, other, "org/other")
        assert verify(vault).damage == ()
        vault.close()
    done = run_one("keep", tmp_path / "vault", model, "org/model")
    assert done.code == 0, done.said
    vault = open_again(tmp_path / "vault")
    check_all_comes_back(vault, model, "org/model")
    assert list(vault.storage.staging.iterate()) == []
    assert vault.database.read("SELECT COUNT(*) FROM claims") == [(0,)]


def test_a_killed_process_does_not_keep_others_waiting(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for _ in range(3):
        first, second = (Worker("keep", tmp_path / "vault", model, f"org/{name}") for name in ("one", "two"))
        first.wait_until_ready().go()
        second.wait_until_ready().go()
        sleep(0.25)
        first.kill()
        done = second.end()
        assert done.code == 0, done.said
    check_all_comes_back(open_again(tmp_path / "vault"), model, "org/two")


def test_a_disk_that_is_full_is_said_and_a_rerun_finishes(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    keep_here(tmp_path / "vault", make_model(tmp_path / "other", 2, 1), "org/other")
    done = run_one("keep", tmp_path / "vault", model, "org/model", WORKER_FILE_BYTES=str(3_000_000))
    assert (done.code, done.said.split()[0]) == (1, "NoSpace"), done.said
    vault = open_again(tmp_path / "vault")
    check_all_comes_back(vault, tmp_path / "other", "org/other")
    keep_here(tmp_path / "vault", model, "org/model")
    check_all_comes_back(vault, model, "org/model")


def is_mounted(folder: Path) -> bool:
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False)
    return made.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk")
def test_a_small_disk_that_fills_up_keeps_what_it_had_and_takes_the_rest_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    if not is_mounted(disk):
        pytest.skip("this machine does not let us mount")
    try:
        small, model = make_model(tmp_path / "small", 2, 1), make_model(tmp_path / "model")
        keep_here(disk / "vault", small, "org/small")
        done = run_one("keep", disk / "vault", model, "org/model")
        assert (done.code, done.said.split()[0]) == (1, "NoSpace"), done.said
        vault = open_again(disk / "vault")
        check_all_comes_back(vault, small, "org/small")
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        keep_here(disk / "vault", model, "org/model")
        check_all_comes_back(vault, model, "org/model")
        assert verify(vault).damage == ()
        vault.close()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_vault_that_may_only_be_read_is_read_with_a_catalogue_elsewhere(open_folder: Path) -> None:
    model = make_model(open_folder / "model", files=1)
    keep_here(open_folder / "vault", model, "org/model")
    denied = run_one("restore", open_folder / "vault", open_folder / "out", "org/model", WORKER_USER="65534")
    assert (denied.code, denied.said.split()[0]) == (1, "AccessDenied"), denied.said
    with tempfile.TemporaryDirectory() as theirs:
        Path(theirs).chmod(0o777)
        variables = {"WORKER_USER": "65534", "WORKER_CATALOGUE": f"{theirs}/catalogue.sqlite"}
        done = run_one("restore", open_folder / "vault", Path(theirs) / "out", "org/model", **variables)
        assert done.code == 0, done.said
        assert hash_folder(Path(theirs) / "out") == hash_folder(model)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_permission_that_is_lost_is_said_and_nothing_is_lost(open_folder: Path) -> None:
    nobody, model = 65534, make_model(open_folder / "model", files=1)
    keep_here(open_folder / "vault", model, "org/model")
    before = hash_folder(open_folder / "vault/packs")
    done = run_one("keep", open_folder / "vault", model, "org/again", WORKER_USER=str(nobody))
    assert (done.code, done.said.split()[0]) == (1, "AccessDenied"), done.said
    assert hash_folder(open_folder / "vault/packs") == before
    check_all_comes_back(open_again(open_folder / "vault"), model, "org/model")
