"""A loaded model that answers requests: one JSON object a line on standard input, events likewise on standard output.

It ends when its input ends, so that it never outlives who asks. Whatever a library prints goes to standard error.
"""

import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from typing import Any

from holdfast.workflows.engines.child.models import Ask, CannotTell, Model, Refused, Unsound

_BACKENDS = {"transformers": "torch_model", "onnxruntime": "onnx_model"}


def main(arguments: list[str]) -> None:
    """`ENGINE FOLDER [FILE]`."""
    channel = Channel()
    try:
        backend = import_module(f"holdfast.workflows.engines.child.{_BACKENDS[arguments[0]]}")
        model: Model = backend.load(*arguments[1:])
    except BaseException as error:
        channel.fail(None, error)
        sys.exit(1)
    channel.say(event="ready", facts=asdict(model.facts))
    while True:
        answer(model, channel, channel.requests.get())


class Channel:
    """Lines out, one writer at a time; lines in, read by a thread, so that a request can be called back."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **event: object) -> None:
        """One event."""
        with self._lock:
            self._out.write(json.dumps(event, ensure_ascii=True) + "\n")
            self._out.flush()

    def fail(self, number: int | None, error: BaseException) -> None:
        """Say why something failed; the whole story goes to standard error."""
        traceback.print_exception(error, file=sys.stderr)
        outcome, reason = explain(error)
        self.say(event="failed", id=number, outcome=outcome, reason=reason)

    def is_cancelled(self, number: int) -> bool:
        """Whether nobody waits for the answer any more."""
        return number in self._cancelled

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if "cancel" in request:
                self._cancelled.add(request["cancel"])
            else:
                self.requests.put(request)
        os._exit(0)  # who asked is gone


def answer(model: Model, channel: Channel, request: dict[str, Any]) -> None:
    """Do what a request says; its last event is `done` or `failed`."""
    number = request["id"]
    doing: dict[str, Callable[[], object]] = {
        "probe": model.probe,
        "generate": lambda: model.generate(
            _read_ask(request["ask"]),
            lambda text: channel.say(event="piece", id=number, text=text),
            lambda: channel.is_cancelled(number),
        ),
        "embed": lambda: model.embed(request["texts"]),
        "classify": lambda: model.classify(request["texts"]),
    }
    if channel.is_cancelled(number):
        return
    try:
        result: Any = doing[request["do"]]()
    except Exception as error:
        channel.fail(number, error)
    else:
        channel.say(event="done", id=number, result=asdict(result))


def _read_ask(said: dict[str, Any]) -> Ask:
    lists: dict[str, Any] = {"messages": tuple(said["messages"]), "stop": tuple(said["stop"])}
    return Ask(**{**said, **lists})


def explain(error: BaseException) -> tuple[str, str]:
    """How an exception ends a request (refused, unsound, unknown), and why, in one line."""
    text = " ".join(str(error).split())[:600] or type(error).__name__
    if isinstance(error, Refused):
        return "refused", text
    if isinstance(error, Unsound):
        return "unsound", text
    if isinstance(error, CannotTell):
        return "unknown", text
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "allocate memory" in text.lower():
        return "unknown", f"out of memory: {text}"
    if "trust_remote_code" in text:
        return "unknown", "the copy needs code of its own, which is never run"
    if isinstance(error, ImportError) or "pip install" in text:
        return "unknown", f"the engine lacks a part: {text}"
    return "unsound", f"{type(error).__name__}: {text}"
