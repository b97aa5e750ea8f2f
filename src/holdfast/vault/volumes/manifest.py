"""A bundle's manifest as JSON with a digest of itself, decoded without trust: every length and name is compared."""

import json
import math
from collections.abc import Iterator
from typing import Final, cast

from blake3 import blake3

from holdfast.records.canonical_json import encode_canonical, to_plain
from holdfast.records.errors import MalformedFile, NewerVault
from holdfast.vault.volumes.layout import (
    FORMAT,
    HEAD_BYTES,
    VOLUME_BYTES_MIN,
    BundledFile,
    BundleManifest,
    Volume,
    check_names,
    name_parity,
    name_volume,
)

_DOCUMENT: Final = "bundle"


def encode_manifest(manifest: BundleManifest) -> bytes:
    """Canonical JSON with `check`, the BLAKE3 of the same JSON without it."""
    fields = cast("dict[str, object]", to_plain(manifest))
    fields |= {"document": _DOCUMENT, "format": FORMAT}
    check = blake3(encode_canonical(fields).encode()).hexdigest()
    return encode_canonical(fields | {"check": check}).encode() + b"\n"


def decode_manifest(data: bytes, bundle_id: str, where: str) -> BundleManifest:
    """The manifest; raises MalformedFile when it is damaged or contradicts itself, NewerVault when it is too new."""
    try:
        fields = _take_object(json.loads(data))
        check = fields.pop("check", None)
        if check != blake3(encode_canonical(fields).encode()).hexdigest():
            raise ValueError("it is damaged")
        if _take_number(fields, "format") > FORMAT:
            raise NewerVault("The bundle is of a later format.", where=where, next_step="Use a newer holdfast.")
        manifest = _build_manifest(fields)
        _check_manifest(manifest, bundle_id)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedFile(
            f"The manifest cannot be used: {str(error)!a}.", where=where, next_step="Copy the bundle again."
        ) from error
    check_names((file.name for file in manifest.files), where)
    return manifest


def _build_manifest(fields: dict[str, object]) -> BundleManifest:
    return BundleManifest(
        id=_take_text(fields, "id"),
        volume_bytes=_take_number(fields, "volume_bytes"),
        parity_percent=_take_percent(fields),
        group_volumes=_take_number(fields, "group_volumes"),
        files=tuple(_build_file(entry) for entry in _take_objects(fields["files"])),
        volumes=tuple(_build_volume(entry) for entry in _take_objects(fields["volumes"])),
        parity=tuple(
            tuple(_build_volume(entry) for entry in _take_objects(part)) for part in _take_list(fields["parity"])
        ),
    )


def _build_file(entry: dict[str, object]) -> BundledFile:
    return BundledFile(_take_text(entry, "name"), _take_number(entry, "size"), _take_text(entry, "blake3"))


def _build_volume(entry: dict[str, object]) -> Volume:
    digests = _take_text(entry, "blake3"), _take_text(entry, "sha256")
    return Volume(_take_text(entry, "name"), _take_number(entry, "size"), *digests)


def _check_manifest(manifest: BundleManifest, bundle_id: str) -> None:
    if manifest.id != bundle_id:
        raise ValueError("it is another bundle's")
    if manifest.volume_bytes < VOLUME_BYTES_MIN or (manifest.parity and manifest.group_volumes < 1):
        raise ValueError("its volumes are too small")
    _check_sizes(manifest)
    names = [name_volume(bundle_id, number) for number in range(len(manifest.volumes))]
    if [volume.name for volume in manifest.volumes] != names:
        raise ValueError("its volumes are not in order")
    parity = [volume.name for part in manifest.parity for volume in part]
    if parity != [name_parity(bundle_id, number) for number in range(len(parity))]:
        raise ValueError("its parity volumes are not in order")
    if manifest.parity and len(manifest.parity) != len(manifest.list_groups()):
        raise ValueError("its groups of parity do not fit its volumes")


def _check_sizes(manifest: BundleManifest) -> None:
    left = manifest.size
    if len(manifest.volumes) != math.ceil(left / manifest.payload_bytes):
        raise ValueError("its files do not fit its volumes")
    for volume in manifest.volumes:
        payload = min(left, manifest.payload_bytes)
        if volume.size != payload + HEAD_BYTES:
            raise ValueError(f"{volume.name} has a wrong size")
        left -= payload


def _take_percent(fields: dict[str, object]) -> float:
    value = fields["parity_percent"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("parity_percent is no number")
    return float(value)


def _take_text(fields: dict[str, object], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _take_number(fields: dict[str, object], key: str) -> int:
    value = fields[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{key} is no count")
    return value


def _take_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("something is no object")
    return cast("dict[str, object]", value)


def _take_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("something is no list")
    return cast("list[object]", value)


def _take_objects(value: object) -> Iterator[dict[str, object]]:
    return (_take_object(entry) for entry in _take_list(value))
