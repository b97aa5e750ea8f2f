"""A server with an API like OpenAI's, started beside this process and asked once: for smoke tests where there is no
network but loopback. The functions serve `holdfast run` as well. Standard library only."""

import contextlib
import ctypes
import hashlib
import http.client
import json
import math
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from time import monotonic, sleep
from typing import Any, cast

from holdfast.workflows.engines.child.models import PROBE_TEXT, PROBE_TOKENS, Unsound

_HOST = "127.0.0.1"
_PAUSE_S = 0.1
_ASK_S = 600.0
_ANSWER_BYTES_MAX = 16 << 20


def main(arguments: list[str]) -> None:
    """`{"command": …, "port": …, "health": …, "after": …, "model": …, "kind": …, "wait_s": …}`"""
    asked: dict[str, Any] = json.loads(arguments[0])
    server = subprocess.Popen(  # noqa: S603
        asked["command"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - there is one thread
    )
    try:
        problem = wait_healthy(asked["port"], asked["health"], asked["wait_s"], lambda: server.poll() is not None)
        problem = problem or run_after(asked["after"])
        if problem:
            _say({"event": "failed", "id": None, "outcome": "unknown", "reason": problem})
            return
        _say({"event": "ready", "facts": {"kind": asked["kind"], "notes": []}})
        request = json.loads(sys.stdin.buffer.readline() or b"{}")
        _say({"id": request.get("id"), **_try_probe(asked)})
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()
        server.wait()


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def wait_healthy(port: int, path: str, wait_s: float, is_over: Callable[[], bool]) -> str:
    """Wait until a server answers 200; empty, or why it does not."""
    deadline = monotonic() + wait_s
    while monotonic() < deadline:
        if is_over():
            return "the engine ended before it was ready"
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, _ = ask_server(port, "GET", path, None, 5.0)
            if status == 200:
                return ""
        sleep(_PAUSE_S)
    return f"the engine was not ready after {wait_s:.0f} s"


def run_after(commands: Sequence[Sequence[str]], environ: "dict[str, str] | None" = None) -> str:
    """Run what a server needs once it is up; empty, or what went wrong."""
    for command in commands:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr, check=False, env=environ
        )
        if done.returncode:
            return f"{os.path.basename(command[0])} {command[1]} ended with exit code {done.returncode}"
    return ""


def ask_server(port: int, method: str, path: str, body: object, timeout_s: float) -> tuple[int, bytes]:
    """One request to a server on loopback: its status and the body of its answer."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=timeout_s)
    try:
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_BYTES_MAX)
    finally:
        connection.close()


def _try_probe(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        result = _probe_vector(asked) if asked["kind"] == "embed" else _probe_text(asked)
    except Unsound as error:
        return {"event": "failed", "outcome": "unsound", "reason": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"event": "failed", "outcome": "unknown", "reason": f"{type(error).__name__}: {error}"}
    return {"event": "done", "result": result}


def _post(asked: dict[str, Any], path: str, body: dict[str, Any]) -> Any:
    status, data = ask_server(asked["port"], "POST", path, {"model": asked["model"], **body}, _ASK_S)
    if status != 200:
        raise Unsound(f"the engine answered {status}: {data[:300].decode('utf-8', 'replace')}")
    return json.loads(data)


def _probe_text(asked: dict[str, Any]) -> dict[str, Any]:
    body = {"prompt": PROBE_TEXT, "max_tokens": PROBE_TOKENS, "temperature": 0, "seed": 0, "logprobs": 1}
    said = _post(asked, "/v1/completions", body)
    text = str(said["choices"][0]["text"])
    usage: dict[str, Any] = said.get("usage") or {}
    tokens = int(usage.get("completion_tokens") or 0)
    if not tokens and not text:
        raise Unsound("the engine generated nothing")
    chances = list(_find_chances(said["choices"][0].get("logprobs")))
    if not all(math.isfinite(number) for number in chances):
        raise Unsound("the output has numbers that are infinite or none at all")
    finite = "" if chances else " (probabilities were not told)"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "checked": f"{tokens} tokens generated{finite}",
        "shape": [1, tokens],
        "digest": digest,
        "sample": text[:200],
    }


def _find_chances(said: object, name: str = "") -> Iterator[float]:
    """Every probability in what a server tells, however deep; what JSON cannot write stands there as null."""
    if isinstance(said, dict):
        for key, value in cast("dict[str, object]", said).items():
            yield from _find_chances(value, key)
    elif isinstance(said, list):
        for value in cast("list[object]", said):
            yield from _find_chances(value, name)
    elif name in ("logprob", "token_logprobs"):
        yield float(said) if isinstance(said, int | float) else math.nan


def _probe_vector(asked: dict[str, Any]) -> dict[str, Any]:
    said = _post(asked, "/v1/embeddings", {"input": PROBE_TEXT})
    vector = [float(number) for number in said["data"][0]["embedding"]]
    if not vector or not all(math.isfinite(number) for number in vector) or len(set(vector)) == 1:
        raise Unsound("the embedding is empty, infinite or one number everywhere")
    digest = hashlib.sha256(json.dumps(vector).encode()).hexdigest()
    return {"checked": "an embedding of a sentence", "shape": [1, len(vector)], "digest": digest, "sample": ""}
