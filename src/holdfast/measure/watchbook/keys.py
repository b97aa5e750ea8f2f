"""Who signs a book: the seam to a key, and its public half as a line of text (C2SP signed-note, Ed25519).

The private half is never seen here.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from holdfast.records.errors import BadSignature

_ED25519: Final = b"\x01"
_PUBLIC_BYTES: Final = 32
_ID_BYTES: Final = 4
_SIGNATURE_BYTES: Final = 64
_LINE_CHARACTERS_MAX: Final = 300


class PublicKey(Protocol):
    """The public half of a key."""

    def encode(self) -> str:
        """`NAME+ID+BASE64` in one line."""
        ...


class NoteKey(Protocol):
    """A key that signs notes."""

    @property
    def verifier(self) -> PublicKey:
        """Its public half."""
        ...

    def sign(self, text: str) -> str:
        """The text, an empty line, and `— NAME BASE64` of the key's id and its signature of the text."""
        ...


class Signer(Protocol):
    """A key with a memory of what it signed last, outside the book."""

    @property
    def key(self) -> NoteKey:
        """What signs."""
        ...

    def recall(self) -> bytes | None:
        """What was remembered last; None before the first time."""
        ...

    def remember(self, checkpoint: str, /) -> None:
        """Keep this instead."""
        ...


@dataclass(frozen=True, slots=True)
class BookKey:
    """A public key that signs entries: its line, its 4 bytes of id and its 32 of Ed25519."""

    line: str
    id: bytes
    public: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key's 32 bytes, in hexadecimal."""
        return hashlib.sha256(self.public).hexdigest()

    def is_signer_of(self, text: str, signature: bytes) -> bool:
        """Whether this key made the 64 bytes of `signature` over `text`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def decode_key(line: str) -> BookKey:
    """The key in a line `NAME+ID+BASE64`, in its one spelling. Raises BadSignature."""
    name, _, rest = line[:_LINE_CHARACTERS_MAX].partition("+")
    key_id, _, written = rest.partition("+")
    data = _decode(written)
    public = data[1:]
    computed = hashlib.sha256(name.encode() + b"\n" + data).digest()[:_ID_BYTES]
    if data[:1] != _ED25519 or len(public) != _PUBLIC_BYTES or computed.hex() != key_id or not name:
        raise BadSignature(
            f"This is no public key: {line[:80]!r}.", next_step="Take the line from where it was printed."
        )
    return BookKey(line, computed, public)


def sign_text(signer: Signer, text: str) -> str:
    """The signature of a text by a signer's key: base64 of the key's id and 64 bytes."""
    note = signer.key.sign(text)
    assert note.startswith(text + "\n"), "a note begins with its text"
    return note.rstrip("\n").rpartition(" ")[2]


def split_signature(written: str) -> tuple[bytes, bytes]:
    """The key's id and the signature. Raises BadSignature when it is none."""
    data = _decode(written)
    if len(data) != _ID_BYTES + _SIGNATURE_BYTES:
        raise BadSignature("This is no signature of an entry.", next_step="Take the book from where it was kept.")
    return data[:_ID_BYTES], data[_ID_BYTES:]


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    return data if base64.b64encode(data).decode() == text else b""
