"""Records as plain JSON lists and back, so that they can be cached without pickle. Knows frozen dataclasses only."""

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, TypeVar, cast

Record = TypeVar("Record")
Decoder = Callable[[Any], Any]


def encode_record(value: object) -> object:
    """Dataclasses become lists of their fields in order, enums their values, tuples lists."""
    if isinstance(value, (str, int, float)) and not isinstance(value, enum.Enum):
        return value
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [encode_record(item) for item in cast("tuple[object, ...]", value)]
    return [encode_record(getattr(value, name)) for name in _get_field_names(cast(Hashable, type(value)))]


def decode_record(kind: type[Record], plain: object) -> Record:
    """The record of `kind` that `encode_record` gave `plain` for; ValueError when it is not one."""
    try:
        return cast(Record, _get_decoder(cast(Hashable, kind))(plain))
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


@cache
def _get_field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _get_decoder(kind: Any) -> Decoder:
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _make_tuple_decoder(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        inner = [one for one in typing.get_args(kind) if one is not type(None)]
        return _make_optional_decoder(inner[0])
    if dataclasses.is_dataclass(kind):
        return _make_record_decoder(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    return _make_scalar_decoder(kind)


def _make_tuple_decoder(kind: Any) -> Decoder:
    item = _get_decoder(kind)
    return lambda plain: tuple([item(one) for one in plain])


def _make_optional_decoder(kind: Any) -> Decoder:
    item = _get_decoder(kind)
    return lambda plain: None if plain is None else item(plain)


def _make_record_decoder(kind: Any) -> Decoder:
    hints = typing.get_type_hints(kind)
    fields = [_get_decoder(hints[name]) for name in _get_field_names(kind)]

    def decode(plain: Any) -> Any:
        if not isinstance(plain, list) or len(cast("list[object]", plain)) != len(fields):
            raise ValueError(f"not the fields of a {kind.__name__}")
        return kind(*[decoder(value) for decoder, value in zip(fields, cast("list[object]", plain), strict=True)])

    return decode


def _make_scalar_decoder(kind: Any) -> Decoder:
    def decode(plain: Any) -> Any:
        if not isinstance(plain, kind):
            raise ValueError(f"expected {kind.__name__}, found {type(plain).__name__}")
        return plain

    return decode
