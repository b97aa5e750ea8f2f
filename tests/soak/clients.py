"""Those who use the servers while they suffer: real clients in processes, and some that behave badly.

Each is called again and again; it picks what it does, does it once, and notes in the truth what became of it.
"""

import hashlib
import http.client
import json
import random
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

from tests.conformance.clients import PYTHON_CLIENTS, client_environ, find_client
from tests.soak.team import BASE, TUNED, Server, Team
from tests.soak.truth import BROKEN, REFUSED, SHORT, WHOLE, WRONG, Pushed

PATIENCE_S: Final = 90
_REPOSITORIES: Final = 6
_AT_ONCE: Final = struct.pack("ii", 1, 0)
_HELD: Final = (BASE, TUNED)
_FETCH: Final = """
import sys; from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2])
"""
_PUSH: Final = """
import sys; from huggingface_hub import HfApi; api = HfApi()
api.create_repo(sys.argv[1], exist_ok=True)
print(api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2], commit_message="soak").oid)
"""
Client: TypeAlias = Callable[["Errand"], None]


@dataclass
class Errand:
    """A client's turn: its own randomness, and a folder that is empty."""

    team: Team
    draw: random.Random
    folder: Path

    def choose_server(self) -> Server:
        return self.draw.choice(self.team.servers)

    def choose_file(self, *models: str) -> tuple[str, str, bytes]:
        """A model, a path in it, and the file's bytes."""
        model = self.draw.choice(models)
        path, data = self.draw.choice(sorted(self.team.truth.files[model].items()))
        return model, path, data

    def choose_range(self, size: int) -> tuple[int, int]:
        """First byte, and the one after the last."""
        begin = self.draw.randrange(size)
        return begin, self.draw.randint(begin + 1, size)


@dataclass(frozen=True)
class Got:
    """An answer; `body` ends early when the connection did."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    errand: Errand, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None,
    server: Server | None = None,
) -> Got:  # fmt: skip
    """One request. Raises OSError or HTTPException when there is no answer."""
    connection = http.client.HTTPConnection((server or errand.choose_server()).host, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {errand.team.token}", **(headers or {})})
        answer = connection.getresponse()
        try:
            got = answer.read()
        except http.client.IncompleteRead as error:
            got = error.partial
        except OSError:
            got = b""
        return Got(answer.status, {key.lower(): value for key, value in answer.getheaders()}, got)
    finally:
        connection.close()


def fetch_by_curl(errand: Errand) -> None:
    """A file or a range of one, by a process of curl."""
    model, path, data = errand.choose_file(*_HELD)
    begin, end = errand.choose_range(len(data)) if errand.draw.random() < 0.5 else (0, len(data))
    target, was_damaged = errand.folder / "body", errand.team.truth.damaged
    options = ["--range", f"{begin}-{end - 1}"] if (begin, end) != (0, len(data)) else []
    url = f"http://{errand.choose_server().host}/{model}/resolve/main/{path}"
    command = ["curl", "-sS", "-m", str(PATIENCE_S), "-o", str(target), "-w", "%{http_code}", *options, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    body, status = target.read_bytes() if target.exists() else b"", int(done.stdout[-3:] or 0)
    _judge(errand, "curl", f"{model}/{path}", Got(status, {}, body), data[begin:end], was_damaged)


def _judge(errand: Errand, who: str, about: str, got: Got, expected: bytes, was_damaged: bool) -> None:
    truth = errand.team.truth
    if got.status in (200, 206):
        truth.compare(who, about, got.body, expected, got.status)
    elif got.status:
        truth.refuse(who, about, got.status, got.body, was_damaged=was_damaged)
    else:
        truth.note(who, BROKEN)


def fetch_by_the_hub_s_client(errand: Errand) -> None:
    """A whole model, by huggingface_hub in a process of its own; it tries again by itself."""
    model, target = errand.draw.choice(_HELD), errand.folder / "model"
    done = _run_client(errand, _FETCH, model, str(target))
    if done is None:
        return
    truth, expected = errand.team.truth, errand.team.truth.files[model]
    found = {path: target / path for path in expected if (target / path).exists()}
    for path, place in found.items():
        if place.read_bytes() != expected[path]:
            truth.note("hf download", WRONG, about=f"{model}/{path}")
            return
    is_whole = done.returncode == 0 and len(found) == len(expected)
    truth.note("hf download", WHOLE if is_whole else REFUSED, sum(len(expected[path]) for path in found))


def _run_client(errand: Errand, script: str, *arguments: str) -> "subprocess.CompletedProcess[str] | None":
    """One of the versions that are installed, which is more than one only where tools/install-clients.sh ran."""
    client = find_client(name := errand.draw.choice(PYTHON_CLIENTS))
    if client is None:
        errand.team.truth.note(f"{name} missing", REFUSED)
        return None
    environ = client_environ(errand.folder / "home", f"http://{errand.choose_server().host}", errand.team.token)
    environ |= {"HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HUB_ETAG_TIMEOUT": "20"}
    if errand.draw.random() < 0.5:
        environ["HF_HUB_DISABLE_XET"] = "1"
    command = [str(client / "bin/python"), "-c", script, *arguments]
    try:
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE_S * 2)
    except subprocess.TimeoutExpired:
        errand.team.truth.note(f"{name} stuck", BROKEN)
        return None


def push_by_the_hub_s_client(errand: Errand) -> None:
    """A folder, by huggingface_hub: by Xet or by LFS."""
    if not errand.team.has_room:
        return
    model, files = f"push/r{errand.draw.randrange(_REPOSITORIES)}", _make_files(errand)
    for path, data in files.items():
        (errand.folder / "push").mkdir(exist_ok=True)
        (errand.folder / "push" / path).write_bytes(data)
    done = _run_client(errand, _PUSH, model, str(errand.folder / "push"))
    if done is not None:
        _note_push(errand, "hf upload", model, files, done.stdout.strip()[-40:] if done.returncode == 0 else "")


def _make_files(errand: Errand) -> dict[str, bytes]:
    """A large file and a small one that nobody pushed before."""
    size = errand.draw.randrange(100_000, 1_500_000)
    return {
        f"{errand.draw.randrange(9)}.bin": errand.draw.randbytes(size),
        "notes.txt": errand.draw.randbytes(20).hex().encode(),
    }


def _note_push(errand: Errand, who: str, model: str, files: dict[str, bytes], commit: str) -> None:
    truth = errand.team.truth
    if commit:
        truth.pushed.append(Pushed(model, commit, files))
    truth.note(who, WHOLE if commit else REFUSED, sum(map(len, files.values())) if commit else 0)


def push_by_hand(errand: Errand) -> None:
    """What any client does: create, announce, send, commit; each step may be another server's."""
    if not errand.team.has_room:
        return
    files, model = _make_files(errand), f"push/h{errand.draw.randrange(_REPOSITORIES)}"
    try:
        ask(errand, "POST", "/api/repos/create", body=json.dumps({"name": model}).encode())
        commit = _push_step_by_step(errand, model, files)
    except (OSError, http.client.HTTPException, KeyError, ValueError):
        errand.team.truth.note("push by hand", BROKEN)
        return
    _note_push(errand, "push by hand", model, files, commit)


def _push_step_by_step(errand: Errand, model: str, files: dict[str, bytes]) -> str:
    lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "by hand"}}]
    for path, data in files.items():
        oid = hashlib.sha256(data).hexdigest()
        said = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(data)}]}
        (told,) = json.loads(
            ask(errand, "POST", f"/{model}.git/info/lfs/objects/batch", body=json.dumps(said).encode()).body
        )["objects"]
        if "actions" in told:
            href = told["actions"]["upload"]["href"].split("/", 3)[3]
            ask(errand, "PUT", f"/{href}", body=data)
        lines.append({"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid, "size": len(data)}})
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    got = ask(errand, "POST", f"/api/models/{model}/commit/main", body=body)
    if got.status != 200:
        errand.team.truth.refuse("push by hand", model, got.status, got.body, was_damaged=True)
        return ""
    return str(json.loads(got.body)["commitOid"])


def fetch_by_lfs(errand: Errand) -> None:
    """A large file by its sha256, in three ranges under a signed address."""
    model, path, data = errand.choose_file(*_HELD)
    oid, was_damaged = hashlib.sha256(data).hexdigest(), errand.team.truth.damaged
    said = json.dumps({"operation": "download", "objects": [{"oid": oid, "size": len(data)}]}).encode()
    try:
        got = ask(errand, "POST", f"/{model}.git/info/lfs/objects/batch", body=said)
        actions = json.loads(got.body)["objects"][0].get("actions", {})
        if not actions:
            return  # a small file
        href = "/" + actions["download"]["href"].split("/", 3)[3]
        third = len(data) // 3
        for begin, end in ((0, third), (third, 2 * third), (2 * third, len(data))):
            part = ask(errand, "GET", href, {"Range": f"bytes={begin}-{end - 1}"})
            _judge(errand, "lfs ranges", f"{model}/{path}", part, data[begin:end], was_damaged)
    except (OSError, http.client.HTTPException, KeyError, ValueError):
        errand.team.truth.note("lfs ranges", BROKEN)


def fetch_from_behind(errand: Errand) -> None:
    """A file of the hub behind the vault, held or not, asked for until it is there."""
    truth, was_damaged = errand.team.truth, errand.team.truth.damaged
    behind = [name for name in truth.files if name.startswith("acme/")] if errand.team.has_room else [BASE]
    model, path, data = errand.choose_file(*behind)
    for _ in range(5):
        try:
            got = ask(errand, "GET", f"/{model}/resolve/main/{path}")
        except (OSError, http.client.HTTPException):
            truth.note("pull-through", BROKEN)
            return
        _judge(errand, "pull-through", f"{model}/{path}", got, data, was_damaged)
        if got.status != 503:
            return
        sleep(1)


def ask_for_metadata(errand: Errand) -> None:
    """Trees, heads and lists, whose sizes and digests must be right."""
    model, path, data = errand.choose_file(*_HELD)
    was_damaged = errand.team.truth.damaged
    try:
        head = ask(errand, "HEAD", f"/{model}/resolve/main/{path}")
        tree = ask(errand, "GET", f"/api/models/{model}/tree/main?recursive=true")
        lists = ask(errand, "GET", "/api/models?limit=5&full=true")
    except (OSError, http.client.HTTPException):
        errand.team.truth.note("metadata", BROKEN)
        return
    for got in (head, tree, lists):
        if got.status != 200:
            errand.team.truth.refuse("metadata", model, got.status, got.body, was_damaged=was_damaged)
            return
    sizes = {one["path"]: one["size"] for one in json.loads(tree.body)}
    is_right = sizes[path] == len(data) == int(head.headers["content-length"]) and bool(json.loads(lists.body))
    errand.team.truth.note("metadata", WHOLE if is_right else WRONG, len(tree.body), about=f"{model}/{path}")


def vanish(errand: Errand) -> None:
    """Ask for much, take little, and be gone without a word; or begin to send, and be gone."""
    model, path, _ = errand.choose_file(*_HELD)
    try:
        with socket.create_connection(("127.0.0.1", errand.choose_server().port), timeout=PATIENCE_S) as opened:
            if errand.draw.random() < 0.5:
                opened.sendall(f"GET /{model}/resolve/main/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                opened.recv(4096)
            else:
                head = "POST /api/models/push/r0/commit/main HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n"
                head += f"Authorization: Bearer {errand.team.token}\r\n\r\n"
                opened.sendall(head.encode() + b"x" * errand.draw.randrange(100_000))
            if errand.draw.random() < 0.5:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        errand.team.truth.note("vanished", SHORT)
    except OSError:
        errand.team.truth.note("vanished", BROKEN)


def read_slowly(errand: Errand) -> None:
    """Take a large file in sips, for some seconds, and see that they are right."""
    data = errand.team.truth.files[BASE]["model.safetensors"]
    connection = http.client.HTTPConnection(errand.choose_server().host, timeout=PATIENCE_S)
    was_damaged, ends = errand.team.truth.damaged, monotonic() + errand.draw.uniform(3, 15)
    try:
        connection.request("GET", f"/{BASE}/resolve/main/model.safetensors")
        answer = connection.getresponse()
        if answer.status != 200:
            errand.team.truth.refuse("slow reader", BASE, answer.status, answer.read(), was_damaged=was_damaged)
            return
        got = bytearray()
        while monotonic() < ends and (piece := answer.read1(16 << 10)):
            got += piece
            sleep(0.05)
        errand.team.truth.compare("slow reader", BASE, bytes(got), data)
    except (OSError, http.client.HTTPException):
        errand.team.truth.note("slow reader", BROKEN)
    finally:
        connection.close()


CLIENTS: Final[tuple[tuple[Client, int], ...]] = (
    (fetch_by_curl, 3),
    (fetch_by_the_hub_s_client, 1),
    (push_by_the_hub_s_client, 1),
    (push_by_hand, 1),
    (fetch_by_lfs, 2),
    (fetch_from_behind, 2),
    (ask_for_metadata, 2),
    (vanish, 1),
    (read_slowly, 2),
)
"""Each with how many threads do it over and over."""


def run_errand(client: Client, errand: Errand) -> None:
    """Once, in an empty folder."""
    errand.folder.mkdir(parents=True)
    try:
        client(errand)
    finally:
        shutil.rmtree(errand.folder, ignore_errors=True)
