"""Answers as a hub's clients read them: JSON, and errors with the headers that tell them apart."""

import itertools
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from holdfast.records.errors import (
    BusyVault,
    HoldfastError,
    NoSpace,
    StorageError,
    UnknownEntry,
    UnknownRepository,
    UnknownRevision,
)
from holdfast.records.hub_service import HeldBack

_CODES: Final = {UnknownRepository: "RepoNotFound", UnknownRevision: "RevisionNotFound", UnknownEntry: "EntryNotFound"}
_MESSAGE_MAX: Final = 1000
_RUN: Final = secrets.token_hex(8)
_COUNTER: Final = itertools.count(1)


def make_request_id() -> str:
    """A name for one request, that clients print and the log has."""
    return f"{_RUN}-{next(_COUNTER):08x}"


def answer_json(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON document."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")


def answer_error(
    status: int, message: str, *, code: str = "", more: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:  # fmt: skip
    """An error; its message is in the body, and in a header for requests that get no body."""
    said = {"X-Error-Message": make_header(message), **(headers or {})}
    if code:
        said["X-Error-Code"] = code
    return answer_json({"error": message, **(more or {})}, status=status, headers=said)


def answer_failure(error: HoldfastError, headers: Mapping[str, str] | None = None) -> web.Response:
    """What went wrong in the vault, or was refused by it."""
    message = " ".join(filter(None, (f"{error.what}.", error.next_step)))
    if isinstance(error, HeldBack):
        return answer_held_back(error)
    if isinstance(error, UnknownRepository | UnknownRevision | UnknownEntry):
        code = _CODES[type(error)]
        return answer_error(404, message, code=code, headers=headers)
    # What the medium denies us, or has not, is no fault of the client's.
    status = 500 if isinstance(error, StorageError) and not isinstance(error, NoSpace) else error.http_status
    later = {"Retry-After": "5"} if isinstance(error, BusyVault) else {}
    return answer_error(status, message, more={"kind": type(error).__name__}, headers={**later, **(headers or {})})


def answer_held_back(error: HeldBack) -> web.Response:
    """451, naming the lever, the decision, who took it and when."""
    freeze = error.freeze
    more = {
        "frozen": {
            "model": freeze.model,
            "levers": freeze.levers,
            "decision": freeze.decision,
            "by": freeze.by,
            "at": freeze.at,
        }
    }
    message = f"This copy is frozen, and not given out: {error.what}"
    # With this code the hub's client prints the message; with one that it does not know it blames the connection.
    return answer_error(HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, message, code="GatedRepo", more=more)


def make_header(text: str) -> str:
    """Text that a header can hold: one line of Latin letters."""
    line = " ".join(text.split())
    cut = line if len(line) <= _MESSAGE_MAX else f"{line[: _MESSAGE_MAX - 3]}..."
    return "".join(letter if " " <= letter <= "~" else "?" for letter in cut)
