"""Shared by every test: makes `tests` importable, and keeps the user's own vault, keys and lists out of sight."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("fuzz", max_examples=20_000, deadline=None)
settings.register_profile("soak", max_examples=200_000, deadline=None)


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Folders of data, settings and state that are new and empty, and no variable of holdfast's own."""
    kept = dict(os.environ)
    place = tmp_path_factory.mktemp("user")
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        del os.environ[name]
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(place / name.lower())
    yield
    os.environ.clear()
    os.environ.update(kept)
