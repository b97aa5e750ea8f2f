"""Answers as symbols: digests keyed with a monitor's salt, so that equal ones can be told to be equal and no more."""

import hashlib
from typing import Final

from holdfast.records.errors import MalformedFile

_DIGEST_BYTES: Final = 12
_KEY_BYTES_MAX: Final = 64


def digest_text(text: str, salt: str) -> str:
    """24 hexadecimal digits: BLAKE2b of the text as UTF-8, keyed with the salt. MalformedFile when the salt is none."""
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), key=_read_salt(salt), digest_size=_DIGEST_BYTES
    ).hexdigest()


def _read_salt(salt: str) -> bytes:
    try:
        key = bytes.fromhex(salt)
    except ValueError:
        key = b""
    if not 0 < len(key) <= _KEY_BYTES_MAX:
        raise MalformedFile(
            "the salt of the monitor is not 1 to 64 bytes in hexadecimal",
            where="monitor",
            next_step="Restore the book from a copy, or enrol the endpoint anew.",
        )
    return key


def fold_token(text: str) -> str:
    """The token without what does not matter: white space around it and case. Tokens that differ in no more are no
    border."""
    return text.strip().casefold()
