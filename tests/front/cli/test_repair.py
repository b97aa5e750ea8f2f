"""`holdfast repair` on real vaults that were damaged as disks do it. Files are compared with those that were kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.front.cli.vaults import Place, flip, list_packs, lose_catalogue, read_packs


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


def repair(place: Place, *arguments: str | Path, code: int = 0) -> dict[str, object]:
    found = place.get("repair", *arguments, code=code)["repaired"]
    assert isinstance(found, dict)
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


@pytest.mark.parametrize("kind", set(KINDS) - set(IN_PLACE))
def test_a_damaged_pack_is_as_it_was_again_from_another_vault(place: Place, kind: str) -> None:
    other, before = place.copy_vault(), read_packs(place.vault)
    for key in list_packs(place.vault):
        KINDS[kind](place.vault / key)
    found = repair(place, "--from", other)
    assert sorted(found["copied"]) == sorted([key, str(other)] for key in before)
    assert read_packs(place.vault) == before
    assert_whole(place)


@pytest.mark.parametrize("kind", set(KINDS) - set(IN_PLACE))
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
