"""Starts `transformers serve` and notes every generation where it happens: a JSON line with its tokens and moments.

Run by measure_engine_starting.py in a Python that has transformers: measure_counting.py LOG serve FOLDER …
"""

import json
import sys
import threading
import time
from importlib import import_module
from typing import Any


def count_generations(path: str) -> None:
    """From now on, in this process. Times are of the machine's monotonic clock, in nanoseconds."""
    log, lock = open(path, "a", buffering=1, encoding="utf-8"), threading.Lock()  # noqa: SIM115 - open to the end
    owner: Any = import_module("transformers.generation.utils").GenerationMixin
    generate = owner.generate

    def generate_counted(model: Any, *arguments: Any, **named: Any) -> Any:
        made = generate(model, *arguments, **named)
        prompt = named["input_ids"].shape[-1]
        noted = {"end_ns": time.monotonic_ns(), "prompt": prompt, "completion": made.shape[-1] - prompt}
        with lock:
            log.write(json.dumps(noted) + "\n")
        return made

    owner.generate = generate_counted


if __name__ == "__main__":
    count_generations(sys.argv[1])
    sys.argv = ["transformers", *sys.argv[2:]]
    import_module("transformers.cli.transformers").main()
