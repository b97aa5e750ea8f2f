"""Files over HTTP: their bytes, whole and in parts, and what the headers say of them."""

import hashlib
import random
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from holdfast.records.access import Scope
from tests.front.hub.hubs import MODEL, Connection, keep, list_files, url, write_model
from tests.front.hub.serving import Served, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("files") / "model")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Generator[Served]:
    home = tmp_path_factory.mktemp("home")
    keep(home / "vault", folder)
    with serving(home / "vault", {"HOME": str(home)}) as found:
        yield found


def hash_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def test_every_file_comes_as_it_was_kept(hub: Served, folder: Path) -> None:
    for path, data in list_files(folder).items():
        answer = hub.ask(url(path))
        assert (answer.status, answer.body) == (200, data), path
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in answer.headers


def test_a_large_file_is_named_by_its_sha256_and_a_small_one_by_its_blob(hub: Served, folder: Path) -> None:
    for path, data in list_files(folder).items():
        headers = hub.ask(url(path), "HEAD").headers
        sha256 = hashlib.sha256(data).hexdigest()
        is_large = path.endswith(".safetensors") or len(data) >= 1 << 20
        assert headers["etag"] == f'"{sha256 if is_large else hash_blob(data)}"', path
        if is_large:
            assert (headers["x-linked-etag"], headers["x-linked-size"]) == (f'"{sha256}"', str(len(data)))
        else:
            assert "x-linked-etag" not in headers


def test_a_head_says_what_a_get_would_and_sends_nothing(hub: Served) -> None:
    head, answer = hub.ask(url("model.safetensors"), "HEAD"), hub.ask(url("model.safetensors"))
    changing = {"x-request-id", "date"}
    assert head.body == b""
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in answer.headers.items() if k not in changing
    }


def test_the_commit_is_the_one_that_git_computes(hub: Served, folder: Path, tmp_path: Path) -> None:
    """git itself, over the same tree: pointers for large files."""
    tree = tmp_path / "tree"
    for path, data in list_files(folder).items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        is_large = path.endswith(".safetensors") or len(data) >= 1 << 20
        sha256 = hashlib.sha256(data).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n"
        target.write_bytes(pointer.encode() if is_large else data)
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    root = subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True).stdout.strip()
    told = hub.ask(f"/api/models/{MODEL}")
    commit = told.json["sha"]
    at = int(subprocess.run(["date", "-d", told.json["lastModified"], "+%s"], check=True, capture_output=True).stdout)
    when = f"holdfast <holdfast@localhost> {at} +0000"
    said = {"GIT_AUTHOR_NAME": "holdfast", "GIT_AUTHOR_EMAIL": "holdfast@localhost", "GIT_AUTHOR_DATE": when[-17:],
            "GIT_COMMITTER_NAME": "holdfast", "GIT_COMMITTER_EMAIL": "holdfast@localhost",
            "GIT_COMMITTER_DATE": when[-17:]}  # fmt: skip
    made = subprocess.run([*git, "commit-tree", root, "-m", f"{MODEL}@main"], check=True, capture_output=True, env=said)
    assert made.stdout.decode().strip() == commit
    assert hub.ask(url("config.json")).headers["x-repo-commit"] == commit
    assert hub.ask(url("config.json", revision=commit)).headers["x-repo-commit"] == commit
    assert hub.ask(url("config.json", revision=commit[:7])).status == 200


def test_every_range_is_those_bytes(hub: Served, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    draw = random.Random(3)
    edges = [(0, 0), (0, len(data) - 1), (len(data) - 1, len(data) - 1), (1 << 20, (1 << 20) + 300_000)]
    drawn = [sorted((draw.randrange(len(data)), draw.randrange(len(data)))) for _ in range(40)]
    for begin, end in [*edges, *((low, high) for low, high in drawn)]:
        answer = hub.ask(url("model.safetensors"), Range=f"bytes={begin}-{end}")
        assert answer.status == 206
        assert answer.headers["content-range"] == f"bytes {begin}-{end}/{len(data)}"
        assert answer.headers["content-length"] == str(end - begin + 1)
        assert answer.body == data[begin : end + 1]


def test_a_range_outside_the_file_is_told_its_size(hub: Served) -> None:
    answer = hub.ask(url("config.json"), Range="bytes=1000000-")
    size = hub.ask(url("config.json")).headers["content-length"]
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}")


def test_conditions_are_answered_without_the_file(hub: Served) -> None:
    etag = hub.ask(url("model.safetensors"), "HEAD").headers["etag"]
    same = hub.ask(url("model.safetensors"), If_None_Match=etag)
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert hub.ask(url("model.safetensors"), If_Match='"another"').status == 412
    assert hub.ask(url("model.safetensors"), Range="bytes=0-9", If_Range='"another"').status == 200


def test_several_ranges_are_answered_with_everything(hub: Served, folder: Path) -> None:
    answer = hub.ask(url("1048576.bin"), Range="bytes=0-9,100-109")
    assert (answer.status, answer.body) == (200, (folder / "1048576.bin").read_bytes())


def test_raw_is_what_lies_in_git(hub: Served, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    pointer = hub.ask(url("model.safetensors", word="raw"))
    sha256 = hashlib.sha256(data).hexdigest()
    expected = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n"
    assert pointer.body.decode() == expected
    assert pointer.headers["etag"] == f'"{hash_blob(pointer.body)}"'
    assert hub.ask(url("model.safetensors", word="raw"), Range="bytes=0-6").body == b"version"
    assert hub.ask(url("model.safetensors", word="raw"), "HEAD").headers["content-length"] == str(len(expected))
    assert hub.ask(url("sub/b.txt", word="raw")).body == b"less deep"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_is_not_there_is_told_with_the_commit(hub: Served, method: str) -> None:
    for path in ("nothing.txt", "sub", "sub/", "config.json/", "sub//b.txt", "%C3%BC.txt"):
        for word in ("resolve", "raw"):
            answer = hub.ask(f"/{MODEL}/{word}/main/{path}", method)
            assert (answer.status, answer.headers["x-error-code"]) == (404, "EntryNotFound"), path
            assert len(answer.headers["x-repo-commit"]) == 40


@pytest.mark.parametrize("path", ["../config.json", "sub/../config.json", "%2e%2e/x", "a\\b", "a%00b", "..%2f..%2fx"])
def test_a_path_that_leads_out_is_refused(hub: Served, path: str) -> None:
    assert hub.ask(f"/{MODEL}/resolve/main/{path}").status in (400, 404)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_unknown_repositories_and_revisions_are_told_apart(hub: Served, method: str) -> None:
    unknown = hub.ask(url("a", revision="nothing"), method)
    assert (unknown.status, unknown.headers["x-error-code"]) == (404, "RevisionNotFound")
    for name in ("org/nothing", "nothing", f"datasets/{MODEL}", f"spaces/{MODEL}"):
        answer = hub.ask(url("a", name=name), method)
        assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound"), name
    if method == "GET":
        assert "org/nothing" in hub.ask(url("a", name="org/nothing")).json["error"]


def test_nothing_of_a_model_is_shown_as_a_page_of_ours(hub: Served) -> None:
    for path in ("README.md", "model.safetensors"):
        headers = hub.ask(url(path), "HEAD").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert not headers["content-type"].startswith("text/html")


def test_requests_one_after_the_other_share_a_connection(hub: Served, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    connection = Connection.open(hub, 1 << 20)
    for path, body in (("model.safetensors", data), ("sub/b.txt", b"less deep"), ("model.safetensors", data)):
        connection.get(url(path))
        assert connection.read_head().startswith("HTTP/1.1 200")
        assert connection.read(len(body)) == body
    connection.close()


def test_requests_that_come_at_once_are_answered_in_their_order(hub: Served, folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    connection = Connection.open(hub, 1 << 20)
    request = f"GET {url('model.safetensors')} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    connection.socket.sendall((request + request.replace("model.safetensors", "sub/b.txt") + request).encode())
    for body in (data, b"less deep", data):
        assert connection.read_head().startswith("HTTP/1.1 200")
        assert connection.read(len(body)) == body
    connection.close()


def test_a_client_of_http_1_0_gets_the_file_and_the_end_of_the_connection(hub: Served, folder: Path) -> None:
    connection = Connection.open(hub, 1 << 20)
    connection.send(f"GET {url('model.safetensors')} HTTP/1.0", "Host: 127.0.0.1")
    connection.read_head()
    assert connection.read_to_end() == (folder / "model.safetensors").read_bytes()
    connection.close()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("GET / HTTP/9.9", "Host: x"), 400),
        (("NONSENSE",), 400),
        (("GET /x HTTP/1.1", "Host: 127.0.0.1", "X: " + "a" * 20_000), 400),
        (("GET /" + "a" * 20_000 + " HTTP/1.1", "Host: 127.0.0.1"), 400),
        (("GET /x HTTP/1.1", "Host: 127.0.0.1", "bad header"), 400),
    ],
)
def test_what_is_no_request_is_refused(hub: Served, lines: tuple[str, ...], status: int) -> None:
    connection = Connection.open(hub)
    connection.send(*lines)
    assert connection.read_head().split(" ")[1] == str(status)
    connection.close()
    assert hub.ask(url("sub/b.txt")).status == 200


def test_other_methods_are_refused_with_those_that_are_not(hub: Served) -> None:
    writer = hub.made(hub.create_token((Scope.ADMIN, "*")))
    for path in (url("config.json"), "/api/models", f"/api/models/{MODEL}/refs"):
        answer = writer.ask(path, "PUT")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD"), path


def test_what_answers_does_not_tell_what_it_is_made_of(hub: Served) -> None:
    assert hub.ask(url("config.json"), "HEAD").headers["server"] == "holdfast"
