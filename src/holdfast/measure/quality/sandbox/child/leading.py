"""Leads a program into isolation and tells how it ended. Three processes, of which only the last runs a model's code.

This one sets everything up. Its child is the first of a namespace of processes: when it ends, all in there end.
"""

import json
import os
import sys
from typing import Any, NoReturn

from holdfast.measure.quality.sandbox.child.isolating import die_with_parent, isolate
from holdfast.measure.quality.sandbox.child.working import work


def main() -> None:
    """The request on the input: `report` (the number of an open file), `isolation`, `folder`, `libraries`, `nonce`,
    `program`. The answer on the output: one JSON object."""
    asked: dict[str, Any] = json.load(sys.stdin)
    die_with_parent()
    reason = isolate(asked["folder"], asked["libraries"]) if asked["isolation"] != "none" else "it was not asked for"
    if reason and asked["isolation"] == "required":
        _tell({"isolation": reason, "started": False})
        return
    if reason:
        os.chdir(asked["folder"])
    first = os.fork()
    if first == 0:
        die_with_parent()
        _lead(asked, reason)
    os.waitpid(first, 0)


def _lead(asked: dict[str, Any], isolation: str) -> NoReturn:
    if not isolation and os.getpid() != 1:
        _tell({"isolation": "no namespace of processes is to be had here", "started": False})
        os._exit(0)
    worker = os.fork()
    if worker == 0:
        work(asked, is_isolated=not isolation)
    while True:
        ended, status, usage = os.wait4(-1, 0)
        if ended == worker:  # others are orphans, which come to the first process
            break
    code = os.waitstatus_to_exitcode(status)
    spent_s = usage.ru_utime + usage.ru_stime
    _tell({"isolation": isolation, "started": True, "code": max(code, 0), "signal": max(-code, 0), "cpu_s": spent_s})
    os._exit(0)


def _tell(status: dict[str, object]) -> None:
    os.write(1, json.dumps(status).encode())
