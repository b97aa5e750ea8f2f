"""Git itself clones and fetches from the vault, and git-lfs brings the large files."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from holdfast.formats.git_wire import make_line
from holdfast.front.hub.access import AccessAsked
from holdfast.records.access import Grant, Scope
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import iterate_revisions
from holdfast.workflows.deciding import DecideAsked, run_decision
from holdfast.workflows.keep import KeepAsked, run_keep
from holdfast.workflows.sources import read_source
from holdfast.workflows.vaults import open_vault
from tests.front.hub.pushing_server import Server, serving
from tests.front.hub.test_pushing import get_href
from tests.vault.models import say_nothing

needs_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with serving(tmp_path_factory.mktemp("served"), others={"stranger": Grant(Scope.READ, "elsewhere/*")}) as found:
        yield found


def git(folder: Path, *words: str, ok: bool = True) -> str:
    environ = {
        "HOME": str(folder), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    }  # fmt: skip
    done = subprocess.run(["git", *words], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == ok, done.stderr
    return (done.stdout + done.stderr).strip() if not ok else done.stdout.strip()


def push(server: Server, name: str, files: dict[str, bytes], summary: str, branch: str = "main") -> str:
    """A commit over the API; large files are those of 1,000 bytes and more."""
    lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": summary}}]
    for path, data in files.items():
        if len(data) < 1000:
            value = {"path": path, "encoding": "base64", "content": base64.b64encode(data).decode()}
            lines.append({"key": "file", "value": value})
            continue
        batch = f"/{name}.git/info/lfs/objects/batch"
        oid = hashlib.sha256(data).hexdigest()
        said = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(data)}]}
        (told,) = server.ask("POST", batch, said).json["objects"]
        assert "actions" not in told or server.ask("PUT", get_href(told), data, token=None).status == 200
        lines.append({"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid, "size": len(data)}})
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    answer = server.ask("POST", f"/api/models/{name}/commit/{branch}", body)
    assert answer.status == 200, answer.body
    commit: str = answer.json["commitOid"]
    return commit


def make_repository(server: Server, name: str) -> list[str]:
    """Three commits, a branch with one more, and a tag."""
    organisation, _, model = name.partition("/")
    server.ask("POST", "/api/repos/create", {"organization": organisation, "name": model})
    commits = [
        push(server, name, {"a.txt": bytes([65 + number]) * 9, f"d/{number}": b"x"}, f"no. {number}")
        for number in range(3)
    ]
    server.ask("POST", f"/api/models/{name}/branch/dev", {})
    commits.append(push(server, name, {"dev.txt": b"dev", "w.bin": b"w" * 5000}, "on dev", "dev"))
    server.ask("POST", f"/api/models/{name}/tag/{commits[1]}", {"tag": "v1"})
    return commits


@pytest.fixture(scope="module")
def commits(server: Server) -> list[str]:
    return make_repository(server, "team/model")


def test_a_clone_has_every_commit_branch_and_tag(server: Server, commits: list[str], tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", f"{server.address}/team/model", "model")
    clone = tmp_path / "model"
    git(clone, "fsck", "--strict")
    assert git(clone, "log", "--format=%H %s %an").split("\n")[:3] == [
        f"{commits[2]} no. 2 Ana",
        f"{commits[1]} no. 1 Ana",
        f"{commits[0]} no. 0 Ana",
    ]
    assert git(clone, "rev-list", "--count", "HEAD") == "4"
    assert git(clone, "rev-parse", "origin/dev", "v1") == f"{commits[3]}\n{commits[1]}"
    assert (clone / "a.txt").read_bytes() == b"C" * 9
    pointer = git(clone, "show", "origin/dev:w.bin")
    assert pointer.split("\n")[1] == f"oid sha256:{hashlib.sha256(b'w' * 5000).hexdigest()}"


def test_a_name_may_end_in_git_and_a_protocol_of_any_version_is_asked_for(
    server: Server, commits: list[str], tmp_path: Path
) -> None:
    for number in range(3):
        address = f"{server.address}/team/model.git"
        git(tmp_path, "-c", f"protocol.version={number}", "clone", "-q", address, str(number))
        assert git(tmp_path / str(number), "rev-parse", "HEAD") == commits[2]


def test_a_shallow_clone_is_deepened_and_made_whole(server: Server, commits: list[str], tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"{server.address}/team/model", "model")
    clone = tmp_path / "model"
    assert git(clone, "rev-list", "HEAD") == commits[2]
    assert (clone / "d" / "0").read_bytes() == b"x"
    git(clone, "fetch", "-q", "--depth", "2")
    assert git(clone, "rev-list", "HEAD") == f"{commits[2]}\n{commits[1]}"
    git(clone, "fetch", "-q", "--unshallow")
    assert git(clone, "rev-list", "--count", "HEAD") == "4"
    git(clone, "fsck", "--strict")
    assert git(clone, "rev-parse", "--is-shallow-repository") == "false"


def test_what_is_pushed_later_is_fetched_with_what_is_new_alone(server: Server, tmp_path: Path) -> None:
    make_repository(server, "team/later")
    git(tmp_path, "clone", "-q", f"{server.address}/team/later", "model")
    clone = tmp_path / "model"
    commit = push(server, "team/later", {"new.txt": b"new"}, "new")
    before = int(git(clone, "count-objects").split()[0])
    git(clone, "-c", "fetch.unpackLimit=1000", "pull", "-q", "--ff-only")
    assert git(clone, "rev-parse", "HEAD") == commit
    assert int(git(clone, "count-objects").split()[0]) == before + 3  # a commit, a tree, a file
    git(clone, "fsck", "--strict")


def test_a_copy_from_disk_is_cloned_under_the_commit_that_it_is_served_as(server: Server, tmp_path: Path) -> None:
    (tmp_path / "m" / "deep").mkdir(parents=True)
    (tmp_path / "m" / "config.json").write_text("{}")
    (tmp_path / "m" / "deep" / "x").write_bytes(b"x" * 300)
    run_keep(KeepAsked(server.asked, tuple(read_source(tmp_path / "m")), name="team/disk"), say_nothing)
    server.desk.site.service.notice()
    git(tmp_path, "clone", "-q", f"{server.address}/team/disk", "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == server.ask("GET", "/api/models/team/disk").json["sha"]
    assert (tmp_path / "clone" / "deep" / "x").read_bytes() == b"x" * 300
    commit = push(server, "team/disk", {"y": b"y"}, "on top")
    git(tmp_path / "clone", "pull", "-q", "--ff-only")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == commit


def test_where_history_is_frozen_or_gone_the_clone_is_shallow_there(server: Server, tmp_path: Path) -> None:
    made = make_repository(server, "team/cut")
    run_decision(DecideAsked(server.asked, f"team/cut@{made[0]}", "Law", "because"), LogVerb.FREEZE)
    server.desk.site.service.notice()
    git(tmp_path, "clone", "-q", f"{server.address}/team/cut", "model")
    clone = tmp_path / "model"
    assert git(clone, "rev-list", "HEAD") == f"{made[2]}\n{made[1]}"
    assert git(clone, "rev-parse", "--is-shallow-repository") == "true"
    git(clone, "fsck", "--strict")
    commit = push(server, "team/cut", {"z": b"z"}, "after")
    git(clone, "pull", "-q", "--ff-only")
    assert git(clone, "rev-parse", "HEAD") == commit


def test_a_repository_that_is_frozen_as_a_whole_is_not_cloned(server: Server, tmp_path: Path) -> None:
    make_repository(server, "team/cold")
    run_decision(DecideAsked(server.asked, "team/cold", "Law", "because", everywhere=True), LogVerb.FREEZE)
    server.desk.site.service.notice()
    assert "451" in git(tmp_path, "clone", f"{server.address}/team/cold", "model", ok=False)
    with open_vault(server.asked) as vault:
        assert {row.state for row in iterate_revisions(vault.database, "team/cold")} == {"frozen"}


def test_nothing_is_pushed_by_git(server: Server, commits: list[str], tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", f"{server.address}/team/model", "model")
    assert "403" in git(tmp_path / "model", "push", "origin", "HEAD:refs/heads/mine", ok=False)


def test_a_token_is_a_password_for_git(tmp_path: Path) -> None:
    others = {"stranger": Grant(Scope.READ, "elsewhere/*")}
    with serving(tmp_path / "served", AccessAsked(is_local=False), others) as server:
        make_repository(server, "team/model")
        place = f"{server.address.removeprefix('http://')}/team/model"
        git(tmp_path, "clone", "-q", f"http://ana:{server.token}@{place}", "model")
        assert "not found" in git(tmp_path, "clone", f"http://x:{server.others['stranger']}@{place}", "other", ok=False)
        assert "terminal prompts disabled" in git(tmp_path, "clone", f"http://{place}", "none", ok=False)


@needs_lfs
def test_git_lfs_brings_the_large_files(server: Server, tmp_path: Path) -> None:
    make_repository(server, "team/lfs")
    git(tmp_path, "clone", "-q", "--branch", "dev", f"http://ana:{server.token}@{server.address[7:]}/team/lfs", "model")
    clone = tmp_path / "model"
    assert (clone / "w.bin").stat().st_size < 200
    git(clone, "lfs", "install", "--local")
    git(clone, "lfs", "pull")
    assert (clone / "w.bin").read_bytes() == b"w" * 5000
    git(clone, "lfs", "fsck")


WRONG = (
    b"zzzz", b"0005", b"ffff", b"0003", make_line(b"want main\n"), make_line(b"want " + b"0" * 40),
    make_line(b"burn it"), make_line(b"deepen x"),
)  # fmt: skip


@pytest.mark.parametrize("body", WRONG)
def test_a_request_that_cannot_be_meant_is_refused(server: Server, commits: list[str], body: bytes) -> None:
    assert server.ask("POST", "/team/model.git/git-upload-pack", body).status == 400


def test_only_commits_that_a_ref_names_are_given(server: Server, commits: list[str]) -> None:
    body = make_line(f"want {commits[0]}\n".encode()) + b"0000" + make_line(b"done\n")
    assert server.ask("POST", "/team/model.git/git-upload-pack", body).status == 400


def test_git_of_another_age_or_aim_is_told_so(server: Server, commits: list[str]) -> None:
    assert server.ask("GET", "/team/model.git/info/refs").status == 403
    assert server.ask("GET", "/team/model.git/info/refs?service=git-receive-pack").status == 403
    missing = server.ask("GET", "/team/none.git/info/refs?service=git-upload-pack")
    assert (missing.status, missing.headers["X-Error-Code"]) == (404, "RepoNotFound")
