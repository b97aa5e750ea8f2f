"""A report packed for a page: every distinct value once, in an order that a page rebuilds in one pass.

Reports repeat themselves (the same ground on five hundred rows), so values are pooled. The text is plain ASCII JSON in
which nothing can end a script element.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from holdfast.records.canonical_json import to_plain
from holdfast.records.report import CheckReport, ModelRow, WhatIf, WhatIfRow

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def pack_report(report: CheckReport) -> str:
    """JSON of `{"shapes": [[field, …], …], "pool": [value, …]}`; the last value is the report.

    A pooled list is `[0, index, …]`, a record `[shape + 1, index, …]`; indexes point to earlier values. A what-if
    keeps only the rows that it changes.
    """
    pool = Pool()
    pool.add(to_plain(_trim(report)))
    text = json.dumps({"shapes": pool.shapes, "pool": pool.values}, separators=(",", ":"), ensure_ascii=True)
    return text.translate(_ESCAPES)


class Pool:
    """Distinct plain values in the order in which a reader can rebuild them."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self.shapes: list[list[str]] = []
        self._known: dict[object, int] = {}
        self._shape_of: dict[tuple[str, ...], int] = {}

    def add(self, value: object) -> int:
        """The index of a value, which is stored when it is new."""
        if isinstance(value, Mapping):
            record = cast("Mapping[str, object]", value)
            return self._intern((self._shape(tuple(record)), *(self.add(item) for item in record.values())))
        if isinstance(value, Sequence) and not isinstance(value, str):
            return self._intern((0, *(self.add(item) for item in cast("Sequence[object]", value))))
        return self._intern((type(value).__name__, value), value)

    def _shape(self, fields: tuple[str, ...]) -> int:
        if fields not in self._shape_of:
            self.shapes.append(list(fields))
            self._shape_of[fields] = len(self.shapes)
        return self._shape_of[fields]

    def _intern(self, key: tuple[object, ...], value: object = ...) -> int:
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(list(key) if value is ... else value)
        return self._known[key]


def _trim(report: CheckReport) -> CheckReport:
    rows = {row.number: row for row in report.rows}
    return replace(report, what_ifs=tuple(_trim_what_if(what_if, rows) for what_if in report.what_ifs))


def _trim_what_if(what_if: WhatIf, rows: Mapping[int, ModelRow]) -> WhatIf:
    return replace(what_if, rows=tuple(new for new in what_if.rows if _changes(rows[new.number], new)))


def _changes(row: ModelRow, new: WhatIfRow) -> bool:
    levers = {finding.lever for finding in row.findings if finding.bites}
    return (row.reach, row.effect, row.stops, levers) != (new.reach, new.effect, new.stops, set(new.levers))
