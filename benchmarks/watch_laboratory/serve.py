"""Serves a model of the laboratory as an OpenAI-compatible endpoint whose behaviour can be changed while it runs.

`python -m benchmarks.watch_laboratory.serve MODEL [--port 0]`; POST /laboratory takes the fields of `Conditions`, GET
gives them. `made` needs no PyTorch. Prints its base URL once it listens. Loopback only.
"""

import argparse
import json
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
from benchmarks.watch_laboratory.answering import Answer, Answerer, Request
from benchmarks.watch_laboratory.catalogue import PLACE
from benchmarks.watch_laboratory.conditions import (
    Behaviour,
    Conditions,
    InvalidConditions,
    list_conditions,
    read_conditions,
)
from benchmarks.watch_laboratory.engines import MADE, MadeShelf, Shelf
from benchmarks.watch_laboratory.speaking import (
    Refused,
    as_object,
    read_request,
    write_body,
    write_call,
    write_chunks,
    write_usage,
)

BODY_BYTES_MAX = 1 << 20
CACHED_MAX = 4096
WAIT_S = 60.0  # for a client that says nothing
REASONS = {404: "the model does not exist", 410: "this model was retired", 451: "not available for legal reasons"}


class Laboratory:
    """A model, the conditions it is served under, and what was served so far. Safe between threads."""

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self.model, self.conditions = shelf.model, Conditions()
        self._draws = np.random.default_rng(seed)
        self._answerer = Answerer(shelf, self._draws)
        self._cached = dict[str, Answer]()
        self._lock = threading.Lock()
        self.asked = 0
        self.failed = 0

    def change(self, body: bytes) -> None:
        """Conditions as posted. Raises InvalidConditions."""
        with self._lock:
            self.conditions = read_conditions(body, self.conditions)

    def count(self) -> int:
        """Another request has come: the how-manieth it is."""
        with self._lock:
            self.asked += 1
            return self.asked

    def is_failing(self) -> bool:
        """Whether this request is one of those that fail."""
        with self._lock:
            is_failing = bool(self._draws.random() < self.conditions.errors)
            self.failed += is_failing
            return is_failing

    def is_breaking_tools(self) -> bool:
        """Whether this call's arguments are broken."""
        with self._lock:
            return bool(self._draws.random() < self.conditions.broken_tools)

    def answer(self, request: Request, body: bytes) -> Answer:
        """One answer, or an earlier one where the endpoint caches."""
        with self._lock:
            if not self.conditions.has(Behaviour.CACHES):
                return self._answerer.answer(request, self.conditions)
            key = body.decode(errors="replace")
            if key not in self._cached:
                if len(self._cached) >= CACHED_MAX:
                    self._cached.clear()
                self._cached[key] = self._answerer.answer(request, self.conditions)
            return self._cached[key]

    def name(self, answer: Answer) -> tuple[str, str]:
        """The model and the fingerprint that an answer tells: the same whatever was served, but where it announces."""
        if self.conditions.has(Behaviour.ANNOUNCES):
            return f"{self.model}-{answer.variant}", f"fp_{answer.variant}"
        return self.model, f"fp_{self.model}"


class Handler(BaseHTTPRequestHandler):
    """One connection. Subclassed with its laboratory."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = WAIT_S
    laboratory: Laboratory

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """What there is, and how it behaves."""
        if self.path == "/laboratory":
            facts = {"asked": self.laboratory.asked, "failed": self.laboratory.failed, "model": self.laboratory.model}
            self._send(200, list_conditions(self.laboratory.conditions) | facts)
        elif self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": self.laboratory.model, "object": "model"}]})
        else:
            self._send(404, _write_error("no such page", 404))

    def do_POST(self) -> None:
        """An answer, or other conditions."""
        try:
            body = self._read()
            if self.path == "/laboratory":
                self.laboratory.change(body)
                self._send(200, list_conditions(self.laboratory.conditions))
            elif self.path in ("/v1/chat/completions", "/v1/completions"):
                self._complete(body, is_chat=self.path.endswith("chat/completions"))
            else:
                raise Refused("no such page", 404)
        except (Refused, InvalidConditions) as error:
            code = error.code if isinstance(error, Refused) else 400
            self._send(code, _write_error(str(error), code))

    def _read(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            raise Refused(f"Content-Length: at most {BODY_BYTES_MAX} bytes are taken", 413)
        return self.rfile.read(int(length))

    def _complete(self, body: bytes, *, is_chat: bool) -> None:
        conditions, number = self.laboratory.conditions, self.laboratory.count()
        if conditions.latency_ms:
            time.sleep(conditions.latency_ms / 1000)
        if self._fail(conditions, number):
            return
        asked = _parse(body)
        request = read_request(asked, is_chat=is_chat)
        if conditions.has(Behaviour.REFUSES_LOGPROBS) and request.top_logprobs is not None:
            raise Refused("logprobs are not supported by this model")
        if conditions.has(Behaviour.NO_LOGPROBS):
            request = replace(request, top_logprobs=None)
        answer = self.laboratory.answer(request, body)
        if conditions.has(Behaviour.EMPTY):
            answer = replace(answer, tokens=(), finish="stop")
        self._tell(answer, request, asked, is_chat=is_chat)

    def _fail(self, conditions: Conditions, number: int) -> bool:
        """Whether the request was turned away."""
        if conditions.limit_every and number % conditions.limit_every == 0:
            self._send(429, _write_error("rate limit reached", 429), {"Retry-After": f"{conditions.retry_after_s:g}"})
        elif conditions.status:
            self._send(conditions.status, _write_error(REASONS.get(conditions.status, "failed"), conditions.status))
        elif self.laboratory.is_failing():
            if number % 2:
                self._send(500, _write_error("internal error", 500))
            else:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            return False
        return True

    def _tell(self, answer: Answer, request: Request, asked: dict[str, Any], *, is_chat: bool) -> None:
        names = self.laboratory.name(answer)
        if asked.get("stream"):
            events = list(write_chunks(answer, request, names, is_chat=is_chat))
            if as_object(asked.get("stream_options")).get("include_usage"):
                events.append({**events[-1], "choices": [], "usage": write_usage(answer)})
            self._stream(events)
            return
        told = write_body(answer, request, names, is_chat=is_chat)
        if is_chat and asked.get("tools") and asked.get("tool_choice") != "none":
            told["choices"][0] |= {
                "message": write_call(asked, answer, is_broken=self.laboratory.is_breaking_tools()),
                "finish_reason": "tool_calls",
                "logprobs": None,
            }
        self._send(200, told)

    def _send(self, code: int, told: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(code)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _stream(self, events: list[dict[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in [*(json.dumps(one) for one in events), "[DONE]"]:
            data = f"data: {event}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """A thread for each connection; clients that leave are no error."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only what is not the client's doing is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def open_server(shelf: Shelf, port: int, seed: int) -> Server:
    """A server that listens on loopback, and serves once `serve_forever` is called."""
    bound = type("BoundHandler", (Handler,), {"laboratory": Laboratory(shelf, seed)})
    return Server(("127.0.0.1", port), bound)


def open_shelf(model: str, place: Path) -> Shelf:
    """The made model, or a trained one: PyTorch is loaded only for it."""
    if model == MADE:
        return MadeShelf()
    module = import_module("benchmarks.watch_laboratory.shelf")
    module.torch.set_num_threads(1)
    shelf: Shelf = module.TrainedShelf(place, model)
    return shelf


def _parse(body: bytes) -> dict[str, Any]:
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from error
    if not isinstance(asked, dict):
        raise Refused("not a JSON object")
    return as_object(cast("object", asked))


def _write_error(message: str, code: int) -> dict[str, Any]:
    kind = {429: "rate_limit_exceeded", 404: "model_not_found"}.get(code, "error")
    return {"error": {"message": message, "type": kind, "code": kind}}


def _stop(_signal: int, _frame: object) -> None:
    sys.exit(0)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of all draws that no request seeds itself")
    parser.add_argument("--place", type=Path, default=PLACE)
    parser.add_argument("--device", choices=("cpu",), default="cpu")
    asked = parser.parse_args()
    try:
        shelf = open_shelf(asked.model, asked.place)
    except (FileNotFoundError, KeyError) as error:
        sys.exit(str(error))
    server = open_server(shelf, asked.port, asked.seed)
    signal.signal(signal.SIGTERM, _stop)
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
