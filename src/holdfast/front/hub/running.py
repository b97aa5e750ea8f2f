"""The server's life: it listens, says where, and ends when it is told to, after what is being sent was sent."""

import asyncio
import contextlib
import ctypes
import gc
import resource
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from holdfast.front.hub.app import make_site
from holdfast.front.hub.connections import Runner
from holdfast.front.hub.guard import Guard
from holdfast.front.hub.guarding import GuardAsked, guarding, sweeping
from holdfast.front.hub.logs import Form, close_log, open_log
from holdfast.front.hub.metrics import Pool
from holdfast.front.hub.pushing import open_desk
from holdfast.front.hub.site import Site, SiteAsked
from holdfast.front.hub.xet_opening import XetAsked, open_xet
from holdfast.records.errors import UsageError
from holdfast.workflows.hub_writing.writer import WriteAsked
from holdfast.workflows.pull_through import PullThrough, make_vault
from holdfast.workflows.serve import ServeAsked, open_service

GRACE_S: Final = 60.0
IDLE_S: Final = 75.0
FILES_MAX: Final = 65_536
BACKLOG: Final = 1024
_M_ARENA_MAX: Final = -8  # of mallopt, in malloc.h
_GC_THRESHOLDS: Final = 20_000, 20, 50


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, and for whom. `port` 0 takes a free one; `grace_s` is how long transfers may take to end.

    A worker beside others gets the socket that all listen on, `opened`, and the `pool` that their numbers go to.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    grace_s: float = GRACE_S
    tls: ssl.SSLContext | None = None
    guard: GuardAsked = field(default_factory=GuardAsked)
    log_form: Form = "text"
    log_path: Path | None = None
    opened: socket.socket | None = None
    pool: Pool | None = None


def run_server(asked: ServeAsked, site: SiteAsked, listening: Listening, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `tell` gets the address once requests are answered. Raises UsageError when the
    port cannot be had."""
    raise_file_limit()
    handler = open_log(listening.log_form, listening.log_path)
    try:
        asyncio.run(_serve(asked, site, listening, tell))
    finally:
        close_log(handler)


def raise_file_limit() -> None:
    """As many open files, and so connections, as this user may have and a server can use."""
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if most == resource.RLIM_INFINITY else min(FILES_MAX, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(few, wanted), most))


def settle_memory() -> None:
    """Have all threads take from two heaps, where the C library is glibc: with one for each, what a thread let go of is
    of no use to others. What is there before the first request is never looked through for cycles."""
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


async def _serve(asked: ServeAsked, site: SiteAsked, listening: Listening, tell: Callable[[str], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    await serve_until(asked, site, listening, tell, ended)


async def serve_until(
    asked: ServeAsked, site_asked: SiteAsked, listening: Listening, tell: Callable[[str], None], ended: asyncio.Event
) -> None:
    """Serve until `ended` is set. Raises what `run_server` does."""
    settle_memory()
    if site_asked.through is not None:
        make_vault(asked.vault)  # what is pulled first needs one
    service = open_service(asked)
    try:
        async with guarding(asked.vault, listening.guard, listening.host) as guard:
            guard.pool = listening.pool
            site = make_site(service, site_asked, guard)
            if site_asked.through is not None:
                site.through = PullThrough(site_asked.through, asked.vault, service)
            desk = open_desk(site, guard, WriteAsked(asked.vault))
            open_xet(site, guard, XetAsked(site_asked.xet_from_bytes, asked.vault.environ), desk)
            await _answer(site, guard, listening, tell, ended)
    finally:
        service.close()


async def _answer(
    site: Site, guard: Guard, listening: Listening, tell: Callable[[str], None], ended: asyncio.Event
) -> None:
    runner = Runner(
        site.app,
        access_log=None,
        keepalive_timeout=IDLE_S,
        shutdown_timeout=listening.grace_s,
        handle_signals=False,
    )
    await runner.setup()
    sweep = asyncio.create_task(sweeping(guard, runner))
    try:
        tell(await _listen(runner, listening))
        await ended.wait()
        guard.is_ending = True
    finally:
        sweep.cancel()
        await runner.cleanup()
        site.close()


async def _listen(runner: web.AppRunner, listening: Listening) -> str:
    opened = listening.opened or open_socket(listening)
    await web.SockSite(runner, opened, ssl_context=listening.tls, backlog=BACKLOG).start()
    return tell_address(opened, listening)


def open_socket(listening: Listening) -> socket.socket:
    """A socket that listens where it was asked. Raises UsageError when the port cannot be had."""
    try:
        found = socket.getaddrinfo(listening.host, listening.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        is_both = family == socket.AF_INET6 and address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=is_both)
    except OSError as error:
        raise UsageError(
            f"cannot listen on port {listening.port}: {error.strerror}",
            where=listening.host,
            next_step="Choose another with --port, or 0 for any that is free.",
        ) from error


def tell_address(opened: socket.socket, listening: Listening) -> str:
    """How clients on this machine reach a socket."""
    host, port = opened.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if listening.tls else 'http'}://{shown}:{port}"
