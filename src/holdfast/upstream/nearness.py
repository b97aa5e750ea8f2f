"""A redirect leads no nearer than the hub itself: one on the internet cannot send us into the team's own network."""

import ipaddress
import socket
from collections.abc import Collection
from enum import IntEnum

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from holdfast.records.errors import BlockedUpstream


class Nearness(IntEnum):
    """How near an address is to this machine. NOWHERE is what no hub has: link-local (where clouds keep credentials),
    multicast, reserved."""

    FAR = 0
    PRIVATE = 1
    HERE = 2
    NOWHERE = 3


def measure_nearness(address: str) -> Nearness:
    """Of an IP address as text."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None:
        found = inner
    if found.is_loopback:
        return Nearness.HERE
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return Nearness.NOWHERE
    if found.is_global:
        return Nearness.FAR
    return Nearness.PRIVATE


def find_literal(host: str) -> str | None:
    """The address that a host's name is, None when it is a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses addresses that are nearer than the hub. Trusted hosts (the hub, a proxy) are what the
    user named; the hub's own addresses set the measure."""

    def __init__(self, hub: str, trusted: Collection[str]) -> None:
        self._hub = hub
        self._trusted = frozenset({hub, *trusted})
        literal = find_literal(hub)
        self._allowed = Nearness.FAR if literal is None else measure_nearness(literal)

    def check_literal(self, host: str) -> None:
        """Raises BlockedUpstream when the host is an address that is too near; names are checked when resolved."""
        literal = find_literal(host)
        if literal is not None and host not in self._trusted and measure_nearness(literal) > self._allowed:
            raise _too_near(host)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises BlockedUpstream when all of them are too near."""
        found = await ThreadedResolver().resolve(host, port, family)
        if host == self._hub:
            self._allowed = min(Nearness.HERE, max(measure_nearness(one["host"]) for one in found))
        if host in self._trusted:
            return found
        far = [one for one in found if measure_nearness(one["host"]) <= self._allowed]
        if not far:
            raise _too_near(host)
        return far

    async def close(self) -> None:
        """Nothing is held."""


def _too_near(host: str) -> BlockedUpstream:
    return BlockedUpstream(
        "the hub redirects to an address inside this network, which is not followed",
        where=host,
        next_step="Ask whoever runs the hub. If it is meant so, name that address as --endpoint.",
    )
