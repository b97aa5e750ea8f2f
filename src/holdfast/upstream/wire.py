"""One request to a hub and the redirects after it. The token goes to the hub's own origin and nowhere else.

Refuses: redirects to plain http from TLS, to nearer addresses, or too many; coded bodies; answers longer than agreed.
"""

import base64
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import ClientTimeout, DummyCookieJar, TCPConnector
from multidict import CIMultiDict
from yarl import URL

import holdfast
from holdfast.records.errors import BlockedUpstream, LimitExceeded, NetworkError
from holdfast.upstream.address import Endpoint, get_origin
from holdfast.upstream.credentials import Token
from holdfast.upstream.nearness import GuardedResolver, Nearness, find_literal, measure_nearness
from holdfast.upstream.patience import Patience, find_told_wait
from holdfast.upstream.refusals import LATER, RETRIED, TEXT_BYTES_MAX, Refusal, explain

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MAX: Final = 5
_BUFFER_BYTES: Final = 128 << 10  # per connection, and twice that at times: a killed process loses it
_WINDOW_BYTES: Final = 1 << 20
_CONNECT_S: Final = 20.0
_SILENT_S: Final = 60.0
_UNREACHABLE_TRIES: Final = 3  # of a short question; a download under way is more patient
_STATED: Final = ("X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size", "X-Error-Code", "X-Error-Message")


class Interrupted(NetworkError):
    """The connection broke off: worth another try."""

    sentence = "The connection to the hub broke off."


class Unreachable(Interrupted):
    """No connection could be made."""

    sentence = "No connection to the hub could be made."


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `basic` sends the token as a password, as git does."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    basic: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body has not been read. `stated` are the headers that the hub itself set, on a redirect too."""

    response: aiohttp.ClientResponse
    url: str
    stated: Mapping[str, str]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the last answer."""
        return self.response.headers


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to one hub and to where it redirects. Use it in an `async with` block."""

    def __init__(
        self, endpoint: Endpoint, token: Token, patience: Patience, environ: Mapping[str, str], connections: int = 16
    ) -> None:
        self.endpoint = endpoint
        self.patience = patience
        self.has_token = bool(token)
        self._token = token
        self._origin = endpoint.origin
        self._environ = environ
        proxies = [urlsplit(proxy).hostname or "" for proxy in _list_proxies(environ)]
        self._resolver = GuardedResolver(self._origin.host, proxies)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=TCPConnector(
                limit=self._connections, resolver=self._resolver, ttl_dns_cache=60, socket_factory=_make_socket
            ),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENT_S),
            headers={"User-Agent": f"holdfast/{holdfast.__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,  # it would read passwords from .netrc
            read_bufsize=_BUFFER_BYTES,
            max_field_size=32 << 10,
            max_line_size=32 << 10,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, call: Call, bytes_max: int) -> Reply:
        """The whole answer, tried again while the hub is busy or the connection fails. Raises NetworkError or
        LimitExceeded; other answers than success are the caller's to judge."""
        return await self._insist(call, bytes_max)

    async def probe(self, call: Call) -> Reply:
        """The same without the body of a success, which is not waited for."""
        return await self._insist(call, None)

    async def _insist(self, call: Call, bytes_max: int | None) -> Reply:
        failed = 0
        while True:
            told: float | None = None
            try:
                reply = await self._fetch_once(call, bytes_max)
                if reply.status not in RETRIED:
                    return reply
                cause, told = self.explain(reply), find_told_wait(reply.headers)
            except Interrupted as error:
                cause = error
            failed += 1
            if isinstance(cause, Unreachable) and failed >= _UNREACHABLE_TRIES:
                raise cause
            await self.pause(failed, told, cause)

    async def _fetch_once(self, call: Call, bytes_max: int | None) -> Reply:
        async with self.send(call) as answer:
            if answer.status >= 300:
                bytes_max = TEXT_BYTES_MAX
            body = b"" if bytes_max is None else await read_body(answer, bytes_max)
            return Reply(answer.url, answer.status, CIMultiDict({**answer.headers, **answer.stated}), body)

    async def pause(self, failed: int, told: float | None, cause: NetworkError) -> None:
        """Wait before the next try. Raises `cause` when there have been enough, or the hub asks for too long a wait."""
        if failed >= self.patience.tries or (told is not None and told > self.patience.told_s_max):
            raise cause
        await self.patience.sleep(self.patience.compute_wait(failed, told))

    def explain(self, reply: Reply) -> NetworkError:
        """The error that an answer other than success means."""
        refusal = Refusal(hide_query(reply.url), reply.status, reply.headers, reply.body, self.has_token)
        return explain(refusal)

    @contextlib.asynccontextmanager
    async def send(self, call: Call) -> AsyncGenerator[Answer]:
        """Send a request, follow redirects, and give the answer. Raises Interrupted when the connection fails."""
        stated: dict[str, str] = {}
        url, home, method = call.url, True, call.method
        for _ in range(_REDIRECTS_MAX + 1):
            home = home and get_origin(url) == self._origin
            async with self._request(method, url, call, home=home) as response:
                if home:
                    stated.update({name: response.headers[name] for name in _STATED if name in response.headers})
                target = self._find_target(response, url)
                if target is None:
                    yield Answer(response, url, stated)
                    return
                with explaining(url):
                    await response.content.read(TEXT_BYTES_MAX)  # so that the connection can be used again
            method = "GET" if response.status == 303 and method != "HEAD" else method
            url = target
        raise NetworkError(
            "the hub redirects without end", where=hide_query(call.url), next_step="Ask whoever runs it."
        )

    @contextlib.asynccontextmanager
    async def _request(
        self, method: str, url: str, call: Call, *, home: bool
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        assert self._session is not None, "use it in an `async with` block"
        headers = dict(call.headers)
        if home and self._token:
            headers["Authorization"] = _say_token(self._token, basic=call.basic)
        self._resolver.check_literal(get_origin(url).host)
        body = call.body if method == "POST" else None
        with explaining(url):
            response = await self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                proxy=find_proxy(url, self._environ),
            )
        try:
            yield response
        finally:
            response.release()

    def _find_target(self, response: aiohttp.ClientResponse, url: str) -> str | None:
        """Where a redirect leads, None when the answer is none. Raises BlockedUpstream or NetworkError."""
        location = response.headers.get("Location", "")
        if response.status not in REDIRECTS or not location:
            return None
        target = urljoin(url, location)
        try:
            origin, parts = get_origin(target), urlsplit(target)
        except ValueError:
            raise _bad_redirect("to what is no http address", url) from None
        if get_origin(url).scheme == "https" and origin.scheme == "http":
            raise _bad_redirect("from TLS to plain http", url)
        if parts.username is not None or parts.password is not None:
            raise _bad_redirect("to an address with a password in it", url)
        return target


def _make_socket(place: tuple[Any, ...]) -> socket.socket:
    """With a bounded window: what lies in it unread is lost when the process is killed."""
    made = socket.socket(*place[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW_BYTES)
    return made


def _say_token(token: Token, *, basic: bool) -> str:
    """As hubs want it, or as git sends it."""
    if basic:
        return f"Basic {base64.b64encode(f'holdfast:{token.reveal()}'.encode()).decode()}"
    return f"Bearer {token.reveal()}"


def _bad_redirect(how: str, url: str) -> BlockedUpstream:
    return BlockedUpstream(
        f"the hub redirects {how}, which is not followed", where=hide_query(url), next_step="Ask whoever runs the hub."
    )


@contextlib.contextmanager
def explaining(url: str) -> Generator[None]:
    """Faults of the connection as errors of ours: Interrupted when another try may do."""
    where = hide_query(url)
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise NetworkError(
            f"its certificate does not hold: {error.certificate_error}", where=where, next_step=_CERTIFICATE
        ) from None
    except aiohttp.ClientConnectorError as error:
        raise Unreachable(f"cannot be reached: {error.os_error or error}", where=where, next_step=LATER) from None
    except (aiohttp.InvalidURL, UnicodeError) as error:
        raise NetworkError(f"an address that cannot be used: {error}", where=where, next_step=LATER) from None
    except TimeoutError:
        raise Interrupted(f"nothing came for {_SILENT_S:.0f} s", where=where, next_step=LATER) from None
    except (aiohttp.ClientError, OSError) as error:
        said = str(error) or type(error).__name__
        raise Interrupted(f"the connection broke off: {said}", where=where, next_step=LATER) from None


_CERTIFICATE: Final = "Check the address. A certificate of your own network is named with SSL_CERT_FILE."


async def read_body(answer: Answer, bytes_max: int) -> bytes:
    """A whole body. Raises LimitExceeded when it is longer, Interrupted when it breaks off."""
    body = bytearray()
    async for piece in iterate_body(answer):
        body += piece
        if len(body) > bytes_max:
            raise LimitExceeded(
                f"the hub's answer is longer than {bytes_max} bytes", where=hide_query(answer.url), next_step=_ODD
            )
    return bytes(body)


_ODD: Final = "Ask whoever runs the hub: no honest answer is so long."


async def iterate_body(answer: Answer) -> AsyncGenerator[bytes]:
    """A body as it arrives. Raises Interrupted when it breaks off, NetworkError when it is coded."""
    check_coding(answer)
    with explaining(answer.url):
        async for piece in answer.response.content.iter_any():
            yield piece


def check_coding(answer: Answer) -> None:
    """Raises NetworkError when the body is compressed, which was not asked for."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise NetworkError(
            f"the hub sends {coding[:20]!r}-coded content, and was asked not to",
            where=hide_query(answer.url),
            next_step="Ask whoever runs the hub, or a proxy before it.",
        )


def hide_query(url: str) -> str:
    """An address as it may be shown: what follows `?` can be a signature that opens the file."""
    return url.partition("?")[0]


def find_proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for an address; none for this machine itself."""
    origin = get_origin(url)
    literal = find_literal(origin.host)
    if origin.host == "localhost" or (literal is not None and measure_nearness(literal) is Nearness.HERE):
        return None
    if _is_without_proxy(origin.host, _read_variable(environ, "no_proxy")):
        return None
    return _read_variable(environ, f"{origin.scheme}_proxy") or _read_variable(environ, "all_proxy") or None


def _is_without_proxy(host: str, bypass: str) -> bool:
    """`*`, a host, or a domain with all below it, separated by commas."""
    names = [name.strip().lower().lstrip(".") for name in bypass.split(",") if name.strip()]
    return "*" in names or any(host == name or host.endswith(f".{name}") for name in names)


def _read_variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _list_proxies(environ: Mapping[str, str]) -> list[str]:
    return [found for name in ("http_proxy", "https_proxy", "all_proxy") if (found := _read_variable(environ, name))]
