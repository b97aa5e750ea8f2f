"""Where an endpoint is reached, read from its URL. A user and password in it go into a header and into no message."""

import base64
import socket
from dataclasses import dataclass, field, replace
from typing import Final, cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from holdfast.measure.load.keys import Key, check_header_text
from holdfast.records.errors import ConfigurationError, UnreachableEndpoint
from holdfast.records.measurement import Api, Endpoint

PATHS: Final = {
    Api.CHAT: "/chat/completions",
    Api.COMPLETIONS: "/completions",
    Api.RESPONSES: "/responses",
    Api.EMBEDDINGS: "/embeddings",
}
_URL_BYTES_MAX: Final = 4096
_NEXT: Final = "Give the base that ends before /chat/completions, such as http://127.0.0.1:8000/v1."
Place = tuple[int, tuple[str | int, ...]]  # address family, and where to connect


@dataclass(frozen=True, slots=True)
class Address:
    """A server and the path of one interface on it. Printing it shows no password."""

    host: str
    port: int
    is_tls: bool
    path: str
    credentials: Key = field(default_factory=Key)

    @property
    def shown(self) -> str:
        """For messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}{self.path.partition('?')[0]}"

    @property
    def host_header(self) -> str:
        """As HTTP wants it: without the port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse_address(endpoint: Endpoint) -> Address:
    """The address of the endpoint's interface; ConfigurationError, without the URL, when it is none."""
    if len(endpoint.url) > _URL_BYTES_MAX or not all(33 <= ord(letter) <= 126 for letter in endpoint.url):
        raise _refuse(endpoint, "the URL is too long or holds characters that no URL has")
    try:
        parts = urlsplit(endpoint.url)
        port = parts.port
    except ValueError:
        raise _refuse(endpoint, "the URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refuse(endpoint, "the URL has no http:// or https:// or no host")
    is_tls = parts.scheme == "https"
    return Address(
        parts.hostname,
        port or (443 if is_tls else 80),
        is_tls,
        _build_path(endpoint, parts),
        _read_user(endpoint, parts),
    )


def hide_credentials(endpoint: Endpoint) -> Endpoint:
    """The endpoint for a record: its URL without user and password."""
    parts = urlsplit(endpoint.url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return replace(endpoint, url=urlunsplit(bare))


def resolve(address: Address) -> tuple[Place, ...]:
    """The host's socket addresses, in the system's order; UnreachableEndpoint when it has none."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableEndpoint(
            f"the host has no address: {getattr(error, 'strerror', None) or 'not a host name'}",
            where=address.shown,
            next_step="Check the endpoint's URL and this machine's name service.",
        ) from None
    return tuple((family, cast("tuple[str | int, ...]", place)) for family, _, _, _, place in found)


def _build_path(endpoint: Endpoint, parts: SplitResult) -> str:
    base = parts.path.rstrip("/")
    for path in PATHS.values():
        base = base.removesuffix(path)
    return base + PATHS[endpoint.api] + (f"?{parts.query}" if parts.query else "")


def _read_user(endpoint: Endpoint, parts: SplitResult) -> Key:
    if parts.username is None:
        return Key()
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    check_header_text(pair, f"endpoint {endpoint.name}")
    return Key(base64.b64encode(pair.encode()).decode(), pair.partition(":")[2])


def _refuse(endpoint: Endpoint, what: str) -> ConfigurationError:
    return ConfigurationError(what, where=f"endpoint {endpoint.name}", next_step=_NEXT)
