"""What stands after the question mark of an address."""

from typing import Final

from aiohttp import web

_YES: Final = ("1", "true", "yes")
_DIGITS_MAX: Final = 9


def is_yes(request: web.Request, name: str) -> bool:
    """Booleans come as `True` from old clients and `true` from new ones."""
    return request.query.get(name, "").lower() in _YES


def read_limit(request: web.Request, most: int) -> int:
    """How many a page may hold; 0 when nothing sensible is said."""
    return min(read_number(request, "limit"), most)


def read_number(request: web.Request, name: str) -> int:
    """A number; 0 when nothing sensible is said."""
    said = request.query.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS_MAX else 0
