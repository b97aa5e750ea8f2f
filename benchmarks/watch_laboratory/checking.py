"""Whether what is served is what the tables say: the server's log probabilities beside the tables' logits."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from benchmarks.watch_laboratory.catalogue import VARIANTS
from benchmarks.watch_laboratory.speaking import as_list, as_object
from benchmarks.watch_laboratory.starting import Served
from benchmarks.watch_laboratory.tables import ABSENT, Tables

TOP = 20


def list_checked() -> tuple[str, ...]:
    """The variants whose log probabilities are those that are sampled from: all but those of temperature and top-p."""
    plain = (one for one in VARIANTS if one.serving.temperature_scale == 1.0 and one.serving.top_p == 1.0)
    return tuple(one.name for one in plain)


def compare(served: Served, tables: Tables, variant: str, prompts: int) -> float:
    """The largest difference, in nats, between how far each symbol lies below the first: served, and in the tables."""
    served.change(variant=variant, noise=0.0, share=1.0)
    columns = {name: place for place, name in reversed(list(enumerate(tables.symbols)))}
    worst = 0.0
    for row, prompt in enumerate(tables.prompts[:prompts]):
        told = ask_top(served, tables.model.name, prompt)
        if not told:
            continue
        logits = [float(tables.logits[variant][row, columns[name]]) for name, _ in told]
        pairs = zip(told, logits, strict=True)
        seen = [(value - told[0][1], logit - logits[0]) for (_, value), logit in pairs if logit > ABSENT]
        worst = max(worst, *(abs(one - other) for one, other in seen))
    return worst


def ask_top(served: Served, model: str, prompt: str) -> list[tuple[str, float]]:
    """The most likely first tokens as the server tells them, with the natural logarithms of their chances."""
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=60)
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": 1, "temperature": 1}
    connection.request("POST", "/v1/chat/completions", json.dumps({**body, "logprobs": True, "top_logprobs": TOP}))
    told: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    content = as_list(as_object(told["choices"][0]["logprobs"]).get("content"))
    top = as_list(as_object(content[0]).get("top_logprobs")) if content else []
    return [(bytes(one["bytes"]).decode(errors="backslashreplace"), float(one["logprob"])) for one in top]
