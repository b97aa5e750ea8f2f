"""A worker process: `python -m holdfast.measure.load.worker FD`, started by the parent with one end of a socket pair.

It hears a plan, then of each level "open" and "go"; it says "ready", counts, and what came of it.
"""

import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final, TypeAlias

from holdfast.measure.load.driving import Count, Driven
from holdfast.measure.load.plans import LoadPlan
from holdfast.measure.load.station import Station
from holdfast.measure.load.turns import Share
from holdfast.records.errors import HoldfastError, InternalError

Line: TypeAlias = "Connection[Any, Any]"  # of (word, value) pairs
BATCH: Final = 500
_TICKS_PER_COUNT: Final = 5


def main() -> None:
    """Work until the parent says that it is enough, or is gone."""
    line: Line = Connection(int(sys.argv[1]))
    try:
        serve(line)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except HoldfastError as error:
        line.send(("failed", error))
    except Exception as error:
        line.send(("failed", InternalError(f"a worker failed: {type(error).__name__}", next_step="Please report it.")))
        raise


def serve(line: Line) -> None:
    """One plan, level by level."""
    plan, share = _hear(line)
    station = Station(plan, share, os.environ)
    try:
        while True:
            word, value = line.recv()
            if word == "open":
                station.open(value)
                line.send(("ready", value))
            elif word == "go":
                level, start = value
                _tell(line, plan, station.run(level, start, make_tick(line)))
            elif word == "end":
                return
    finally:
        station.close()


def make_tick(line: Line) -> Callable[[Count], bool]:
    """What the driver calls now and then: tells the parent how far it is, and hears whether to stop."""
    ticks = 0

    def tick(count: Count) -> bool:
        nonlocal ticks
        ticks += 1
        if ticks % _TICKS_PER_COUNT == 0:
            line.send(("count", count))
        return line.poll(0) and line.recv()[0] in ("stop", "end")

    return tick


def _hear(line: Line) -> tuple[LoadPlan, Share]:
    plan, share = line.recv()[1]
    return plan, share


def _tell(line: Line, plan: LoadPlan, driven: Driven) -> None:
    """In pieces, so that no message is huge."""
    for start in range(0, len(driven.replies), BATCH):
        replies = driven.replies[start : start + BATCH]
        line.send(("replies", replies) if plan.keeps_replies else ("samples", [reply.sample for reply in replies]))
    ended: Any = (driven.stopped, driven.effort, driven.spent_usd)
    line.send(("done", ended))


if __name__ == "__main__":
    main()
