"""An engine for tests of the API alone: speaks as child/worker.py does, and answers from what it is asked."""

import json
import os
import sys


def say(**event: object) -> None:
    print(json.dumps(event), flush=True)


say(event="ready")
cancelled = []
for line in sys.stdin:
    request = json.loads(line)
    if "cancel" in request:
        cancelled.append(request["cancel"])
        continue
    number, doing = request["id"], request["do"]
    if doing == "embed":
        vectors = [[float(len(text)), 0.5] for text in request["texts"]]
        say(event="done", id=number, result={"vectors": vectors, "tokens": len(vectors)})
    elif doing == "classify":
        say(event="done", id=number, result={"vectors": [[0.0, 1.0]] * len(request["texts"]), "tokens": 1})
    else:
        ask = request["ask"]
        prompt = ask["prompt"] or ask["messages"][-1]["content"]
        if prompt == "refuse":
            say(event="failed", id=number, outcome="refused", reason="not this")
            continue
        if prompt == "fail":
            say(event="failed", id=number, outcome="unsound", reason="it broke")
            continue
        if prompt == "cancelled?":
            prompt = json.dumps(cancelled)
        words = prompt.split(" ")
        for word in words:
            say(event="piece", id=number, text=word + " ")
            if word == "die":
                os._exit(3)
            if word == "break":
                say(event="failed", id=number, outcome="unsound", reason="broken in the middle")
                break
            if word == "wait":
                break
        else:
            say(event="done", id=number, result={"finish": "stop", "prompt_tokens": 3, "tokens": len(words)})
