"""A catalogue in PostgreSQL: who may in, what is said when it goes wrong, and how several vaults share a server."""

from pathlib import Path

import pytest

from holdfast.records.errors import AccessDenied, HoldfastError, StorageError, VaultError
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import open_catalogue, set_aside_catalogue
from tests.vault.catalogue.conftest import VAULT_ID
from tests.vault.catalogue.postgres_server import PASSWORD, USER, PostgresServer
from tests.vault.models import BEGIN

MARK = "INSERT INTO meta (name, value) VALUES ('mark', '1')"
MARKS = "SELECT COUNT(*) FROM meta WHERE name = 'mark'"
TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def open_for(url: str, environ: dict[str, str] | None = None, vault_id: str = VAULT_ID) -> Database:
    return open_catalogue(url, vault_id, environ or {"HOME": "/nowhere"})


def refuse(kind: type[HoldfastError], url: str, match: str) -> None:
    with pytest.raises(kind, match=match) as caught:
        open_for(url)
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__} {caught.value.to_json()}"
    assert "plain" not in told
    assert "wrong" not in told


def test_vaults_in_one_database_do_not_see_each_other(postgres_url: str) -> None:
    mine, other = open_for(postgres_url, vault_id="mine"), open_for(postgres_url, vault_id="other")
    with mine.transaction(), other.transaction():  # neither waits
        mine.write(MARK)
        assert other.read(MARKS) == [(0,)]
    with mine.hold("prune") as one, other.hold("prune") as two:
        assert one
        assert two
    mine.close()
    other.close()


def test_a_wrong_password_is_refused_and_not_repeated(postgres: PostgresServer, postgres_url: str) -> None:
    database = postgres_url.rpartition("/")[2]
    refuse(AccessDenied, postgres.url(database, password="wrong plain password"), "refuses the user or the password")
    refuse(AccessDenied, postgres.url(database, password=""), "refuses the user or the password")
    refuse(AccessDenied, postgres.url(database, user="nobody_known"), "refuses the user or the password")


def test_a_database_that_does_not_exist_is_told_by_its_name(postgres: PostgresServer) -> None:
    refuse(StorageError, postgres.url("not_there"), r"127\.0\.0\.1:\d+/not_there: .*does not exist")


def test_a_server_that_does_not_answer_is_told_of() -> None:
    refuse(StorageError, "postgresql://someone:wrong@127.0.0.1:1/models?sslmode=disable", "cannot be reached")


def test_a_user_who_may_not_create_is_told_what_is_needed(postgres: PostgresServer, postgres_url: str) -> None:
    database = postgres_url.rpartition("/")[2]
    postgres.run("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'reads'")
    refuse(AccessDenied, postgres.url(database, user="reader", password="reads"), "GRANT CREATE ON DATABASE")


def test_the_password_may_be_in_the_environment_or_in_a_file(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    database = postgres_url.rpartition("/")[2]
    url = postgres.url(database, password="")
    open_for(url, {"PGPASSWORD": PASSWORD}).close()
    file = tmp_path / ".pgpass"
    secret = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"# ours\n*:1:*:*:other\n127.0.0.1:{postgres.port}:*:{USER}:{secret}\n*:*:*:*:wrong\n")
    file.chmod(0o600)
    open_for(url, {"HOME": str(tmp_path)}).close()
    open_for(url, {"PGPASSFILE": str(file)}).close()
    file.chmod(0o644)
    with pytest.raises(AccessDenied, match="nobody else may read"):
        open_for(url, {"PGPASSFILE": str(file)})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("", True), ("?sslmode=prefer", True), ("?sslmode=require", True), ("?sslmode=disable", False)],
)
def test_tls_is_as_the_address_asks(postgres_url: str, settings: str, expected: bool) -> None:
    database = open_for(postgres_url + settings)
    assert database.read(TLS) == [(expected,)]
    database.close()


def test_a_certificate_is_compared_when_the_address_asks(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    refuse(AccessDenied, f"{postgres_url}?sslmode=verify-full", "certificate .* is not accepted")
    authority = tmp_path / "authority.crt"
    authority.write_bytes((postgres.folder / "data" / "server.crt").read_bytes())
    database = open_for(f"{postgres_url}?sslmode=verify-full&sslrootcert={authority}")
    assert database.read(TLS) == [(True,)]
    database.close()
    elsewhere = postgres_url.replace("127.0.0.1", "localhost")
    refuse(AccessDenied, f"{elsewhere}?sslmode=verify-full&sslrootcert={authority}", "certificate .* is not accepted")
    open_for(f"{elsewhere}?sslmode=verify-ca&sslrootcert={authority}").close()


def test_a_server_on_this_computer_is_reached_by_its_socket(postgres: PostgresServer, postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    database = open_for(f"postgresql://{USER}@:{postgres.port}/{name}?host={postgres.folder}")
    assert database.read(MARKS) == [(0,)]
    database.close()


def test_a_lost_connection_leaves_nothing_half_written(postgres: PostgresServer, postgres_url: str) -> None:
    database = open_for(postgres_url)
    with pytest.raises(StorageError, match="nothing half-written"):
        write_and_lose(postgres, database)
    with pytest.raises(StorageError, match="connection to the catalogue was lost"):
        database.read(MARKS)
    with pytest.raises(StorageError, match="connection to the catalogue was lost"), database.transaction():
        pass
    database.close()
    again = open_for(postgres_url)
    assert again.read(MARKS) == [(0,)]
    again.close()


def write_and_lose(postgres: PostgresServer, database: Database) -> None:
    with database.transaction():
        database.write(MARK)
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'")
        database.write(MARK)


def test_who_lost_the_connection_holds_nothing_and_can_write_nothing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    database = open_for(postgres_url)
    with database.hold("owner") as is_held:
        assert is_held
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'")
        other = open_for(postgres_url)
        with other.hold("owner") as taken:
            assert taken
            with pytest.raises(StorageError), database.transaction():
                pass
        other.close()
    database.close()


def test_a_server_that_crashed_comes_back_with_what_was_committed(postgres: PostgresServer, postgres_url: str) -> None:
    database = open_for(postgres_url)
    with database.transaction():
        database.write(MARK)
    postgres.stop()
    try:
        with pytest.raises(StorageError, match="nothing half-written"):
            database.read(MARKS)
        refuse(StorageError, postgres_url, "cannot be reached")
    finally:
        postgres.start()
    database.close()
    again = open_for(postgres_url)
    assert again.read(MARKS) == [(1,)]
    again.close()


def test_a_catalogue_that_lacks_a_table_is_set_aside_and_made_anew(postgres: PostgresServer, postgres_url: str) -> None:
    assert set_aside_catalogue(postgres_url, VAULT_ID, BEGIN) is None
    database = open_for(postgres_url)
    with database.transaction():
        database.write("DROP TABLE meta")
        database.write("CREATE VIEW meta AS SELECT 'tables' AS elsewhere")
    database.close()
    with pytest.raises(VaultError, match="rebuild"):
        open_for(postgres_url)
    aside = set_aside_catalogue(postgres_url, VAULT_ID, BEGIN)
    assert aside is not None
    assert aside in postgres.run("SELECT nspname FROM pg_namespace", postgres_url.rpartition("/")[2]).splitlines()
    open_for(postgres_url).close()
