"""Every place that a vault and its catalogue may lie in."""

from pathlib import Path

import pytest

from tests.vault.places.keepers import Keeper
from tests.vault.storage.s3_server import S3Server

BOTH = pytest.param("bucket+postgres", marks=pytest.mark.soak)  # each by itself is tested always
PLACES = ["folder+postgres", "bucket+sqlite", BOTH]  # folders with SQLite are where all other tests are


def make_keeper(request: pytest.FixtureRequest, folder: Path, medium: str, catalogue: str) -> Keeper:
    environ: dict[str, str] = {}
    location = str(folder / "vault")
    if medium == "bucket":
        server: S3Server = request.getfixturevalue("server")
        location = request.getfixturevalue("bucket_url")
        environ = {"AWS_ACCESS_KEY_ID": server.key_id, "AWS_SECRET_ACCESS_KEY": server.secret}
    if catalogue == "postgres":
        environ["HOLDFAST_CATALOGUE"] = request.getfixturevalue("postgres_url")
    return Keeper(folder, location, environ)


@pytest.fixture(params=PLACES)
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    """Somebody with a new vault."""
    return make_keeper(request, tmp_path, *request.param.split("+"))


@pytest.fixture(params=["folder+sqlite", "folder+postgres", BOTH])
def crowded(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    """Somebody whose new vault several processes use at once."""
    return make_keeper(request, tmp_path, *request.param.split("+"))


@pytest.fixture(params=["folder+postgres", BOTH])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    """Somebody whose vault several machines use."""
    return make_keeper(request, tmp_path, *request.param.split("+"))


@pytest.fixture
def in_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    """Somebody whose vault is in a bucket, the catalogue in the cache folder."""
    return make_keeper(request, tmp_path, "bucket", "sqlite")
