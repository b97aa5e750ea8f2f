"""The verbs that move and repair, with one of two vaults in a bucket: a real server of the protocol on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.front.cli.vaults import BASE, Place, flip, lose_catalogue, read_packs
from tests.vault.storage.s3_server import BUCKET, S3Server, serving

from holdfast.vault.storage.opening import open_storage


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with serving() as found:
        yield found


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    return f"s3://{BUCKET}/{tmp_path.name}"


def test_a_vault_in_a_bucket_is_filled_protected_damaged_repaired_and_gives_back(place: Place, bucket: str) -> None:
    packs = read_packs(place.vault)
    assert place.get("sync", bucket, "--push")["sent"] == len(packs)
    assert place.get("protect", "--parity", "100", "--vault", bucket)["made"] == 1
    storage = open_storage(bucket)
    storage.delete(place.packs["base"][0])
    assert place.get("repair", "--vault", bucket)["repaired"]["from_parity"] == [place.packs["base"][0]]
    for stored in list(storage.iterate("parity/")):
        storage.delete(stored.key)
    storage.delete(place.packs["base"][0])
    copied = place.get("repair", "--vault", bucket, "--from", place.vault)["repaired"]["copied"]
    assert copied == [[place.packs["base"][0], str(place.vault)]]
    assert {stored.key: storage.read(stored.key, 0, stored.size) for stored in storage.iterate("packs/")} == packs


def test_a_vault_in_a_folder_is_repaired_from_one_in_a_bucket(place: Place, bucket: str) -> None:
    before = read_packs(place.vault)
    place.get("sync", bucket, "--push")
    flip(place.vault / place.packs["base"][0], 50_000)
    (place.vault / place.packs["tuned"][0]).unlink()
    lose_catalogue(place.vault)
    place.get("sync", bucket)
    assert place.get("repair", "--from", bucket)["repaired"]["copied"] == [[place.packs["base"][0], bucket]]
    assert read_packs(place.vault) == before
    assert place.all_come_back()


def test_a_bundle_is_loaded_into_a_bucket_and_made_from_one(place: Place, bucket: str) -> None:
    place.get("bundle", "create", BASE, "--to", "usb")
    assert place.get("bundle", "load", "usb", "--vault", bucket)["copies"] == [f"{BASE}@main"]
    place.get("bundle", "create", BASE, "--to", "back", "--vault", bucket)
    far = place.folder / "far"
    place.get("bundle", "load", "back", "--vault", far)
    assert place.comes_back(BASE, far)
