"""The packaged registry, read once for all lineage tests."""

import pytest

from holdfast.data import data_folder
from holdfast.lineage import NameReader, Registry, read_registry


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Organisations and families as shipped."""
    return read_registry(data_folder())


@pytest.fixture(scope="session")
def reader(registry: Registry) -> NameReader:
    """Reads names against the shipped registry."""
    return NameReader(registry)
