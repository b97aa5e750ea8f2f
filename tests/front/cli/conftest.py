"""Vaults that are made once and copied for every test."""

from pathlib import Path

import pytest
from tests.front.cli.vaults import Place, copy_place, make_place


@pytest.fixture(scope="session")
def first_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Never written to by a test."""
    return make_place(tmp_path_factory.mktemp("vaults") / "place")


@pytest.fixture
def place(tmp_path: Path, first_place: Place) -> Place:
    """Models, and a vault that they are kept in."""
    return copy_place(first_place, tmp_path / "place")
