"""Serves a mock in this process, compiled or plain, until it is told to stop. Nothing needs to be saved at the end: the
log is written as it happens, so that the process may as well be killed."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Final

from holdfast.measure.mock.log import write_about
from holdfast.measure.mock.plain import PlainServer
from holdfast.measure.mock.spec import MockSpec
from holdfast.records.errors import NetworkError

_BACKLOG: Final = 4096


def serve_mock(spec: MockSpec, folder: Path, *, stop: int, prefer_plain: bool = False) -> None:  # noqa: ARG001
    """Serve until the descriptor `stop` can be read or its other end is closed. Prints where, as a line of JSON; logs
    to `folder`. Raises NetworkError when it cannot listen."""
    listener = _listen(spec)
    version = "plain"
    write_about(folder, time.monotonic_ns(), version, tuple(scenario.name for scenario in spec.scenarios))
    server = PlainServer(spec, listener, folder)
    url = f"http://{_write_host(spec.host)}:{listener.getsockname()[1]}/v1"
    print(json.dumps({"url": url, "pid": os.getpid(), "version": version}), flush=True)
    server.serve(stop)


def _listen(spec: MockSpec) -> socket.socket:
    family = socket.AF_INET6 if ":" in spec.host else socket.AF_INET
    try:
        return socket.create_server((spec.host, spec.port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise NetworkError(
            f"the mock cannot listen there: {error}",
            where=f"{spec.host}:{spec.port}",
            next_step="Name another host or port, or port 0 for any that is free.",
        ) from error


def _write_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
