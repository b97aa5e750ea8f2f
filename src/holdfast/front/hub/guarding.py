"""A guard's life: tokens and the key of tickets are read before the first request, the log is whole after the last."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from holdfast.front.hub.access import AccessAsked, Gate, check_reachable
from holdfast.front.hub.audit import Auditor
from holdfast.front.hub.guard import Guard, measure_auditor
from holdfast.front.hub.limits import Limits, LimitsAsked
from holdfast.front.hub.site import LOG
from holdfast.records.errors import HoldfastError
from holdfast.workflows.access import Register, read_ticket_key
from holdfast.workflows.auditing import AuditLog
from holdfast.workflows.vaults import VaultAsked, open_vault

USES_EVERY_S: Final = 30.0
POOL_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class GuardAsked:
    """Who may come, and how much they may ask for."""

    access: AccessAsked = field(default_factory=AccessAsked)
    limits: LimitsAsked = field(default_factory=LimitsAsked)


@contextlib.asynccontextmanager
async def guarding(vault_asked: VaultAsked, asked: GuardAsked, host: str) -> AsyncGenerator[Guard]:
    """A guard for the time of a `with` block. Raises ConfigurationError when others can reach the server and nobody may
    use it, DamagedVault when the tokens cannot be read."""
    with open_vault(vault_asked, adopt=False) as vault, ThreadPoolExecutor(2, thread_name_prefix="guarding") as threads:
        register = Register(vault.storage, vault.clock)
        register.refresh()
        check_reachable(host, asked.access, has_tokens=not register.is_empty)
        limits, log = Limits(asked.limits), AuditLog(vault_asked)
        gate = Gate(register, read_ticket_key(vault), asked.access, limits)
        limits.is_shared = gate.is_proxy
        auditor = Auditor(log.append)

        async def ask(work: Callable[[], None]) -> None:
            await asyncio.get_running_loop().run_in_executor(threads, work)

        guard = Guard(gate, limits, auditor, ask)
        auditor.start()
        noting = asyncio.create_task(_note_uses(guard))
        pooling = asyncio.create_task(_pool_numbers(guard))
        try:
            yield guard
        finally:
            noting.cancel()
            pooling.cancel()
            await _write_uses(guard)
            await auditor.stop()
            log.close()


async def sweeping(guard: Guard, runner: web.AppRunner) -> None:
    """Cut slow clients for as long as the server runs."""
    await guard.limits.run(lambda: runner.server.connections if runner.server else ())


async def _pool_numbers(guard: Guard) -> None:
    """Let other workers know the numbers of this one, as long as it lives."""
    while True:
        if guard.pool is not None:
            measure_auditor(guard)
            guard.pool.write(guard.numbers)
        await asyncio.sleep(POOL_EVERY_S)


async def _note_uses(guard: Guard) -> None:
    while True:
        await asyncio.sleep(USES_EVERY_S)
        await _write_uses(guard)


async def _write_uses(guard: Guard) -> None:
    try:
        await guard.ask(guard.gate.register.write_uses)
    except HoldfastError as error:
        LOG.warning("when tokens were used could not be noted: %s (%s)", error.what, error.where)
