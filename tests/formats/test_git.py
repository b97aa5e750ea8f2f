"""Ids of git's objects, compared with what git itself computes."""

import subprocess
from pathlib import Path

import pytest

from holdfast.formats.errors import BadGitObject
from holdfast.formats.git import (
    CommitSaid,
    GitEntry,
    blob_id,
    compute_commit,
    compute_pointer,
    compute_trees,
    parse_commit,
    parse_tree,
)
from holdfast.formats.pointer import find_pointer

WHERE = Path("object")
FILES = {
    "README.md": b"# A model\n",
    "a": b"",
    "a.b/c": b"dots sort before slashes",
    "a-b": b"and dashes before dots",
    "onnx/model.onnx": b"\x08\x07",
    "onnx/sub/weights": b"1234",
    "größe.txt": "naïve".encode(),
}


def git(folder: Path, *arguments: str, **more: str) -> str:
    names = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": str(folder), **more}
    done = subprocess.run(["git", "-C", folder, *arguments], env=names, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    git(tmp_path, "add", "--all")
    return tmp_path


def commit(repository: Path, message: str) -> str:
    who = {"NAME": "holdfast", "EMAIL": "holdfast@localhost", "DATE": "1700000000 +0000"}
    names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    git(repository, "commit", "-q", "-m", message, **names)
    return git(repository, "rev-parse", "HEAD")


def test_trees_and_commits_have_the_ids_that_git_gives_them(repository: Path) -> None:
    first = commit(repository, "Two lines\n\nof which this is one")
    trees = compute_trees(GitEntry(path, blob_id(data)) for path, data in FILES.items())
    assert trees.root == git(repository, "rev-parse", "HEAD^{tree}")
    assert trees.folders["onnx"] == git(repository, "rev-parse", "HEAD:onnx")
    said = CommitSaid("Two lines\n\nof which this is one", 1_700_000_000)
    assert compute_commit(trees.root, said).id == first
    (repository / "a").write_bytes(b"more")
    git(repository, "add", "--all")
    second = commit(repository, "Then")
    root = git(repository, "rev-parse", "HEAD^{tree}")
    assert compute_commit(root, CommitSaid("Then", 1_700_000_000, (first,))).id == second


def test_what_git_wrote_is_parsed(repository: Path) -> None:
    commit(repository, "A message")
    body = subprocess.run(["git", "-C", repository, "cat-file", "commit", "HEAD"], capture_output=True, check=True)
    read = parse_commit(body.stdout, WHERE)
    assert (read.author, read.at, read.message) == ("holdfast <holdfast@localhost>", 1_700_000_000, "A message\n")
    raw = subprocess.run(["git", "-C", repository, "cat-file", "tree", read.tree], capture_output=True, check=True)
    listed = [f"{one.mode:0>6} {one.id} {one.name}" for one in parse_tree(raw.stdout, WHERE)]
    shown = git(repository, "-c", "core.quotePath=false", "ls-tree", "HEAD").split("\n")
    assert listed == [f"{line.split()[0]} {line.split()[2]} {line.partition(chr(9))[2]}" for line in shown]


def test_a_pointer_is_read_back_by_the_reader_of_pointers() -> None:
    pointer = find_pointer(compute_pointer("ab" * 32, 12_345))
    assert pointer is not None
    assert (pointer.sha256, pointer.size_bytes) == ("ab" * 32, 12_345)


def test_a_path_that_is_a_file_and_a_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="a is a file and a folder"):
        compute_trees([GitEntry("a", "0" * 40), GitEntry("a/b", "0" * 40)])


@pytest.mark.parametrize(
    "body",
    [
        b"100644 name",
        b"100644 name\0short",
        b"777777 name\0" + bytes(20),
        b"100644 ..\0" + bytes(20),
        b"100644 a/b\0" + bytes(20),
        b"100644 \xff\0" + bytes(20),
        b"name\0" + bytes(20),
    ],
)
def test_a_tree_that_git_would_not_write_is_refused(body: bytes) -> None:
    with pytest.raises(BadGitObject):
        parse_tree(body, WHERE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"tree 12\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nm",
        b"tree " + b"0" * 40 + b"\n\nno author",
        b"tree " + b"0" * 40 + b"\nauthor a <a> 1 +0000\ncommitter a <a> x +0000\n\nm",
        b"\xff\xfe",
    ],
)
def test_a_commit_that_git_would_not_write_is_refused(body: bytes) -> None:
    with pytest.raises(BadGitObject):
        parse_commit(body, WHERE)
