"""What a user writes after --vault."""

from pathlib import Path

import pytest

from holdfast.records.errors import UsageError
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.opening import open_storage
from holdfast.vault.storage.s3 import S3Storage


@pytest.mark.parametrize("written", ["{}", "file://{}", "FILE://{}", "file://localhost{}"])
def test_a_folder_is_named_by_its_path_or_by_a_file_url(tmp_path: Path, written: str) -> None:
    storage = open_storage(written.format(tmp_path / "vault"))
    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "vault"


def test_a_folder_in_a_url_may_hold_escaped_letters() -> None:
    storage = open_storage("file:///some/two%20words")
    assert isinstance(storage, LocalStorage)
    assert storage.root == Path("/some/two words")


def test_opening_makes_nothing(tmp_path: Path) -> None:
    open_storage(str(tmp_path / "vault"))
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_is_named_by_its_url(tmp_path: Path) -> None:
    storage = open_storage("s3://bucket/team/vault?region=eu-1", staging=tmp_path)
    assert isinstance(storage, S3Storage)
    assert str(storage.address) == "s3://bucket/team/vault"
    assert list(tmp_path.iterdir()) == []


def test_files_for_a_bucket_are_written_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_storage("s3://bucket").staging.folder.parent == tmp_path / "holdfast" / "staging"


@pytest.mark.parametrize("written", ["", "ftp://host/vault", "file://other-host/vault", "file://", "a\0b"])
def test_an_address_that_cannot_be_a_vault_is_refused_with_what_can(written: str) -> None:
    with pytest.raises(UsageError, match="Write a folder, file:///folder or s3://bucket/prefix"):
        open_storage(written)
