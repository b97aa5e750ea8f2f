"""Shared by every test: makes `tests` importable, and keeps the user's own vault, keys and lists out of sight."""

import functools
import os
from collections.abc import Iterator
from unittest import mock

import pytest
import typer.main
from hypothesis import HealthCheck, settings

# A clock on the wall tells how busy the machine is: what must be fast is measured by the processor's.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
settings.register_profile("fuzz", max_examples=20_000)
settings.register_profile("soak", max_examples=200_000)


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


@pytest.fixture(scope="session", autouse=True)
def commands_are_built_once() -> Iterator[None]:
    """A process builds the command line's commands once and runs one of them. Tests run thousands in one process, and
    to build them takes longer than most of them: nothing of a run stays in a command."""
    with mock.patch.object(typer.main, "get_command", functools.cache(typer.main.get_command)):
        yield
