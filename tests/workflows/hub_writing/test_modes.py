"""How files are to be sent: what git would say of the same patterns, sizes, samples, and what stands there."""

import subprocess
from pathlib import Path

import pytest

from holdfast.formats.git import blob_id
from holdfast.records.hub_writing import OfferedFile, PushedRules, UploadMode, WriteTo
from holdfast.workflows.hub_writing.attributes import (
    find_verdict,
    is_ignored,
    make_attributes,
    read_attributes,
    read_ignores,
)
from holdfast.workflows.hub_writing.modes import is_text
from tests.workflows.hub_writing.conftest import NAME, Desk, add, add_large, sha256

TO = WriteTo(NAME, "main", "Ana")
PATHS = (
    "model.safetensors", "deep/er/x.bin", "README.md", "saved_model/a/b.txt", "a/saved_model/b", "events.tfevents.1",
    "x.tar.gz", "x.tar", "data.txt", "keep/data.txt", "a.bin.txt", "üñ.pt", "deep/data.txt", "x y.bin",
)  # fmt: skip
MORE = b"""data.txt filter=lfs
/keep/*.txt -filter
# c
*.pt filter=other
[attr]big filter=lfs
deep/** text

*.bin text
saved_model filter=lfs
"""


def choose(desk: Desk, *offered: OfferedFile, rules: PushedRules | None = None) -> list[UploadMode]:
    return desk.writer.choose_modes(TO, offered, rules or PushedRules())


def ask_git(folder: Path, attributes: bytes) -> dict[str, bool]:
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".gitattributes").write_bytes(attributes)
    done = subprocess.run(
        ["git", "check-attr", "-z", "filter", "--", *PATHS], cwd=folder, check=True, capture_output=True
    )
    words = done.stdout.decode().split("\0")
    return {words[at]: words[at + 2] == "lfs" for at in range(0, len(words) - 1, 3)}


@pytest.mark.parametrize("attributes", [make_attributes(), make_attributes() + MORE])
def test_large_files_by_attributes_are_those_that_git_finds(tmp_path: Path, attributes: bytes) -> None:
    rules = read_attributes(attributes.decode())
    assert {path: find_verdict(rules, path) is True for path in PATHS} == ask_git(tmp_path / "git", attributes)


IGNORES = (
    "*.txt\n!keep/\n", "*.txt\n!keep/*\n", "deep/\n/README.md\n", "*\n!*.bin\n", "saved_model\n", "#x\n\\#y\n",
    "**/x*\n", "deep/**\n!*.txt\n", "**/\n", "/*\n!/keep\n", "/**\n", "*/\n!keep/\n",
)  # fmt: skip


@pytest.mark.parametrize("text", IGNORES)
def test_what_is_ignored_is_what_git_ignores(tmp_path: Path, text: str) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text(text)
    done = subprocess.run(
        ["git", "check-ignore", "-z", "--no-index", "--stdin"],
        cwd=tmp_path,
        input="\0".join(PATHS).encode(),
        capture_output=True,
        check=False,
    )
    rules = read_ignores(text)
    assert {path for path in PATHS if is_ignored(rules, path)} == set(done.stdout.decode().split("\0")) - {""}


def test_a_pattern_made_to_take_for_ever_takes_no_time() -> None:
    rules = read_ignores("*a" * 30 + "b\n")
    assert not is_ignored(rules, "a" * 1000)


def test_text_is_what_decodes_but_for_a_last_letter_that_is_cut_off() -> None:
    letter = "€".encode()
    assert [is_text(one) for one in (b"", b"plain", letter, letter[:2], b"x" + letter[:1])] == [True] * 5
    assert [is_text(one) for one in (b"a\0b", b"\xff\xfe", letter[:2] + b"x", b"\x80")] == [False] * 4


def test_files_are_sent_large_by_size_pattern_or_content_and_empty_ones_never(repository: Desk) -> None:
    modes = choose(
        repository,
        OfferedFile("README.md", 5, b"hello"),
        OfferedFile("w.safetensors", 5, b"hello"),
        OfferedFile("empty.bin", 0, b""),
        OfferedFile("vocab.json", 1 << 20, b"{"),
        OfferedFile("odd", 3, b"\0\1\2"),
    )
    assert [one.is_large for one in modes] == [False, True, False, True, True]
    assert {one.present for one in modes} == {""}


def test_what_stands_there_is_told_so_that_it_need_not_be_sent(repository: Desk) -> None:
    repository.send(b"weights")
    repository.commit(add("README.md", b"hello"), add_large("w.bin", b"weights"))
    modes = choose(repository, OfferedFile("README.md", 5, b"hello"), OfferedFile("w.bin", 7, b"weights"))
    assert [one.present for one in modes] == [blob_id(b"hello"), sha256(b"weights")]


def test_the_branch_s_own_attributes_and_ignores_hold(repository: Desk) -> None:
    repository.commit(add(".gitattributes", b"*.md filter=lfs\n"), add(".gitignore", b"*.log\n"))
    offered = [
        OfferedFile("README.md", 5, b"hello"),
        OfferedFile("w.safetensors", 5, b"hello"),
        OfferedFile("x.log", 1, b"x"),
    ]
    assert [(one.is_large, one.is_ignored) for one in choose(repository, *offered)] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    pushed = PushedRules(ignores="*.md", attributes="")
    assert [(one.is_large, one.is_ignored) for one in choose(repository, *offered, rules=pushed)] == [
        (False, True),
        (False, False),
        (False, False),
    ]
