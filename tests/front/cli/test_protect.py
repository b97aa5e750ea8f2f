"""`holdfast protect`: parity on real vaults. That it helps is proven by losing packs and comparing every byte."""

from pathlib import Path

import pytest
from tests.front.cli.vaults import BASE, OTHER, Place, flip, list_packs, lose_catalogue, read_packs
from tests.vault.models import make_bf16, write_safetensors


def list_parity(place: Place) -> dict[str, bytes]:
    return {path.name + path.parent.name: path.read_bytes() for path in (place.vault / "parity").rglob("*.parity")}


def lose(place: Place, *names: str) -> None:
    for name in names:
        (place.vault / place.packs[name][0]).unlink()


def test_the_answer_counts_what_is_on_the_medium(place: Place) -> None:
    answer = place.get("protect", "--parity", "25")
    packs = read_packs(place.vault)
    assert answer == {
        "percent": 25.0,
        "made": 1,
        "removed": 0,
        "packs": len(packs),
        "size": sum(map(len, packs.values())),
        "parity": sum(map(len, list_parity(place).values())),
        "refused": [],
    }
    assert "6 packs" in place.run("protect", "--parity", "25").out


def test_parity_takes_about_the_share_that_was_asked_for(place: Place) -> None:
    answer = place.get("protect", "--parity", "50")
    assert 0.5 * answer["size"] < answer["parity"] < 0.75 * answer["size"]


def test_a_second_run_makes_nothing(place: Place) -> None:
    place.get("protect")
    before = list_parity(place)
    again = place.get("protect")
    assert (again["made"], again["removed"]) == (0, 0)
    assert list_parity(place) == before


def test_what_was_kept_after_it_is_protected_by_the_next_run(place: Place) -> None:
    place.get("protect", "--parity", "100")
    write_safetensors(place.folder / "later/model.safetensors", {"w": ("BF16", make_bf16(50_000, 9))})
    before = list_packs(place.vault)
    place.keep("org/later", "later")
    assert place.get("protect", "--parity", "100")["made"] == 1
    all_packs = read_packs(place.vault)
    for key in list_packs(place.vault) - before:
        (place.vault / key).unlink()
    assert place.run("repair").code == 0
    assert read_packs(place.vault) == all_packs


def test_after_a_prune_the_next_run_makes_parity_of_what_is_left_and_removes_the_old(place: Place) -> None:
    place.get("protect", "--parity", "100")
    place.run("drop", OTHER, "--by", "Ana", "--why", "old")
    for _ in range(2):
        place.get("prune", "--grace-days", "0")
    answer = place.get("protect", "--parity", "100")
    assert (answer["made"], answer["removed"]) == (1, 1)
    before = read_packs(place.vault)
    lose(place, "base", "tuned")
    assert place.run("repair").code == 0
    assert read_packs(place.vault) == before
    assert place.comes_back(BASE)


@pytest.mark.parametrize("forget", [False, True], ids=["", "though the catalogue was lost too"])
def test_the_parity_of_a_pack_that_was_lost_stays_until_the_pack_is_back(place: Place, forget: bool) -> None:
    place.get("protect", "--parity", "100")
    before = read_packs(place.vault)
    lose(place, "base")
    if forget:
        lose_catalogue(place.vault)
    assert place.run("protect", "--parity", "100").code == 0
    assert place.get("repair")["repaired"]["from_parity"] == [place.packs["base"][0]]
    assert read_packs(place.vault) == before
    place.get("protect", "--parity", "100")
    assert place.get("protect", "--parity", "100")["removed"] == 0


def test_a_damaged_pack_is_named_and_left_out_and_the_others_are_protected(place: Place) -> None:
    key = place.packs["base"][0]
    whole = (place.vault / key).read_bytes()
    flip(place.vault / key, 50_000)
    answer = place.get("protect", "--parity", "100", code=12)
    assert [one["key"] for one in answer["refused"]] == [key]
    assert "org/base@main:model.safetensors" in answer["refused"][0]["hurts"]
    assert key in place.run("protect", "--parity", "100").out
    before = read_packs(place.vault)
    lose(place, "tuned", "other")
    assert place.get("repair", code=12)["repaired"]["lost"][0]["key"] == key
    assert before.items() <= read_packs(place.vault).items()
    (place.vault / key).write_bytes(whole)
    place.get("verify")
    assert place.get("protect", "--parity", "100")["refused"] == []


@pytest.mark.parametrize("percent", ["0", "-5", "101"])
def test_what_is_no_percentage_is_refused(place: Place, percent: str) -> None:
    assert place.fail("protect", f"--parity={percent}", code=2)["error"] == "UsageError"
    assert list_parity(place) == {}


def test_files_that_a_killed_run_left_in_staging_are_taken_away(place: Place) -> None:
    left = [place.vault / "staging" / name for name in ("aaaa-1-0.parity", "aaaa-1.blocks", "aaaa-1.member")]
    for path in left:
        path.write_bytes(b"half")
    place.get("protect")
    assert not any(map(Path.exists, left))


def test_a_keep_makes_parity_when_it_is_asked_to(place: Place) -> None:
    answer = place.get("keep", "other", "--as", "org/again", "--parity", "100")
    assert answer["parity"]["made"] == 1
    assert "parity" not in place.get("keep", "other", "--as", "org/again")
    before = read_packs(place.vault)
    lose(place, "base", "other")
    assert place.run("repair").code == 0
    assert read_packs(place.vault) == before
