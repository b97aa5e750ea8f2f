"""Serves a mock in this process, compiled or plain, until it is told to stop. Nothing needs to be saved at the end: the
log is written as it happens, so that the process may as well be killed."""

import contextlib
import json
import os
import resource
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from holdfast.measure.mock.spec import MockSpec
from holdfast.measure.mock.tables import Table, create_tables, write_about
from holdfast.records.errors import NetworkError

if TYPE_CHECKING:
    from holdfast.measure.mock.native import NativeServer
    from holdfast.measure.mock.plain import PlainServer

CHOICE: Final = "HOLDFAST_KERNEL"  # `plain` rules the compiled one out
_BACKLOG: Final = 4096
_OTHER_FILES: Final = 64
_STANDARD_INPUT: Final = 0
_STANDARD_OUTPUT: Final = 1


def serve_mock(spec: MockSpec, folder: Path, *, prefer_plain: bool = False) -> None:
    """Serve until standard input ends. Says where on standard output, as a line of JSON; logs to `folder`. Each byte
    that comes in goes out again when all that was done before is in the log. Raises NetworkError when it cannot
    listen, and NoSpace."""
    listener = _listen(spec)
    tables = create_tables(folder, spec.log_requests_max, spec.log_tokens_max)
    server = _choose_server(_bound_connections(spec), listener, tables, prefer_plain=prefer_plain)
    _settle(spec)
    write_about(folder, time.monotonic_ns(), server.version, tuple(scenario.name for scenario in spec.scenarios))
    url = f"http://{_write_host(spec.host)}:{listener.getsockname()[1]}/v1"
    print(json.dumps({"url": url, "pid": os.getpid(), "version": server.version}), flush=True)
    server.serve(_STANDARD_INPUT, _STANDARD_OUTPUT)


def _choose_server(
    spec: MockSpec, listener: socket.socket, tables: tuple[Table, Table], *, prefer_plain: bool
) -> "NativeServer | PlainServer":
    """Only the one that serves is imported: a mock starts often."""
    if not prefer_plain and os.environ.get(CHOICE) != "plain":
        from holdfast.measure.mock import native

        library = native.find_native_library()
        if library is not None:
            return native.NativeServer(library, spec, listener, tables)
    from holdfast.measure.mock import plain

    return plain.PlainServer(spec, listener, tables)


def _bound_connections(spec: MockSpec) -> MockSpec:
    """As many as the spec says, or as files may be open."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = spec.connections_max if files == resource.RLIM_INFINITY else max(files - _OTHER_FILES, 1)
    return replace(spec, connections_max=min(spec.connections_max, room))


def _settle(spec: MockSpec) -> None:
    """On its processor and before all other work, as far as the system lets it: how late it is is in its log."""
    with contextlib.suppress(OSError, AttributeError):
        if spec.core is not None:
            os.sched_setaffinity(0, {spec.core})
    with contextlib.suppress(OSError, AttributeError):
        if spec.is_realtime:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


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
