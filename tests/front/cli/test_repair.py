"""`holdfast repair` on real vaults that were damaged as disks do it. Files are compared with those that were kept."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.front.cli.vaults import BASE, OTHER, TUNED, Place, flip, list_packs, lose_catalogue, read_packs
from tests.vault.models import make_bf16, write_safetensors

from holdfast.vault.opening import open_local_vault


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


KINDS: dict[str, Callable[[Path], object]] = {
    "a flipped bit in a frame": lambda path: flip(path, path.stat().st_size // 2),
    "a flipped bit in the header": lambda path: flip(path, 3),
    "a flipped bit in the index": lambda path: flip(path, -90),
    "a flipped bit in the footer": lambda path: flip(path, -8),
    "half of it": truncate,
    "nothing left of it": lambda path: path.write_bytes(b""),
    "other bytes": lambda path: path.write_bytes(bytes(range(256)) * (path.stat().st_size // 256)),
    "more bytes": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "lost": lambda path: path.unlink(),
}
IN_PLACE = [kind for kind in KINDS if "header" in kind or "index" in kind or "footer" in kind or "more" in kind]


def repair(place: Place, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = place.get("repair", *arguments, code=code)["repaired"]
    return found


def assert_whole(place: Place) -> None:
    assert place.get("verify")["damage"] == []
    assert place.all_come_back()
    again = repair(place)
    assert [again[key] for key in ("damaged", "remade", "from_parity", "copied", "recovered", "lost")] == [[]] * 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_pack_is_as_it_was_again_from_parity(place: Place, kind: str) -> None:
    place.get("protect", "--parity", "100")
    before = read_packs(place.vault)
    for name in ("base", "tuned"):
        KINDS[kind](place.vault / place.packs[name][0])
    found = repair(place)
    key = "remade" if kind in IN_PLACE else "from_parity"
    assert set(found[key]) == {place.packs["base"][0], place.packs["tuned"][0]}
    assert read_packs(place.vault) == before
    assert_whole(place)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in IN_PLACE])
def test_a_damaged_pack_is_as_it_was_again_from_another_vault(place: Place, kind: str) -> None:
    other, before = place.copy_vault(), read_packs(place.vault)
    for key in list_packs(place.vault):
        KINDS[kind](place.vault / key)
    found = repair(place, "--from", other)
    assert sorted(found["copied"]) == sorted([key, str(other)] for key in before)
    assert read_packs(place.vault) == before
    assert_whole(place)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in IN_PLACE])
def test_what_a_damaged_pack_held_comes_back_from_the_files_it_was_kept_from(place: Place, kind: str) -> None:
    for name in ("base", "tuned", "other"):
        KINDS[kind](place.vault / place.packs[name][0])
    found = repair(place, "--from", place.folder / "tuned", "--from", place.folder / "base", "--from", "other")
    assert found["lost"] == []
    assert not any(key in list_packs(place.vault) for keys in place.packs.values() for key in keys[:1])
    assert_whole(place)


@pytest.mark.parametrize("kind", IN_PLACE)
def test_a_pack_whose_frames_are_whole_needs_nobodys_help(place: Place, kind: str) -> None:
    before = read_packs(place.vault)
    for key in before:
        KINDS[kind](place.vault / key)
    lose_catalogue(place.vault)
    assert sorted(repair(place)["remade"]) == sorted(before)
    assert read_packs(place.vault) == before
    assert_whole(place)


# --- What cannot be repaired ------------------------------------------------------------------------------------------


def name_hurt(found: dict[str, Any]) -> set[str]:
    return {file for one in found["lost"] for file in one["hurts"]}


def list_unrestorable(place: Place) -> set[str]:
    """Every file that a restore refuses, tried one by one."""
    failed: set[str] = set()
    for name in ("base", "tuned", "other"):
        for path in sorted((place.folder / name).iterdir()):
            done = place.run("restore", f"org/{name}", place.folder / "one", "--include", path.name)
            if done.code != 0 or (place.folder / "one" / path.name).read_bytes() != path.read_bytes():
                failed.add(f"org/{name}@main:{path.name}")
            shutil.rmtree(place.folder / "one", ignore_errors=True)
    return failed


@pytest.mark.parametrize("seed", range(6))
def test_the_files_that_repair_calls_hurt_are_exactly_those_that_cannot_be_restored(place: Place, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        key = chance.choice(sorted(list_packs(place.vault)))
        flip(place.vault / key, chance.randrange((place.vault / key).stat().st_size))
    found = place.run("repair", "--json")
    assert found.code == (12 if json.loads(found.out)["repaired"]["lost"] else 0)
    assert name_hurt(json.loads(found.out)["repaired"]) == list_unrestorable(place)
    again = place.get("repair", code=found.code)["repaired"]
    assert name_hurt(again) == name_hurt(json.loads(found.out)["repaired"])


def test_without_any_source_a_lost_base_hurts_the_fine_tune_too_and_the_rest_is_restored(place: Place) -> None:
    (place.vault / place.packs["base"][0]).unlink()
    done = place.run("repair")
    assert done.code == 12
    assert "hurts org/base@main:model.safetensors" in done.out
    assert "hurts org/tuned@main:model.safetensors" in done.out
    assert "--from" in done.out
    assert place.comes_back(OTHER)
    assert not place.comes_back(TUNED)


def test_a_fine_tune_comes_back_from_its_own_files_when_its_base_is_lost(place: Place) -> None:
    (place.vault / place.packs["base"][0]).unlink()
    found = repair(place, "--from", "tuned", code=12)
    assert place.comes_back(TUNED)
    assert {file.partition("@")[0] for file in name_hurt(found)} == {BASE}
    assert list_unrestorable(place) == name_hurt(found)


def test_a_document_that_is_damaged_in_both_packs_that_hold_it_is_lost_and_named(place: Place) -> None:
    for key in place.packs["other"]:
        KINDS["other bytes"](place.vault / key)
    found = repair(place, "--from", "other", code=12)
    assert {"org/other@main:config.json", "org/other@main:model.safetensors"} <= name_hurt(found)
    assert place.comes_back(TUNED)
    assert place.comes_back(BASE)
    place.keep(OTHER, "other")
    assert name_hurt(repair(place, code=12)) == set()  # what is still lost is the manifest of the copy before
    for _ in range(2):
        place.get("prune", "--grace-days", "0")
    assert_whole(place)


def test_a_decision_that_is_damaged_is_written_again_from_the_catalogue(place: Place) -> None:
    KINDS["other bytes"](place.vault / place.packs["other"][1])
    assert ["the catalogue", 1] in repair(place)["recovered"]
    lose_catalogue(place.vault)
    assert_whole(place)


# --- Sources ----------------------------------------------------------------------------------------------------------


def test_parity_a_second_vault_and_the_original_files_make_up_for_each_other(place: Place) -> None:
    other = place.copy_vault()
    place.get("protect", "--parity", "20")
    flip(place.vault / place.packs["tuned"][0], 5000)
    KINDS["lost"](place.vault / place.packs["base"][0])
    KINDS["lost"](other / place.packs["base"][0])
    KINDS["other bytes"](place.vault / place.packs["other"][0])
    found = repair(place, "--from", other, "--from", "base")
    assert found["from_parity"] or found["copied"]
    assert {source for source, _ in found["recovered"]} == {"base"}
    assert_whole(place)


def test_files_that_were_renamed_and_moved_among_others_give_back_what_is_lost(place: Place) -> None:
    shelf = place.folder / "shelf"
    (shelf / "deep/er").mkdir(parents=True)
    (place.folder / "base/model.safetensors").rename(shelf / "deep/er/weights of last year")
    (shelf / "deep/broken.safetensors").write_bytes((10**6).to_bytes(8, "little") + b"{" * 50)
    (shelf / "deep/link").symlink_to("nowhere")
    (place.vault / place.packs["base"][0]).unlink()
    assert name_hurt(repair(place, "--from", shelf, code=12)) == {"org/base@main:config.json"}
    assert place.comes_back(TUNED)
    assert repair(place, "--from", "base")["lost"] == []
    shutil.move(shelf / "deep/er/weights of last year", place.folder / "base/model.safetensors")
    assert_whole(place)


def test_a_file_kept_as_bytes_comes_back_from_the_same_file(place: Place) -> None:
    write_safetensors(place.folder / "plain/model.safetensors", {"w": ("BF16", make_bf16(90_000, 8))})
    before = list_packs(place.vault)
    place.get("keep", "plain", "--as", "org/plain", "--revision", "main", "--as-bytes")
    largest = max(list_packs(place.vault) - before, key=lambda key: (place.vault / key).stat().st_size)
    (place.vault / largest).unlink()
    assert repair(place, "--from", "plain")["lost"] == []
    assert place.comes_back("org/plain")


def test_objects_too_large_to_hold_are_read_twice_and_come_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.vault.recovering.HELD_BYTES_MAX", 50_000)
    (place.vault / place.packs["base"][0]).unlink()
    assert repair(place, "--from", "base")["lost"] == []
    assert_whole(place)


def test_a_fine_tune_is_stored_against_its_base_again(place: Place) -> None:
    before = sum(len(data) for data in read_packs(place.vault).values())
    for name in ("tuned", "base"):
        (place.vault / place.packs[name][0]).unlink()
    repair(place, "--from", "tuned", "--from", "base")
    assert sum(len(data) for data in read_packs(place.vault).values()) < 1.02 * before
    assert_whole(place)


@pytest.mark.parametrize("which", [0, 1], ids=["its content", "the decision"])
def test_a_pack_that_no_catalogue_remembers_comes_back_from_parity(place: Place, which: int) -> None:
    place.get("protect", "--parity", "100")
    before = read_packs(place.vault)
    (place.vault / place.packs["tuned"][which]).unlink()
    lose_catalogue(place.vault)
    assert repair(place)["from_parity"] == [place.packs["tuned"][which]]
    assert read_packs(place.vault) == before
    assert_whole(place)


@pytest.mark.parametrize("source", ["backup", "tuned"])
def test_what_is_in_no_pack_comes_back_though_no_catalogue_remembers_where_it_was(place: Place, source: str) -> None:
    place.copy_vault()
    (place.vault / place.packs["tuned"][0]).unlink()
    lose_catalogue(place.vault)
    assert name_hurt(repair(place, code=12)) == {"org/tuned@main:config.json", "org/tuned@main:model.safetensors"}
    assert repair(place, "--from", source)["lost"] == []
    assert_whole(place)


def test_a_copied_vault_without_its_staging_folder_is_repaired_from_parity(place: Place) -> None:
    place.get("protect", "--parity", "100")
    shutil.rmtree(place.vault / "staging")
    lose_catalogue(place.vault)
    flip(place.vault / place.packs["base"][0], 70_000)
    assert repair(place)["from_parity"] == [place.packs["base"][0]]
    assert_whole(place)


# --- Parity -----------------------------------------------------------------------------------------------------------


def test_damaged_parity_is_made_anew(place: Place) -> None:
    place.get("protect", "--parity", "50")
    files = {path: path.read_bytes() for path in (place.vault / "parity").rglob("*.parity")}
    first, second, *_ = files
    flip(first, first.stat().st_size // 2)
    second.unlink()
    found = repair(place)
    assert {place.vault / key for key in found["from_parity"]} == {first, second}
    assert {path: path.read_bytes() for path in files} == files
    assert_whole(place)


def test_packs_that_were_pruned_do_not_come_back_with_their_neighbours(place: Place) -> None:
    place.get("protect", "--parity", "100")
    place.run("drop", OTHER, "--by", "Ana", "--why", "old")
    place.get("prune", "--grace-days", "0")
    place.get("prune", "--grace-days", "0")
    before = list_packs(place.vault)
    assert place.packs["other"][0] not in before
    flip(place.vault / place.packs["base"][0], 70_000)
    assert repair(place)["from_parity"] == [place.packs["base"][0]]
    assert list_packs(place.vault) == before
    assert place.comes_back(TUNED)


# --- How it ends ------------------------------------------------------------------------------------------------------


def test_a_source_that_is_not_there_is_an_error_and_nothing_is_done(place: Place) -> None:
    before = read_packs(place.vault)
    error = place.fail("repair", "--from", "nowhere", code=3)
    assert error["error"] == "MissingPath"
    assert error["where"] == "nowhere"
    assert place.fail("repair", "--vault", place.folder / "none", code=3)["error"] == "MissingPath"
    assert read_packs(place.vault) == before


def test_repair_and_protect_do_not_work_on_one_vault_at_a_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.workflows.vaults.LOCK_WAIT_S", 0.1)
    with open_local_vault(place.vault).database.hold("parity") as is_held:
        assert is_held
        for verb in ("repair", "protect"):
            assert place.fail(verb, code=11)["error"] == "BusyVault"


def test_a_repair_is_remembered_in_the_log(place: Place) -> None:
    flip(place.vault / place.packs["base"][0], 3)
    repair(place)
    assert "repair" in place.run("log").out


def test_words_say_what_came_from_where(place: Place) -> None:
    assert place.run("repair").out == "nothing is damaged\n"
    flip(place.vault / place.packs["base"][0], 3)
    assert place.run("repair").out == f"1 pack was damaged\n  from its own frames  {place.packs['base'][0]}\n"
