"""A program that stands where a server engine would, under the names vllm, llama-server and ollama: it answers as they
do, and writes down how it was started."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer({"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        chances = {"token_logprobs": [float(os.environ.get("OMP_STAND_IN_LOGPROB", "-0.5"))]}
        choice = {"text": f"after {body['prompt']}", "logprobs": chances}
        self.answer({"choices": [choice], "usage": {"completion_tokens": 8}, "model": body["model"]})

    def answer(self, said: object) -> None:
        data = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        sys.stderr.write("answered\n")


def find_port() -> int:
    if "--port" in sys.argv:
        return int(sys.argv[sys.argv.index("--port") + 1])
    return int(os.environ["OLLAMA_HOST"].rpartition(":")[2])


started = {"arguments": sys.argv[1:], "environ": dict(os.environ), "pid": os.getpid()}
if "--version" in sys.argv:
    print("stand-in 1.2.3")
    sys.exit(0)
record = Path(__file__).with_name(f"started-{sys.argv[1] if sys.argv[1] in ('serve', 'create') else 'server'}.json")
record.write_text(json.dumps(started))
if sys.argv[1] == "create":
    sys.exit(0)
ThreadingHTTPServer(("127.0.0.1", find_port()), Handler).serve_forever()
