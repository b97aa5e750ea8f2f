"""Who may ask for what: the one place that every request passes. Here anybody may read; nothing can be written."""

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.site import Site


async def check_access(_site: Site, _request: web.Request, _target: Target | None) -> web.StreamResponse | None:
    """None when the request may go on, else the answer that it gets."""
    return None
