"""Signature files read with limits, to say what they claim. Checks nothing: holdfast.vault.signing does."""

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from holdfast.records.errors import LimitExceeded, UnreadableFile
from holdfast.records.signature import ModelSignature, SigningMethod

SIGNATURE_SUFFIX = ".sig"
SIGNATURE_BYTES_MAX = 64 << 20
SIGNATURES_PREFIX = "signatures/"
_KEY = re.compile(rf"{SIGNATURES_PREFIX}([0-9a-f]{{64}})/(?:0|[1-9][0-9]{{0,8}})\.sig")
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"
OLD_PREDICATE = "https://model_signing/Digests/v0.1"  # of the library before 1.0
_METHODS = {
    "publicKey": SigningMethod.KEY,
    "x509CertificateChain": SigningMethod.CERTIFICATE,
    "certificate": SigningMethod.IDENTITY,
}


def parse_signature_key(key: str) -> bytes | None:
    """The digest of the manifest whose signature a vault keeps under this key; None when it is no such key."""
    found = _KEY.fullmatch(key)
    return bytes.fromhex(found[1]) if found else None


def read_signature(path: Path, folder: Path) -> ModelSignature:
    """What a signature file claims; of the method OTHER when it is no bundle of model signing."""
    name = _name_in(path, folder)
    try:
        bundle = json.loads(_read(path))
        return _decode(name, bundle)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ModelSignature(name, SigningMethod.OTHER)


def list_files(folder: Path) -> list[str]:
    """Every file under a folder by its path with `/`; links stand for themselves and are not followed."""
    return sorted(_walk(folder, ""))


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except OSError as error:
        raise UnreadableFile(f"The folder cannot be read: {error.strerror}.", where=str(folder)) from error
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(SIGNATURE_BYTES_MAX + 1)
    except OSError as error:
        raise UnreadableFile(f"It cannot be read: {error.strerror}.", where=str(path)) from error
    if len(data) > SIGNATURE_BYTES_MAX:
        raise LimitExceeded(f"A signature file has at most {SIGNATURE_BYTES_MAX} bytes.", where=str(path))
    return data


def _decode(name: str, bundle: Any) -> ModelSignature:
    material = cast("dict[str, object]", bundle["verificationMaterial"])
    methods = [method for key, method in _METHODS.items() if key in material]
    if not str(bundle["mediaType"]).startswith(BUNDLE_TYPE) or len(methods) != 1:
        return ModelSignature(name, SigningMethod.OTHER)
    statement = json.loads(_decode_base64(str(bundle["dsseEnvelope"]["payload"])))
    if statement["predicateType"] == OLD_PREDICATE:
        files = tuple(str(one["name"]) for one in statement["subject"])
        return ModelSignature(name, methods[0], files=files, digest="sha256", serialisation="files")
    predicate = statement["predicate"]
    serialisation = predicate["serialization"]
    names = [str(one["name"]) for one in predicate["resources"]]
    is_sharded = serialisation["method"] == "shards"
    return ModelSignature(
        path=name,
        method=methods[0],
        model=str(statement["subject"][0]["name"]),
        files=tuple(dict.fromkeys(_without_range(one) if is_sharded else one for one in names)),
        ignored=tuple(str(one) for one in serialisation.get("ignore_paths", ())),
        digest=str(serialisation["hash_type"]),
        serialisation=str(serialisation["method"]),
        shard_bytes=int(serialisation["shard_size"]) if is_sharded else 0,
    )


def _without_range(shard: str) -> str:
    """A shard is named by its file, begin and end, with colons between."""
    return shard.rsplit(":", 2)[0]


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _name_in(path: Path, folder: Path) -> str:
    found, root = path.absolute(), folder.absolute()
    return found.relative_to(root).as_posix() if found.is_relative_to(root) else str(path)
