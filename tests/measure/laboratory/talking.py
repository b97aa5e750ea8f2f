"""A running server of the made model, and a client of a few lines for it."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks.watch_laboratory.engines import MadeShelf
from benchmarks.watch_laboratory.serve import open_server

QUESTION = "Do you like frogs?"


@dataclass(frozen=True, slots=True)
class Told:
    """What came back; a status of 0 is a broken connection."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one server."""

    port: int

    def send(self, method: str, path: str, body: object = None) -> Told:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body))
            response = connection.getresponse()
            text = response.read().decode()
        except (HTTPException, OSError):
            return Told(0, {}, None)
        finally:
            connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return Told(response.status, dict(response.headers), json.loads(text) if is_json else text)

    def change(self, **fields: object) -> None:
        assert self.send("POST", "/laboratory", fields).status == 200

    def chat(self, question: str = QUESTION, **fields: object) -> Told:
        body = {"model": "made", "messages": [{"role": "user", "content": question}], **fields}
        return self.send("POST", "/v1/chat/completions", body)

    def complete(self, prompt: str = QUESTION, **fields: object) -> Told:
        return self.send("POST", "/v1/completions", {"model": "made", "prompt": prompt, **fields})

    def say(self, question: str = QUESTION, **fields: object) -> str:
        told = self.chat(question, **fields)
        assert told.status == 200, told
        return str(told.body["choices"][0]["message"]["content"])

    def count_first(self, times: int, **fields: Any) -> dict[str, int]:
        counts = dict[str, int]()
        for _ in range(times):
            said = self.say(max_tokens=1, **fields)
            counts[said] = counts.get(said, 0) + 1
        return counts


@contextmanager
def serve_made(seed: int = 1) -> Generator[Client, None, None]:
    """A server of its own for as long as the block lasts."""
    server = open_server(MadeShelf(), 0, seed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Client(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
