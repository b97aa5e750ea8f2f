"""The scan cache: what it spares, what it notices, and what it does when it is damaged."""

import os
import threading
from pathlib import Path

import pytest

from holdfast.inventory.cache import Draft, Kept, compute_version, find_kept, get_cache_path, read_cache, write_cache
from holdfast.inventory.codec import decode_record, encode_record
from holdfast.inventory.scan import ScanOptions, scan
from holdfast.inventory.sighting import FileReport, Reference, Setting, Sighting
from holdfast.inventory.walking import Found
from holdfast.records.model import Kind, ModelName, Pin, Revision
from holdfast.records.use import Artefact, Catalogue, Inventory, LineageClaim, Place, Skipped

LOADER = 'from transformers import AutoModel\nmodel = AutoModel.from_pretrained("Qwen/Qwen3-8B")\n'
OLD = 1_700_000_000_000_000_000


def plant(root: Path, path: str, text: str, mtime_ns: int = OLD) -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    os.utime(place, ns=(mtime_ns, mtime_ns))
    return place


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for number in range(5):
        plant(root, f"m{number}.py", LOADER.replace("8B", f"{number}B"))
    return root


def options(tree: Path) -> ScanOptions:
    return ScanOptions(workers=1, cache_folder=tree.parent / "cache")


def cache_file(tree: Path) -> Path:
    (found,) = (tree.parent / "cache").iterdir()
    return found


def test_a_second_scan_gives_the_same_inventory(tree: Path) -> None:
    first = scan(tree, options(tree))
    assert scan(tree, options(tree)) == first
    assert scan(tree, ScanOptions(workers=1)) == first


def test_an_unchanged_tree_is_not_read_again(tree: Path) -> None:
    first = scan(tree, options(tree))
    for path in tree.iterdir():  # same size and times, other content: only reading would tell
        plant(tree, path.name, path.read_text().replace("Qwen3", "Qwen2"))
    assert scan(tree, options(tree)) == first


def test_a_changed_file_is_read_again_and_the_others_are_not(tree: Path) -> None:
    scan(tree, options(tree))
    plant(tree, "m1.py", LOADER.replace("8B", "1B").replace("Qwen3", "Qwen2"))
    plant(tree, "m2.py", LOADER.replace("Qwen3-8B", "Qwen2-7B-Instruct"), OLD + 1_000_000)
    found = {str(use.model).rpartition("/")[2] for use in scan(tree, options(tree)).uses}
    assert found == {"Qwen3-0B", "Qwen3-1B", "Qwen2-7B-Instruct", "Qwen3-3B", "Qwen3-4B"}


def test_new_and_deleted_files_are_noticed(tree: Path) -> None:
    scan(tree, options(tree))
    (tree / "m0.py").unlink()
    plant(tree, "sub/n.py", LOADER)
    found = {use.place.path for use in scan(tree, options(tree)).uses}
    assert found == {"m1.py", "m2.py", "m3.py", "m4.py", "sub/n.py"}


def test_a_touched_file_with_the_same_content_keeps_its_report(tree: Path) -> None:
    first = scan(tree, options(tree))
    for path in tree.iterdir():
        os.utime(path, ns=(OLD + 5_000_000_000, OLD + 5_000_000_000))
    assert scan(tree, options(tree)) == first


def test_a_file_changed_at_the_moment_of_the_scan_is_compared_by_content_next_time(tree: Path) -> None:
    path = plant(tree, "young.py", LOADER)
    now = path.stat().st_mtime_ns
    at_once = ScanOptions(workers=1, cache_folder=tree.parent / "cache", clock_ns=lambda: now)
    scan(tree, at_once)
    plant(tree, "young.py", LOADER.replace("Qwen3", "Qwen2"))  # same size, same times
    assert "pkg:huggingface/Qwen/Qwen2-8B" in {str(use.model) for use in scan(tree, at_once).uses}


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign"])
def test_a_damaged_cache_is_discarded_with_a_note_and_rewritten(tree: Path, damage: str) -> None:
    first = scan(tree, options(tree))
    path = cache_file(tree)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged = {
        "cut": bytes(data[: len(data) // 3]),
        "flip": bytes(data),
        "empty": b"",
        "foreign": b"PK\x03\x04 something",
    }
    path.write_bytes(damaged[damage])
    second = scan(tree, options(tree))
    assert second.uses == first.uses
    assert [skipped.reason for skipped in second.skipped if "cache is damaged" in skipped.reason]
    assert scan(tree, options(tree)) == first


def test_a_cache_of_another_version_is_not_used(tree: Path) -> None:
    scan(tree, options(tree))
    assert read_cache(cache_file(tree), "another version").read_rows() == {}


def test_a_cache_folder_that_cannot_be_written_costs_nothing_but_a_note(tree: Path) -> None:
    (tree.parent / "cache").write_text("a file where the folder should be")
    inventory = scan(tree, options(tree))
    assert len(inventory.uses) == 5
    assert any("could not be written" in skipped.reason for skipped in inventory.skipped)


def test_two_scans_at_once_leave_a_whole_cache(tree: Path) -> None:
    threads = [threading.Thread(target=scan, args=(tree, options(tree))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_cache(cache_file(tree), "x").note == ""
    assert len(scan(tree, options(tree)).uses) == 5


def test_the_version_follows_code_and_words(tmp_path: Path) -> None:
    for path in ("inventory/a.py", "formats/b.py", "data/lexicon.yaml", "records/use.py", "records/model.py"):
        plant(tmp_path, path, "1")
    versions = {compute_version(tmp_path)}
    for path in ("inventory/a.py", "data/lexicon.yaml", "records/use.py"):
        plant(tmp_path, path, "2")
        versions.add(compute_version(tmp_path))
    assert len(versions) == 4


def test_a_report_comes_back_from_json_as_it_was() -> None:
    sighting = Sighting(3, "Qwen/Qwen3-8B", "rule", kind=Kind.WEIGHTS, revision=None, call_lines=(1, 2))
    report = FileReport(
        "a.py",
        sightings=(sighting,),
        catalogues=(Catalogue(Place("a.py", 1), 9, ("x", "y")),),
        artefacts=(
            Artefact(
                Place("m.gguf", 1), "gguf", ModelName("pkg:generic", "m"), Revision("x", Pin.EXACT), "llama", 5,
                (LineageClaim("a", "b", "adapter", "card"),), "e",
            ),
        ),
        settings=(Setting("A", 1, None),),
        references=(Reference(4, "env:A", sighting),),
        skipped=Skipped("a.py", "why"),
    )  # fmt: skip
    assert decode_record(FileReport, encode_record(report)) == report


@pytest.mark.parametrize("plain", [None, 5, "text", {}, [], [1, 2], ["a.py", 5, [], [], [], [], [], None]])
def test_json_that_is_no_report_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="not"):
        decode_record(FileReport, plain)


def test_a_row_is_used_only_for_the_same_size_time_and_inode() -> None:
    found = Found("a.py", "python", 10, OLD, 7)
    draft = Draft()
    draft.add(found, Kept("digest", None), OLD * 2)
    row = draft.rows["a.py"]
    assert find_kept(row, found) == Kept("digest", None)
    for other in (found._replace(size=11), found._replace(mtime_ns=OLD + 1), found._replace(inode=8)):
        assert find_kept(row, other) is None


def test_a_cache_that_is_written_is_read_back(tmp_path: Path) -> None:
    path = get_cache_path(tmp_path, "/some/root")
    inventory = Inventory("root", files_seen=3)
    assert write_cache(path, "v", "tree", inventory, Draft()) == ""
    cache = read_cache(path, "v")
    assert cache.find_inventory("tree") == inventory
    assert cache.find_inventory("other tree") is None
    assert list(tmp_path.iterdir()) == [path]
