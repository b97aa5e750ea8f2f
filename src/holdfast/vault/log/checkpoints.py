"""Checkpoints (C2SP tlog-checkpoint): the text of a signed note that promises a tree of one size and root."""

import re
from collections.abc import Sequence

from holdfast.records.vault_log import Checkpoint
from holdfast.vault.log.merkle import HASH_BYTES
from holdfast.vault.log.notes import NoteError, SigningKey, VerifierKey, decode_base64, encode_base64, open_note

ORIGIN_PREFIX = "holdfast/"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


def origin_of(vault_id: str) -> str:
    """The name of a vault's log, and of the keys that sign it."""
    return ORIGIN_PREFIX + vault_id


def sign_checkpoint(key: SigningKey, size: int, root: bytes) -> Checkpoint:
    """A checkpoint under the key's name."""
    text = f"{key.name}\n{size}\n{encode_base64(root)}\n"
    return Checkpoint(key.name, size, root, key.sign(text), (key.verifier.encode(),))


def open_checkpoint(raw: bytes, origin: str, known: Sequence[VerifierKey]) -> Checkpoint:
    """A checkpoint that a known key signed; NoteError when it is none, of another log or of nobody known."""
    note = open_note(raw, known)
    lines = note.text.split("\n")
    if len(lines) != 4:
        raise NoteError("it has not the three lines of a checkpoint")
    name, size, root, _ = lines
    if name != origin:
        raise NoteError(f"it speaks of the log {name[:80]!r}, not {origin!r}")
    if not _SIZE.fullmatch(size):
        raise NoteError(f"its size is {size[:80]!r}")
    digest = decode_base64(root)
    if len(digest) != HASH_BYTES:
        raise NoteError(f"its root has {len(digest)} bytes for {HASH_BYTES}")
    signers = tuple(key.encode() for key in note.signed_by)
    return Checkpoint(name, int(size), digest, raw.decode(), signers)
