"""A copy is proved by the objects of upstream's own git, and what cannot be proved is said to be unknown."""

import hashlib
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.vault.git_objects import get_key
from holdfast.workflows.proof import CopyProof, run_proof
from holdfast.workflows.pulling_choice import Choice
from holdfast.workflows.vaults import open_vault
from tests.upstream.asking import Team
from tests.upstream.hub import Hub, fail, serving, times
from tests.upstream.repository import Repository

MODEL = "acme/tiny"
FILES = {
    "README.md": b"# Tiny\n",
    "config.json": b"{}",
    "w/model.bin": random.Random(4).randbytes(200_000),
    "w/deep/er/x.txt": b"x",
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def team(hub: Hub, tmp_path: Path) -> Team:
    return Team(hub, tmp_path / "team")


def prove(team: Team) -> CopyProof:
    return run_proof(team.vault, MODEL)


def test_every_file_of_a_pulled_model_is_bound_to_upstreams_commit(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    assert team.pull(MODEL).copy.notes == ()
    hub.repositories.clear()  # offline from here
    proof = prove(team)
    assert (proof.answer, proof.missing) == ("proved", ())
    assert proof.commit == repository.git("rev-parse", "main").decode().strip()
    assert dict(proof.trees) == {
        path: repository.git("rev-parse", f"main:{path}").decode().strip() for path in ("", "w", "w/deep", "w/deep/er")
    }
    assert {file.path: (file.via, file.sha256) for file in proof.files} == {
        path: ("pointer" if path == "w/model.bin" else "blob", hashlib.sha256(content).hexdigest())
        for path, content in FILES.items()
    }
    assert all(file.blob == repository.git("rev-parse", f"main:{file.path}").decode().strip() for file in proof.files)


def test_files_are_not_fetched_for_the_proof(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    with open_vault(team.vault) as vault:
        held = [stored.key.removeprefix("git/").replace("/", "") for stored in vault.storage.iterate("git/")]
    kinds = sorted(repository.git("cat-file", "-t", name).decode().strip() for name in held)
    assert kinds == ["commit", "tree", "tree", "tree", "tree"]


def test_a_hub_without_filters_is_asked_all_the_same(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES).git("config", "uploadpack.allowFilter", "false")
    assert team.pull(MODEL).copy.notes == ()
    assert prove(team).answer == "proved"


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_hub_that_speaks_the_first_protocol_only_is_understood(
    hub: Hub, team: Team, filters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = hub.add(MODEL, FILES)
    repository.git("config", "uploadpack.allowFilter", filters)
    repository.git("config", "protocol.version", "0")
    monkeypatch.setattr("holdfast.upstream.git_objects._VERSION", {})  # git answers in the version that is asked for
    assert team.pull(MODEL).copy.notes == ()
    assert prove(team).answer == "proved"


def test_a_part_is_proved_and_the_rest_is_named(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL, Choice(include=("w/model.bin",)))
    proof = prove(team)
    assert (proof.answer, proof.missing) == ("proved", ("README.md", "config.json", "w/deep/er/x.txt"))


def test_a_hub_without_git_leaves_the_copy_kept_and_unproved(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.has_git = False
    pulled = team.pull(MODEL)
    assert any("not proved" in note for note in pulled.copy.notes)
    assert (prove(team).answer, "is not held" in prove(team).says) == ("unknown", True)
    hub.has_git = True
    team.pull(MODEL)
    assert prove(team).answer == "proved"


@pytest.mark.parametrize("body", [b"", b"zzzz", b"0009ERR x", b"000dpackfile\n0009\x01PACK", b"fff0short"])
def test_what_is_not_gits_protocol_leaves_the_copy_unproved(hub: Hub, team: Team, body: bytes) -> None:
    from aiohttp import web

    hub.add(MODEL, FILES)
    hub.fault = times(1, "git-upload-pack$", lambda: web.Response(body=body))
    assert any("not proved" in note for note in team.pull(MODEL).copy.notes)
    assert prove(team).answer == "unknown"


def test_a_gated_models_git_gets_the_token_as_git_sends_it(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.environ["HF_TOKEN"] = "hf_right"
    team.pull(MODEL)
    sent = {one.headers["Authorization"].split()[0] for one in hub.seen if ".git/" in one.path}
    assert sent == {"Basic"}


def test_the_objects_are_fetched_once(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    hub.seen.clear()
    team.pull(MODEL)
    assert hub.count(r"\.git/") == 0


def test_a_damaged_object_of_git_is_told_and_fetched_again(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    key = get_key(repository.git("rev-parse", "main:w").decode().strip())
    path = Path(team.vault.location) / key
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert prove(team).answer == "unknown"
    path.unlink()
    team.pull(MODEL)
    assert prove(team).answer == "proved"


def test_a_copy_of_another_commits_files_is_told(hub: Hub, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = hub.add(MODEL, FILES)
    honest = Repository.list_files
    other = Repository(team.folder / "other.git")
    changed = other.commit(FILES | {"config.json": b'{"a": 1}'})

    def lie(self: Repository, commit: str) -> object:
        return honest(other, changed) if self is repository else honest(self, commit)

    monkeypatch.setattr(Repository, "list_files", lie)
    team.pull(MODEL)  # the hub's list and files agree with each other, and not with its git
    proof = prove(team)
    assert proof.answer == "differs"
    assert [file.path for file in proof.files if file.answer == "differs"] == ["config.json"]


def test_a_pointer_in_other_words_is_kept_and_proves(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    content = FILES["w/model.bin"]
    words = f"version https://git-lfs.github.com/spec/v1\next-0-x sha256:{'0' * 64}\n"
    pointer = (words + f"oid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n").encode()
    repository.contents[hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()] = content
    index = repository.folder / "odd-index"
    blob = repository.git("hash-object", "-w", "--stdin", given=pointer).decode().strip()

    def run(*words: str) -> str:
        command = ["git", "-C", str(repository.folder), *words]
        author = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environ = {"GIT_INDEX_FILE": str(index), "PATH": "/usr/bin:/bin", **author}
        return subprocess.run(command, env=environ, capture_output=True, check=True, text=True).stdout.strip()

    run("read-tree", "main")
    run("update-index", "--add", "--cacheinfo", f"100644,{blob},w/model.bin")
    run("update-ref", "refs/heads/main", run("commit-tree", run("write-tree"), "-p", "main", "-m", "odd"))
    assert team.pull(MODEL).copy.notes == ()
    assert prove(team).answer == "proved"


def test_a_model_that_was_kept_from_disk_names_no_commit(team: Team, tmp_path: Path) -> None:
    from holdfast.workflows.keep import KeepAsked, run_keep
    from holdfast.workflows.sources import read_source

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "f").write_bytes(b"x")
    sources = tuple(read_source(tmp_path / "m"))
    run_keep(KeepAsked(team.vault, sources, MODEL), lambda _phase, _done, _total: None)
    assert (prove(team).answer, prove(team).says) == ("unknown", "its source names no commit")


def test_a_refusal_of_git_is_told_in_its_words(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.fault = times(1, "info/refs", lambda: fail(403, message="no git for you"))
    assert any("no git for you" in note for note in team.pull(MODEL).copy.notes)
