"""A hub of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upstream.hub import Hub, serving


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running
