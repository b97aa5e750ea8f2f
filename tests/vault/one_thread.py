"""Pools whose work is done at once by whoever asks for it, so that a history on a simulated disk has one order."""

import contextlib
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeVar
from unittest import mock

_T = TypeVar("_T")


class AtOnce:
    """A ThreadPoolExecutor without threads."""

    def __init__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., _T], *arguments: Any) -> "Future[_T]":
        """Do it now; a crash is raised here, an ordinary error where the result is asked for."""
        done: Future[_T] = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """Nothing is left to do."""

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_: object) -> None: ...


@contextlib.contextmanager
def one_thread() -> Generator[None]:
    """Every pool of the vault's modules that are loaded works in the calling thread."""
    users = [module for name, module in sys.modules.items() if name.startswith("holdfast.vault.")]
    with contextlib.ExitStack() as stack:
        for module in users:
            if hasattr(module, "ThreadPoolExecutor"):
                stack.enter_context(mock.patch.object(module, "ThreadPoolExecutor", AtOnce))
        yield
