"""Which files a walk lists, and what it says about those it leaves out. git itself is asked what it ignores."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from holdfast.inventory.routing import find_format, is_store
from holdfast.inventory.walking import Choice, Walk, walk
from holdfast.records.errors import MissingPath, UnreadableFile

CHOICE = Choice(find_format, is_store, frozenset({"pyproject.toml"}))


def plant(root: Path, *paths: str) -> None:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x = 1\n")


def list_paths(seen: Walk) -> set[str]:
    return {found.path for found in seen.files}


def reasons(seen: Walk) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in seen.skipped}


def test_files_that_a_detector_claims_are_listed_with_their_format(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "deep/er/b.yaml", "image.png", "Dockerfile", "notes")
    seen = walk(tmp_path, CHOICE)
    assert {found.path: found.format for found in seen.files} == {
        "a.py": "python",
        "deep/er/b.yaml": "yaml",
        "Dockerfile": "dockerfile",
        "notes": "script",
    }
    assert seen.files_seen == 5


def test_folders_of_tools_and_installed_packages_are_left_out(tmp_path: Path) -> None:
    plant(
        tmp_path,
        ".git/config.py",
        "__pycache__/a.py",
        "web/node_modules/p/i.js",
        ".venv/pyvenv.cfg",
        ".venv/lib/a.py",
        "a.py",
    )
    seen = walk(tmp_path, CHOICE)
    assert list_paths(seen) == {"a.py"}
    assert set(reasons(seen)) == {"web/node_modules/", ".venv/"}


def test_a_root_inside_a_left_out_folder_is_scanned_when_it_is_named(tmp_path: Path) -> None:
    plant(tmp_path, "node_modules/p/index.js")
    assert list_paths(walk(tmp_path / "node_modules", CHOICE)) == {"p/index.js"}


def test_an_output_of_a_build_is_left_out_and_a_folder_named_build_is_not(tmp_path: Path) -> None:
    plant(tmp_path, "rust/Cargo.toml", "rust/target/a.py", "plain/target/b.py", "cached/CACHEDIR.TAG", "cached/c.py")
    seen = walk(tmp_path, CHOICE)
    assert list_paths(seen) == {"rust/Cargo.toml", "plain/target/b.py"}


def test_a_single_file_is_a_root(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "b.py")
    assert list_paths(walk(tmp_path / "a.py", CHOICE)) == {"a.py"}


def test_a_single_file_without_a_reader_is_said_to_have_none(tmp_path: Path) -> None:
    plant(tmp_path, "a.png")
    assert "no reader" in reasons(walk(tmp_path / "a.png", CHOICE))["a.png"]


def test_a_missing_root_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="nowhere"):
        walk(tmp_path / "nowhere", CHOICE)


def test_a_pipe_as_root_is_refused_and_not_waited_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        walk(tmp_path / "pipe.yaml", CHOICE)


def test_a_pipe_inside_is_reported_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.yaml")
    seen = walk(tmp_path, CHOICE)
    assert seen.files == []
    assert "never opened" in reasons(seen)["settings.yaml"]


def test_links_out_of_the_root_to_nothing_and_in_circles_are_reported(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(root, "a.py", "sub/b.py")
    plant(tmp_path, "outside.py")
    (root / "out.py").symlink_to(tmp_path / "outside.py")
    (root / "gone.py").symlink_to("nothing.py")
    (root / "sub" / "up").symlink_to("..")
    (root / "one.py").symlink_to("two.py")
    (root / "two.py").symlink_to("one.py")
    seen = walk(root, CHOICE)
    said = reasons(seen)
    assert list_paths(seen) == {"a.py", "sub/b.py"}
    assert "leaves the scanned folder" in said["out.py"]
    assert "nothing" in said["gone.py"]
    assert "cycle" in said["sub/up"]
    assert "one.py" in said
    assert "two.py" in said


def test_a_link_inside_the_root_is_read_once_in_its_own_place(tmp_path: Path) -> None:
    plant(tmp_path, "a.py")
    (tmp_path / "b.py").symlink_to("a.py")
    seen = walk(tmp_path, CHOICE)
    assert list_paths(seen) == {"a.py"}
    assert seen.links_inside == 1
    assert seen.skipped == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may list every folder")
def test_a_folder_that_may_not_be_listed_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, "closed/a.py")
    (tmp_path / "closed").chmod(0)
    try:
        assert "cannot be listed" in reasons(walk(tmp_path, CHOICE))["closed/"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_file_name_that_is_no_utf8_is_reported(tmp_path: Path) -> None:
    place = os.path.join(os.fsencode(tmp_path), b"caf\xe9.py")
    with open(place, "wb") as file:
        file.write(b"x = 1\n")
    seen = walk(tmp_path, CHOICE)
    assert seen.files == []
    assert [skipped.reason for skipped in seen.skipped] == ["file name is not valid UTF-8"]
    seen.skipped[0].path.encode("utf-8")


def test_marker_files_are_remembered(tmp_path: Path) -> None:
    plant(tmp_path, "api/pyproject.toml")
    assert walk(tmp_path, CHOICE).markers == ["api/pyproject.toml"]


IGNORES = {
    ".gitignore": "*.log.py\n/only_top.py\nbuild_dir/\n!keep.log.py\ndocs/**/gen.py\n# note\n\\#odd.py\nsp ace.py\n",
    "pkg/.gitignore": "*.py\n!wanted.py\n/sub/anchored.yaml\n",
    "pkg/sub/.gitignore": "!deep.py\n",
    "a/b/.gitignore": "[xy]?.py\n**/never.py\nq*/z.py\n",
    ".git/info/exclude": "excluded.py\nprivate/\n",
}
PLANTED = (
    "a.py", "x.log.py", "keep.log.py", "only_top.py", "deep/only_top.py", "build_dir/a.py", "deep/build_dir/b.py",
    "docs/gen.py", "docs/one/two/gen.py", "#odd.py", "sp ace.py", "pkg/a.py", "pkg/wanted.py", "pkg/sub/deep.py",
    "pkg/sub/other.py", "pkg/sub/anchored.yaml", "pkg/sub/more/anchored.yaml", "a/b/x1.py", "a/b/z1.py", "a/b/c/y2.py",
    "a/b/c/never.py", "a/b/quux/z.py", "a/b/quux/d/z.py", "excluded.py", "deep/excluded.py", "private/a.py",
    "build_dir2/a.py",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="git is asked what it ignores")
@pytest.mark.parametrize("below", ["", "pkg", "a/b", "deep"])
def test_the_walk_ignores_what_git_ignores(tmp_path: Path, below: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    plant(tmp_path, *PLANTED)
    for path, text in IGNORES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    command = ["git", "-C", str(tmp_path / below), "-c", "core.quotepath=off", "-c", "core.excludesFile=/dev/null"]
    asked = [*command, "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split("\0")
    expected = {path for path in listed if find_format(path.rpartition("/")[2]) is not None and path}
    assert list_paths(walk(tmp_path / below, CHOICE)) == expected


def test_a_holdfastignore_adds_to_gitignore(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "b.py", "c.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / ".holdfastignore").write_text("b.py\n")
    assert list_paths(walk(tmp_path, CHOICE)) == {"c.py"}


def test_nothing_that_the_repository_ignores_is_left_out_of_an_ignored_root_that_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("models/\n*.bak.py\n")
    plant(tmp_path, "models/a.py", "models/b.bak.py", "models/deep/c.bak.py", "other/d.bak.py")
    assert list_paths(walk(tmp_path / "models", CHOICE)) == {"a.py", "b.bak.py", "deep/c.bak.py"}
    assert list_paths(walk(tmp_path / "models" / "deep", CHOICE)) == {"c.bak.py"}
    assert list_paths(walk(tmp_path / "other", CHOICE)) == set()
