"""Real engines on a model of measure_models.py, with counters of their own that are read beside what they answer."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.measure_models import CACHES, HERE, find_python
from benchmarks.serving_peers import find_port

HOST = "127.0.0.1"
WAIT_S, ASK_S, POLL_S = 180, 30, 0.02
LLAMA = CACHES / "holdfast-engines" / "llama" / "build" / "bin" / "llama-server"


@dataclass(frozen=True, slots=True)
class Count:
    """What an engine has counted until a moment; `generating_s` stays 0 where it does not count that."""

    at_ns: int
    requests: int
    prompt: int
    completion: int
    generating_s: float = 0.0

    def since(self, before: "Count") -> "Count":
        """What came between two moments."""
        return Count(
            self.at_ns,
            self.requests - before.requests,
            self.prompt - before.prompt,
            self.completion - before.completion,
            self.generating_s - before.generating_s,
        )


class Engine(Protocol):
    """A server that runs. `model` is the name to ask for, `extra` what a body says so that no answer ends early."""

    name: str
    port: int
    model: str

    def make_extra(self, tokens: int) -> str: ...
    def read_count(self) -> Count: ...
    def read_history(self) -> Sequence[Count]: ...


class TransformersServe:
    """`transformers serve`, which counts nothing itself: its generations are counted where they happen."""

    name = "transformers serve"

    def __init__(self, folder: Path, port: int, log: Path) -> None:
        self.port, self.model, self._log = port, str(folder), log

    def make_extra(self, tokens: int) -> str:
        """It takes a whole generation configuration, and nothing that it does not know."""
        settings = json.dumps({"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False})
        return json.dumps({"generation_config": settings, "stream_options": None})

    def read_count(self) -> Count:
        """All generations until now."""
        return self.read_history()[-1]

    def read_history(self) -> Sequence[Count]:
        """The count after each generation."""
        counts = [Count(0, 0, 0, 0)]
        for line in self._log.read_text(encoding="utf-8").splitlines():
            said, last = json.loads(line), counts[-1]
            prompt, completion = last.prompt + said["prompt"], last.completion + said["completion"]
            counts.append(Count(said["end_ns"], last.requests + 1, prompt, completion))
        return counts


class LlamaServer:
    """llama.cpp's own server: /metrics, and a line in its log for each answer. Asked for all the time while it runs."""

    name = "llama-server"

    def __init__(self, model: str, port: int, log: Path) -> None:
        self.port, self.model, self._log = port, model, log
        self._history = list[Count]()

    def make_extra(self, tokens: int) -> str:  # noqa: ARG002 - the limit is in the request
        """It takes a word for it."""
        return json.dumps({"ignore_eos": True})

    def read_count(self) -> Count:
        """All until now; what it did not compute since it was in a cache is a part of the prompts."""
        at_ns, said = time.monotonic_ns(), self._fetch()
        prompt = said["prompt_tokens_total"] + said["prompt_tokens_cached_total"]
        return Count(
            at_ns,
            self._log.read_text(encoding="utf-8", errors="replace").count("stop processing"),
            int(prompt),
            int(said["tokens_predicted_total"]),
            said["tokens_predicted_seconds_total"],
        )

    def read_history(self) -> Sequence[Count]:
        """The counts that were asked for while `watch` was on."""
        return self._history

    @contextlib.contextmanager
    def watch(self) -> Generator[None]:
        """Ask for its counters again and again."""
        self._history = [self.read_count()]
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.wait(POLL_S):
                self._history.append(self.read_count())

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _fetch(self) -> Mapping[str, float]:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=ASK_S) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.removeprefix("llamacpp:").split(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


@contextlib.contextmanager
def start_transformers(folder: Path, scratch: Path) -> Generator[TransformersServe]:
    """`transformers serve` on a folder, on the processor and offline."""
    port, log = find_port(), scratch / "generations.jsonl"
    log.touch()
    words = [find_python(), HERE / "measure_counting.py", log, "serve", folder, "--device", "cpu"]
    where = ["--host", HOST, "--port", port]
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
    with _running([*words, *where], scratch / "transformers.log", environ):
        _wait(port)
        yield TransformersServe(folder, port, log)


@contextlib.contextmanager
def start_llama(path: Path, scratch: Path, slots: int = 4) -> Generator[LlamaServer]:
    """llama-server on a GGUF file."""
    port, log = find_port(), scratch / "llama.log"
    where = ["--model", path, "--alias", path.stem, "--host", HOST, "--port", port, "--offline", "--no-webui"]
    how = ["--metrics", "--parallel", slots, "--threads", 1]
    with _running([find_llama(), *where, *how], log, os.environ):
        _wait(port)
        yield LlamaServer(path.stem, port, log)


def find_llama() -> Path:
    """On PATH, or where it was built."""
    found = shutil.which("llama-server")
    if found is None and not LLAMA.exists():
        sys.exit("there is no llama-server: put it on PATH")
    return Path(found) if found else LLAMA


@contextlib.contextmanager
def _running(words: Sequence[object], log: Path, environ: Mapping[str, str]) -> Generator[None]:
    with log.open("w") as file:
        process = subprocess.Popen([str(word) for word in words], stdout=file, stderr=file, env=dict(environ))
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait(port: int) -> None:
    """Until it says that it is well."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=ASK_S):
            return
        time.sleep(0.1)
    sys.exit(f"no engine was ready on port {port} after {WAIT_S} s")
