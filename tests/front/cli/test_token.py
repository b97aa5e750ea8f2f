"""`holdfast token` as a user meets it."""

import hashlib
import json

import pytest
from tests.front.cli.vaults import Place

from holdfast.records.access import TOKEN_SHAPE


def create(place: Place, *arguments: str) -> dict[str, object]:
    made: dict[str, object] = place.get("token", "create", *arguments)
    return made


def test_a_token_is_printed_once_alone_on_standard_output_and_stored_as_a_digest(place: Place) -> None:
    done = place.run("token", "create", "ci", "--read", "org/*")
    secret = done.out.strip()
    assert TOKEN_SHAPE.fullmatch(secret)
    assert "may read org/*" in done.err
    digest = hashlib.sha256(secret.encode()).hexdigest()
    held = b"".join(path.read_bytes() for path in place.vault.rglob("*") if path.is_file())
    assert digest.encode() in held
    assert secret.encode() not in held
    assert secret.encode()[11:] not in held
    assert secret not in place.run("token", "list", "--json").out


def test_tokens_are_listed_with_what_they_may_do_and_until_when(place: Place) -> None:
    create(place, "ci")
    create(place, "ana", "--read", "*", "--write", "org/base", "--expires", "2100-01-01")
    told = {one["name"]: one for one in place.get("token", "list")["tokens"]}
    first, second = told["ci"], told["ana"]
    assert first["grants"] == [{"scope": "read", "over": "*"}]
    assert second["grants"] == [{"scope": "read", "over": "*"}, {"scope": "write", "over": "org/base"}]
    assert (first["expires_at"], second["expires_at"]) == (None, "2100-01-01T23:59:59Z")
    assert {"ci", "ana", "never"} <= set(place.run("token", "list").out.split())


def test_a_revoked_token_is_gone_and_the_log_says_who_took_it(place: Place) -> None:
    create(place, "ci")
    create(place, "ana")
    done = place.run("token", "revoke", "ci", "--by", "Eve", "--why", "left in a log")
    assert done.code == 0, done.err
    assert [one["name"] for one in place.get("token", "list")["tokens"]] == ["ana"]
    newest = place.get("log")["events"][0]
    assert (newest["verb"], newest["by"], newest["why"], newest["outcome"]) == (
        "token",
        "Eve",
        "left in a log",
        "revoked",
    )
    assert place.run("log", "verify").code == 0


def test_of_two_tokens_of_one_name_an_id_tells_which(place: Place) -> None:
    ids = [create(place, "ci")["token"]["id"] for _ in range(2)]  # type: ignore[index]
    error = place.fail("token", "revoke", "ci", code=2)
    assert all(one in error["next"] for one in ids)
    assert place.run("token", "revoke", ids[0]).code == 0
    assert [one["id"] for one in place.get("token", "list")["tokens"]] == [ids[1]]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["create", ""], "NAME"),
        (["create", "x" * 101], "NAME"),
        (["create", "two\nlines"], "NAME"),
        (["create", "ci", "--read", "org/**"], "--read"),
        (["create", "ci", "--write", "../x"], "--write"),
        (["create", "ci", "--admin", ""], "--admin"),
        (["create", "ci", "--expires", "tomorrow"], "--expires"),
        (["create", "ci", "--expires", "0d"], "--expires"),
        (["create", "ci", "--expires", "99999999999d"], "--expires"),
        (["create", "ci", "--expires", "²d"], "--expires"),
        (["create", "ci", "--expires", "2020-01-01"], "--expires"),
    ],
)
def test_what_cannot_be_created_is_refused_with_its_place(place: Place, arguments: list[str], where: str) -> None:
    assert place.fail("token", *arguments, code=2)["where"] == where
    assert place.get("token", "list")["tokens"] == []


def test_an_unknown_token_is_told_of_and_a_token_itself_is_not_repeated(place: Place) -> None:
    secret = place.run("token", "create", "ci").out.strip()
    assert "'nobody'" in place.fail("token", "revoke", "nobody", code=2)["what"]
    assert secret not in json.dumps(place.fail("token", "revoke", secret, code=2))


def test_tokens_do_not_travel_to_other_vaults(place: Place) -> None:
    create(place, "ci")
    assert place.run("sync", str(place.vault), "--vault", place.folder / "second").code == 0
    assert not (place.folder / "second" / "access").exists()
    assert place.run("bundle", "create", "org/base", "--to", place.folder / "bundle").code == 0
    assert place.run("bundle", "load", place.folder / "bundle", "--vault", place.folder / "third").code == 0
    assert not (place.folder / "third" / "access").exists()


def test_without_a_vault_no_token_is_made(place: Place) -> None:
    error = place.fail("token", "create", "ci", "--vault", str(place.folder / "none"), code=3)
    assert error["error"] == "MissingPath"
    assert not (place.folder / "none").exists()
