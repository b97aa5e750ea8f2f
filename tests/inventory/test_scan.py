"""A scan from folder to inventory: what is found, what is said of the rest, and that the order of work is not seen."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.inventory.limits import Limits
from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.use import Confidence, Environment, Inventory

LOADER = 'from transformers import AutoModel\nmodel = AutoModel.from_pretrained("Qwen/Qwen3-8B")\n'

CALL = "from transformers import AutoModel\nAutoModel.from_pretrained(GENERATOR)\n"


def plant(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def names(inventory: Inventory) -> set[tuple[str, str]]:
    return {(str(use.place), str(use.model)) for use in inventory.uses}


def reasons(inventory: Inventory) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in inventory.skipped}


def test_a_use_is_found_with_its_place_environment_and_service(tmp_path: Path) -> None:
    plant(tmp_path, {"triage/app.py": LOADER, "triage/Dockerfile": "FROM scratch\n", "tests/test_a.py": LOADER})
    inventory = scan(tmp_path, ScanOptions())
    found = {use.place.path: use for use in inventory.uses}
    assert str(found["triage/app.py"].model) == "pkg:huggingface/Qwen/Qwen3-8B"
    assert found["triage/app.py"].place.line == 2
    assert found["triage/app.py"].environment is Environment.PROD
    assert found["triage/app.py"].service == "triage"
    assert found["tests/test_a.py"].environment is Environment.TEST
    assert inventory.services == ("triage",)
    assert inventory.files_seen == 3


def test_a_single_file_can_be_scanned(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": LOADER, "b.py": LOADER})
    assert names(scan(tmp_path / "a.py", ScanOptions())) == {("a.py:2", "pkg:huggingface/Qwen/Qwen3-8B")}


def test_processes_and_one_process_give_the_same_inventory(tmp_path: Path) -> None:
    plant(tmp_path, {f"part{number % 7}/m{number}.py": LOADER.replace("8B", f"{number}B") for number in range(150)})
    alone = scan(tmp_path, ScanOptions(workers=1))
    together = scan(tmp_path, ScanOptions(workers=2))
    assert alone == together
    assert len(alone.uses) == 150


def test_a_constant_in_a_file_without_a_telling_word_is_followed_from_its_loader(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "app/load.py": f"from app.names import GENERATOR\n{CALL}",
            "app/names.py": 'GENERATOR = "klarheit/sorter"\n',
            "app/__init__.py": "",
        },
    )
    assert ("app/names.py:1", "pkg:huggingface/klarheit/sorter") in names(scan(tmp_path, ScanOptions()))


def test_a_re_export_between_loader_and_constant_is_followed(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "app/load.py": f"from app import GENERATOR\n{CALL}",
            "app/__init__.py": "from app.deep import GENERATOR\n",
            "app/deep/__init__.py": "from .names import GENERATOR\n",
            "app/deep/names.py": 'GENERATOR = "klarheit/sorter"\n',
        },
    )
    assert ("app/deep/names.py:1", "pkg:huggingface/klarheit/sorter") in names(scan(tmp_path, ScanOptions()))


def test_an_environment_variable_is_followed_into_a_file_without_a_telling_word(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "app.py": CALL.replace("GENERATOR", 'os.environ["SORTER"]').replace("from", "import os\nfrom", 1),
            "deploy/app.env": "SORTER=klarheit/sorter\n",
        },
    )
    assert ("deploy/app.env:1", "pkg:huggingface/klarheit/sorter") in names(scan(tmp_path, ScanOptions()))


def test_a_loader_fed_from_outside_is_reported_as_unresolved(tmp_path: Path) -> None:
    plant(
        tmp_path, {"app.py": "import sys\nfrom transformers import AutoModel\nAutoModel.from_pretrained(sys.argv[1])\n"}
    )
    uses = scan(tmp_path, ScanOptions()).uses
    assert [(use.confidence, use.model) for use in uses] == [(Confidence.UNRESOLVED, None)]


def test_a_script_without_an_ending_is_read_by_its_first_line(tmp_path: Path) -> None:
    plant(tmp_path, {"bin/run": "#!/usr/bin/env python3\n" + LOADER, "bin/data": LOADER})
    assert {use.place.path for use in scan(tmp_path, ScanOptions()).uses} == {"bin/run"}


def test_a_template_is_read_as_what_it_wraps(tmp_path: Path) -> None:
    plant(tmp_path, {".env.example": "OPENAI_MODEL=gpt-4o-mini\n", "conf/app.env.j2": "OPENAI_MODEL=gpt-4o\n"})
    assert {str(use.model) for use in scan(tmp_path, ScanOptions()).uses} == {
        "api:openai/gpt-4o-mini",
        "api:openai/gpt-4o",
    }


def test_a_file_beyond_the_limit_is_reported_with_the_limit(tmp_path: Path) -> None:
    plant(tmp_path, {"big.py": LOADER + "#" * 5_000})
    limits = Limits(text_bytes_max=1_000)
    assert "larger than 1,000 bytes" in reasons(scan(tmp_path, ScanOptions(limits=limits)))["big.py"]


def test_utf16_utf8_with_a_mark_and_latin1_are_read(tmp_path: Path) -> None:
    (tmp_path / "wide.env").write_bytes("CHAT_MODEL=gpt-4o\n".encode("utf-16"))
    (tmp_path / "marked.env").write_bytes(b"\xef\xbb\xbfCHAT_MODEL=gpt-4o\n")
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9\n" + LOADER.encode())
    found = {use.place.path for use in scan(tmp_path, ScanOptions()).uses}
    assert found == {"wide.env", "marked.env", "latin.py"}


def test_windows_and_old_mac_line_ends_count_lines_alike(tmp_path: Path) -> None:
    for name, end in (("unix.py", "\n"), ("dos.py", "\r\n"), ("mac.py", "\r")):
        (tmp_path / name).write_bytes(LOADER.replace("\n", end).encode())
    assert {use.place.line for use in scan(tmp_path, ScanOptions()).uses} == {2}


def test_the_scan_of_a_tree_does_not_depend_on_where_the_tree_lies(tmp_path: Path) -> None:
    for place in ("one", "two/deeper"):
        plant(tmp_path / place / "repo", {"src/app.py": LOADER, "README.md": "# x\n"})
    first = scan(tmp_path / "one" / "repo", ScanOptions())
    second = scan(tmp_path / "two" / "deeper" / "repo", ScanOptions())
    assert replace(first, root="") == replace(second, root="")


def test_files_named_from_outside_the_root_are_not_read(tmp_path: Path) -> None:
    plant(tmp_path, {"outside.py": LOADER, "root/a.py": "x = 1\n"})
    os.symlink(tmp_path / "outside.py", tmp_path / "root" / "b.py")
    inventory = scan(tmp_path / "root", ScanOptions())
    assert inventory.uses == ()
    assert "leaves the scanned folder" in reasons(inventory)["b.py"]


def test_a_link_that_is_named_as_root_is_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"real/a.py": LOADER})
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "file.py").symlink_to("real/a.py")
    assert names(scan(tmp_path / "folder", ScanOptions())) == {("a.py:2", "pkg:huggingface/Qwen/Qwen3-8B")}
    assert names(scan(tmp_path / "file.py", ScanOptions())) == {("a.py:2", "pkg:huggingface/Qwen/Qwen3-8B")}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, {"closed.py": LOADER})
    (tmp_path / "closed.py").chmod(0)
    assert "cannot be read" in reasons(scan(tmp_path, ScanOptions()))["closed.py"]
