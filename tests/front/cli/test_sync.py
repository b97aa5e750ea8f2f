"""`holdfast sync`: two real vaults brought together, and what their decisions become when they meet."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from tests.front.cli.vaults import BASE, OTHER, TUNED, Place, flip, interrupt_at, list_packs, read_packs
from tests.vault.models import make_bf16, write_safetensors


@pytest.fixture
def far(place: Place) -> Path:
    """Another vault, which does not exist yet."""
    return place.folder / "far"


def list_states(place: Place, vault: Path) -> dict[str, tuple[str, str]]:
    copies = place.get("list", "--vault", vault)["copies"]
    return {copy["model"]: (copy["state"], copy["revision"]) for copy in copies if copy["state"] != "verifying"}


def list_decisions(place: Place, model: str, vault: Path) -> list[tuple[Any, ...]]:
    decisions = place.get("show", model, "--vault", vault)["decisions"]
    return [(one["sequence"], one["at"], one["verb"], one["by"]) for one in decisions]


def test_a_new_vault_gets_everything_and_a_second_run_nothing(place: Place, far: Path) -> None:
    packs = read_packs(place.vault)
    first = place.get("sync", place.vault, "--vault", far)
    assert first == {
        "received": len(packs),
        "received_bytes": sum(map(len, packs.values())),
        "sent": 0,
        "sent_bytes": 0,
        "refused": [],
    }
    assert read_packs(far) == packs
    assert place.all_come_back(far)
    again = place.get("sync", place.vault, "--vault", far)
    assert (again["received"], again["received_bytes"]) == (0, 0)
    assert not list((far / "staging").iterdir())


def test_both_have_what_either_had_when_it_is_pushed_too(place: Place, far: Path) -> None:
    write_safetensors(place.folder / "more/model.safetensors", {"w": ("BF16", make_bf16(50_000, 9))})
    place.keep("org/more", "more", far)
    answer = place.get("sync", far, "--push")
    assert (answer["received"], answer["sent"]) == (2, 6)
    assert read_packs(far) == read_packs(place.vault)
    for vault in (far, place.vault):
        assert place.all_come_back(vault)
        assert place.comes_back("org/more", vault)
        assert place.get("verify", "--vault", vault)["damage"] == []


def test_without_push_the_other_vault_is_only_read(place: Place, far: Path) -> None:
    place.keep(OTHER, "other", far)
    before = read_packs(far)
    place.get("sync", far)
    assert read_packs(far) == before


def test_a_pack_that_is_damaged_over_there_is_refused_with_what_it_hurts_and_the_rest_arrives(
    place: Place, far: Path
) -> None:
    key = place.packs["tuned"][0]
    whole = (place.vault / key).read_bytes()
    flip(place.vault / key, 30_000)
    answer = place.get("sync", place.vault, "--vault", far, code=12)
    assert [one["key"] for one in answer["refused"]] == [key]
    assert set(answer["refused"][0]["hurts"]) == {"org/tuned@main:config.json", "org/tuned@main:model.safetensors"}
    assert key not in list_packs(far)
    assert place.comes_back(BASE, far)
    assert place.comes_back(OTHER, far)
    assert "refused" in place.run("sync", place.vault, "--vault", far).out
    (place.vault / key).write_bytes(whole)
    assert place.get("sync", place.vault, "--vault", far)["received"] == 1
    assert place.all_come_back(far)


def test_what_is_known_to_be_damaged_here_is_replaced(place: Place) -> None:
    other, before = place.copy_vault(), read_packs(place.vault)
    flip(place.vault / place.packs["base"][0], 30_000)
    assert place.run("verify").code == 12
    assert place.get("sync", other)["received"] == 1
    assert read_packs(place.vault) == before
    assert place.get("verify")["damage"] == []


@pytest.mark.parametrize("step", range(6))
def test_interrupted_at_any_pack_it_goes_on_and_meanwhile_no_copy_is_called_kept_that_is_not(
    place: Place, far: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    interrupt_at(monkeypatch, step)
    assert place.run("sync", place.vault, "--vault", far).code == 130
    monkeypatch.undo()
    assert len(list_packs(far)) == step
    assert all(place.comes_back(name, far) for name in list_states(place, far))
    assert place.get("sync", place.vault, "--vault", far)["received"] == 6 - step
    assert place.all_come_back(far)


def test_another_vault_that_is_not_there_is_an_error_and_none_is_made(place: Place, far: Path) -> None:
    error = place.fail("sync", "nowhere", "--vault", far, code=3)
    assert (error["error"], error["where"]) == ("MissingPath", "nowhere")
    assert not far.exists()
    assert not (place.folder / "nowhere").exists()


def test_a_plain_copy_of_packs_and_identity_is_a_vault(place: Place, far: Path) -> None:
    shutil.copytree(place.vault / "packs", far / "packs")
    shutil.copy(place.vault / "vault.json", far)
    assert place.all_come_back(far)
    assert place.get("verify", "--vault", far)["damage"] == []


def test_signatures_travel_and_two_of_one_number_both_stay(place: Place, far: Path) -> None:
    place.get("sync", far, "--push")
    name = f"signatures/{'ab' * 32}"
    for vault, data in ((place.vault, b"mine"), (far, b"theirs")):
        (vault / name).mkdir(parents=True)
        (vault / name / "0.sig").write_bytes(data)
    (far / "signatures/README").write_bytes(b"of no copy")
    for _ in range(2):
        place.get("sync", far, "--push")
        for vault in (place.vault, far):
            assert {path.read_bytes() for path in (vault / "signatures").rglob("*.sig")} == {b"mine", b"theirs"}
            assert len(list((vault / "signatures").rglob("*.sig"))) == 2


# --- Decisions that meet ----------------------------------------------------------------------------------------------


def test_of_two_copies_under_one_name_the_later_decision_counts_in_both_vaults(place: Place, far: Path) -> None:
    """Here org/base is number 1. There it is number 2: it counts, though it was kept under another number first."""
    place.keep(TUNED, "tuned", far)
    place.keep(BASE, "other", far)
    place.get("sync", far, "--push")
    for vault in (place.vault, far):
        assert place.comes_back(BASE, vault, source="other")
    decisions = list_decisions(place, BASE, far)
    assert decisions == sorted(decisions)
    assert [sequence for sequence, *_ in decisions] == [1, 2]
    assert decisions == list_decisions(place, BASE, place.vault)


def test_of_two_decisions_of_one_number_the_later_time_counts(place: Place, far: Path) -> None:
    time.sleep(1.1)  # times are written in seconds
    place.keep(BASE, "other", far)
    place.get("sync", far, "--push")
    for vault in (place.vault, far):
        assert [sequence for sequence, *_ in list_decisions(place, BASE, vault)] == [1, 1]
        assert place.comes_back(BASE, vault, source="other")


def test_a_freeze_and_a_drop_in_two_vaults_end_the_same_in_both(place: Place) -> None:
    far = place.copy_vault()
    place.run("freeze", BASE, "--by", "A. Counsel", "--why", "LEGAL-7")
    place.run("drop", BASE, "--by", "Ana", "--why", "old", "--vault", far)
    place.get("sync", far, "--push")
    assert list_states(place, place.vault) == list_states(place, far)
    assert list_decisions(place, TUNED, far) == list_decisions(place, TUNED, place.vault)


def test_a_decision_that_one_vault_made_binds_the_other(place: Place) -> None:
    far = place.copy_vault()
    place.run("freeze", BASE, "--by", "A. Counsel", "--why", "LEGAL-7")
    place.get("sync", place.vault, "--vault", far)
    assert place.fail("restore", BASE, "out", "--vault", far, code=13)["error"] == "FrozenCopy"
    place.run("thaw", BASE, "--by", "A. Counsel", "--why", "closed", "--vault", far)
    place.get("sync", far)
    assert place.comes_back(BASE)


def test_numbers_go_on_after_the_greatest_of_both(place: Place, far: Path) -> None:
    place.keep("org/mine", "other", far)
    place.get("sync", place.vault, "--vault", far)
    place.run("freeze", "org/mine", "--by", "Ana", "--why", "test", "--vault", far)
    greatest = max(sequence for name in (BASE, TUNED, OTHER) for sequence, *_ in list_decisions(place, name, far))
    assert [sequence for sequence, *_ in list_decisions(place, "org/mine", far)] == [1, greatest + 1]


def test_words_tell_both_ways(place: Place, far: Path) -> None:
    assert place.run("sync", far, "--push").out.startswith("0 packs received, 0 bytes; 6 sent, ")
