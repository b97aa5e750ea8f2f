"""Repositories, branches and tags are made and taken away by decisions, and nothing is lost silently."""

import pytest

from holdfast.records.access import BadRequest
from holdfast.records.errors import FrozenCopy, HoldfastError, UnknownRepository, UnknownRevision, UsageError
from holdfast.records.hub_writing import ExistsAlready, NotOffered, WriteTo
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import read_decisions
from holdfast.vault.refs import read_refs
from holdfast.workflows.deciding import DecideAsked, run_decision
from holdfast.workflows.hub_writing.repositories import check_new_name
from holdfast.workflows.vaults import open_vault
from tests.workflows.hub_writing.conftest import NAME, Desk, add


def to(branch: str = "main", name: str = NAME) -> WriteTo:
    return WriteTo(name, branch, "Ana")


def test_an_empty_repository_is_a_first_commit_with_attributes(desk: Desk) -> None:
    done = desk.writer.create_repository(NAME, "Ana")
    revision, files = desk.read()
    assert revision.commit == done.commit
    assert list(files) == [".gitattributes"]
    assert desk.refs() == {"refs/heads/main": done.commit}


def test_a_name_is_given_once(repository: Desk) -> None:
    with pytest.raises(ExistsAlready):
        repository.writer.create_repository(NAME, "Ben")


@pytest.mark.parametrize(
    "name",
    ["", "model", "a/b/c", "/b", "a/", "-a/b", "a/b-", "a/b.git", "a/..", "a/b--c", "a/b c", "api/b", "V2/b", "ü/b",
     "datasets/x", "a/" + "b" * 96],
)  # fmt: skip
def test_a_name_that_a_hub_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        check_new_name(name)


@pytest.mark.parametrize("name", ["a/b", "Team-1/model_v2.0-x", "datasets/org/corpus"])
def test_other_names_are_taken(name: str) -> None:
    assert check_new_name(name) == name


def test_branches_and_tags_come_move_and_go(repository: Desk) -> None:
    first = repository.read()[0].commit
    repository.writer.create_branch(to("feature/x"), "")
    second = repository.commit(add("a", b"a"), branch="feature/x").commit
    repository.writer.create_tag(to("feature/x"), "v1", "the first")
    repository.writer.create_branch(to("old"), first[:8])
    assert repository.refs() == {
        "refs/heads/main": first,
        "refs/heads/feature/x": second,
        "refs/heads/old": first,
        "refs/tags/v1": second,
    }
    repository.writer.delete_branch(to("feature/x"))
    repository.writer.delete_tag(to(), "v1")
    assert repository.refs() == {"refs/heads/main": first, "refs/heads/old": first}
    assert repository.read(second)[1]["a"] == b"a"  # the copy stays


def test_what_exists_already_or_not_at_all_is_told(repository: Desk) -> None:
    writer = repository.writer
    writer.create_branch(to("dev"), "")
    writer.create_tag(to(), "v1", "")
    attempts: list[tuple[type[HoldfastError], object]] = [
        (ExistsAlready, lambda: writer.create_branch(to("dev"), "")),
        (ExistsAlready, lambda: writer.create_branch(to("main"), "")),
        (ExistsAlready, lambda: writer.create_tag(to(), "v1", "")),
        (UnknownRevision, lambda: writer.create_branch(to("b"), "nowhere")),
        (UnknownRevision, lambda: writer.create_tag(to("nowhere"), "v2", "")),
        (UnknownRevision, lambda: writer.delete_branch(to("nowhere"))),
        (UnknownRevision, lambda: writer.delete_tag(to(), "nowhere")),
        (UnknownRepository, lambda: writer.create_branch(to("b", "team/none"), "")),
        (UnknownRepository, lambda: writer.delete_repository("team/none", "Ana")),
        (NotOffered, lambda: writer.delete_branch(to("main"))),
        (UsageError, lambda: writer.create_branch(to("a..b"), "")),
        (UsageError, lambda: writer.create_branch(to("refs/pr/1"), "")),
    ]
    for kind, attempt in attempts:
        assert callable(attempt)
        with pytest.raises(kind):
            attempt()


def test_commits_go_to_branches_only(repository: Desk) -> None:
    repository.writer.create_tag(to(), "v1", "")
    for place in ("v1", repository.read()[0].commit):
        with pytest.raises(BadRequest, match="no branch"):
            repository.commit(add("a", b"a"), branch=place)


def test_a_deleted_repository_is_dropped_by_decisions_and_its_name_can_be_given_again(repository: Desk) -> None:
    old = repository.commit(add("a", b"a")).commit
    repository.writer.create_tag(to(), "v1", "")
    assert repository.writer.delete_repository(NAME, "Ana") == 2
    with pytest.raises(UnknownRepository):
        repository.read()
    with open_vault(repository.asked) as vault:
        dropped = [(one.by, one.why) for one in read_decisions(vault.database) if one.verb == "drop"]
        assert dropped == [("Ana", "the repository was deleted over the hub's API")] * 2
    repository.clock.advance(60)
    repository.writer.create_repository(NAME, "Ben")
    with pytest.raises(UnknownRevision):
        repository.read(old)
    with open_vault(repository.asked) as vault:
        assert [ref.ref for ref in read_refs(vault.database, NAME)] == ["refs/heads/main"]


def test_a_repository_with_a_frozen_copy_is_not_deleted(repository: Desk) -> None:
    first = repository.read()[0].commit
    repository.commit(add("a", b"a"))
    run_decision(DecideAsked(repository.asked, f"{NAME}@{first}", "Law", "because"), LogVerb.FREEZE)
    with pytest.raises(FrozenCopy):
        repository.writer.delete_repository(NAME, "Ana")
    assert repository.read()[1]["a"] == b"a"
