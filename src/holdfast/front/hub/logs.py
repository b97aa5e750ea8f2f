"""The server's own log: a line a request and a line a fault, as JSON or as text. No token, ticket or query is in it."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal, TypeAlias

from aiohttp import web

from holdfast.front.hub.trace import Trace
from holdfast.records.errors import OutputError, UsageError

Form: TypeAlias = Literal["json", "text"]
ACCESS: Final = logging.getLogger("holdfast.access")
_FORMS: Final[dict[str, Form]] = {"json": "json", "text": "text"}
_SECRET: Final = re.compile(r"hf_[A-Za-z0-9]{30,}")
_ODD: Final = re.compile(r"[^ -~]")
_TEXT_MAX: Final = 1000


def parse_form(text: str) -> Form:
    """Raises UsageError."""
    if text in _FORMS:
        return _FORMS[text]
    raise UsageError(f"{text[:30]!r} is no form of a log", where="--log-format", next_step="Write json or text.")


def open_log(form: Form, path: Path | None = None) -> logging.Handler:
    """Let the server's log go to standard error, or to a file, which may be moved away at any time; until `close_log`.
    Raises OutputError."""
    try:
        handler: logging.Handler = (
            WatchedFileHandler(path, encoding="utf-8") if path else logging.StreamHandler(sys.stderr)
        )
    except OSError as error:
        raise OutputError(f"the log cannot be written: {error.strerror}", where=str(path)) from error
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    logger = logging.getLogger("holdfast")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler


def close_log(handler: logging.Handler) -> None:
    """Write what is left and let go."""
    logging.getLogger("holdfast").removeHandler(handler)
    handler.close()


def log_request(request: web.Request, trace: Trace, status: int, sent: int) -> None:
    """One line about a request that was answered."""
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    said: dict[str, Any] = {
        "id": trace.id,
        "address": trace.address,
        "caller": trace.caller.label if trace.caller.token else "anonymous",
        "method": request.method,
        "path": hide(request.raw_path.partition("?")[0]),
        "status": status,
        "bytes": sent,
        "ms": round((monotonic() - trace.began) * 1000, 1),
        "agent": hide(request.headers.get("User-Agent", "")),
    }
    if trace.refused:
        said["refused"] = hide(trace.refused)
    ACCESS.info("request", extra={"said": said})


def hide(text: str) -> str:
    """Text without anything that looks like a token, and of bounded length."""
    return _SECRET.sub("hf_...", text[:_TEXT_MAX])


class _JsonLines(logging.Formatter):
    """An object a line, `at` first."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, Any] = getattr(record, "said", None) or {"message": hide(record.getMessage())}
        line = {"at": at, "level": record.levelname.lower(), "log": record.name.removeprefix("holdfast."), **said}
        if record.exc_info:
            line["trace"] = hide(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


class _TextLines(logging.Formatter):
    """The same in words."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said: dict[str, Any] = getattr(record, "said", None) or {}
        if not said:
            trace = f"\n{hide(self.formatException(record.exc_info))}" if record.exc_info else ""
            return f"{at} {record.levelname.lower()} {_flatten(hide(record.getMessage()))}{trace}"
        words = "{address} {caller} {method} {path} {status} {bytes} bytes {ms} ms {id} {agent}".format(**said)
        refused = f" refused: {said['refused']}" if "refused" in said else ""
        return f"{at} {_flatten(words + refused)}"


def _flatten(text: str) -> str:
    """One line of plain letters, whatever a client sent."""
    return _ODD.sub("?", text)
