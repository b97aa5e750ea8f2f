"""Notices in JSON of any shape: objects that name a model and say when or whether it ends."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from holdfast.measure.notices.columns import Column, Context, read_cells, tell_column
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.notices import Notice

DEPTH_MAX: Final = 20
OBJECTS_MAX: Final = 200_000
_INNER: Final = ("date", "at", "on", "effective", "id", "name")
_TELLING: Final = (Column.ANNOUNCED, Column.EFFECTIVE, Column.STATUS, Column.REPLACEMENT)


def iterate_document(document: object, context: Context) -> Iterator[Notice]:
    """The notices in a decoded JSON document."""
    for name, fields in _iterate_objects(document):
        cells = _read_members(fields)
        if Column.MODEL not in cells and name and any(column in cells for column in _TELLING):
            cells[Column.MODEL] = name
        if isinstance(cells.get(Column.MODEL), str):
            line = encode_canonical(_scalars(fields))
            yield from read_cells(cells, f"{name}: {line}" if name else line, context)


def _iterate_objects(document: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every object, and the key that it stands under; those too deep or too many are left out."""
    waiting: list[tuple[str, object, int]] = [("", document, 0)]
    seen = 0
    while waiting and seen < OBJECTS_MAX:
        name, value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH_MAX:
            continue
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            yield name, fields
            waiting += [(key, one, depth + 1) for key, one in reversed(fields.items()) if isinstance(one, dict | list)]
        elif isinstance(value, list):
            waiting += [("", one, depth + 1) for one in reversed(cast("list[object]", value))]


def _read_members(fields: Mapping[str, object]) -> dict[Column, object]:
    """Members by what they mean, those of one nested object (`deprecation: {date: …}`) as well."""
    cells: dict[Column, object] = {}
    for key, value in fields.items():
        column, told = tell_column(key), _flatten(value)
        if column is not None and told not in (None, "", False):
            cells.setdefault(column, told)
    return cells


def _flatten(value: object) -> object:
    """A member's value, the telling member of a nested object, or the texts of a list."""
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return next((inner[name] for name in _INNER if name in inner), None)
    if isinstance(value, list):
        return ", ".join(one for one in cast("list[object]", value)[:50] if isinstance(one, str))
    return value


def _scalars(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if isinstance(value, str | int) or value is None}
