"""What a user writes to have the catalogue in PostgreSQL."""

from pathlib import Path

import pytest

from holdfast.records.errors import ConfigurationError
from holdfast.vault.catalogue.opening import open_catalogue, place_catalogue
from holdfast.vault.catalogue.postgres_address import read_postgres_address

NOWHERE = {"HOME": "/nowhere", "PGUSER": "ana"}


def test_an_address_names_user_password_host_port_and_database() -> None:
    address = read_postgres_address("postgresql://b%40b:s%3Acret@db.example:6000/models?sslmode=require", NOWHERE)
    assert (address.user, address.password, address.host, address.port) == ("b@b", "s:cret", "db.example", 6000)
    assert (address.database, address.tls) == ("models", "require")


def test_what_an_address_leaves_out_is_as_in_libpq() -> None:
    address = read_postgres_address("postgres://", NOWHERE)
    assert (address.user, address.host, address.port, address.database) == ("ana", "localhost", 5432, "ana")
    assert address.password is None


def test_an_address_as_text_holds_no_user_and_no_password() -> None:
    address = read_postgres_address("postgresql://bob:hush@[::1]/models", NOWHERE)
    assert str(address) == "postgresql://[::1]:5432/models"
    assert "hush" not in f"{address} {address!r}"
    assert "bob" not in f"{address} {address!r}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bob:hush@host:port/models",
        "postgresql://bob:hush@host/models?password=hush",
        "postgresql://bob:hush@host/models?sslmode=hush",
        "postgresql://bob:hush@host/models#hush",
        "postgresql://bob:hush@[host/models",
        "postgresql://bob:hush@host/%00",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="HOLDFAST_CATALOGUE") as caught:
        read_postgres_address(url, NOWHERE)
    assert "hush" not in str(caught.value)
    assert "bob" not in str(caught.value)


def test_another_kind_of_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Write a folder or postgresql://HOST:PORT/DATABASE"):
        open_catalogue("mysql://bob:hush@host/models", "id")


def test_every_vault_has_a_folder_of_its_own_in_a_folder_for_catalogues(tmp_path: Path) -> None:
    default = tmp_path / "default.sqlite"
    assert place_catalogue("", "one", default) == default
    assert place_catalogue(str(tmp_path), "one", default) == tmp_path / "one" / "catalogue.sqlite"
    assert place_catalogue("postgresql://host/models", "one", default) == "postgresql://host/models"
