"""Signed notes (C2SP signed-note) and their Ed25519 keys as text. Pure: reads no file, knows nothing of trees.

A note is a text, an empty line and signature lines. What is no note, or has no signature that a known key made, raises
NoteError; a caller says which file it was.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NOTE_BYTES_MAX: Final = 1 << 20
SIGNATURES_MAX: Final = 64
ED25519: Final = b"\x01"
SEED_BYTES: Final = 32
PRIVATE_PREFIX: Final = "PRIVATE+KEY+"
DASH: Final = "\N{EM DASH} "


class NoteError(ValueError):
    """A text is no note, no key, or signed by nobody who is known."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key: a name without spaces or plus, and 32 bytes of Ed25519."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def encode(self) -> str:
        """The line to keep elsewhere: name, key id in hexadecimal, type and key in base64, joined by plus."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(ED25519 + self.public)}"

    def is_signer_of(self, text: str, signature: bytes) -> bool:
        """Whether this key made the 64 bytes of `signature` over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The private half of a key, as the 32 bytes that it is derived from. Never shown."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def encode(self) -> str:
        """The line of a private key, as Go's note package writes it."""
        secret = encode_base64(ED25519 + self.seed)
        return f"{PRIVATE_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{secret}"

    def sign(self, text: str) -> str:
        """The note: `text`, which ends in a newline, with this key's signature."""
        signature = self.verifier.key_id + self._private.sign(text.encode())
        return f"{text}\n{DASH}{self.name} {encode_base64(signature)}\n"

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a note and the known keys that signed it, at least one."""

    text: str
    signed_by: tuple[VerifierKey, ...]


def open_note(raw: bytes, known: Sequence[VerifierKey]) -> Note:
    """The text of a note of which every signature by a known key holds, and at least one does."""
    text, lines = _split(raw)
    signed_by: list[VerifierKey] = []
    for line in lines:
        name, signature = _decode_signature(line)
        for key in known:
            if (key.name, key.key_id) != (name, signature[:4]):
                continue
            if not key.is_signer_of(text, signature[4:]):
                raise NoteError(f"the signature of {name} does not fit the text")
            signed_by.append(key)
    if not signed_by:
        raise NoteError("no known key signed it")
    return Note(text, tuple(signed_by))


def decode_verifier_key(line: str) -> VerifierKey:
    """The public key of a line as `VerifierKey.encode` writes it, and of no other spelling."""
    name, _, rest = line.partition("+")
    key = VerifierKey(_check_name(name), _decode_key(rest.partition("+")[2]))
    if key.encode() != line:
        raise NoteError("the key's id does not fit its name and bytes")
    return key


def decode_signing_key(line: str) -> SigningKey:
    """The private key of a line as `SigningKey.encode` writes it, and of no other spelling."""
    if not line.startswith(PRIVATE_PREFIX):
        raise NoteError("it is no private key of a note")
    name, _, rest = line.removeprefix(PRIVATE_PREFIX).partition("+")
    key = SigningKey(_check_name(name), _decode_key(rest.partition("+")[2]))
    if key.encode() != line:
        raise NoteError("the key's id does not fit its name and bytes")
    return key


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling; anything else raises NoteError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{text[:80]!r} is no base64") from error
    if encode_base64(data) != text:
        raise NoteError(f"{text[:80]!r} is base64 with stray bits")
    return data


def _split(raw: bytes) -> tuple[str, list[str]]:
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteError(f"it is longer than {NOTE_BYTES_MAX} bytes")
    try:
        note = raw.decode()
    except UnicodeDecodeError as error:
        raise NoteError("it is not UTF-8") from error
    if any(letter < " " and letter != "\n" for letter in note):
        raise NoteError("it holds control characters")
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise NoteError("it has no signatures after an empty line")
    lines = signatures[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteError(f"it has more than {SIGNATURES_MAX} signatures")
    return text + "\n", lines


def _decode_signature(line: str) -> tuple[str, bytes]:
    name, _, written = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH):
        raise NoteError("a signature line does not begin with a dash")
    signature = decode_base64(written)
    if len(signature) < 5:
        raise NoteError("a signature is too short")
    return _check_name(name), signature


def _check_name(name: str) -> str:
    if not name or "+" in name or any(letter.isspace() for letter in name):
        raise NoteError(f"{name[:80]!r} cannot be the name of a key")
    return name


def _decode_key(written: str) -> bytes:
    data = decode_base64(written)
    if data[:1] != ED25519 or len(data) != 1 + SEED_BYTES:
        raise NoteError("it is no Ed25519 key")
    return data[1:]
