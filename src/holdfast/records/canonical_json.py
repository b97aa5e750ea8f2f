"""Canonical JSON: one text per value, so that equal results have equal bytes. Refuses NaN and unknown types."""

import dataclasses
import datetime
import enum
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import cast

_SCALARS = (str, int, float, bool)


def to_plain(value: object) -> object:
    """Reduce records to plain JSON values: dataclasses become objects, enums their value, dates ISO text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, _SCALARS):
        return value
    return _container_to_plain(value)


def _container_to_plain(value: object) -> object:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {str(to_plain(key)): to_plain(item) for key, item in pairs.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((to_plain(item) for item in cast("frozenset[object]", value)), key=str)
    if isinstance(value, Sequence):
        return [to_plain(item) for item in cast("Sequence[object]", value)]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def encode_canonical(value: object) -> str:
    """Sorted keys, no spaces, UTF-8 characters as they are."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encode_pretty(value: object) -> str:
    """The same value for people: two-space indent, keys in the order of the record."""
    return json.dumps(to_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
