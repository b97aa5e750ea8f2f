"""Small TOML and JSON files that the team wrote: read whole, with limits, and every wrong entry named with its place.

Refuses entries that it does not know: a misspelt one would otherwise be money that is left out.
"""

import datetime
import difflib
import json
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from holdfast.records.errors import LimitExceeded, MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Range

DOCUMENT_BYTES_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a document, and where it is: `prices.toml: price[2]`."""

    where: str
    entries: Mapping[str, object]

    def check_names(self, known: Iterable[str]) -> None:
        """Raises MalformedFile for the first entry that is not known, with the name it is nearest to."""
        names = tuple(known)
        for name in self.entries:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"Did you mean `{near[0]}`?" if near else "Known here: " + ", ".join(sorted(names)) + "."
                raise MalformedFile(f"there is no entry `{name}`", where=self.where, next_step=hint)

    def find_text(self, name: str) -> str:
        """A text; empty where there is none. Dates are taken as texts."""
        value = self.entries.get(name, "")
        if isinstance(value, datetime.date):
            return value.isoformat()[:10]
        if not isinstance(value, str):
            raise self.make_error(name, "is not a text")
        return value

    def find_day(self, name: str) -> str:
        """A day as YYYY-MM-DD; empty where there is none."""
        text = self.find_text(name)
        try:
            return datetime.date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            raise self.make_error(name, f"is not a day: {text!r}", "Write it as YYYY-MM-DD.") from None

    def find_number(self, name: str) -> float | None:
        """A finite number that is not negative; None where there is none."""
        value = self.entries.get(name)
        return None if value is None else self._check_number(name, value)

    def find_range(self, name: str) -> Range | None:
        """A number, or {low, mode, high, source}; None where there is none. `mode` left out: the middle."""
        value = self.entries.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            number = self._check_number(name, value)
            return Range(number, number, number)
        return self._read_range(name, Table(f"{self.where}, {name}", cast("dict[str, object]", value)))

    def _read_range(self, name: str, inner: "Table") -> Range:
        inner.check_names(("low", "mode", "high", "source"))
        low, mode, high = (inner.find_number(key) for key in ("low", "mode", "high"))
        if low is None or high is None:
            raise self.make_error(name, "needs both `low` and `high`")
        mode = (low + high) / 2 if mode is None else mode
        if not low <= mode <= high:
            raise self.make_error(name, f"is not in order: low {low:g}, mode {mode:g}, high {high:g}")
        return Range(low, mode, high, inner.find_text("source"))

    def iterate_tables(self, name: str) -> Iterator["Table"]:
        """The tables of an array of tables, in order."""
        value = self.entries.get(name, [])
        if not isinstance(value, list):
            raise self.make_error(name, "is not an array of tables")
        for number, item in enumerate(cast("list[object]", value), 1):
            if not isinstance(item, dict):
                raise self.make_error(name, f"has an item {number} that is not a table")
            yield Table(f"{self.where}: {name}[{number}]", cast("dict[str, object]", item))

    def make_error(self, name: str, what: str, next_step: str = "Correct it in the file.") -> MalformedFile:
        """An error about one entry of this table."""
        return MalformedFile(f"`{name}` {what}", where=self.where, next_step=next_step)

    def _check_number(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.make_error(name, "is not a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number) or number < 0:
            raise self.make_error(name, "is not a finite number of zero or more")
        return number


def read_document(path: Path) -> Table:
    """The table that a TOML or JSON file holds (JSON by its name's end). Raises MissingPath, UnreadableFile,
    LimitExceeded (above 1 MiB) and MalformedFile with the line."""
    text = read_text(path, DOCUMENT_BYTES_MAX)
    try:
        content: object = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise MalformedFile(str(error), where=str(path), next_step="Correct the file there.") from None
    except (RecursionError, ValueError):
        raise LimitExceeded("nested too deeply, or a number too long", where=str(path)) from None
    if not isinstance(content, dict):
        raise MalformedFile("the file holds no table", where=str(path), next_step="See docs/how-to/measure-cost.md.")
    return Table(str(path), cast("dict[str, object]", content))


def read_text(path: Path, bytes_max: int) -> str:
    """A regular file's UTF-8 text, without a byte order mark. Raises MissingPath, UnreadableFile, LimitExceeded and
    MalformedFile."""
    if not path.exists():
        raise MissingPath("there is no such file", where=str(path), next_step="Check the path.")
    if not path.is_file():
        raise UnreadableFile("not a regular file", where=str(path), next_step="Name a regular file.")
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be read", where=str(path), next_step="Check it.") from error
    if len(data) > bytes_max:
        what = f"larger than {bytes_max:,} bytes"
        raise LimitExceeded(what, where=str(path), next_step="Split the file, or leave out what is not needed.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not UTF-8 at byte {error.start}"
        raise MalformedFile(what, where=str(path), next_step="Save the file as UTF-8.") from None
