"""Who may ask what of the servers of a vault: its tokens as they are now, the key of tickets, when each was used.

A token counts, or no longer counts, a second after it was created or revoked, on every server of the vault.
"""

import contextlib
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from holdfast.records.access import TOKEN_SHAPE, Token
from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.access_file import ID_LETTERS, is_time, read_tokens
from holdfast.vault.opening import Clock, Vault, put_bytes
from holdfast.vault.storage.seam import Storage
from holdfast.vault.storage.staging import StagedStorage
from holdfast.workflows.vaults import holding

TICKETS_KEY: Final = "access/tickets.key"
USES_PREFIX: Final = "access/used/"
FRESH_S: Final = 1.0
AGEING_S: Final = 0.5
PATIENCE_S: Final = 60.0  # so long a medium that does not answer leaves what was known in force
USE_EVERY_S: Final = 60.0
TICKET_KEY_BYTES: Final = 32
SECRET_LETTERS: Final = 34  # of 62 each: 202 bits
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NOBODY: Final = "0" * 64


class Register:
    """The tokens of a vault, to be asked by many threads. Whoever asks refreshes it first when it is stale."""

    def __init__(self, storage: StagedStorage, clock: Clock, watch: Callable[[], float] = monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._watch = watch
        self._turn = threading.Lock()
        self._tokens: Mapping[str, Token] = {}
        self._read_at = self._tried_at = float("-inf")
        self._used: dict[str, str] = {}
        self._noted: dict[str, float] = {}

    @property
    def is_stale(self) -> bool:
        """Whether a token may have been created or revoked that is not known here."""
        return self._watch() - self._tried_at >= FRESH_S

    @property
    def is_ageing(self) -> bool:
        """Whether it is time to read the tokens again, so that they are never stale while they are asked for."""
        return self._watch() - self._tried_at >= AGEING_S

    @property
    def is_empty(self) -> bool:
        """Whether there is no token."""
        return not self._tokens

    def refresh(self) -> None:
        """Read the tokens, if that was not done within half a second. Raises DamagedVault, NewerVault, or StorageError
        when the medium has not answered for a minute."""
        with self._turn:
            if not self.is_ageing:
                return
            try:
                found = read_tokens(self._storage)
            except StorageError:
                if self._watch() - self._read_at > PATIENCE_S:
                    raise
            else:
                self._tokens = {token.id: token for token in found}
                self._read_at = self._watch()
            self._tried_at = self._watch()

    def find(self, text: str) -> Token | None:
        """The token that a caller sent, unless it is unknown or has expired."""
        return find_token(self._tokens, text, self._clock())

    def note_use(self, token_id: str) -> None:
        """Remember that a token was used; it is written by `write_uses`, once a minute at most."""
        now = self._watch()
        if now - self._noted.get(token_id, float("-inf")) >= USE_EVERY_S:
            self._noted[token_id] = now
            self._used[token_id] = write_time(self._clock())

    def write_uses(self) -> None:
        """Write what was remembered. Raises StorageError; nothing depends on it."""
        while self._used:
            token_id, at = self._used.popitem()
            put_bytes(self._storage, f"{USES_PREFIX}{token_id}", f"{at}\n".encode())


def draw_token() -> tuple[str, str]:
    """A new token's id and the token itself, in the shape that clients take for one."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(ID_LETTERS + SECRET_LETTERS))
    return letters[:ID_LETTERS], f"hf_{letters}"


def compute_token_digest(token: str) -> str:
    """What is stored of a token. One hash is enough for 200 random bits: docs/decisions/0014-tokens-and-tickets.md."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_token(tokens: Mapping[str, Token], text: str, now: datetime) -> Token | None:
    """The token of this text among `tokens` (by id), unless it has expired. Digests are compared in constant time."""
    if not TOKEN_SHAPE.fullmatch(text):
        return None
    found = tokens.get(text[3 : 3 + ID_LETTERS])
    is_right = hmac.compare_digest(found.digest if found else _NOBODY, compute_token_digest(text))
    return found if found and is_right and not is_expired(found, now) else None


def is_expired(token: Token, now: datetime) -> bool:
    """Whether it is no longer good at this moment."""
    return token.expires_at is not None and datetime.fromisoformat(token.expires_at) <= now


def read_uses(storage: Storage) -> dict[str, str]:
    """When each token was last used, by its id, as far as that was noted."""
    found: dict[str, str] = {}
    for stored in storage.iterate(USES_PREFIX):
        with contextlib.suppress(StorageError, UnicodeDecodeError):
            at = storage.read(stored.key, 0, min(stored.size, 100)).decode().strip()
            if is_time(at):
                found[stored.key.removeprefix(USES_PREFIX)] = at
    return found


def read_ticket_key(vault: Vault) -> bytes:
    """The key that all servers of a vault sign tickets with; made when there is none yet. Raises DamagedVault."""
    found = _find_ticket_key(vault.storage)
    if found is not None:
        return found
    with holding(vault, "access"):
        if (found := _find_ticket_key(vault.storage)) is None:
            _put_private(vault.storage, TICKETS_KEY, secrets.token_hex(TICKET_KEY_BYTES).encode() + b"\n")
            found = _find_ticket_key(vault.storage)
    assert found is not None, "it was written just now"
    return found


def _find_ticket_key(storage: Storage) -> bytes | None:
    stored = storage.find(TICKETS_KEY)
    if stored is None:
        return None
    with contextlib.suppress(ValueError):
        key = bytes.fromhex(storage.read(TICKETS_KEY, 0, min(stored.size, 200)).decode("ascii"))
        if len(key) == TICKET_KEY_BYTES:
            return key
    step = "Delete it and start the servers anew: the first draws another. Addresses given out before end with it."
    raise DamagedVault("the key of tickets cannot be read", where=TICKETS_KEY, next_step=step)


def _put_private(storage: StagedStorage, key: str, data: bytes) -> None:
    """Write a small value that, on a disk, its owner alone may read."""
    with storage.create_staging(f"{secrets.token_hex(12)}.key") as file:
        file.path.chmod(0o600)
        file.write(data)
    storage.put(key, file.path)


def write_time(moment: datetime) -> str:
    """ISO 8601 in UTC, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
