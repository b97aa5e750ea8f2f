"""Commits become kept revisions that git itself agrees with, all of each or nothing."""

import subprocess
import threading
from pathlib import Path

import pytest

from holdfast.records.access import BadRequest
from holdfast.records.errors import FrozenCopy, HoldfastError, UnknownEntry, UnknownRepository, UnknownRevision
from holdfast.records.hub_writing import Committed, NotUploaded, StaleParent, WriteTo, WrongContent
from holdfast.records.vault_log import LogVerb
from holdfast.vault.git_objects import find_git_object
from holdfast.workflows.deciding import DecideAsked, run_decision
from holdfast.workflows.hub_writing.history import iterate_history
from holdfast.workflows.list import run_list
from holdfast.workflows.rebuild import run_rebuild
from holdfast.workflows.vaults import open_vault
from holdfast.workflows.verify import VerifyAsked, run_verify
from tests.vault.models import keep_folder, make_bf16, say_nothing, write_safetensors
from tests.workflows.hub_writing.conftest import NAME, Desk, add, add_large, delete, delete_folder, sha256

CARD = b"---\nlicense: apache-2.0\nbase_model: Qwen/Qwen3-8B\n---\n# Ours\n"


def weights(tmp_path: Path, seed: int = 1) -> bytes:
    path = write_safetensors(tmp_path / f"{seed}.safetensors", {"w": ("BF16", make_bf16(40_000, seed))})
    return path.read_bytes()


def run_git(folder: Path, *words: str, data: bytes | None = None) -> str:
    environ = {
        "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "Ana@localhost", "GIT_AUTHOR_DATE": "1767323045 +0000",
        "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "Ana@localhost", "GIT_COMMITTER_DATE": "1767323045 +0000",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
    }  # fmt: skip
    done = subprocess.run(["git", *words], cwd=folder, env=environ, input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_a_pushed_commit_is_git_s_own_and_what_it_holds_comes_back(repository: Desk, tmp_path: Path) -> None:
    data = weights(tmp_path)
    first = repository.read()[0].commit
    repository.send(data)
    done = repository.commit(add("README.md", CARD), add_large("deep/model.safetensors", data), parent=first)
    revision, files = repository.read()
    assert revision.commit == done.commit
    assert files == {
        ".gitattributes": files[".gitattributes"], "README.md": CARD, "deep/model.safetensors": data
    }  # fmt: skip
    assert (revision.licence, revision.bases) == ("apache-2.0", ("Qwen/Qwen3-8B",))
    assert revision.tree.files["deep/model.safetensors"].is_lfs
    assert not revision.tree.files["README.md"].is_lfs

    work = tmp_path / "git"
    work.mkdir()
    run_git(work, "init", "-q")
    (work / ".gitattributes").write_bytes(files[".gitattributes"])
    run_git(work, "add", ".gitattributes")
    run_git(work, "commit", "-q", "-m", "initial commit")
    assert run_git(work, "rev-parse", "HEAD") == first
    (work / "README.md").write_bytes(CARD)
    (work / "deep").mkdir()
    (work / "deep" / "model.safetensors").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data)}\nsize {len(data)}\n"
    )
    run_git(work, "-c", "filter.lfs.clean=cat", "-c", "filter.lfs.smudge=cat", "add", "-A")
    run_git(work, "commit", "-q", "-m", "a change")
    assert run_git(work, "rev-parse", "HEAD") == done.commit


def test_the_history_of_a_push_is_held_and_listed(repository: Desk) -> None:
    first = repository.read()[0].commit
    second = repository.commit(add("a.txt", b"one"), summary="one", by="Ben <b>")
    repository.clock.advance(5)
    third = repository.commit(add("a.txt", b"two"), summary="two")
    with open_vault(repository.asked) as vault:
        told = [(one.id, one.title, one.author) for one in iterate_history(vault, third.commit)]
        assert told == [(third.commit, "two", "Ana"), (second.commit, "one", "Ben b"), (first, "initial commit", "Ana")]
        assert find_git_object(vault, second.commit) is not None


def test_what_was_pushed_passes_verify_and_survives_a_rebuild(repository: Desk, tmp_path: Path) -> None:
    data = weights(tmp_path)
    repository.send(data)
    repository.commit(add_large("model.safetensors", data), add("README.md", CARD))
    before, refs = repository.read(), repository.refs()
    report = run_verify(VerifyAsked(repository.asked), say_nothing)
    assert report.damage == ()
    run_rebuild(repository.asked, say_nothing)
    assert repository.read() == before
    assert repository.refs() == refs


def test_files_and_folders_are_deleted_and_the_rest_stays(repository: Desk) -> None:
    repository.commit(add("a.txt", b"a"), add("b/one", b"1"), add("b/c/two", b"2"), add("bc", b"3"))
    repository.commit(delete("a.txt"), delete_folder("b/"), add("d", b"4"))
    assert {path for path in repository.read()[1] if path != ".gitattributes"} == {"bc", "d"}


def test_a_commit_that_cannot_be_done_whole_changes_nothing(repository: Desk) -> None:
    repository.commit(add("a.txt", b"a"))
    before, refs, copies = repository.read(), repository.refs(), run_list(repository.asked).copies
    with pytest.raises(UnknownEntry):
        repository.commit(add("new", b"x"), delete("missing"))
    with pytest.raises(UnknownEntry):
        repository.commit(add("new", b"x"), delete_folder("a.txt"))
    with pytest.raises(BadRequest, match=r"a\.txt"):
        repository.commit(add("a.txt/b", b"x"))
    with pytest.raises(NotUploaded):
        repository.commit(add("new", b"x"), add_large("w.bin", b"never sent"))
    with pytest.raises(UnknownRevision):
        repository.commit(add("new", b"x"), branch="dev")
    with pytest.raises(UnknownRepository):
        repository.commit(add("new", b"x"), name="team/other")
    assert (repository.read(), repository.refs(), run_list(repository.asked).copies) == (before, refs, copies)


def test_a_large_file_of_another_size_than_the_commit_says_is_refused(repository: Desk) -> None:
    repository.send(b"some weights")
    wrong = add_large("w.bin", b"some weights")
    value = wrong["value"]
    assert isinstance(value, dict)
    value["size"] = 5
    with pytest.raises(WrongContent):
        repository.commit(wrong)
    del value["size"]  # as copies of a large file come
    assert repository.commit(wrong).is_new


def test_a_commit_on_a_parent_that_is_not_the_last_is_refused(repository: Desk) -> None:
    first = repository.read()[0].commit
    second = repository.commit(add("a.txt", b"a"), parent=first)
    with pytest.raises(StaleParent):
        repository.commit(add("b.txt", b"b"), parent=first)
    assert repository.commit(add("b.txt", b"b"), parent=second.commit[:7]).is_new


def test_a_commit_that_is_sent_again_is_the_same_commit(repository: Desk) -> None:
    first = repository.read()[0].commit
    done = repository.commit(add("a.txt", b"a"), parent=first)
    repository.clock.advance(60)
    again = repository.commit(add("a.txt", b"a"), parent=first)
    assert (again.commit, again.is_new) == (done.commit, False)
    assert not repository.commit(add("a.txt", b"a")).is_new


def test_of_two_that_push_at_once_on_one_parent_one_wins(repository: Desk) -> None:
    first = repository.read()[0].commit
    outcomes: list[Committed | HoldfastError] = []

    def push(number: int) -> None:
        desk = Desk(repository.writer, repository.asked, repository.clock, repository.folder / str(number))
        try:
            outcomes.append(desk.commit(add(f"{number}.txt", b"x"), parent=first, by=f"user {number}"))
        except HoldfastError as error:
            outcomes.append(error)

    repository.folder.mkdir()
    threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in outcomes if isinstance(one, Committed)]
    assert len(won) == 1
    assert sum(isinstance(one, StaleParent) for one in outcomes) == 3
    assert repository.read()[0].commit == won[0].commit


def test_pushes_without_a_parent_that_come_at_once_build_on_each_other(repository: Desk) -> None:
    def push(number: int) -> None:
        desk = Desk(repository.writer, repository.asked, repository.clock, repository.folder / str(number))
        desk.commit(add(f"{number}.txt", b"x"))

    repository.folder.mkdir()
    threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(repository.read()[1]) == {".gitattributes", "0.txt", "1.txt", "2.txt", "3.txt"}


def test_a_push_builds_on_a_copy_kept_from_disk_whose_main_stays_where_it_is(desk: Desk, tmp_path: Path) -> None:
    data = weights(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(data)
    with open_vault(desk.asked) as vault:
        keep_folder(vault, tmp_path / "model", NAME, "v1")
    before = desk.read()[0].commit
    desk.writer.create_branch(_to("dev"), "")
    done = desk.commit(add("README.md", CARD), branch="dev")
    assert desk.read()[0].commit == before
    revision, files = desk.read("dev")
    assert (revision.commit, files) == (done.commit, {"README.md": CARD, "model.safetensors": data})
    with open_vault(desk.asked) as vault:
        assert [one.id for one in iterate_history(vault, done.commit)] == [done.commit, before]


def test_nothing_is_built_on_a_frozen_copy(repository: Desk) -> None:
    run_decision(DecideAsked(repository.asked, NAME, "Law", "because"), LogVerb.FREEZE)
    with pytest.raises(FrozenCopy, match="because"):
        repository.commit(add("a.txt", b"a"))


def test_a_file_is_committed_by_its_digest_alone_only_by_who_may_have_it(desk: Desk) -> None:
    secret = b"weights of another team" * 9
    for name in ("other/secret", "team/model"):
        desk.writer.create_repository(name, "Ana")
    desk.send(secret, name="other/secret")
    desk.commit(add_large("w.bin", secret), name="other/secret")

    def reads_own(name: str) -> bool:
        return name.startswith("team/")

    with pytest.raises(NotUploaded):
        desk.commit(add_large("w.bin", secret), may_read=reads_own)
    assert desk.commit(add_large("copy.bin", secret)).is_new  # whoever may read it may copy it
    desk.commit(delete("copy.bin"))
    desk.send(secret)  # and whoever sends it has it
    assert desk.commit(add_large("w.bin", secret), may_read=reads_own).is_new


def test_a_file_of_a_frozen_copy_is_not_had_by_naming_it(desk: Desk) -> None:
    for name in ("team/frozen", "team/model"):
        desk.writer.create_repository(name, "Ana")
    desk.send(b"frozen weights", name="team/frozen")
    desk.commit(add_large("w.bin", b"frozen weights"), name="team/frozen")
    run_decision(DecideAsked(desk.asked, "team/frozen", "Law", "because", everywhere=True), LogVerb.FREEZE)
    with pytest.raises(NotUploaded):
        desk.commit(add_large("w.bin", b"frozen weights"))


def test_all_files_may_go(repository: Desk) -> None:
    done = repository.commit(delete(".gitattributes"))
    revision, files = repository.read()
    assert (revision.commit, files) == (done.commit, {})
    assert revision.tree.folders[""] == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's empty tree


def test_a_file_that_breaks_its_format_is_kept_as_it_is(repository: Desk) -> None:
    broken = (99).to_bytes(8, "little") + b'{"not": "finished'
    repository.send(broken)
    repository.commit(add_large("model.safetensors", broken), add("small.safetensors", broken))
    files = repository.read()[1]
    assert files["model.safetensors"] == files["small.safetensors"] == broken


def _to(branch: str) -> WriteTo:
    return WriteTo(NAME, branch, "Ana")
