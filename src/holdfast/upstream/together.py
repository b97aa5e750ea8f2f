"""Several things at once that succeed or fail as one, with the error that was first rather than a group of them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TypeVar, cast

_T = TypeVar("_T")


async def run_together(tasks: Iterable[Coroutine[None, None, None]]) -> None:
    """All of them; the first that fails ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except BaseExceptionGroup as failed:
        raise find_first(failed) from None


async def run_in_thread(function: Callable[[], _T], undo: Callable[[_T], None] | None = None) -> _T:
    """What a function gives that waits for a disk. When the wait is cancelled no thread is left that goes on, and what
    it gave is undone."""
    working = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        if working.exception() is None and undo is not None:
            undo(working.result())
        raise


def find_first(error: BaseException) -> BaseException:
    """The first error in a group of groups; the error itself when it is no group."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
