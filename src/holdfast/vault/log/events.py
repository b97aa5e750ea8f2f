"""Events as entries of the log: canonical JSON, at most 65,535 bytes. Decoding is strict about what it knows."""

import json
from typing import cast

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import MalformedFile, NewerVault, VaultError
from holdfast.records.vault import ObjectId
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.vault.log.tiles import ENTRY_BYTES_MAX

_TEXTS = ("subject", "by", "why", "at", "outcome")


def encode_event(event: LogEvent) -> bytes:
    """The bytes of an entry; VaultError when they are too many or not UTF-8."""
    try:
        entry = encode_canonical(event).encode()
    except UnicodeEncodeError as error:
        raise VaultError("A word of this event cannot be written as UTF-8.", where=ascii(event.subject)) from error
    check_entry(entry)
    return entry


def check_entry(entry: bytes) -> None:
    """Raises VaultError when an entry is longer than a bundle can hold."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise VaultError(
            f"An entry of the log has {len(entry)} bytes; at most {ENTRY_BYTES_MAX} are possible.",
            next_step="Shorten its reason, or keep the long text as a file of the revision.",
        )


def decode_event(entry: bytes) -> LogEvent:
    """The event in an entry; MalformedFile when it is none, NewerVault for a verb of a later version."""
    try:
        found: object = json.loads(entry)
    except ValueError as error:
        raise MalformedFile("An entry of the log is no JSON.") from error
    fields = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    words = [fields.get(name) for name in ("verb", *_TEXTS)]
    named = fields.get("object")
    if not all(isinstance(word, str) for word in words) or not isinstance(named, str | None):
        raise MalformedFile("An entry of the log is no event.")
    verb, subject, by, why, at, outcome = cast("list[str]", words)
    if verb not in list(LogVerb):
        raise NewerVault(f"The log speaks of {verb[:80]!r}, which this version does not know.")
    return LogEvent(LogVerb(verb), subject, by, why, at, outcome, ObjectId(named) if named is not None else None)
