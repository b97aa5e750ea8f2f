"""One holdfast pulls from another: the same commit, the same bytes, the same proof, and a freeze that is heeded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.records.errors import BlockedUpstream
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.proof import run_proof
from tests.front.hub.serving import serving as serving_vault
from tests.upstream.asking import Team
from tests.upstream.hub import Hub, serving

MODEL = "acme/tiny"
FILES = {"README.md": b"# T\n", "config.json": b"{}", "w/model.safetensors": bytes(range(256)) * 9000}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def first(hub: Hub, tmp_path: Path) -> Team:
    """A team that holds the model."""
    team = Team(hub, tmp_path / "first")
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    return team


def make_second(url: str, tmp_path: Path) -> Team:
    """A team whose hub is the first team's vault."""
    return Team(Hub(tmp_path, url=url), tmp_path / "second")


def test_a_copy_of_a_copy_is_the_same_and_proved(hub: Hub, first: Team, tmp_path: Path) -> None:
    commit = hub.repositories[MODEL].find("main")
    hub.repositories.clear()
    with serving_vault(Path(first.vault.location), first.vault.environ) as served:
        second = make_second(served.address, tmp_path)
        pulled = second.pull(MODEL)
    assert (pulled.copy.revision, pulled.ref, pulled.missing) == (commit, "refs/heads/main", ())
    assert second.read(MODEL) == FILES
    assert pulled.copy.notes == ()
    assert run_proof(second.vault, MODEL).answer == "proved"


def test_a_frozen_copy_is_not_had_and_the_decision_is_told(first: Team, tmp_path: Path) -> None:
    run_freeze(DecideAsked(first.vault, MODEL, "A. Counsel", "LEGAL-7"))
    with serving_vault(Path(first.vault.location), first.vault.environ) as served:
        second = make_second(served.address, tmp_path)
        with pytest.raises(BlockedUpstream, match=r"451.*A\. Counsel"):
            second.pull(MODEL)
