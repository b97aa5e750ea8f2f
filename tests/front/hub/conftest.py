"""A vault with three models, served to whoever is on this machine, for every test of this folder."""

from collections.abc import Generator

import pytest

from tests.front.cli.vaults import Place, copy_place, make_place
from tests.front.hub.processes import Running
from tests.front.hub.serving import Served, serving
from tests.front.hub.team import Team, gathering, two_servers


@pytest.fixture(scope="session")
def hub_template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Never written to."""
    return make_place(tmp_path_factory.mktemp("hub") / "place")


@pytest.fixture(scope="module")
def hub_place(tmp_path_factory: pytest.TempPathFactory, hub_template: Place) -> Place:
    """The vault of a test file."""
    return copy_place(hub_template, tmp_path_factory.mktemp("module") / "place")


@pytest.fixture(scope="module")
def served(hub_place: Place) -> Generator[Served]:
    """It, served."""
    with serving(hub_place.vault, hub_place.environ) as found:
        yield found


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Generator[Team]:
    """A vault in a bucket with its catalogue in PostgreSQL. Its tests keep to tokens and models of their own."""
    with gathering(tmp_path_factory.mktemp("team")) as made:
        yield made


@pytest.fixture(scope="session")
def two_hosts(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Running, Running]]:
    """Two servers of the team that nobody ends."""
    with two_servers(team, tmp_path_factory.mktemp("hosts"), ("one", "two")) as started:
        yield started
