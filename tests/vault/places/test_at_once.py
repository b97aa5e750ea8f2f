"""Several processes at work on one vault, and one that is killed."""

import time
from pathlib import Path

from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import CATALOGUE_NAME, open_catalogue, place_catalogue
from tests.vault.models import hash_folder
from tests.vault.places.keepers import MODEL, Keeper, write_model

LARGE = 6_000_000  # elements of two bytes a tensor: long enough to be caught in the middle


def open_catalogue_of(keeper: Keeper) -> Database:
    named = keeper.environ.get("HOLDFAST_CATALOGUE", "")
    beside = Path(keeper.location) / CATALOGUE_NAME
    cached = keeper.home / "cache" / "holdfast" / "catalogues" / keeper.identity() / CATALOGUE_NAME
    default = cached if "://" in keeper.location else beside
    return open_catalogue(place_catalogue(named, keeper.identity(), default), keeper.identity(), keeper.environ)


def count_claims(keeper: Keeper) -> int:
    database = open_catalogue_of(keeper)
    try:
        return int(database.read("SELECT COUNT(*) FROM claims")[0][0])
    finally:
        database.close()


def test_two_that_keep_the_same_at_once_store_it_once(crowded: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 1, elements=2_000_000)
    crowded.get("keep", write_model(tmp_path / "first", 9), "--as", "org/first")
    before = sum(crowded.packs().values())
    working = [crowded.start("keep", model, "--as", f"org/copy-{number}", "--json") for number in range(2)]
    for process in working:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, out + err
    stored = sum(crowded.packs().values()) - before
    assert stored < 1.15 * (model / "model.safetensors").stat().st_size
    for number in range(2):
        crowded.get("restore", f"org/copy-{number}", tmp_path / f"back-{number}")
        assert hash_folder(tmp_path / f"back-{number}") == hash_folder(model)
    assert crowded.run("verify").code == 0


def test_claims_of_a_process_that_was_killed_are_taken_over(crowded: Keeper, tmp_path: Path) -> None:
    crowded.get("keep", write_model(tmp_path / "first", 9), "--as", "org/first")
    model = write_model(tmp_path / "model", 1, elements=LARGE)
    process = crowded.start("keep", model, "--as", MODEL, "--json")
    deadline = time.monotonic() + 120
    while not count_claims(crowded):
        assert process.poll() is None, "it ended before it could be caught"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert count_claims(crowded) > 0
    crowded.get("keep", model, "--as", MODEL)
    assert count_claims(crowded) == 0
    crowded.get("restore", MODEL, tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(model)
    assert crowded.run("verify").code == 0


def test_two_that_make_the_same_vault_at_once_make_one(crowded: Keeper, tmp_path: Path) -> None:
    models = [write_model(tmp_path / f"model-{number}", number * 10 + 1) for number in range(2)]
    working = [crowded.start("keep", model, "--as", f"org/{model.name}", "--json") for model in models]
    for process in working:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, out + err
    assert {copy["model"] for copy in crowded.get("list")["copies"]} == {"org/model-0", "org/model-1"}
    assert crowded.run("log", "verify").code == 0


def test_machines_that_share_a_catalogue_see_each_others_copies(shared: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 1)
    shared.get("keep", model, "--as", MODEL)
    colleague = Keeper(tmp_path / "colleague", shared.location, shared.environ)
    again = colleague.get("keep", model, "--as", MODEL)["copies"][0]
    assert again["new_bytes"] == 0
    assert colleague.run("verify").code == 0
