"""A report packed for a page: every distinct value once, in an order that a page rebuilds in one pass.

Reports repeat themselves (the same ground on five hundred rows), so values are pooled. The text is plain ASCII JSON in
which nothing can end a script element.
"""

import dataclasses
import datetime
import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from holdfast.records.report import CheckReport, ModelRow, WhatIf, WhatIfRow

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def pack_report(report: CheckReport) -> str:
    """JSON of `{"shapes": [[field, …], …], "pool": [value, …]}`; the last value is the report.

    A pooled list is `[0, index, …]`, a record `[shape + 1, index, …]`; indexes point to earlier values. A what-if
    keeps only the rows that it changes.
    """
    pool = Pool()
    pool.add(_trim(report))
    text = json.dumps({"shapes": pool.shapes, "pool": pool.values}, separators=(",", ":"), ensure_ascii=True)
    return text.translate(_ESCAPES)


class Pool:
    """Distinct values in the order in which a reader can rebuild them: enums as their value, dates as ISO text."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self.shapes: list[list[str]] = []
        self._known: dict[object, int] = {}
        self._records: dict[object, int] = {}  # equal records are met often, and hashing one is cheaper than a walk
        self._shape_of: dict[tuple[str, ...], int] = {}
        self._names: dict[type, tuple[str, ...]] = {}

    def add(self, value: object) -> int:
        """The index of a value, which is stored when it is new."""
        if isinstance(value, enum.Enum):
            return self._add_scalar(cast("object", value.value))
        if value is None or isinstance(value, (str, int, float)):
            return self._add_scalar(value)
        if isinstance(value, (tuple, list)):
            items = cast("Iterable[object]", value)
            return self._intern((0, *[self.add(item) for item in items]))
        if isinstance(value, datetime.date):
            return self._add_scalar(value.isoformat())
        if isinstance(value, Mapping):
            record = cast("Mapping[str, object]", value)
            return self._add_fields(tuple(record), record.values())
        return self._add_record(value)

    def _add_record(self, value: object) -> int:
        try:
            if value in self._records:
                return self._records[value]
        except TypeError:  # it holds a dict
            return self._add_fields(*self._fields(value))
        index = self._add_fields(*self._fields(value))
        self._records[value] = index
        return index

    def _fields(self, value: object) -> tuple[tuple[str, ...], list[object]]:
        kind = type(value)
        if kind not in self._names:
            self._names[kind] = tuple(field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]
        names = self._names[kind]
        return names, [cast("object", getattr(value, name)) for name in names]

    def _add_fields(self, names: tuple[str, ...], values: Iterable[object]) -> int:
        if names not in self._shape_of:
            self.shapes.append(list(names))
            self._shape_of[names] = len(self.shapes)
        return self._intern((self._shape_of[names], *[self.add(item) for item in values]))

    def _add_scalar(self, value: object) -> int:
        key = (type(value), value)
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(value)
        return self._known[key]

    def _intern(self, key: tuple[int, ...]) -> int:
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(list(key))
        return self._known[key]


Answer = tuple[object, ...]


def _trim(report: CheckReport) -> CheckReport:
    today = {row.number: _answer(row) for row in report.rows}
    return replace(report, what_ifs=tuple(_trim_what_if(what_if, today) for what_if in report.what_ifs))


def _trim_what_if(what_if: WhatIf, today: Mapping[int, Answer]) -> WhatIf:
    changed = (new for new in what_if.rows if today[new.number] != _supposed_answer(new))
    return replace(what_if, rows=tuple(changed))


def _answer(row: ModelRow) -> Answer:
    levers = frozenset(finding.lever for finding in row.findings if finding.bites)
    return (row.reach, row.effect, row.stops, levers)


def _supposed_answer(row: WhatIfRow) -> Answer:
    return (row.reach, row.effect, row.stops, frozenset(row.levers))
