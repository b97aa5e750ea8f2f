"""A site with all its routes, on a vault of its own, that never listens."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from holdfast.front.hub.app import make_site
from holdfast.front.hub.guarding import GuardAsked, guarding
from holdfast.front.hub.pushing import open_desk
from holdfast.front.hub.site import Site, SiteAsked
from holdfast.front.hub.xet_opening import XetAsked, open_xet
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.hub_writing.writer import WriteAsked
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.vaults import VaultAsked

_T = TypeVar("_T")


@asynccontextmanager
async def building(vault: Path, environ: Mapping[str, str]) -> AsyncGenerator[Site]:
    """As `holdfast serve` makes it."""
    asked = VaultAsked(str(vault), environ)
    service = open_service(ServeAsked(asked))
    try:
        async with guarding(asked, GuardAsked(), "127.0.0.1") as guard:
            site = make_site(service, SiteAsked(), guard)
            desk = open_desk(site, guard, WriteAsked(asked))
            open_xet(site, guard, XetAsked(environ=environ), desk)
            try:
                yield site
            finally:
                desk.close()
                site.close()
    finally:
        service.close()


def read_site(read: Callable[[Site], _T]) -> _T:
    """What is to be known of a site on an empty vault."""

    async def run(folder: Path) -> _T:
        open_local_vault(folder / "vault").close()
        places = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
        async with building(folder / "vault", {"HOME": str(folder), **places}) as site:
            return read(site)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))
