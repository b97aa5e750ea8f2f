"""The server's own log: a line a request and a line a fault, as JSON or as text. No token, ticket or query is in it."""

import json
import logging
import os
import re
import sys
import threading
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final, Literal, TypeAlias

from aiohttp import web

from holdfast.front.hub.trace import Trace
from holdfast.records.errors import OutputError, UsageError

Form: TypeAlias = Literal["json", "text"]
ACCESS: Final = logging.getLogger("holdfast.access")
_FORMS: Final[dict[str, Form]] = {"json": "json", "text": "text"}
_SECRET: Final = re.compile(r"hf_[A-Za-z0-9]{30,}")
_ODD: Final = re.compile(r"[^ -~]")
_TEXT_MAX: Final = 1000
_WRITE_EVERY_S: Final = 0.2
_CLOSE_WAIT_S: Final = 5.0
_RECORDS_MAX: Final = 50_000


def parse_form(text: str) -> Form:
    """Raises UsageError."""
    if text in _FORMS:
        return _FORMS[text]
    raise UsageError(f"{text[:30]!r} is no form of a log", where="--log-format", next_step="Write json or text.")


def open_log(form: Form, path: Path | None = None) -> "LogLines":
    """Let the server's log go to standard error, or to a file, which may be moved away at any time; until `close_log`.
    Raises OutputError."""
    handler = LogLines(_JsonLines() if form == "json" else _TextLines(), path)
    logger = logging.getLogger("holdfast")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler


def close_log(handler: "LogLines") -> None:
    """Write what is left and let go."""
    logging.getLogger("holdfast").removeHandler(handler)
    handler.close()


class LogLines(logging.Handler):
    """Writes records a few times a second, many at once, in a thread of its own: no request waits for a disk or a pipe.

    When what reads the log stands still, records beyond those that memory should hold are counted and left out.
    """

    def __init__(self, formatter: logging.Formatter, path: Path | None) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._path = path
        self._file: IO[str] | None = None
        self._records: deque[logging.LogRecord] = deque()
        self._left_out = 0
        self._writing = threading.Lock()
        self._ending = threading.Event()
        self._open()
        self._thread = threading.Thread(target=self._run, name="logging", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; it is written soon."""
        if len(self._records) < _RECORDS_MAX:
            self._records.append(record)
        else:
            self._left_out += 1

    def flush(self) -> None:
        """Write what was taken."""
        with self._writing:
            lines = [self._format(self._records.popleft()) for _ in range(len(self._records))]
            left_out, self._left_out = self._left_out, 0
            if left_out:
                lines.append(self._format(_make_record(f"{left_out} lines of this log were left out")))
            if lines:
                self._write("".join(f"{line}\n" for line in lines))

    def close(self) -> None:
        """Write what is left."""
        self._ending.set()
        self._thread.join(_CLOSE_WAIT_S)
        self.flush()
        with self._writing:
            if self._path and self._file:
                self._file.close()
        super().close()

    def _run(self) -> None:
        while not self._ending.wait(_WRITE_EVERY_S):
            self.flush()

    def _format(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # a log that fails would hide what it should tell
            return self.format(_make_record(f"a line of this log could not be written: {type(error).__name__}"))

    def _write(self, text: str) -> None:
        try:
            if self._path and not self._is_in_place():
                self._open()
            if self._file:
                self._file.write(text)
                self._file.flush()
        except (OSError, ValueError, OutputError):  # the disk is full, or whoever read the log is gone
            self._file = None if self._path else self._file

    def _open(self) -> None:
        try:
            self._file = open(self._path, "a", encoding="utf-8") if self._path else sys.stderr  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"the log cannot be written: {error.strerror}", where=str(self._path)) from error

    def _is_in_place(self) -> bool:
        """Whether the file that is open is still what stands at the path."""
        if self._file is None or self._path is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except OSError:
            self._file.close()
            return False


def _make_record(message: str, name: str = "holdfast.log", level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord(name, level, "", 0, message, None, None)


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
    record = _make_record("request", "holdfast.access", logging.INFO)
    record.said = said
    ACCESS.handle(record)


def hide(text: str) -> str:
    """Text without anything that looks like a token, and of bounded length."""
    return _SECRET.sub("hf_...", text[:_TEXT_MAX])


@lru_cache(maxsize=8)
def _tell_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _JsonLines(logging.Formatter):
    """An object a line, `at` first."""

    def format(self, record: logging.LogRecord) -> str:
        at = f"{_tell_second(int(record.created))}.{int(record.msecs):03}Z"
        said: dict[str, Any] = getattr(record, "said", None) or {"message": hide(record.getMessage())}
        line = {"at": at, "level": record.levelname.lower(), "log": record.name.removeprefix("holdfast."), **said}
        if record.exc_info:
            line["trace"] = hide(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


class _TextLines(logging.Formatter):
    """The same in words."""

    def format(self, record: logging.LogRecord) -> str:
        at = f"{_tell_second(int(record.created))}Z"
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
