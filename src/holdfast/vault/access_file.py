"""The tokens of a vault's servers in one small file, `access/tokens.json`: digests and grants, never a token.

What is not as it was written is an error, and lets nobody in.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from blake3 import blake3

from holdfast.records.access import Grant, Scope, Token
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import DamagedVault, MissingKey, NewerVault
from holdfast.vault.log.growing import put_checked, sweep_staging
from holdfast.vault.storage.seam import Storage
from holdfast.vault.storage.staging import StagedStorage

TOKENS_KEY: Final = "access/tokens.json"
FORMAT: Final = 1
TOKENS_MAX: Final = 10_000
GRANTS_MAX: Final = 100
ID_LETTERS: Final = 8
_BYTES_MAX: Final = 16 << 20
_STAGED: Final = "access"
_ID: Final = re.compile(rf"[A-Za-z0-9]{{{ID_LETTERS}}}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff](?:[^\x00-\x1f\x7f\ud800-\udfff]{0,98}[^\s\x00-\x1f\x7f])?")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_STEP: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}"
_OVER: Final = re.compile(rf"\*|{_STEP}(?:/{_STEP}){{0,2}}(?:/\*)?")
_FIELDS: Final = {"id", "name", "digest", "grants", "created_at", "created_by", "expires_at"}


def read_tokens(storage: Storage) -> tuple[Token, ...]:
    """All tokens; none before the first was created. Raises DamagedVault or NewerVault."""
    stored = storage.find(TOKENS_KEY)
    if stored is None:
        return ()
    if stored.size > _BYTES_MAX:
        raise _damaged("it is far too long")
    try:
        return _parse(json.loads(storage.read(TOKENS_KEY, 0, stored.size)))
    except MissingKey:
        return ()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(f"it cannot be read ({error!r})"[:200]) from error


def write_tokens(storage: StagedStorage, tokens: Iterable[Token]) -> None:
    """Replace the file, and read it back. The caller holds the name `access`."""
    said = {"document": "tokens", "format": FORMAT, "tokens": sorted(tokens, key=lambda one: one.id)}
    sweep_staging(storage, _STAGED)
    put_checked(storage, TOKENS_KEY, encode_canonical({**said, "check": _compute_check(said)}).encode(), _STAGED)


def is_name(text: str) -> bool:
    """Whether a token may be called so: 1 to 100 characters that can be shown."""
    return _NAME.fullmatch(text) is not None


def is_over(text: str) -> bool:
    """Whether a grant may be over it: `org/name`, `org/*`, `datasets/org/name` or `*`."""
    return _OVER.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Whether it is a moment as documents write it."""
    try:
        return _TIME.fullmatch(text) is not None and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _compute_check(said: Mapping[str, object]) -> str:
    return blake3(encode_canonical(said).encode()).hexdigest()


def _parse(found: object) -> tuple[Token, ...]:
    said = cast("dict[str, Any]", found)
    check = said.pop("check")
    if set(said) != {"document", "format", "tokens"} or said["document"] != "tokens":
        raise ValueError("another document")
    if type(said["format"]) is not int or said["format"] < 1:
        raise ValueError("no format")
    if said["format"] > FORMAT:
        raise _newer(said["format"])
    if check != _compute_check(said):
        raise ValueError("its check does not fit")
    tokens = tuple(map(_parse_token, cast("list[dict[str, Any]]", said["tokens"])))
    if len(tokens) > TOKENS_MAX or len({token.id for token in tokens}) < len(tokens):
        raise ValueError("too many tokens, or two of one id")
    return tokens


def _parse_token(found: dict[str, Any]) -> Token:
    expires_at = found["expires_at"]
    grants = tuple(map(_parse_grant, cast("list[dict[str, Any]]", found["grants"])))
    fits = (
        set(found) == _FIELDS
        and _ID.fullmatch(found["id"])
        and _DIGEST.fullmatch(found["digest"])
        and is_name(found["name"])
        and isinstance(found["created_by"], str)
        and is_time(found["created_at"])
        and (expires_at is None or is_time(expires_at))
        and 0 < len(grants) <= GRANTS_MAX
    )
    if not fits:
        raise ValueError("a token that is none")
    return Token(
        found["id"], found["name"], found["digest"], grants, found["created_at"], found["created_by"], expires_at
    )


def _parse_grant(found: dict[str, Any]) -> Grant:
    if set(found) != {"scope", "over"} or not is_over(found["over"]):
        raise ValueError("a grant that is none")
    return Grant(Scope(found["scope"]), found["over"])


def _damaged(what: str) -> DamagedVault:
    return DamagedVault(
        f"the tokens are not as they were written: {what}",
        where=TOKENS_KEY,
        next_step="Bring the file back from another copy of the vault, or delete it and create the tokens anew.",
    )


def _newer(version: int) -> NewerVault:
    return NewerVault(
        f"the tokens have format {version}; this holdfast knows up to {FORMAT}",
        where=TOKENS_KEY,
        next_step="Install a newer holdfast. Nobody is let in meanwhile.",
    )
