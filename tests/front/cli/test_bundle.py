"""`holdfast bundle`: volumes over a gap between real vaults. Files are compared with those that were kept."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.front.cli.vaults import BASE, OTHER, TUNED, Place, flip, interrupt_at, list_packs, read_packs
from tests.vault.models import make_bf16, tune, write_safetensors

from holdfast.vault.volumes.writing import Item, write_volumes
from holdfast.workflows.bundle import run_bundle_load
from holdfast.workflows.vaults import VaultAsked

VOLUME = "200kB"


@pytest.fixture
def far(place: Place) -> Path:
    """Another vault, which does not exist yet."""
    return place.folder / "far"


def create(place: Place, *models: str, **more: str | Path) -> Any:
    options = [part for name, value in more.items() for part in (f"--{name}", value)]
    return place.get("bundle", "create", *models, "--to", "usb", "--volume-size", VOLUME, *options)


def load(place: Place, far: Path, *more: str | Path) -> Any:
    return place.get("bundle", "load", "usb", "--vault", far, *more)


def list_copies(place: Place, vault: Path) -> dict[str, str]:
    return {copy["model"]: copy["state"] for copy in place.get("list", "--vault", vault)["copies"]}


def list_kept(place: Place, vault: Path) -> list[str]:
    return [model for model, state in list_copies(place, vault).items() if state == "kept"]


def list_volumes(place: Place) -> list[Path]:
    return sorted((place.folder / "usb").glob("bundle-*.[0-9]*.vol"))


def assert_nothing_was_taken_in(place: Place, far: Path) -> None:
    assert not list_packs(far)
    assert not list(far.glob(".bundle*"))
    assert not far.exists() or list_copies(place, far) == {}


# --- What travels -----------------------------------------------------------------------------------------------------


def test_copies_come_over_the_gap_byte_for_byte_in_volumes_of_the_chosen_size(place: Place, far: Path) -> None:
    made = create(place, BASE, TUNED, OTHER)
    volumes = [path for path in (place.folder / "usb").iterdir() if path.suffix == ".vol"]
    assert (made["volumes"], made["size"]) == (len(volumes), sum(path.stat().st_size for path in volumes))
    assert len(volumes) > 5
    assert all(path.stat().st_size <= 200_000 for path in volumes)
    assert made["models"] == [f"{name}@main" for name in (BASE, TUNED, OTHER)]
    loaded = load(place, far)
    assert sorted(loaded["copies"]) == sorted(made["models"])
    assert loaded["id"] == made["id"]
    assert place.all_come_back(far)
    assert place.get("verify", "--vault", far)["damage"] == []
    assert read_packs(far) == read_packs(place.vault)
    assert sorted(path.name for path in (place.folder / "usb").iterdir() if path.name.startswith(".")) == []


def test_one_model_travels_with_its_base_and_without_its_neighbours(place: Place, far: Path) -> None:
    create(place, TUNED)
    load(place, far)
    assert list_copies(place, far) == {TUNED: "kept"}
    assert place.comes_back(TUNED, far)
    assert place.fail("restore", OTHER, "out", "--vault", far, code=2)["error"] == "UnknownName"


def test_a_copy_named_twice_travels_once(place: Place, far: Path) -> None:
    assert create(place, OTHER, f"{OTHER}@main")["models"] == [f"{OTHER}@main"]


def test_loading_twice_changes_nothing(place: Place, far: Path) -> None:
    create(place, TUNED)
    first = load(place, far)
    before = read_packs(far)
    again = load(place, far)
    assert (first["new_packs"], again["new_packs"]) == (first["packs"], 0)
    assert again["copies"] == first["copies"]
    assert again["notes"] == []
    assert read_packs(far) == before
    assert not list(far.glob(".bundle*"))


def test_only_what_the_receiver_lacks_travels(place: Place, far: Path) -> None:
    place.keep(BASE, "base", far)
    listed = place.get("bundle", "inventory", "--to", "far.txt", "--vault", far)
    assert len((place.folder / "far.txt").read_text().splitlines()) == listed["objects"] + 1
    whole = create(place, TUNED, BASE)
    shutil.rmtree(place.folder / "usb")
    made = create(place, TUNED, BASE, **{"for": "far.txt"})
    assert made["left_out"] == 4  # two tensors, a header and a configuration
    base_bytes = (place.vault / place.packs["base"][0]).stat().st_size
    assert made["size"] < whole["size"] - 0.9 * base_bytes
    load(place, far)
    assert place.comes_back(TUNED, far)
    assert place.comes_back(BASE, far)


def test_a_receiver_that_has_everything_gets_documents_alone(place: Place, far: Path) -> None:
    shutil.copytree(place.vault, far)
    place.get("bundle", "inventory", "--to", "far.txt", "--vault", far)
    made = create(place, BASE, TUNED, **{"for": "far.txt"})
    assert made["size"] < 30_000
    before = read_packs(far)
    assert load(place, far)["copies"] == [f"{name}@main" for name in (BASE, TUNED)]
    assert place.all_come_back(far)
    assert before.items() <= read_packs(far).items()


def test_a_receiver_without_the_base_takes_nothing_in_and_is_told_what_to_ask_for(place: Place, far: Path) -> None:
    other = place.copy_vault()
    place.get("bundle", "inventory", "--to", "other.txt", "--vault", other)
    place.run("drop", TUNED, "--by", "Ana", "--why", "test", "--vault", other)
    create(place, TUNED, **{"for": "other.txt"})
    error = place.fail("bundle", "load", "usb", "--vault", far, code=12)
    assert "neither in the bundle nor whole in this vault" in error["what"]
    assert "holdfast bundle inventory" in error["next"]
    assert_nothing_was_taken_in(place, far)


def keep_base_as_difference(place: Place, far: Path) -> None:
    """A receiver that had the fine-tune first: its base is a difference there, on which nothing can be built."""
    place.keep(TUNED, "tuned", far)
    place.keep(BASE, "base", far)
    write_safetensors(
        place.folder / "second/model.safetensors",
        {"w": ("BF16", tune(make_bf16(700_000, 1), 6)), "b": ("BF16", make_bf16(20_000, 7))},
    )
    place.keep("org/second", "second")
    place.get("bundle", "inventory", "--to", "far.txt", "--vault", far)
    assert " difference" in (place.folder / "far.txt").read_text()


def test_a_base_that_the_receiver_holds_as_a_difference_travels_whole(place: Place, far: Path) -> None:
    keep_base_as_difference(place, far)
    create(place, "org/second", **{"for": "far.txt"})
    load(place, far)
    assert place.comes_back("org/second", far)
    assert place.comes_back(BASE, far)
    assert place.get("verify", "--vault", far)["damage"] == []


def test_an_inventory_that_promises_too_much_is_found_out_before_anything_is_taken_in(place: Place, far: Path) -> None:
    keep_base_as_difference(place, far)
    promised = (place.folder / "far.txt").read_text().replace(" difference", "")
    (place.folder / "far.txt").write_text(promised)
    create(place, "org/second", **{"for": "far.txt"})
    before = read_packs(far)
    assert "it builds on" in place.fail("bundle", "load", "usb", "--vault", far, code=12)["what"]
    assert read_packs(far) == before
    assert set(list_copies(place, far)) == {TUNED, BASE}


@pytest.mark.parametrize(
    "text", ["", "holdfast-inventory 1 x\nabc\n", "something else\n", "holdfast-inventory 1 x\nzz\n"]
)
def test_what_is_no_inventory_is_refused(place: Place, text: str) -> None:
    (place.folder / "far.txt").write_text(text)
    error = place.fail("bundle", "create", BASE, "--to", "usb", "--for", "far.txt", code=3)
    assert error["error"] == "MalformedFile"
    assert not (place.folder / "usb").exists()


# --- Signatures -------------------------------------------------------------------------------------------------------


def list_signatures(place: Place, model: str, vault: Path) -> dict[str, str]:
    """By key, what the vault says of each signature that it holds of a copy."""
    return {one["path"]: one["checked"] for one in place.get("show", model, "--vault", vault)["signatures"]}


@pytest.fixture
def signing_place(place: Place) -> Place:
    """The team's key, and two models signed with it, the second one twice."""
    pytest.importorskip("model_signing")
    from tests.vault.test_signing import write_keys

    write_keys(place.folder, "team")
    for model in (BASE, OTHER, OTHER):
        place.get("sign", model, "--key", "team.key")
    return place


def test_signatures_travel_with_their_copies_and_hold_over_there(signing_place: Place, far: Path) -> None:
    place = signing_place
    assert create(place, OTHER)["signatures"] == 2
    assert load(place, far)["new_signatures"] == 2
    there = list_signatures(place, OTHER, far)
    assert there.keys() == list_signatures(place, OTHER, place.vault).keys()
    assert {(far / key).read_bytes() for key in there} == {(place.vault / key).read_bytes() for key in there}
    assert set(there.values()) == {""}  # nobody has checked them there
    answer = place.get("sign", "verify", OTHER, "--public-key", "team.pub", "--vault", far)
    assert [one["answer"] for one in answer["signatures"]] == ["holds", "holds"]
    assert all(said.startswith("holds by key") for said in list_signatures(place, OTHER, far).values())
    assert load(place, far)["new_signatures"] == 0
    assert len(list((far / "signatures").rglob("*.sig"))) == 2


def test_signatures_of_neighbours_stay_and_one_that_is_there_keeps_its_number(signing_place: Place, far: Path) -> None:
    place = signing_place
    create(place, OTHER)
    load(place, far)
    (mine, second) = sorted(list_signatures(place, OTHER, far))
    (far / second).unlink()
    (far / mine).write_bytes(b"a signature of theirs")
    load(place, far)
    assert (far / mine).read_bytes() == b"a signature of theirs"
    assert len(list_signatures(place, OTHER, far)) == 3
    assert "2 signatures" in place.run("bundle", "create", OTHER, "--to", "usb").out


SIGNATURE_KEYS = {
    f"signatures/{'ab' * 32}/0.sig": True,
    f"signatures/{'ab' * 32}/00.sig": False,
    f"signatures/{'AB' * 32}/0.sig": False,
    f"signatures/{'ab' * 32}/0.sig/0.sig": False,
    f"signatures/{'ab' * 31}/0.sig": False,
    "signatures/0.sig": False,
    "log/checkpoint": False,
}


@pytest.mark.parametrize("key", SIGNATURE_KEYS)
def test_only_a_signature_may_lie_under_a_signatures_key_and_only_of_a_copy_is_it_taken_in(
    place: Place, far: Path, key: str
) -> None:
    data = b"of nothing here"
    packs = [
        (pack, content) for pack, content in sorted(read_packs(place.vault).items()) if pack in place.packs["other"]
    ]
    items = [make_item(name, content) for name, content in (*packs, (key, data))]
    write_volumes(items, place.folder / "usb", 1 << 20, 0)
    if SIGNATURE_KEYS[key]:
        assert load(place, far)["new_signatures"] == 0
        assert place.comes_back(OTHER, far)
    else:
        assert "no signature" in place.fail("bundle", "load", "usb", "--vault", far, code=3)["what"]
    assert not (far / key).exists()


def make_item(name: str, data: bytes) -> Item:
    return Item(name, len(data), lambda at, length: data[at : at + length])


# --- What is refused --------------------------------------------------------------------------------------------------


def test_a_frozen_copy_is_not_bundled_and_the_refusal_says_who_and_why(place: Place) -> None:
    place.run("freeze", BASE, "--by", "A. Counsel", "--why", "LEGAL-7")
    error = place.fail("bundle", "create", TUNED, BASE, "--to", "usb", code=13)
    assert "A. Counsel" in error["what"]
    assert not list((place.folder / "usb").glob("*"))


def test_a_copy_that_is_frozen_at_the_receiver_stays_frozen(place: Place, far: Path) -> None:
    create(place, OTHER)
    load(place, far)
    place.run("freeze", OTHER, "--by", "A. Counsel", "--why", "LEGAL-7", "--vault", far)
    assert any("frozen" in note for note in load(place, far)["notes"])
    assert list_copies(place, far) == {OTHER: "frozen"}
    assert place.run("restore", OTHER, "out", "--vault", far).code == 13


def test_a_copy_that_was_dropped_at_the_receiver_is_kept_again(place: Place, far: Path) -> None:
    create(place, OTHER)
    load(place, far)
    place.run("drop", OTHER, "--by", "Ana", "--why", "old", "--vault", far)
    assert any("kept again" in note for note in load(place, far)["notes"])
    assert list_copies(place, far) == {OTHER: "kept"}
    assert place.comes_back(OTHER, far)


def test_a_copy_that_was_kept_later_here_is_not_replaced(place: Place, far: Path) -> None:
    create(place, BASE)
    place.keep(TUNED, "tuned", far)
    place.keep(BASE, "other", far)  # the same name and revision, another content, and a later number
    assert any("stays the one" in note for note in load(place, far)["notes"])
    assert place.comes_back(BASE, far, source="other")


def test_a_damaged_copy_is_not_bundled(place: Place) -> None:
    flip(place.vault / place.packs["base"][0], 50_000)
    assert place.fail("bundle", "create", TUNED, "--to", "usb", code=12)["error"] == "DamagedVault"
    (place.vault / place.packs["base"][0]).unlink()
    assert place.run("bundle", "create", TUNED, "--to", "usb").code == 12
    for path in place.vault.glob("catalogue.sqlite*"):
        path.unlink()
    assert place.run("bundle", "create", TUNED, "--to", "usb").code == 12
    assert not list((place.folder / "usb").glob("bundle-*"))


def test_a_bundle_with_something_else_in_it_is_refused(place: Place, far: Path) -> None:
    write_volumes([make_item("vault.json", b"x" * 10)], place.folder / "usb", 1 << 20, 0)
    assert "no pack" in place.fail("bundle", "load", "usb", "--vault", far, code=3)["what"]
    assert not far.exists()


def test_a_folder_without_a_bundle_and_one_with_several_are_told_apart(place: Place, far: Path) -> None:
    (place.folder / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        assert place.fail("bundle", "load", folder, "--vault", far, code=3)["where"] == folder
    first, second = create(place, OTHER)["id"], create(place, TUNED)["id"]
    error = place.fail("bundle", "load", "usb", "--vault", far, code=3)
    assert first in error["what"]
    assert second in error["what"]
    assert not far.exists()
    assert load(place, far, "--id", first)["copies"] == [f"{OTHER}@main"]
    assert load(place, far, "--id", second)["copies"] == [f"{TUNED}@main"]


# --- Damage on the way ------------------------------------------------------------------------------------------------


def flip_everywhere(volumes: list[Path]) -> None:
    for path in volumes:
        for place_in_it in (100, path.stat().st_size // 2):
            flip(path, place_in_it)


DAMAGE: dict[str, Callable[[list[Path]], object]] = {
    "a missing volume": lambda volumes: volumes[1].unlink(),
    "a flipped bit": lambda volumes: flip(volumes[2], 70_000),
    "a truncated volume": lambda volumes: os.truncate(volumes[0], 1000),
    "many flipped bits": flip_everywhere,
}


@pytest.mark.parametrize("kind", list(DAMAGE)[:3])
def test_damage_within_the_parity_is_made_good_and_the_bundle_is_only_read(place: Place, far: Path, kind: str) -> None:
    create(place, BASE, parity="25")
    DAMAGE[kind](list_volumes(place))
    before = {path.name: path.read_bytes() for path in (place.folder / "usb").iterdir()}
    load(place, far)
    assert place.comes_back(BASE, far)
    assert {path.name: path.read_bytes() for path in (place.folder / "usb").iterdir()} == before


@pytest.mark.parametrize(("kind", "parity"), [*((kind, "0") for kind in DAMAGE), ("many flipped bits", "5")])
def test_damage_beyond_the_parity_is_named_and_nothing_is_taken_in(
    place: Place, far: Path, kind: str, parity: str
) -> None:
    create(place, BASE, parity=parity)
    volumes = list_volumes(place)
    before = {path: path.read_bytes() for path in volumes}
    DAMAGE[kind](volumes)
    hurt = [path.name for path in volumes if not path.exists() or path.read_bytes() != before[path]]
    error = place.fail("bundle", "load", "usb", "--vault", far, code=3)
    assert any(name in error["what"] for name in hurt)
    assert_nothing_was_taken_in(place, far)
    for path, data in before.items():
        path.write_bytes(data)
    load(place, far)
    assert place.comes_back(BASE, far)


def test_loading_tells_how_far_it_is_from_the_first_volume_on(place: Place, far: Path) -> None:
    create(place, OTHER)
    told: list[tuple[str, int, int]] = []
    run_bundle_load(VaultAsked(str(far), place.environ), place.folder / "usb", "", lambda *said: told.append(said))
    phases = list(dict.fromkeys(phase for phase, _, _ in told))
    assert phases[0] == "verifying volumes"
    assert set(phases) == {"verifying volumes", "unpacking", "taking in", "reading back"}
    for phase in phases:
        assert [(done, total) for one, done, total in told if one == phase and done == total]


def test_either_manifest_is_enough(place: Place, far: Path) -> None:
    made = create(place, OTHER)
    (place.folder / f"usb/bundle-{made['id']}.json").unlink()
    assert load(place, far)["id"] == made["id"]


# --- Interruptions ----------------------------------------------------------------------------------------------------


def kill_after(place: Place, wait_s: float, *arguments: str | Path) -> None:
    """Run the command line in a process of its own, and kill it."""
    command = [sys.executable, "-m", "holdfast", *map(str, arguments)]
    environ = {**os.environ, **place.environ}
    process = subprocess.Popen(
        command, cwd=place.folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_both_ends_go_on_where_they_were(place: Place, far: Path, seed: int) -> None:
    chance = random.Random(seed)
    kill_after(place, chance.uniform(0.4, 1.2), "bundle", "create", BASE, TUNED, "--to", "usb", "--volume-size", VOLUME)
    create(place, BASE, TUNED)
    for _ in range(2):
        kill_after(place, chance.uniform(0.4, 1.2), "bundle", "load", "usb", "--vault", far)
        if far.exists():
            assert all(place.comes_back(name, far) for name in list_kept(place, far))
    load(place, far)
    assert place.comes_back(BASE, far)
    assert place.comes_back(TUNED, far)
    assert not list(far.glob(".bundle*"))
    assert not list((far / "staging").iterdir())


@pytest.mark.parametrize("step", range(4))  # so many packs there are
def test_interrupted_at_any_pack_nothing_says_that_a_copy_is_kept_which_is_not(
    place: Place, far: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    create(place, BASE, TUNED)
    interrupt_at(monkeypatch, step)
    assert place.run("bundle", "load", "usb", "--vault", far).code == 130
    monkeypatch.undo()
    assert all(place.comes_back(name, far) for name in list_kept(place, far))
    load(place, far)
    assert set(list_kept(place, far)) == {BASE, TUNED}
    assert place.get("verify", "--vault", far)["damage"] == []


def test_volumes_that_were_whole_are_not_written_again(place: Place) -> None:
    create(place, BASE, TUNED)
    whole = {path: path.stat().st_ino for path in list_volumes(place)}
    victim = list_volumes(place)[3]
    os.truncate(victim, 5000)
    (place.folder / "usb" / f"bundle-{create(place, OTHER)['id']}.json").unlink()
    made = create(place, BASE, TUNED)
    assert {path: path.stat().st_ino for path in whole if path != victim} == {
        path: inode for path, inode in whole.items() if path != victim
    }
    sums = place.folder / f"usb/bundle-{made['id']}.sha256"
    assert subprocess.run(["sha256sum", "-c", "--quiet", sums], cwd=place.folder / "usb", check=False).returncode == 0


def test_words_tell_what_was_written_and_what_arrived(place: Place, far: Path) -> None:
    done = place.run("bundle", "create", OTHER, "--to", "usb")
    assert "org/other@main" in done.out
    assert "2 volumes" in done.out
    assert "kept, and read back: org/other@main" in place.run("bundle", "load", "usb", "--vault", far).out
    assert json.loads(place.run("list", "--vault", far, "--json").out)["copies"][0]["model"] == OTHER
