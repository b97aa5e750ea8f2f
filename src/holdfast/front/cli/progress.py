"""Progress of work whose steps have names of their own."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from holdfast.front.cli.console import open_output


@contextmanager
def showing() -> Generator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, where that is a terminal: what is done, how much, of how much."""
    console = open_output().err
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total or None)

        yield show
