"""Servers that refuse, connections that break, credentials that are wrong: tried again, or told clearly; never half."""

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from holdfast.records.errors import AccessDenied, HoldfastError, MissingKey, StorageError, UsageError
from holdfast.vault.storage.opening import open_storage
from holdfast.vault.storage.s3 import PART_BYTES, S3Storage
from holdfast.vault.storage.s3_address import S3Address, read_s3_address
from tests.vault.storage.s3_server import BUCKET, S3Server
from tests.vault.storage.test_conformance import put, value_of
from tests.vault.storage.troubled_proxy import Kind, Proxy, Trouble, standing_before

KEY = "packs/ab/one.pack"
VALUE = Random(1).randbytes(100_000)
LARGE = Random(2).randbytes(2 * PART_BYTES + 5)
IMPATIENT_S = 0.5


@pytest.fixture
def proxy(server: S3Server) -> Iterator[Proxy]:
    with standing_before(server.port) as proxy:
        yield proxy


@pytest.fixture
def direct(bucket_url: str, tmp_path: Path) -> S3Storage:
    """The bucket without trouble."""
    return bucket_at(bucket_url, tmp_path / "direct")


@pytest.fixture
def troubled(direct: S3Storage, proxy: Proxy, tmp_path: Path) -> S3Storage:
    """The same place in the bucket, through the proxy."""
    return S3Storage(through(direct.address, proxy), tmp_path / "troubled")


@pytest.fixture
def impatient(direct: S3Storage, proxy: Proxy, tmp_path: Path) -> S3Storage:
    """As `troubled`, and it gives up early."""
    return S3Storage(through(direct.address, proxy), tmp_path / "impatient", patience_s=IMPATIENT_S)


def bucket_at(url: str, staging: Path) -> S3Storage:
    storage = open_storage(url, staging=staging)
    assert isinstance(storage, S3Storage)
    return storage


def through(address: S3Address, proxy: Proxy) -> S3Address:
    return S3Address(address.bucket, address.prefix, proxy.endpoint, address.region)


def acts_on(storage: S3Storage) -> list[Callable[[], object]]:
    return [
        lambda: put(storage, KEY, VALUE),
        lambda: storage.find(KEY),
        lambda: storage.read(KEY, 0, 10),
        lambda: list(storage.iterate("")),
        lambda: storage.forget(KEY),
        lambda: storage.delete(KEY),
    ]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_refuses_twice_is_asked_a_third_time(troubled: S3Storage, proxy: Proxy, status: int) -> None:
    for act in acts_on(troubled):
        before = len(proxy.seen)
        proxy.troubles = [Trouble("refuse", 2, status=status)]
        act()
        assert len(proxy.seen) >= before + 3
    assert troubled.find(KEY) is None


def test_a_server_that_always_refuses_is_named_with_its_status(impatient: S3Storage, proxy: Proxy) -> None:
    proxy.troubles = [Trouble("refuse", 1000)]
    for act in acts_on(impatient):
        with pytest.raises(StorageError, match=r"s3://vaults/.* with status 503") as caught:
            act()
        assert caught.value.next_step


def test_each_part_of_a_large_upload_is_tried_again(troubled: S3Storage, proxy: Proxy) -> None:
    proxy.troubles = [
        Trouble("refuse", 1, "POST", "uploads"),
        Trouble("refuse", 2, "PUT", "partNumber=2"),
        Trouble("cut the request", 1, "PUT", "partNumber=1"),
        Trouble("refuse", 1, "POST", "uploadId"),
    ]
    put(troubled, KEY, LARGE)
    assert value_of(troubled, KEY) == LARGE
    assert all(trouble.times == 0 for trouble in proxy.troubles)


def test_an_answer_that_is_cut_in_the_middle_is_asked_for_again(
    direct: S3Storage, troubled: S3Storage, proxy: Proxy
) -> None:
    put(direct, KEY, VALUE)
    proxy.troubles = [Trouble("cut the answer", 2, "GET")]
    assert troubled.read(KEY, 0, len(VALUE)) == VALUE
    assert proxy.troubles[0].times == 0


@pytest.mark.parametrize("kind", ["cut the answer", "say nothing"])
def test_answers_that_are_always_cut_are_an_error_and_never_a_part(
    direct: S3Storage, impatient: S3Storage, proxy: Proxy, kind: Kind
) -> None:
    put(direct, KEY, VALUE)
    proxy.troubles = [Trouble(kind, 1000, "GET")]
    with pytest.raises(StorageError, match="broke off"):
        impatient.read(KEY, 0, len(VALUE))
    with pytest.raises(StorageError, match="broke off"):
        list(impatient.iterate(""))


@pytest.mark.parametrize("holding", ["partNumber=2", "uploadId"])
def test_a_large_upload_that_fails_shows_nothing_and_leaves_the_source_and_the_old_value(
    direct: S3Storage, impatient: S3Storage, proxy: Proxy, holding: str
) -> None:
    for old in (None, b"the old value"):
        if old is not None:
            put(direct, KEY, old)
        proxy.troubles = [Trouble("refuse", 1000, holding=holding)]
        file = impatient.create_staging("large")
        file.write(LARGE)
        file.close()
        with pytest.raises(StorageError):
            impatient.put(KEY, file.path)
        assert file.path.read_bytes() == LARGE
        assert direct.find(KEY) is None if old is None else value_of(direct, KEY) == old
        proxy.troubles = []
        impatient.put(KEY, file.path)
        assert value_of(direct, KEY) == LARGE
        direct.delete(KEY)


@pytest.mark.parametrize("size", [len(VALUE), len(LARGE)])
def test_an_upload_whose_answer_was_lost_is_stored_once_and_whole(troubled: S3Storage, proxy: Proxy, size: int) -> None:
    value = LARGE[:size]
    proxy.troubles = [Trouble("cut the answer", 1, "PUT"), Trouble("cut the request", 1, "PUT")]
    put(troubled, KEY, value)
    assert value_of(troubled, KEY) == value
    assert [stored.key for stored in troubled.iterate("")] == [KEY]


def test_a_server_that_is_not_there_is_an_error_soon(server: S3Server, tmp_path: Path) -> None:
    storage = S3Storage(S3Address(BUCKET, "x", "http://127.0.0.1:1", "us-east-1"), tmp_path, patience_s=IMPATIENT_S)
    for act in acts_on(storage):
        with pytest.raises(StorageError, match="cannot be reached"):
            act()


def test_a_missing_bucket_is_told_apart_from_a_missing_key(bucket_url: str, tmp_path: Path) -> None:
    storage = bucket_at(bucket_url.replace(BUCKET, "no-such-bucket"), tmp_path)
    for act in acts_on(storage):
        with pytest.raises(StorageError, match="no such bucket") as caught:
            act()
        assert not isinstance(caught.value, MissingKey)


WRONG = {
    "a wrong secret": {"AWS_SECRET_ACCESS_KEY": "wrong-secret-that-nobody-may-see"},
    "an unknown key": {"AWS_ACCESS_KEY_ID": "AKIAWRONGWRONGWRONG0"},
}


@pytest.mark.parametrize("wrong", list(WRONG.values()), ids=list(WRONG))
def test_wrong_credentials_are_denied_at_once(
    bucket_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    for act in acts_on(bucket_at(bucket_url, tmp_path)):
        with pytest.raises(AccessDenied, match="AWS_ACCESS_KEY_ID"):
            act()


def test_no_secret_is_in_any_error_its_trace_or_the_log(
    bucket_url: str, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-that-nobody-may-see")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session-token-that-nobody-may-see")
    caplog.set_level(logging.DEBUG)
    storage = bucket_at(bucket_url, tmp_path)
    said = [repr(storage), str(storage.address), caplog.text]
    for act in acts_on(storage):
        with pytest.raises(HoldfastError) as caught:
            act()
        said += [*traceback.format_exception(caught.value), str(caught.value.to_json())]
    for secret in (server.key_id, "nobody-may-see", "Signature="):
        assert not any(secret in text for text in said), secret


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:topsecret@bucket/prefix",
        "s3://bucket/prefix?endpoint=https://key:topsecret@host",
        "s3://bucket/prefix?secret_access_key=topsecret",
        "s3://bucket/prefix?endpoint=https://host/?token=topsecret",
        "s3://bucket/prefix#topsecret",
        "s3://bucket/prefix?endpoint=https://host:topsecret",
        "s3://bucket/../topsecret",
        "s3://BUCKET/topsecret",
        "s3://bucket/a?region=topsecret!",
        "s3:///topsecret",
        "s3://[topsecret",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError, match="Write s3://bucket/prefix") as caught:
        open_storage(url)
    assert "topsecret" not in "".join(traceback.format_exception(caught.value)).replace(url, "")


def test_an_address_says_bucket_prefix_endpoint_and_region() -> None:
    address = read_s3_address("S3://bucket/a/b%20c/?endpoint=https://host:9000/&region=eu-1")
    assert address == S3Address("bucket", "a/b c", "https://host:9000", "eu-1")
    assert read_s3_address("s3://bucket") == S3Address("bucket")


def test_the_environment_may_name_the_endpoint(
    bucket_url: str, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    put(bucket_at(bucket_url, tmp_path), KEY, VALUE)
    assert value_of(bucket_at(bucket_url.partition("?")[0], tmp_path), KEY) == VALUE


def test_a_prefix_that_begins_alike_is_another_vault(bucket_url: str, tmp_path: Path) -> None:
    one, other = bucket_at(bucket_url, tmp_path), bucket_at(bucket_url.replace("?", "-2?"), tmp_path)
    put(one, KEY, b"value")
    put(other, "other", b"value")
    assert [stored.key for stored in one.iterate("")] == [KEY]


def test_without_credentials_it_says_so(
    bucket_url: str, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    proxy.troubles = [Trouble("refuse", 1000, status=403)]
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", proxy.endpoint)
    with pytest.raises(AccessDenied, match="No credentials were found"):
        bucket_at(bucket_url, tmp_path).find(KEY)


def test_two_vaults_stage_their_files_apart(bucket_url: str, tmp_path: Path) -> None:
    one, other = bucket_at(bucket_url, tmp_path), bucket_at(bucket_url.replace("/teams/", "/others/"), tmp_path)
    one.create_staging("same").close()
    assert list(other.staging.iterate()) == []
