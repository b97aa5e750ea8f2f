"""From paths, as they are sent, to what they are about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.front.hub.addresses import BadAddress, Target, find_target, split_path

COMMIT = "a" * 40
MEANT = {
    "/org/name/resolve/main/config.json": ("models", "org/name", "resolve", "main", "config.json"),
    "/gpt2/resolve/main/config.json": ("models", "gpt2", "resolve", "main", "config.json"),
    "/org/name/resolve/refs%2Fpr%2F1/a/b.txt": ("models", "org/name", "resolve", "refs/pr/1", "a/b.txt"),
    "/org/name/resolve/refs/pr/1/a/b.txt": ("models", "org/name", "resolve", "refs/pr/1", "a/b.txt"),
    "/org/name/resolve/feature%2Fx/a%2Fb.txt": ("models", "org/name", "resolve", "feature/x", "a/b.txt"),
    "/org/name/resolve/main/%C3%BC%20%26%3F%23.txt": ("models", "org/name", "resolve", "main", "ü &?#.txt"),
    "/org/name/resolve/main/a.txt?download=true": ("models", "org/name", "resolve", "main", "a.txt"),
    "/org/name/resolve/main/../../../etc/passwd": ("models", "org/name", "resolve", "main", "../../../etc/passwd"),
    "/org/resolve/resolve/main/a": ("models", "org/resolve", "resolve", "main", "a"),
    "/datasets/org/name/resolve/main/a": ("datasets", "org/name", "resolve", "main", "a"),
    "/datasets/squad/resolve/main/a": ("datasets", "squad", "resolve", "main", "a"),
    "/spaces/org/name/raw/main/app.py": ("spaces", "org/name", "raw", "main", "app.py"),
    "/registry/org/name:tag/resolve/main/a": ("models", "registry/org/name:tag", "resolve", "main", "a"),
    "/api/models/org/name": ("models", "org/name", "", "main", ""),
    "/api/models/org/name/": ("models", "org/name", "", "main", ""),
    "/api/models/gpt2": ("models", "gpt2", "", "main", ""),
    "/api/models/org%2Fname": ("models", "org/name", "", "main", ""),
    "/api/models/org/name/revision/v1.0": ("models", "org/name", "revision", "v1.0", ""),
    f"/api/models/gpt2/revision/{COMMIT}": ("models", "gpt2", "revision", COMMIT, ""),
    "/api/models/org/name/tree/main": ("models", "org/name", "tree", "main", ""),
    "/api/models/org/name/tree/main/a%20b/c": ("models", "org/name", "tree", "main", "a b/c"),
    "/api/models/org/tree": ("models", "org/tree", "", "main", ""),
    "/api/models/org/metrics": ("models", "org/metrics", "", "main", ""),
    "/api/models/org/name/refs": ("models", "org/name", "refs", "main", ""),
    "/api/models/gpt2/refs": ("models", "gpt2", "refs", "main", ""),
    "/api/datasets/org/name/paths-info/main": ("datasets", "org/name", "paths-info", "main", ""),
    "/api/kernels/org/name/revision/main": ("kernels", "org/name", "revision", "main", ""),
    f"/api/resolve-cache/models/org/name/{COMMIT}/a/b": ("models", "org/name", "resolve", COMMIT, "a/b"),
    "/org/name.git/info/lfs/objects/batch": ("models", "org/name", "git", "info", "lfs/objects/batch"),
    "/datasets/org/name.git/info/refs": ("datasets", "org/name", "git", "info", "refs"),
}
NOTHING = (
    "/",
    "/org",
    "/org/name",
    "/org/name/resolve",
    "//resolve/main/a",
    "/org//resolve/main/a",
    "/api",
    "/api/models",
    "/api/models/",
    "/api/nothing/org/name",
    "/api/resolve-cache/models/org/name",
    "/datasets",
)


@pytest.mark.parametrize(("path", "meant"), MEANT.items())
def test_a_path_is_about_a_repository(path: str, meant: tuple[str, str, str, str, str]) -> None:
    found = find_target(split_path(path))
    assert found is not None
    assert (found.kind, found.id, found.word, found.revision, found.path) == meant


@pytest.mark.parametrize("path", NOTHING)
def test_some_paths_are_about_none(path: str) -> None:
    assert find_target(split_path(path)) is None


def test_the_vault_knows_what_is_no_model_under_its_kind() -> None:
    assert Target("models", "org/name", "", (), is_api=True).name == "org/name"
    assert Target("datasets", "org/name", "", (), is_api=True).name == "datasets/org/name"


@pytest.mark.parametrize("path", ["/org/%ff/resolve/main/a", f"/{'a' * 5000}", "/%C3"])
def test_what_is_no_text_or_too_long_is_no_address(path: str) -> None:
    with pytest.raises(BadAddress):
        split_path(path)


@given(st.text(min_size=1, max_size=60))
def test_no_path_at_all_makes_it_fail(path: str) -> None:
    try:
        found = find_target(split_path("/" + path))
    except (BadAddress, UnicodeEncodeError):
        return
    assert found is None or found.id
