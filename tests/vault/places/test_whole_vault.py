"""A vault from its first copy to its last, by the real command line, wherever it and its catalogue lie."""

from pathlib import Path

from tests.vault.models import hash_folder
from tests.vault.places.keepers import MODEL, Keeper, write_model


def test_copies_are_kept_verified_told_of_and_come_back(keeper: Keeper, tmp_path: Path) -> None:
    base = write_model(tmp_path / "base", 1)
    tuned = write_model(tmp_path / "tuned", 1, tuned_by=7)
    keeper.get("keep", base, "--as", MODEL, "--revision", "one")
    second = keeper.get("keep", tuned, "--as", MODEL, "--revision", "two")["copies"][0]
    assert second["stored_bytes"] < second["size"] / 2  # a difference from the first
    assert [copy["revision"] for copy in keeper.get("list")["copies"]] == ["two", "one"]
    assert keeper.get("show", MODEL)["copy"]["state"] == "kept"
    assert keeper.get("stats")["totals"]["copies"] == 2
    assert keeper.get("verify")["damage"] == []
    for folder, revision in ((base, "one"), (tuned, "two")):
        keeper.get("restore", f"{MODEL}@{revision}", tmp_path / "back" / revision)
        assert hash_folder(tmp_path / "back" / revision) == hash_folder(folder)
    assert keeper.run("log", "verify").code == 0


def test_a_damaged_pack_is_named_and_repaired_from_parity(keeper: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 2)
    keeper.get("keep", model, "--as", MODEL)
    keeper.get("protect", "--parity", "50")
    largest = max(keeper.packs(), key=lambda key: keeper.packs()[key])
    keeper.damage(largest)
    verified = keeper.run("verify")
    assert verified.code == 12
    assert largest in verified.out
    assert f"hurts {MODEL}" in verified.out
    assert keeper.run("repair").code == 0
    assert keeper.run("verify").code == 0
    keeper.get("restore", MODEL, tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(model)


def test_a_lost_catalogue_is_made_anew_from_the_packs(keeper: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 3)
    keeper.get("keep", model, "--as", MODEL, "--revision", "one")
    before = keeper.get("show", MODEL)
    keeper.lose_catalogue()
    rebuilt = keeper.get("rebuild")
    assert rebuilt["packs"] == len(keeper.packs())
    assert rebuilt["unreadable"] == []
    after = keeper.get("show", MODEL)
    assert after["decisions"] == before["decisions"]
    assert after["files"] == before["files"]
    keeper.get("restore", MODEL, tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(model)


def test_what_was_dropped_is_freed_and_the_rest_stays(keeper: Keeper, tmp_path: Path) -> None:
    kept = write_model(tmp_path / "kept", 4)
    keeper.get("keep", kept, "--as", "org/kept")
    keeper.get("keep", write_model(tmp_path / "gone", 5), "--as", "org/gone")
    before = sum(keeper.packs().values())
    keeper.get("drop", "org/gone", "--by", "Ana", "--why", "replaced")
    assert keeper.get("prune", "--grace-days", "0")["marked"] > 0
    planned = keeper.get("prune", "--grace-days", "0", "--dry-run")
    done = keeper.get("prune", "--grace-days", "0")
    assert (done["removed"], done["freed"]) == (planned["removed"], planned["freed"])
    assert sum(keeper.packs().values()) < 0.7 * before
    assert keeper.run("verify").code == 0
    keeper.get("restore", "org/kept", tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(kept)
    assert keeper.run("log", "verify").code == 0
