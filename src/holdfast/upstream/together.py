"""Several things at once that succeed or fail as one, with the error that was first rather than a group of them."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import cast


async def run_together(tasks: Iterable[Coroutine[None, None, None]]) -> None:
    """All of them; the first that fails ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except BaseExceptionGroup as failed:
        raise find_first(failed) from None


def find_first(error: BaseException) -> BaseException:
    """The first error in a group of groups; the error itself when it is no group."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
