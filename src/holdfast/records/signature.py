"""Signatures over a model's files (OpenSSF model signing), as records."""

from dataclasses import dataclass
from enum import StrEnum


class SigningMethod(StrEnum):
    """By what a signature is checked. IDENTITY is keyless: a name that an issuer vouched for at the time of signing.
    OTHER is a signature of another kind, which holdfast keeps and cannot check."""

    KEY = "key"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ModelSignature:
    """A signature file found with a model. What it claims is not checked yet.

    `path` is relative to the model's folder when it lies inside. `files` are the names that it speaks of, `ignored`
    those that it leaves out on purpose, `digest` the algorithm and `serialisation` `files` or `shards`.
    """

    path: str
    method: SigningMethod
    model: str = ""
    files: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    digest: str = ""
    serialisation: str = ""
    shard_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """A signature that holds for every file in `signature.files`.

    `unsigned` are files in the folder that it does not speak of; nothing is known about those. `warnings` are
    sentences of the library.
    """

    signature: ModelSignature
    unsigned: tuple[str, ...]
    warnings: tuple[str, ...] = ()
