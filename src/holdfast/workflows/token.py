"""`holdfast token`: who may use the servers of a vault, and for what. A token is shown once, when it is created."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from holdfast.records.access import EVERYTHING, Grant, Scope, Token
from holdfast.records.errors import BadDate, UnknownName, UsageError, VaultError
from holdfast.records.vault_log import LogVerb
from holdfast.vault.access_file import GRANTS_MAX, TOKENS_MAX, is_name, is_over, read_tokens, write_tokens
from holdfast.workflows.access import (
    USES_PREFIX,
    compute_token_digest,
    draw_token,
    is_expired,
    read_uses,
    write_time,
)
from holdfast.workflows.vaults import Event, VaultAsked, holding, log_event, open_vault, tell_who

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAYS_MAX: Final = 36_500


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """A token to create. `expires` is empty (never), `90d`, `12h` or a day; no grants mean to read everything."""

    vault: VaultAsked
    name: str
    grants: tuple[Grant, ...] = ()
    expires: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is told of; `used_at` is None when no use was noted."""

    id: str
    name: str
    grants: tuple[Grant, ...]
    created_at: str
    created_by: str
    expires_at: str | None
    is_expired: bool
    used_at: str | None = None


@dataclass(frozen=True, slots=True)
class TokenCreated:
    """A new token. `secret` is the token itself, which nothing can show again."""

    token: TokenRow
    secret: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenList:
    """All tokens of a vault, the oldest first."""

    vault: str
    tokens: tuple[TokenRow, ...]


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A token that no server takes any more."""

    token: TokenRow
    notes: tuple[str, ...]


def run_token_create(asked: TokenAsked) -> TokenCreated:
    """Create a token and tell it, once. Raises UsageError or BadDate; VaultError when there are too many."""
    _check_asked(asked)
    by = asked.by or tell_who(asked.vault.environ)
    now = asked.vault.clock()
    expires_at = parse_expiry(asked.expires, now)
    with open_vault(asked.vault, adopt=False) as vault:
        with holding(vault, "access"):
            known = read_tokens(vault.storage)
            token_id, secret = _draw_new({token.id for token in known})
            grants = asked.grants or (Grant(Scope.READ, EVERYTHING),)
            digest = compute_token_digest(secret)
            token = Token(token_id, asked.name, digest, grants, write_time(now), by, expires_at)
            if len(known) >= TOKENS_MAX:
                raise VaultError(f"there are {len(known)} tokens", next_step="Revoke some: holdfast token revoke ID.")
            write_tokens(vault.storage, (*known, token))
        event = Event(LogVerb.TOKEN, f"{token.name} ({token.id})", say_grants(grants), "created", by=by)
        fault = log_event(vault, event, asked.vault.environ)
    return TokenCreated(_tell(token, now), secret, (fault,) if fault else ())


def run_token_list(asked: VaultAsked) -> TokenList:
    """The tokens of a vault, with when each was last used."""
    with open_vault(asked, adopt=False) as vault:
        used, tokens = read_uses(vault.storage), read_tokens(vault.storage)
        rows = [replace(_tell(token, asked.clock()), used_at=used.get(token.id)) for token in tokens]
        return TokenList(vault.location, tuple(sorted(rows, key=lambda row: (row.created_at, row.id))))


def run_token_revoke(asked: VaultAsked, named: str, by: str = "", why: str = "") -> TokenRevoked:
    """Take a token away, by its id or its name. Raises UnknownName, or UsageError when several have that name."""
    who = by or tell_who(asked.environ)
    with open_vault(asked, adopt=False) as vault:
        with holding(vault, "access"):
            known = read_tokens(vault.storage)
            token = _choose(known, named)
            write_tokens(vault.storage, [one for one in known if one.id != token.id])
        vault.storage.delete(f"{USES_PREFIX}{token.id}")
        event = Event(LogVerb.TOKEN, f"{token.name} ({token.id})", why, "revoked", by=who)
        fault = log_event(vault, event, asked.environ)
    return TokenRevoked(_tell(token, asked.clock()), (fault,) if fault else ())


def make_grant(scope: Scope, over: str) -> Grant:
    """A scope over `org/name`, `org/*` or `*`. Raises UsageError."""
    if not is_over(over):
        raise UsageError(
            f"{over[:100]!r} names no model and no organisation",
            where=f"--{scope}",
            next_step="Name one model (org/name), an organisation ('org/*') or everything ('*').",
        )
    return Grant(scope, over)


def say_grants(grants: tuple[Grant, ...]) -> str:
    """`read *, write org/name`."""
    return ", ".join(f"{grant.scope} {grant.over}" for grant in grants)


def parse_expiry(text: str, now: datetime) -> str | None:
    """`90d`, `12h`, `4w`, or a day, to whose end it is meant (in UTC); None for the empty text. Raises BadDate."""
    if not text:
        return None
    step = "Write it like 90d, 12h, or 2027-06-30."
    unit, number = _UNITS.get(text[-1]), text[:-1]
    try:
        if unit and number.isascii() and number.isdigit():
            moment = now + int(number) * unit
        else:
            moment = datetime.combine(datetime.fromisoformat(text).date(), time(23, 59, 59), UTC)
        is_far = moment > now + timedelta(days=_DAYS_MAX)
    except (ValueError, OverflowError):
        raise BadDate(f"{text[:50]!r} is no time", where="--expires", next_step=step) from None
    if moment <= now or is_far:
        raise BadDate(f"{text[:50]!r} is not in the next hundred years", where="--expires", next_step=step)
    return write_time(moment)


def _check_asked(asked: TokenAsked) -> None:
    if not is_name(asked.name):
        step = "Say in 1 to 100 letters who or what uses it: holdfast token create ci-cluster"
        raise UsageError(f"{asked.name[:100]!r} cannot be the name of a token", where="NAME", next_step=step)
    if len(asked.grants) > GRANTS_MAX:
        raise UsageError(f"a token has at most {GRANTS_MAX} grants", next_step="Name organisations: --read 'org/*'.")


def _draw_new(taken: set[str]) -> tuple[str, str]:
    while True:
        token_id, secret = draw_token()
        if token_id not in taken:
            return token_id, secret


def _choose(known: tuple[Token, ...], named: str) -> Token:
    fitting = [token for token in known if token.id == named] or [token for token in known if token.name == named]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(token.id for token in fitting)
        raise UsageError(f"{len(fitting)} tokens are called {named!r}", next_step=f"Name one by its id: {ids}.")
    if named.startswith("hf_"):  # a token has no place in an error
        raise UnknownName("this is a token, not its id", next_step="Name its first 8 letters after hf_, or its name.")
    raise UnknownName(f"there is no token {named[:100]!r}", next_step="See holdfast token list.")


def _tell(token: Token, now: datetime) -> TokenRow:
    return TokenRow(
        id=token.id,
        name=token.name,
        grants=token.grants,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
        is_expired=is_expired(token, now),
    )
