"""Where words go: results to standard output, progress and errors to standard error; colour only on a terminal."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from holdfast.records.canonical_json import encode_pretty
from holdfast.records.errors import HoldfastError

PLAIN_WIDTH = 160  # a pipe has no width; wide enough that names are not cut


@dataclass(frozen=True)
class Output:
    """Both streams of one run."""

    out: Console
    err: Console


def open_output() -> Output:
    """Consoles for this process. `NO_COLOR` is honoured; a pipe gets plain text."""
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or PLAIN_WIDTH)
    return Output(
        Console(width=width, highlight=False, soft_wrap=False, emoji=False),  # `:key:` in a name stays as it is
        Console(stderr=True, highlight=False, soft_wrap=True, emoji=False),
    )


def print_json(value: object) -> None:
    """A record as indented JSON on standard output."""
    sys.stdout.write(encode_pretty(value) + "\n")


def print_error(error: HoldfastError, *, as_json: bool) -> None:
    """An error on standard error: words, or with `--json` one JSON object."""
    if as_json:
        sys.stderr.write(json.dumps(error.to_json(), ensure_ascii=False) + "\n")
        return
    console = open_output().err
    console.print(f"[bold red]error[/] {_escape(error.where + ': ' if error.where else '')}{_escape(error.what)}")
    if error.next_step:
        console.print(f"      {_escape(error.next_step)}")


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


@contextmanager
def show_progress(title: str) -> Generator["ProgressBar"]:
    """A progress bar on standard error when it is a terminal; nothing otherwise."""
    console = open_output().err
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield ProgressBar(progress, progress.add_task(title, total=None))


@dataclass(frozen=True)
class ProgressBar:
    """What long work reports to: how much is done, of how much."""

    progress: Progress
    task: "object"

    def __call__(self, done: int, total: int) -> None:
        self.progress.update(self.task, completed=done, total=total)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
