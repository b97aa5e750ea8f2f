"""The cells of one row of an export, read strictly: a wrong one is an error that names its row and column."""

import datetime
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from holdfast.records.errors import MalformedFile

COUNT_MAX: Final = 10**15
_NEXT: Final = "Export the file anew, or correct the row."


@dataclass(frozen=True, slots=True)
class Cells:
    """A row: lower-case column names to values, and where it is (`usage.csv, row 7`)."""

    where: str
    values: Mapping[str, object]

    def find_text(self, *names: str) -> str:
        """The text of the first of these columns that has one; empty where none has."""
        for name in names:
            value = self.values.get(name)
            if value is not None and str(value).strip():
                return str(value).strip()
        return ""

    def find_count(self, *names: str) -> int | None:
        """A whole number that is not negative; None where none of the columns says any."""
        for name in names:
            number = self._find_number(name)
            if number is None:
                continue
            if number < 0 or number != int(number) or number > COUNT_MAX:
                raise self.make_error(name, "is not a count")
            return int(number)
        return None

    def need_count(self, *names: str) -> int:
        """A count that the format always has."""
        count = self.find_count(*names)
        if count is None:
            raise self.make_error(names[0], "is missing")
        return count

    def find_usd(self, *names: str) -> float | None:
        """An amount, which credits may make negative; None where no column says any."""
        return next((number for name in names if (number := self._find_number(name)) is not None), None)

    def need_moment(self, *names: str) -> datetime.datetime:
        """A moment in UTC: ISO 8601 (without a zone: UTC), or seconds since 1970."""
        text = self.find_text(*names)
        if not text:
            raise self.make_error(names[0], "is missing")
        try:
            if text.replace(".", "", 1).isdigit() and "-" not in text:
                return datetime.datetime.fromtimestamp(float(text), datetime.UTC)
            moment = datetime.datetime.fromisoformat(text)
        except (ValueError, OverflowError, OSError):
            raise self.make_error(names[0], f"is not a moment: {text[:40]!r}") from None
        is_naive = moment.tzinfo is None
        return moment.replace(tzinfo=datetime.UTC) if is_naive else moment.astimezone(datetime.UTC)

    def find_inner(self, name: str) -> Mapping[str, object]:
        """An object in a cell, or written in it as JSON; empty where there is none. Its shape is the provider's
        affair, so what is not an object is taken as none."""
        value = self.values.get(name)
        if isinstance(value, str) and value.strip().startswith("{"):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise self.make_error(name, "is not valid JSON") from None
        return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}

    def make_error(self, name: str, what: str) -> MalformedFile:
        """An error about one column of this row."""
        return MalformedFile(f"`{name}` {what}", where=self.where, next_step=_NEXT)

    def _find_number(self, name: str) -> float | None:
        value = self.values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise self.make_error(name, f"is not a number: {str(value)[:40]!r}")
        return number
