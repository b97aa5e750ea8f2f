"""An alert as a signed POST. The body is JSON; its HMAC-SHA256 covers the time stamp and every byte of it.

Follows no redirect, and says an address by its host alone: the rest of it may be a credential.
"""

import hashlib
import hmac
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import UsageError

SIGNATURE: Final = "Holdfast-Signature"
TIMESTAMP: Final = "Holdfast-Timestamp"
IDENTITY: Final = "Holdfast-Alert"
KEY_VARIABLE: Final = "HOLDFAST_WATCH_WEBHOOK_KEY"
KEY_CHARACTERS_MIN: Final = 16
TRIES: Final = 3
WAIT_S: Final = 10.0
_PAUSES_S: Final = (1.0, 4.0)
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LATER: Final = "It is tried again at the next run."


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are posted, and the environment variable that holds the key they are signed with."""

    url: str
    key_variable: str = KEY_VARIABLE

    @property
    def outlet(self) -> str:
        """What the book calls it: a digest, as the address may hold a credential."""
        return f"webhook {hashlib.sha256(self.url.encode('utf-8', 'replace')).hexdigest()[:12]}"

    @property
    def host(self) -> str:
        """What people are told of its address."""
        return urllib.parse.urlsplit(self.url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs from outside: the time in seconds since 1970, sleep, the environment, and patience."""

    now_s: Callable[[], float]
    sleep: Callable[[float], None]
    environ: Mapping[str, str]
    wait_s: float = WAIT_S


def read_webhook(url: str, key_variable: str = KEY_VARIABLE) -> Webhook:
    """A webhook from its address. Raises UsageError when nothing can be posted there."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_fit = parts.scheme in ("http", "https") and bool((parts.hostname or "").encode("idna")) and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("This is no address of a webhook.", where="--webhook", next_step="Write https://HOST/PATH.")
    if "@" in urllib.parse.urlsplit(url).netloc:
        raise UsageError(
            "A webhook's address holds a user or a password.",
            where="--webhook",
            next_step="Leave it out: what is posted is signed with the key.",
        )
    return Webhook(url, key_variable or KEY_VARIABLE)


def sign_body(key: str, timestamp: int, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hexadecimal, of the time stamp, a full stop and the body."""
    secret = key.encode("utf-8", "surrogateescape")
    return f"v1={hmac.new(secret, f'{timestamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def post_alert(webhook: Webhook, identity: str, document: object, sender: Sender) -> str:
    """Post it, in at most three tries. Empty when it was taken (2xx), else a warning in words."""
    key = sender.environ.get(webhook.key_variable, "")
    if len(key) < KEY_CHARACTERS_MIN:
        lack = "is not set" if not key else f"has fewer than {KEY_CHARACTERS_MIN} characters"
        return f"Nothing was posted to {webhook.host}: {webhook.key_variable}, which holds the key, {lack}. {_LATER}"
    body = encode_canonical(document).encode("utf-8", "replace")
    failure = ""
    for number in range(TRIES):
        if number:
            sender.sleep(_PAUSES_S[number - 1])
        answer = _post_once(_make_request(webhook, identity, body, (key, int(sender.now_s()))), sender.wait_s)
        if answer.is_taken:
            return ""
        failure = answer.said
        if not answer.may_try_again:
            break
    return f"The alert could not be posted to {webhook.host}: {failure}. {_LATER}"


@dataclass(frozen=True, slots=True)
class _Answer:
    said: str
    is_taken: bool = False
    may_try_again: bool = False


def _make_request(webhook: Webhook, identity: str, body: bytes, signing: tuple[str, int]) -> urllib.request.Request:
    key, timestamp = signing
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "holdfast watch",
        IDENTITY: identity,
        TIMESTAMP: str(timestamp),
        SIGNATURE: sign_body(key, timestamp, body),
    }
    return urllib.request.Request(webhook.url, data=body, headers=headers, method="POST")  # noqa: S310 - http(s) alone


def _post_once(request: urllib.request.Request, wait_s: float) -> _Answer:
    try:
        with _make_opener().open(request, timeout=wait_s) as answer:
            return _Answer(f"it answered {answer.status}", is_taken=200 <= answer.status < 300)
    except urllib.error.HTTPError as error:
        error.close()
        said = "redirects are not followed" if 300 <= error.code < 400 else "it was refused"
        return _Answer(f"it answered {error.code}: {said}", may_try_again=error.code in _AGAIN)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = "no answer in time" if isinstance(reason, TimeoutError) else f"no connection ({type(reason).__name__})"
        return _Answer(said, may_try_again=True)


def _make_opener() -> urllib.request.OpenerDirector:
    """Without the handler of redirects: what was signed for one place is sent to no other."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    return opener
