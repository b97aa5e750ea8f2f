"""Every backend, each on a real medium: a folder, and a bucket of a server on loopback."""

from pathlib import Path

import pytest

from holdfast.vault.storage.opening import open_storage
from holdfast.vault.storage.staging import StagedStorage


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> StagedStorage:
    if request.param == "folder":
        return open_storage(str(tmp_path / "vault"))
    return open_storage(request.getfixturevalue("bucket_url"), staging=tmp_path / "staging")
