"""A vault with models of every kind, served by a process, and those who ask it: nobody, a reader, a writer.

`asking` makes requests of every kind from the server's own OpenAPI document; what names something is often the name of
something that is there.
"""

import base64
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from holdfast.records.access import Scope
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.vaults import VaultAsked
from tests.front.hub.hubs import MODEL, keep, list_files, write_model
from tests.front.hub.processes import running
from tests.front.hub.serving import Served, wait_until
from tests.front.hub.test_ollama import write_gguf

Request: TypeAlias = Case[Any]
NOBODY, READER, WRITER = "nobody", "reader", "writer"
FROZEN, PUSHED, DATA, ALONE, REAL = "org/frozen", "push/one", "datasets/org/data", "gpt2", "org/real"
_REAL: Final = Path(__file__).parents[3] / "examples/helpdesk/models/ticket-language"
_LINES: Final[tuple[Any, ...]] = (
    {"key": "header", "value": {"summary": "Some"}},
    {"key": "file", "value": {"path": "a.txt", "encoding": "base64", "content": base64.b64encode(b"a").decode()}},
    {"key": "lfsFile", "value": {"path": "b.bin", "algo": "sha256", "oid": "0" * 64, "size": 3}},
    {"key": "deletedFile", "value": {"path": "a.txt"}},
    {"key": "deletedFolder", "value": {"path": "sub/"}},
    {"key": "file", "value": {"path": "../a.txt", "encoding": "base64", "content": "!"}},
    {"key": "none", "value": {}},
    [],
)
_GIT: Final = (b"0000", b"0032want " + b"0" * 40 + b"\n", b"0009done\n", b"ffff", b"00", b"\x00\xff")
_RANGES: Final = (
    "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-2", "bytes=99999999-", "bytes=0-99999999999999999999", "bytes=",
    "bytes=0-1,3-4", "bytes=-0", "lines=1-2", "bytes = 1 - 2", "bytes=--1", "bytes=\u00b2-", "bytes=0-1-2",
)  # fmt: skip
_TEXTS: Final = ("*", '"x"', 'W/"x"', '""', '"', "x" * 5000, ", ,", "\xff")


@dataclass(frozen=True)
class Place:
    """The server, the tokens of those who ask, and what there is to name: values of parameters by their names."""

    served: Served
    tokens: Mapping[str, str]
    known: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def get_headers(self, caller: str, path: str, *, is_xet: bool) -> dict[str, str]:
        """Who asks, as a client says it."""
        kind = f"xet {caller}" if is_xet and path.startswith("/xet") else caller
        return {"Authorization": f"Bearer {self.tokens[kind]}"} if self.tokens.get(kind) else {}


@contextmanager
def serving_all(folder: Path) -> Generator[Place]:
    """Files of every size, quantisations, a model that runs, a data set, a frozen one, one that is pushed to."""
    files = write_model(folder / "model")
    write_gguf(files / "tiny-Q8_0.gguf", 3)
    (folder / "small").mkdir()
    (folder / "small/config.json").write_text('{"model_type": "qwen3"}')
    vault = folder / "vault"
    keep(vault, files)
    keep(vault, _REAL, REAL)
    for name in (FROZEN, DATA, ALONE):
        keep(vault, folder / "small", name)
    places = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    environ = {"HOLDFAST_VAULT": str(vault), "HOME": str(folder), **places}
    asked = VaultAsked(str(vault), environ)
    run_freeze(DecideAsked(asked, FROZEN, "Ana", "an order"))
    with running(environ, "--xet-from", "0", "--at-once", "16", log=folder / "log") as server:
        served = Served(asked, server.address)
        tokens = {NOBODY: "", READER: served.create_token((Scope.READ, "*"), name="reader")}
        tokens[WRITER] = served.create_token((Scope.READ, "*"), (Scope.ADMIN, "push/*"), name="writer")
        place = Place(served, tokens)
        _push(served.made(tokens[WRITER]))
        _learn(place, files)
        yield place


def _push(writer: Served) -> None:
    made = writer.ask("/api/repos/create", "POST", json.dumps({"organization": "push", "name": "one"}).encode())
    assert made.status == 200, made.body


def _learn(place: Place, files: Path) -> None:
    """What can be named."""
    served = place.served.made(place.tokens[WRITER])
    for caller in (READER, WRITER):
        asker = served.made(place.tokens[caller])
        place.tokens[f"xet {caller}"] = asker.ask(f"/api/models/{MODEL}/xet-read-token/main").json["accessToken"]  # type: ignore[index]
    token = served.ask(f"/api/models/{PUSHED}/xet-write-token/main").json
    place.tokens[f"xet {WRITER}"] = token["accessToken"]  # type: ignore[index]
    large = f"/{MODEL}/resolve/main/model.safetensors"
    wait_until(lambda: "x-xet-hash" in served.ask(large, "HEAD").headers)
    head = served.ask(large, "HEAD").headers
    commit = head["x-repo-commit"]
    manifest = served.ask("/v2/org/files/manifests/Q8_0")
    assert manifest.status == 200, manifest.body
    blobs = [layer["digest"] for layer in (*manifest.json["layers"], manifest.json["config"])]
    paths = [
        *list_files(files),
        *list_files(_REAL),
        "sub",
        "sub/deep",
        "none.txt",
        "sub//b.txt",
        "model.safetensors.index.json",
    ]
    place.known.update(
        kind=["models", "models", "datasets", "spaces"], datatype=["datasets"], org=["org", "push"],
        name=["files", "real", "one", "frozen", "data"], namespace=["org", "library"], model=["files", "gpt2"],
        revision=["main", "HEAD", commit, commit[:9], "refs/heads/main", "none", "refs/pr/1"],
        branch=["main", "other"], tag=["Q8_0", "latest", "v1"], commit=[commit], path=paths,
        sha256=[head["x-linked-etag"].strip('"')], size=[head["x-linked-size"]], hash=[head["x-xet-hash"]],
        number=["0", "1"], day=[token["casUrl"][-8:]], digest=blobs, upload=["0" * 24],
        repository=[MODEL, f"{MODEL}.git", f"models/{MODEL}", DATA, PUSHED, FROZEN, ALONE],
    )  # fmt: skip


def load_cases(document: Mapping[str, Any]) -> list[st.SearchStrategy[Request]]:
    """Requests for every method at every address of a document, right ones and wrong ones. Objects in answers have no
    fields but those that it names."""
    schemathesis.openapi.media_type(
        "application/x-ndjson", st.lists(st.sampled_from(_LINES), max_size=6).map(_write_lines)
    )
    schemathesis.openapi.media_type(
        "application/x-git-upload-pack-request", st.lists(st.sampled_from(_GIT) | st.binary(max_size=20)).map(b"".join)
    )
    closed = dict(document)
    _close(closed["components"]["schemas"])
    found = list(schemathesis.openapi.from_dict(closed).get_all_operations())
    good = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(good) == len(found)
    return [one.as_strategy(generation_mode=mode) for one in good for mode in GenerationMode]


def _write_lines(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _close(schema: Any) -> None:
    """An object with named fields has no others."""
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            schema["additionalProperties"] = False
        schema = schema.values()
    if not isinstance(schema, str | int | None):
        for one in schema:
            _close(one)


@st.composite
def asking(draw: st.DrawFn, place: Place, cases: list[st.SearchStrategy[Request]]) -> Request:
    """A request, with some of its parts named after what is there."""
    case: Request = draw(draw(st.sampled_from(cases)))
    for name in list(case.path_parameters or {}):
        if name in place.known and draw(st.integers(0, 9)):
            case.path_parameters[name] = draw(st.sampled_from(place.known[name]))
    case.headers.pop("Authorization", None)
    for name in list(case.headers):
        values = _RANGES if name == "Range" else _TEXTS
        case.headers[name] = draw(st.sampled_from(values))
    return case


def ask(place: Place, case: Request, caller: str, session: requests.Session, *, is_xet: bool) -> Any:
    """The answer to a request of one of the callers."""
    headers = place.get_headers(caller, case.formatted_path, is_xet=is_xet)
    return case.call(base_url=place.served.address, session=session, headers=headers, timeout=60)
