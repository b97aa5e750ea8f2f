"""What servers know of tokens, and when they know it."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.records.access import TOKEN_SHAPE, Caller, Grant, Scope, Token
from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.access_file import TOKENS_KEY, write_tokens
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.workflows.access import (
    TICKETS_KEY,
    Register,
    compute_token_digest,
    draw_token,
    find_token,
    read_ticket_key,
    read_uses,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Watch:
    """A clock that stands until it is set on."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = open_local_vault(tmp_path / "vault")
    yield opened
    opened.close()


def make_token(*grants: Grant, expires_at: str | None = None) -> tuple[Token, str]:
    token_id, secret = draw_token()
    granted = grants or (Grant(Scope.READ, "*"),)
    made = Token(token_id, "ci", compute_token_digest(secret), granted, "2026-01-01T00:00:00Z", "Ana", expires_at)
    return made, secret


def test_tokens_have_the_shape_that_clients_send_and_are_never_alike() -> None:
    drawn = {draw_token() for _ in range(200)}
    assert len({token for _, token in drawn}) == 200
    for token_id, token in drawn:
        assert TOKEN_SHAPE.fullmatch(token)
        assert 37 <= len(token) <= 256
        assert token[3:11] == token_id


def test_a_token_is_found_by_all_of_its_letters_alone() -> None:
    token, secret = make_token()
    known = {token.id: token}
    assert find_token(known, secret, NOW) is token
    for place in range(len(secret)):
        changed = secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]
        assert find_token(known, changed, NOW) is None
    for other in (
        "",
        "hf_",
        secret[:-1],
        f"{secret}A",
        f" {secret}",
        f"{secret}\n",
        token.digest,
        f"hf_{token.digest}",
    ):
        assert find_token(known, other, NOW) is None


def test_a_token_ends_with_the_second_that_it_names() -> None:
    token, secret = make_token(expires_at="2026-11-26T12:00:00Z")
    assert find_token({token.id: token}, secret, NOW - timedelta(seconds=1)) is token
    assert find_token({token.id: token}, secret, NOW) is None


def test_what_was_created_or_revoked_counts_after_a_second(vault: Vault) -> None:
    watch = Watch()
    register = Register(vault.storage, lambda: NOW, watch)
    register.refresh()
    assert register.is_empty
    token, secret = make_token()
    write_tokens(vault.storage, [token])
    assert not register.is_stale
    watch.now += 1
    assert register.is_stale
    register.refresh()
    assert register.find(secret) == token
    write_tokens(vault.storage, [])
    watch.now += 1
    register.refresh()
    assert register.find(secret) is None


def test_tokens_that_cannot_be_read_as_they_were_written_let_nobody_in(vault: Vault, tmp_path: Path) -> None:
    register = Register(vault.storage, lambda: NOW, Watch())
    write_tokens(vault.storage, [make_token()[0]])
    (tmp_path / "vault" / TOKENS_KEY).write_text("{}")
    with pytest.raises(DamagedVault):
        register.refresh()
    assert register.is_stale


def test_a_medium_that_does_not_answer_leaves_the_tokens_in_force_for_a_minute(vault: Vault, tmp_path: Path) -> None:
    watch = Watch()
    register = Register(vault.storage, lambda: NOW, watch)
    token, secret = make_token()
    write_tokens(vault.storage, [token])
    register.refresh()
    path = tmp_path / "vault" / TOKENS_KEY
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")  # links in a vault are an error of the medium
    watch.now += 59
    register.refresh()
    assert register.find(secret) == token
    watch.now += 2
    with pytest.raises(StorageError):
        register.refresh()


def test_a_use_is_noted_once_a_minute_and_outside_of_the_tokens_file(vault: Vault, tmp_path: Path) -> None:
    watch, moments = Watch(), [NOW]
    register = Register(vault.storage, lambda: moments[-1], watch)
    token, _ = make_token()
    write_tokens(vault.storage, [token])
    before = (tmp_path / "vault" / TOKENS_KEY).read_bytes()
    register.note_use(token.id)
    moments.append(NOW + timedelta(seconds=30))
    watch.now += 30
    register.note_use(token.id)
    register.write_uses()
    assert read_uses(vault.storage) == {token.id: "2026-11-26T12:00:00Z"}
    moments.append(NOW + timedelta(seconds=60))
    watch.now += 30
    register.note_use(token.id)
    register.write_uses()
    assert read_uses(vault.storage) == {token.id: "2026-11-26T12:01:00Z"}
    assert (tmp_path / "vault" / TOKENS_KEY).read_bytes() == before


def test_all_servers_of_a_vault_sign_with_one_key_that_others_cannot_read(vault: Vault, tmp_path: Path) -> None:
    key = read_ticket_key(vault)
    assert len(key) == 32
    assert read_ticket_key(vault) == key
    mode = (tmp_path / "vault" / TICKETS_KEY).stat().st_mode
    assert not mode & (stat.S_IRWXG | stat.S_IRWXO)


@pytest.mark.parametrize("text", ["", "00", "0" * 63, "0" * 66, "g" * 64])
def test_a_key_of_tickets_that_is_none_is_damage(vault: Vault, tmp_path: Path, text: str) -> None:
    read_ticket_key(vault)
    (tmp_path / "vault" / TICKETS_KEY).write_text(text)
    with pytest.raises(DamagedVault, match="key of tickets"):
        read_ticket_key(vault)


@pytest.mark.parametrize(
    ("over", "reached", "not_reached"),
    [
        ("*", ["org/a", "gpt2", "datasets/org/d", ""], []),
        ("org/*", ["org/a", "org/b"], ["organisation/a", "org", "", "datasets/org/d"]),
        ("org/a", ["org/a"], ["org/ab", "org", "", "org/A"]),
        ("datasets/org/*", ["datasets/org/d"], ["org/d"]),
    ],
)
def test_a_grant_reaches_what_it_names(over: str, reached: list[str], not_reached: list[str]) -> None:
    caller = Caller("ci", (Grant(Scope.WRITE, over),), token="x")
    assert [caller.may(Scope.READ, name) and caller.may(Scope.WRITE, name) for name in reached] == [True] * len(reached)
    assert not any(caller.may(scope, name) for scope in Scope for name in not_reached)
    assert not any(caller.may(Scope.ADMIN, name) for name in reached)
