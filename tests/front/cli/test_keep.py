"""keep, list, show, stats, verify, restore, prune and rebuild: what goes in comes out, and what is said of it is so."""

import hashlib
import json
import os
import sqlite3
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from tests.front.cli.models import COMMIT, Home, make_home, write_model

MODEL = "acme/helpdesk"


def write_safetensors(path: Path, values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> None:
    """One bf16 tensor, written by hand."""
    data = (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    head = json.dumps({"w": {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [0, len(data)]}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)


def write_pair(folder: Path) -> None:
    """A base of 2 MB of bf16, and a light fine-tune of it."""
    numbers = np.random.default_rng(7)
    base = numbers.normal(0, 0.02, (1024, 1024)).astype(np.float32)
    tuned = base + numbers.normal(0, 0.00005, base.shape).astype(np.float32)
    write_safetensors(folder / "base/model.safetensors", base)
    write_safetensors(folder / "tuned/model.safetensors", tuned)


def count_verified_lately(vault: Path) -> int:
    """Packs verified since the verification that is running began."""
    with sqlite3.connect(vault / "catalogue.sqlite") as catalogue:
        found = catalogue.execute(
            "SELECT COUNT(*) FROM packs WHERE verified_at >= (SELECT value FROM meta WHERE name = 'verify-round') + 0"
        )
        return int(found.fetchone()[0])


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("template"), {"HOLDFAST_BY": "Ana"})
    card = b"---\nbase_model: Qwen/Qwen3-8B\nlicense: apache-2.0\n---\n"
    write_model(found.folder / "model", README__md=card, LICENSE=b"Apache License 2.0")
    found.get("keep", found.folder / "model", "--as", MODEL, "--revision", COMMIT, "--why", "the help desk")
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def test_what_was_kept_is_restored_byte_for_byte(home: Home) -> None:
    assert home.start("restore", MODEL, "out").code == 0
    assert digests(home.folder / "out") == digests(home.folder / "model")


def test_a_restored_folder_that_is_right_is_not_written_again(home: Home) -> None:
    home.get("restore", MODEL, "out")
    again = home.get("restore", MODEL, "out")
    assert (again["files"], again["there_already"]) == (0, 4)


def test_only_the_files_of_a_pattern_are_restored(home: Home) -> None:
    home.get("restore", MODEL, "out", "--include", "*.json")
    assert list(digests(home.folder / "out")) == ["config.json"]


def test_show_tells_files_origin_licence_bases_levers_and_who_kept_it_and_why(home: Home) -> None:
    shown = home.get("show", MODEL)
    assert {file["path"]: file["sha256"] for file in shown["files"]} == digests(home.folder / "model")
    assert shown["manifest"]["licence"] == "apache-2.0"
    assert shown["manifest"]["bases"] == ["Qwen/Qwen3-8B"]
    assert shown["manifest"]["horizon"] == "2026-10-06"
    assert shown["licences"] == [["LICENSE", "Apache License 2.0"]]
    assert [(one["verb"], one["by"], one["why"]) for one in shown["decisions"]] == [("keep", "Ana", "the help desk")]
    assert "the help desk" in home.run("show", MODEL).out


def test_the_same_files_take_no_room_a_second_time(home: Home) -> None:
    again = home.keep(home.folder / "model", "acme/other-name")
    assert again["new_bytes"] < 4096  # documents alone
    assert len(home.get("list")["copies"]) == 2


def test_a_light_fine_tune_takes_a_fraction_of_its_base(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_pair(tmp_path)
    base, tuned = home.keep(tmp_path / "base", "acme/base"), home.keep(tmp_path / "tuned", "acme/tuned")
    assert base["stored_bytes"] < 0.75 * base["size"]
    assert tuned["stored_bytes"] < 0.25 * tuned["size"]
    techniques = {one["technique"]: one for one in home.get("stats")["techniques"]}
    assert techniques["difference from its base"]["raw"] == 2 * 1024 * 1024
    assert home.run("restore", "acme/tuned", "out").code == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "tuned")


def test_a_snapshot_of_a_hub_cache_has_its_name_and_commit_from_the_cache(tmp_path: Path) -> None:
    home = Home(tmp_path)
    repository = tmp_path / "hub/models--Qwen--Qwen3-8B"
    data = b'{"model_type": "qwen3"}'
    blob = repository / "blobs" / hashlib.sha256(data).hexdigest()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to(os.path.relpath(blob, snapshot))
    (copy,) = home.get("keep", tmp_path / "hub", "--from-hf-cache")["copies"]
    assert (copy["model"], copy["revision"]) == ("Qwen/Qwen3-8B", COMMIT)
    upstream = home.get("show", "Qwen/Qwen3-8B")["manifest"]["origin"]["upstream"]
    assert upstream == [["config.json", f"sha256:{blob.name}"]]


def test_a_blob_that_is_not_what_the_cache_calls_it_is_not_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    repository = tmp_path / "hub/models--Qwen--Qwen3-8B"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / ("0" * 64)).write_bytes(b"torn")
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to(Path("../../blobs") / ("0" * 64))
    assert home.run("keep", repository).code == 12
    assert home.get("list")["copies"] == []


def test_one_flipped_bit_is_found_and_named_with_the_files_that_it_hurts(home: Home) -> None:
    assert home.run("verify").code == 0
    pack = max(home.vault.rglob("*.pack"), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    done = home.run("verify")
    assert done.code == 12
    assert pack.name in done.out
    assert f"{MODEL}@{COMMIT}:weights.bin" in done.out
    assert home.get("list")["copies"][0]["state"] == "damaged"
    assert home.run("restore", MODEL, "out").code == 12


def test_a_share_of_the_vault_is_verified_and_the_coverage_is_told(home: Home) -> None:
    first = home.get("verify")
    assert first["oldest"] is not None
    assert home.get("verify", "--sample", "5%", "--rate", "200MB/s")["packs"] == 1


def test_an_interrupted_verification_goes_on_where_it_was(home: Home) -> None:
    everything = home.get("verify")["packs"]
    assert home.get("verify", "--resume")["packs"] == everything  # none was interrupted
    sleep(1.1)  # the clocks of packs count whole seconds: the next round begins in a later one
    slow = home.begin("verify", "--rate", "1")  # a byte a second: it waits after its first pack
    while not count_verified_lately(home.vault):
        sleep(0.05)
    slow.kill()
    slow.wait()
    assert 0 < home.get("verify", "--resume")["packs"] < everything


def test_prune_removes_what_it_said_it_would_and_nothing_that_a_copy_needs(home: Home) -> None:
    home.keep(write_model(home.folder / "old", "old"), "acme/old")
    home.run("drop", "acme/old", "--by", "Ana", "--why", "replaced")
    home.get("prune", "--grace-days", "0")
    planned = home.get("prune", "--grace-days", "0", "--dry-run")
    done = home.get("prune", "--grace-days", "0")
    assert {**done, "dry_run": True} == planned
    assert home.run("verify").code == 0
    assert home.run("restore", MODEL, "out").code == 0
    assert digests(home.folder / "out") == digests(home.folder / "model")


def test_a_lost_catalogue_is_made_anew_from_the_packs(home: Home) -> None:
    before = home.get("show", MODEL)
    for path in home.vault.glob("catalogue.sqlite*"):
        path.unlink()
    assert home.run("rebuild").code == 0
    after = home.get("show", MODEL)
    assert {**after["copy"], "verified_at": None} == {**before["copy"], "verified_at": None}
    assert after["files"] == before["files"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["keep"], 2, "--from-hf-cache"),
        (["keep", "no/such/folder"], 3, "no/such/folder"),
        (["show", "acme/helpdsk"], 2, MODEL),
        (["restore", f"{MODEL}@ffff", "out"], 2, COMMIT),
        (["verify", "--sample", "much"], 2, "5%"),
        (["verify", "--rate", "fast"], 2, "200MB/s"),
        (["list", "--vault", "no-such-vault"], 3, "holdfast keep"),
        (["list", "--vault", "ftp://somewhere"], 2, "s3://"),
    ],
)
def test_a_wrong_request_says_what_next_and_makes_no_vault(
    home: Home, arguments: list[str], code: int, says: str
) -> None:
    done = home.run(*arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert not (home.folder / "no-such-vault").exists()
