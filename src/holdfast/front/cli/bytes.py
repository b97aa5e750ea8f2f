"""Sizes as people read and write them: 1.4 GB, 200MB/s, 5%. Decimal units, as disks and networks are sold."""

import re
from collections.abc import Iterator, Sequence

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from holdfast.front.cli.console import open_output
from holdfast.records.errors import UsageError
from holdfast.records.vault import Damage

_PLACES_SHOWN = 5
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_FACTORS = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9, "t": 10**12,
            "tb": 10**12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}  # fmt: skip


def tell_bytes(count: int) -> str:
    """`1.4 GB`; a dash for nothing."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}" if value < 100 else f"{value:.0f} {_UNITS[unit]}"


def tell_count(count: int, noun: str) -> str:
    """`1 pack`, `2 packs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def parse_bytes(text: str, flag: str) -> int:
    """`50GB`, `200MB/s`, `64MiB`. Raises UsageError naming the flag."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)(?:/s)?\s*", text, re.IGNORECASE)
    if found is None or found[2].lower() not in _FACTORS:
        raise UsageError(f"{text!r} is no size", where=flag, next_step="Write it like 50GB, 200MB/s or 64MiB.")
    return int(float(found[1]) * _FACTORS[found[2].lower()])


def parse_share(text: str, flag: str) -> float:
    """`5%` or `0.05`. Raises UsageError naming the flag."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 < share <= 1:
        raise UsageError(f"{text!r} is no share", where=flag, next_step="Write it like 5% or 0.05.")
    return share


def tell_damage(damage: Sequence[Damage]) -> Iterator[str]:
    """Damage by key: the first few places of each, how many more there are, and every file that is hurt."""
    by_key: dict[str, list[Damage]] = {}
    for one in damage:
        by_key.setdefault(one.key, []).append(one)
    for key, places in by_key.items():
        yield f"  {key}"
        yield from (f"    byte {place.offset}: {place.what}" for place in places[:_PLACES_SHOWN])
        if len(places) > _PLACES_SHOWN:
            yield f"    and {tell_count(len(places) - _PLACES_SHOWN, 'more place')}; --json names them all"
        yield from (f"    hurts {file}" for file in sorted({file for place in places for file in place.hurts}))


class ByteProgress:
    """A bar with speed and time left on standard error, when that is a terminal. Use it in a `with` block."""

    def __init__(self) -> None:
        console = open_output().err
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ByteProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def end(self) -> None:
        """No more is told: what is printed from now on has the terminal to itself."""
        self._progress.stop()

    def tell(self, phase: str, done: int, total: int) -> None:
        """So much of a phase is done."""
        if phase not in self._tasks:
            self._tasks[phase] = self._progress.add_task(phase, total=total)
        self._progress.update(self._tasks[phase], completed=done, total=total)
