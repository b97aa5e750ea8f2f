"""Followed models: same, changed, or could not tell; and whatever a hub did, the copy that is held stays."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from holdfast.records.errors import DamagedVault, UnknownName
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.follow import FollowAsked, FollowedModel, run_follow, run_list_followed, run_unfollow
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.log import run_log
from holdfast.workflows.pulling_choice import Choice
from holdfast.workflows.update import UpdateAsked, UpdateRow, run_update
from tests.upstream.asking import Team
from tests.upstream.hub import Hub, fail, serving, times

MODEL = "acme/tiny"
FILES = {"README.md": b"# T\n", "a.txt": b"a"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def team(hub: Hub, tmp_path: Path) -> Team:
    return Team(hub, tmp_path / "team")


def follow(team: Team, *models: str) -> list[FollowedModel]:
    return run_follow(FollowAsked(team.vault, models, team.ask()))


def update(team: Team, *, pull: bool = False) -> UpdateRow:
    answer = run_update(UpdateAsked(team.vault, team.ask(), (MODEL,), pull), lambda _phase, _done, _total: None)
    return answer.rows[0]


def kinds(row: UpdateRow) -> list[str]:
    return [change.kind for change in row.changes]


def test_a_model_that_did_not_change_is_the_same(hub: Hub, team: Team) -> None:
    commit = hub.add(MODEL, FILES).find("main")
    team.pull(MODEL)
    follow(team, MODEL)
    row = update(team)
    assert (row.outcome, row.changes, row.held) == ("same", (), commit)


def test_a_new_commit_is_told_and_the_old_copy_stays(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    new = repository.commit(FILES | {"b.txt": b"b"})
    row = update(team)
    assert (row.outcome, kinds(row)) == ("changed", ["new-commit"])
    assert row.changes[0].says.startswith(new[:12])
    assert team.read(MODEL) == FILES


def test_the_new_commit_is_pulled_when_asked(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    new = repository.commit(FILES | {"b.txt": b"b"})
    row = update(team, pull=True)
    assert row.pulled is not None
    assert (row.pulled.fetched_files, row.held) == (1, new)
    assert update(team).outcome == "same"


def test_the_same_part_is_pulled_again(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES | {"x[1].bin": b"x"})
    team.pull(MODEL, Choice(exclude=("a.txt",)))
    follow(team, MODEL)
    repository.commit(FILES | {"x[1].bin": b"y", "huge": b"h"})
    row = update(team, pull=True)
    assert row.pulled is not None
    assert set(team.read(f"{MODEL}@{row.held}")) == {"README.md", "x[1].bin"}
    assert row.pulled.missing == ("a.txt", "huge")


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        ("gone", "gone", "Invalid username or password"),
        ("disabled", "blocked", "disabled"),
        ("elsewhere", "blocked", "not available in your country (US)"),
    ],
)
def test_what_a_hub_did_is_told_in_its_words(hub: Hub, team: Team, state: str, kind: str, says: str) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    repository.state = state
    row = update(team)
    assert (row.outcome, kinds(row)) == ("changed", [kind])
    assert says in row.changes[0].says
    assert team.read(MODEL) == FILES
    assert any(one.verb == "follow" and says in one.outcome for one in run_log(team.vault, MODEL).events)


def test_a_gate_a_licence_and_a_name_that_changed_are_told_together(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES, cardData={"license": "mit"})
    team.pull(MODEL)
    follow(team, MODEL)
    repository.terms |= {"cardData": {"license": "other"}, "gated": "auto"}
    hub.repositories["acme/new"] = hub.repositories.pop(MODEL)
    hub.renamed[MODEL] = "acme/new"
    row = update(team)
    assert kinds(row) == ["renamed", "gated", "relicensed"]
    assert [change.says for change in row.changes] == [
        "the hub calls it acme/new now, it was acme/tiny",
        "its terms must be accepted now (auto)",
        "other; it was mit",
    ]


def test_a_model_whose_files_are_refused_is_told_though_its_page_is_there(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    repository.state = "gated"
    row = update(team)
    assert (row.outcome, kinds(row)) == ("changed", ["refused"])
    assert "Accept its terms" in row.changes[0].says


def test_a_branch_that_is_gone_is_told_from_a_model_that_is(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    repository.commit(FILES, "beta")
    follow(team, f"{MODEL}@beta")
    repository.git("update-ref", "-d", "refs/heads/beta")
    assert kinds(update(team)) == ["revision-gone"]


def test_a_hub_that_cannot_be_asked_makes_no_change(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    for make in (
        lambda: fail(503),
        lambda: fail(429, headers={"Retry-After": "9999"}),
        lambda: web.Response(body=b"<html>"),
    ):
        hub.fault = times(99, "/api/", make)
        row = update(team)
        assert (row.outcome, row.changes) == ("could not tell", ())
        assert row.note


def test_changes_keep_the_day_on_which_they_were_first_seen(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    repository.state = "gone"
    first = update(team)
    at = team.vault.clock()
    later = replace(team.vault, clock=lambda: at.replace(year=at.year + 1))
    answer = run_update(UpdateAsked(later, team.ask(), ()), lambda _phase, _done, _total: None)
    assert answer.rows[0].since == first.since
    assert len([one for one in run_log(team.vault, MODEL).events if one.verb == "follow"]) == 1
    repository.state = ""
    assert update(team).outcome == "same"


def test_a_model_that_is_not_held_is_compared_with_what_was_seen(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    follow(team, MODEL)
    assert update(team).outcome == "same"
    repository.commit(FILES | {"b": b"b"})
    row = update(team)
    assert (kinds(row), row.held) == (["new-commit"], "")
    assert update(team, pull=True).held


def test_a_model_is_followed_though_its_hub_is_away(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.fault = times(99, "/", lambda: fail(500))
    (one,) = follow(team, MODEL)
    assert "was not asked" in one.note
    hub.fault = None
    assert update(team).outcome == "same"


def test_a_frozen_model_is_told_of_and_not_pulled(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    follow(team, MODEL)
    run_freeze(DecideAsked(team.vault, MODEL, "A. Counsel", "LEGAL-7"))
    repository.commit(FILES | {"b": b"b"})
    row = update(team, pull=True)
    assert kinds(row) == ["new-commit"]
    assert row.note.startswith("not pulled: ")
    assert row.pulled is None


def test_the_token_is_for_the_hub_that_the_user_names(hub: Hub, team: Team, tmp_path: Path) -> None:
    hub.add(MODEL, FILES)
    follow(team, MODEL)
    team.environ["HF_TOKEN"] = "hf_secret"
    with serving(tmp_path / "other") as other:
        elsewhere = Team(other, team.folder, team.environ)
        run_update(UpdateAsked(elsewhere.vault, elsewhere.ask()), lambda _phase, _done, _total: None)
        assert other.seen == []
    assert all("Authorization" not in one.headers for one in hub.seen)


def test_what_is_followed_is_listed_and_stopped(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.add("acme/other", FILES)
    follow(team, MODEL, "acme/other")
    assert [one.followed.name for one in run_list_followed(team.vault)] == ["acme/other", MODEL]
    with pytest.raises(UnknownName, match="acme/none is not followed"):
        run_unfollow(team.vault, ["acme/other", "acme/none"])
    run_unfollow(team.vault, ["acme/other"])
    assert [one.followed.name for one in run_list_followed(team.vault)] == [MODEL]


def test_asking_about_nothing_is_an_error(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    with pytest.raises(UnknownName, match="no model is followed"):
        run_update(UpdateAsked(team.vault, team.ask()), lambda _phase, _done, _total: None)
    with pytest.raises(UnknownName, match="is not followed"):
        update(team)


MALFORMED = (b"", b"[]", b"{}", b"\xff", b'{"follow": 2}', b'{"follow": 1, "models": [{"name": 1}]}')


@pytest.mark.parametrize("data", MALFORMED)
def test_a_list_that_cannot_be_read_is_told(hub: Hub, team: Team, data: bytes) -> None:
    hub.add(MODEL, FILES)
    follow(team, MODEL)
    (Path(team.vault.location) / "follow.json").write_bytes(data)
    with pytest.raises(DamagedVault, match="follow the models again"):
        update(team)
