"""Pushes over HTTP, request by request: what clients send is taken, and whatever goes wrong leaves nothing behind."""

import base64
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Generator
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from holdfast.front.hub.access import AccessAsked
from holdfast.records.access import Grant, Scope
from holdfast.workflows.hub_writing import uploads
from tests.front.hub.pushing_server import Answer, Server, serving

MODEL = "team/model"
BATCH = f"/{MODEL}.git/info/lfs/objects/batch"
MIB = 1 << 20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    others = {
        "reader": Grant(Scope.READ, "*"),
        "writer": Grant(Scope.WRITE, "elsewhere/*"),
        "author": Grant(Scope.WRITE, "team/*"),
    }
    with serving(tmp_path_factory.mktemp("served"), others=others) as server:
        assert server.ask("POST", "/api/repos/create", {"name": "model", "organization": "team"}).status == 200
        yield server


@pytest.fixture
def server(running: Server) -> Generator[Server]:
    yield running
    assert list_left(running) == []  # whatever happened, nothing half is left behind


def list_left(server: Server) -> list[str]:
    """Files of uploads, but for the notes of what arrived; a request that ended may still be tidying up."""
    deadline = monotonic() + 10
    while True:
        left = [str(path) for path in server.uploads.rglob("*") if path.is_file() and "arrived." not in str(path)]
        if not left or monotonic() > deadline:
            return left
        sleep(0.05)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def announce(
    server: Server, *datas: bytes, transfers: tuple[str, ...] = ("basic", "multipart")
) -> list[dict[str, Any]]:
    objects = [{"oid": sha256(data), "size": len(data)} for data in datas]
    said = {"operation": "upload", "transfers": transfers, "objects": objects, "hash_algo": "sha256"}
    answer = server.ask("POST", BATCH, said, headers={"Content-Type": "application/vnd.git-lfs+json"})
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"].startswith("application/vnd.git-lfs+json")
    found: list[dict[str, Any]] = answer.json["objects"]
    return found


def get_href(told: dict[str, Any]) -> str:
    href: str = told["actions"]["upload"]["href"]
    return href


def lines(*operations: dict[str, Any], parent: str = "", end: bytes = b"\n") -> bytes:
    header = {
        "key": "header",
        "value": {"summary": "S", "description": "", **({"parentCommit": parent} if parent else {})},
    }
    return b"\n".join(json.dumps(line).encode() for line in (header, *operations)) + end


def commit(server: Server, *operations: dict[str, Any], parent: str = "", branch: str = "main") -> Answer:
    body = lines(*operations, parent=parent)
    return server.ask(
        "POST", f"/api/models/{MODEL}/commit/{branch}", body, headers={"Content-Type": "application/x-ndjson"}
    )


def add(path: str, data: bytes) -> dict[str, Any]:
    return {"key": "file", "value": {"path": path, "encoding": "base64", "content": base64.b64encode(data).decode()}}


def large(path: str, data: bytes) -> dict[str, Any]:
    return {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256(data), "size": len(data)}}


def read(server: Server, path: str, revision: str = "main") -> Answer:
    return server.ask("GET", f"/{MODEL}/resolve/{revision}/{path}")


def head(server: Server) -> str:
    found: str = server.ask("GET", f"/api/models/{MODEL}").json["sha"]
    return found


def error_of(answer: Answer) -> str:
    found: str = answer.json["error"]
    assert answer.headers["X-Error-Message"]
    return found


# --- large files ---


def test_a_large_file_is_put_without_a_token_verified_committed_and_read(server: Server) -> None:
    data = os.urandom(3 * MIB + 17)
    (told,) = announce(server, data)
    put = server.ask("PUT", get_href(told), data, token=None)
    assert put.status == 200, put.body
    verified = server.ask("POST", told["actions"]["verify"]["href"], {"oid": sha256(data), "size": len(data)})
    assert verified.status == 200
    done = commit(server, large("w.bin", data))
    assert done.status == 200, done.body
    assert done.json["success"] is True
    assert done.json["commitUrl"] == f"{server.address}/{MODEL}/commit/{done.json['commitOid']}"
    served = read(server, "w.bin")
    assert (served.body, served.headers["X-Repo-Commit"]) == (data, done.json["commitOid"])
    assert served.headers["ETag"] == f'"{sha256(data)}"'
    (again,) = announce(server, data)
    assert "actions" not in again


def test_a_batch_in_javascript_s_words_is_understood(server: Server) -> None:
    objects = [{"oid": sha256(b"some javascript"), "size": 15}]
    said = {
        "operation": "upload",
        "transfers": ["basic", "multipart", "xet"],
        "hash_algo": "sha_256",
        "ref": {"name": "main"},
        "objects": objects,
    }
    answer = server.ask("POST", BATCH, said)
    assert answer.json["transfer"] in ("basic", "multipart")
    assert set(answer.json["objects"][0]["actions"]) == {"upload", "verify"}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES_MIN", MIB)
    monkeypatch.setattr("holdfast.front.hub.lfs.PART_BYTES_MIN", MIB)


def put_parts(server: Server, told: dict[str, Any], data: bytes, but: str = "") -> dict[str, str]:
    header: dict[str, str] = dict(told["actions"]["upload"]["header"])
    size = int(header.pop("chunk_size"))
    assert len(header) == -(-len(data) // size)
    etags: dict[str, str] = {}
    for number, href in header.items():
        if number == but:
            continue
        at = (int(number) - 1) * size
        answer = server.ask("PUT", href, data[at : at + size], token=None)
        assert answer.status == 200, answer.body
        etags[number] = answer.headers["ETag"]
    return etags


def complete(server: Server, told: dict[str, Any], data: bytes, etags: dict[str, str]) -> Answer:
    parts = [{"partNumber": int(number), "etag": etag} for number, etag in etags.items()]
    return server.ask("POST", get_href(told), {"oid": sha256(data), "parts": parts}, token=None)


@pytest.mark.usefixtures("small_parts")
def test_a_file_in_parts_arrives_whole_and_completing_it_again_is_no_fault(server: Server) -> None:
    data = os.urandom(2 * MIB + 5)
    (told,) = announce(server, data)
    etags = put_parts(server, told, data)
    assert complete(server, told, data, etags).status == 200
    assert complete(server, told, data, etags).status == 200
    assert commit(server, large("parts.bin", data)).status == 200
    assert read(server, "parts.bin").body == data


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_broke_off_is_sent_again(server: Server) -> None:
    data = os.urandom(3 * MIB)
    (told,) = announce(server, data)
    etags = put_parts(server, told, data, but="00002")
    href = told["actions"]["upload"]["header"]["00002"]
    vanish(server, "PUT", href, data[MIB : 2 * MIB], sent=MIB // 2)
    refused = complete(server, told, data, {**etags, "00002": '"unknown"'})
    assert refused.status == 422
    assert "2 did not arrive" in error_of(refused)
    etags["00002"] = server.ask("PUT", href, data[MIB : 2 * MIB], token=None).headers["ETag"]
    assert complete(server, told, data, etags).status == 200


@pytest.mark.usefixtures("small_parts")
def test_parts_of_another_content_are_refused(server: Server) -> None:
    data = os.urandom(2 * MIB)
    (told,) = announce(server, data)
    etags = put_parts(server, told, bytes(2 * MIB))
    refused = complete(server, told, data, etags)
    assert (refused.status, "sha256" in error_of(refused)) == (422, True)
    assert commit(server, large("x.bin", data)).status == 422
    etags = put_parts(server, told, data)
    assert complete(server, told, data, etags).status == 200


@pytest.mark.usefixtures("small_parts")
def test_who_does_not_know_parts_is_given_one_address(server: Server) -> None:
    (told,) = announce(server, os.urandom(2 * MIB), transfers=("basic",))
    assert "chunk_size" not in told["actions"]["upload"]["header"]


def vanish(server: Server, method: str, href: str, data: bytes, sent: int) -> None:
    """A client that sends the beginning of a body and goes."""
    parts = urlsplit(href)
    with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0)) as connection:
        said = f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
        connection.sendall(said.encode() + data[:sent])


def test_a_client_that_vanishes_leaves_nothing_and_others_go_on(server: Server) -> None:
    data = os.urandom(5 * MIB)
    (told,) = announce(server, data)
    for _ in range(20):  # more than there are threads
        vanish(server, "PUT", get_href(told), data, sent=2 * MIB)
    assert list_left(server) == []
    assert server.ask("PUT", get_href(told), data, token=None).status == 200


@pytest.mark.parametrize("number", range(4))
def test_bytes_that_are_not_what_was_announced_are_refused(server: Server, number: int) -> None:
    data = os.urandom(MIB)
    (told,) = announce(server, data)
    wrong = (data[:-1], data + b"x", data[1:] + data[:1], b"")[number]
    refused = server.ask("PUT", get_href(told), wrong, token=None)
    assert (refused.status, error_of(refused) != "") == (422, True)
    assert commit(server, large("x.bin", data)).status == 422


def test_a_body_of_unknown_length_is_counted_as_it_comes(server: Server) -> None:
    data = os.urandom(MIB)
    (told,) = announce(server, data)
    parts = urlsplit(get_href(told))
    for body, status in ((data + b"more", b"422"), (data[:-5], b"422"), (data, b"200")):
        with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0)) as connection:
            said = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            connection.sendall(said.encode() + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
            assert connection.recv(4096).split()[1] == status


def test_a_ticket_is_good_for_its_own_object_and_method_alone(server: Server) -> None:
    data, other = os.urandom(100), os.urandom(100)
    mine, theirs = announce(server, data, other)
    query = urlsplit(get_href(mine)).query
    foreign = f"{urlsplit(get_href(theirs)).path}?{query}"
    for method, path, status in (
        ("PUT", foreign, 403),
        ("POST", get_href(mine), 403),
        ("PUT", f"{urlsplit(get_href(mine)).path}?ticket=1.AA.AA", 403),
        ("PUT", urlsplit(get_href(mine)).path, 401),
    ):
        assert server.ask(method, path, other, token=None).status == status
    assert server.ask("PUT", get_href(mine), data, token=None).status == 200


def test_what_does_not_fit_the_disk_is_refused_in_the_batch_and_in_the_upload(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(1000)
    (told,) = announce(server, data)

    def tell_usage(_path: object) -> SimpleNamespace:
        return SimpleNamespace(free=10)

    monkeypatch.setattr(shutil, "disk_usage", tell_usage)
    (refused,) = announce(server, data)
    assert refused["error"]["code"] == 507
    put = server.ask("PUT", get_href(told), data, token=None)
    assert (put.status, "10 are free" in error_of(put)) == (507, True)
    monkeypatch.undo()
    assert server.ask("PUT", get_href(told), data, token=None).status == 200


def test_a_disk_that_fills_up_while_a_file_arrives_is_told_as_such(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(2 * MIB)
    (told,) = announce(server, data)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", fail)
    assert server.ask("PUT", get_href(told), data, token=None).status == 507
    monkeypatch.undo()
    assert server.ask("PUT", get_href(told), data, token=None).status == 200


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"operation": "upload"},
        {"operation": "burn", "objects": [{"oid": "a" * 64, "size": 1}]},
        {"operation": "upload", "objects": []},
        {"operation": "upload", "objects": [{"oid": "a" * 64}]},
        {"operation": "upload", "objects": [{"oid": "a" * 63, "size": 1}]},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": -1}]},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 1 << 60}]},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 1}], "hash_algo": "md5"},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 1}] * 1001},
    ],
)
def test_a_batch_that_cannot_be_meant_is_refused(server: Server, said: object) -> None:
    assert server.ask("POST", BATCH, said).status == 400


def test_a_known_object_of_another_size_is_an_error_of_its_own(server: Server) -> None:
    data = os.urandom(77)
    (told,) = announce(server, data)
    server.ask("PUT", get_href(told), data, token=None)
    said = {"operation": "upload", "objects": [{"oid": sha256(data), "size": 78}]}
    (found,) = server.ask("POST", BATCH, said).json["objects"]
    assert found["error"]["code"] == 422
    verify = f"/{MODEL}.git/info/lfs/objects/verify"
    assert server.ask("POST", verify, {"oid": sha256(data), "size": 78}).status == 422
    assert server.ask("POST", verify, {"oid": sha256(b"never"), "size": 5}).status == 422


def test_lfs_tells_where_to_download_an_object(server: Server) -> None:
    data = os.urandom(999)
    (told,) = announce(server, data)
    server.ask("PUT", get_href(told), data, token=None)
    commit(server, large("deep/d w.bin", data))
    objects = [{"oid": sha256(data), "size": 999}, {"oid": "0" * 64, "size": 1}]
    answer = server.ask("POST", BATCH, {"operation": "download", "transfers": ["basic"], "objects": objects})
    found, missing = answer.json["objects"]
    assert server.ask("GET", found["actions"]["download"]["href"], token=None).body == data
    assert missing["error"]["code"] == 404


# --- commits ---


def test_preupload_says_how_each_file_is_sent_and_what_is_there(server: Server) -> None:
    commit(server, add("README.md", b"hello"))
    files = [
        {"path": path, "size": size, "sample": base64.b64encode(b"hello").decode()}
        for path, size in (("README.md", 5), ("w.safetensors", 5), ("none.bin", 0), ("big.txt", 2 * MIB))
    ]
    answer = server.ask("POST", f"/api/models/{MODEL}/preupload/main", {"files": files, "gitIgnore": "big*\n"})
    oid = hashlib.sha1(b"blob 5\0hello").hexdigest()
    assert answer.json["files"] == [
        {"path": "README.md", "uploadMode": "regular", "shouldIgnore": False, "oid": oid},
        {"path": "w.safetensors", "uploadMode": "lfs", "shouldIgnore": False},
        {"path": "none.bin", "uploadMode": "regular", "shouldIgnore": False},
        {"path": "big.txt", "uploadMode": "lfs", "shouldIgnore": True},
    ]


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "../x", "size": 1, "sample": ""}],
        [{"path": "x", "size": -1, "sample": ""}],
        [{"path": "x", "size": 1, "sample": "?"}],
        [{"path": "x", "size": 1, "sample": "A" * 5000}],
        ["x"],
        [{"path": "x", "size": 1}] * 1001,
    ],
)
def test_a_preupload_that_cannot_be_meant_is_refused(server: Server, files: object) -> None:
    assert server.ask("POST", f"/api/models/{MODEL}/preupload/main", {"files": files}).status == 400


def test_a_stale_parent_is_412_and_a_repeated_commit_the_same_one(server: Server) -> None:
    first = head(server)
    done = commit(server, add("parent.txt", b"1"), parent=first)
    assert done.status == 200
    stale = commit(server, add("parent.txt", b"2"), parent=first)
    assert (stale.status, done.json["commitOid"] in error_of(stale)) == (412, True)
    again = commit(server, add("parent.txt", b"1"), parent=first)
    assert (again.status, again.json["commitOid"]) == (200, done.json["commitOid"])


def test_history_is_listed_by_pages_the_newest_first(server: Server) -> None:
    made = [commit(server, add("page.txt", bytes([number]))).json["commitOid"] for number in range(3)]
    base = f"/api/models/{MODEL}/commits/main"
    first = server.ask("GET", f"{base}?limit=2")
    assert [one["id"] for one in first.json] == made[:0:-1]
    assert first.json[0]["authors"] == [{"user": "Ana"}]
    seen, page = list(first.json), first
    while link := page.headers.get("Link"):
        page = server.ask("GET", link.partition("<")[2].partition(">")[0])
        seen += page.json
    assert len(seen) == int(first.headers["X-Total-Count"])
    assert seen[-1]["title"] == "initial commit"


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ({"key": "deletedFile", "value": {"path": "missing"}}, 404, "EntryNotFound"),
        ({"key": "lfsFile", "value": {"path": "x", "algo": "sha256", "oid": "0" * 64, "size": 1}}, 422, None),
        ({"key": "file", "value": {"path": "a/../b", "content": ""}}, 400, None),
        ({"key": "what", "value": {}}, 400, None),
    ],
)
def test_a_commit_that_cannot_be_done_says_why_and_changes_nothing(
    server: Server, operation: dict[str, Any], status: int, code: str | None
) -> None:
    before = head(server)
    answer = commit(server, add("new.txt", b"x"), operation)
    assert (answer.status, answer.headers.get("X-Error-Code"), bool(error_of(answer))) == (status, code, True)
    assert head(server) == before


def test_a_commit_too_large_or_to_nowhere_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit(server, add("x", b"x"), branch="nowhere").headers["X-Error-Code"] == "RevisionNotFound"
    missing = server.ask("POST", "/api/models/team/none/commit/main", lines())
    assert (missing.status, missing.headers["X-Error-Code"]) == (404, "RepoNotFound")
    monkeypatch.setattr("holdfast.front.hub.commits.COMMIT_BYTES_MAX", 1000)
    assert commit(server, add("x", bytes(2000))).status == 413


def test_a_commit_whose_client_vanishes_changes_nothing(server: Server) -> None:
    before, body = head(server), lines(add("vanished.txt", bytes(3 * MIB)))
    parts = f"/api/models/{MODEL}/commit/main"
    with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0)) as connection:
        said = f"POST {parts} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
        connection.sendall(f"{said}Content-Length: {len(body)}\r\n\r\n".encode() + body[: 2 * MIB])
    assert list_left(server) == []
    assert head(server) == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("---\nlicense: mit\n---\n# x", 200),
        ("# no front matter", 200),
        ("---\na: [\n---\n", 400),
        ("---\na: " + "x" * 200_000 + "\n---\n", 400),
        (7, 400),
    ],
)
def test_a_card_is_checked_before_it_is_pushed(server: Server, content: object, status: int) -> None:
    answer = server.ask("POST", "/api/validate-yaml", {"content": content, "repoType": "model"})
    assert answer.status == status
    if isinstance(content, str):
        assert bool(answer.json["errors"]) == (status == 400)


def test_a_pull_request_is_refused_in_words(server: Server) -> None:
    for path in ("preupload", "commit"):
        answer = server.ask("POST", f"/api/models/{MODEL}/{path}/main?create_pr=1", b"{}")
        assert (answer.status, "branch" in error_of(answer)) == (501, True)


# --- repositories and refs ---


def test_repositories_branches_and_tags_over_http(server: Server) -> None:
    made = server.ask("POST", "/api/repos/create", {"name": "other", "organization": "team", "type": "model"})
    assert made.json == {"url": f"{server.address}/team/other", "name": "team/other", "id": "team/other"}
    again = server.ask("POST", "/api/repos/create", {"name": "other", "organization": "team"})
    assert (again.status, again.json["url"]) == (409, f"{server.address}/team/other")
    base = "/api/models/team/other"
    assert server.ask("POST", f"{base}/branch/a%2Fb", {}).status == 200
    assert server.ask("POST", f"{base}/branch/a%2Fb", {}).status == 409
    assert server.ask("POST", f"{base}/branch/a%2Fb", {"overwrite": True}).status == 200
    assert server.ask("POST", f"{base}/tag/a%2Fb", {"tag": "v1", "message": "m"}).status == 200
    refs = server.ask("GET", f"{base}/refs").json
    assert ([one["name"] for one in refs["branches"]], [one["name"] for one in refs["tags"]]) == (
        ["main", "a/b"],
        ["v1"],
    )
    assert server.ask("DELETE", f"{base}/branch/a%2Fb").status == 200
    assert server.ask("DELETE", f"{base}/tag/v1").status == 200
    assert server.ask("DELETE", f"{base}/tag/v1").headers["X-Error-Code"] == "RevisionNotFound"
    assert server.ask("DELETE", f"{base}/branch/main").status == 501
    assert server.ask("DELETE", "/api/repos/delete", {"name": "other", "organization": "team"}).status == 200
    assert server.ask("GET", base).headers["X-Error-Code"] == "RepoNotFound"


def test_a_data_set_is_a_repository_too(server: Server) -> None:
    made = server.ask("POST", "/api/repos/create", {"name": "corpus", "organization": "team", "type": "dataset"})
    assert made.json["url"] == f"{server.address}/datasets/team/corpus"
    body = lines(add("data.csv", b"a,b\n"))
    done = server.ask("POST", "/api/datasets/team/corpus/commit/main", body)
    assert done.json["commitUrl"].startswith(f"{server.address}/datasets/team/corpus/commit/")
    assert server.ask("GET", "/datasets/team/corpus/resolve/main/data.csv").body == b"a,b\n"


def test_a_name_without_an_organisation_belongs_to_the_token_s_name(server: Server) -> None:
    assert server.ask("POST", "/api/repos/create", {"name": "mine"}).json["id"] == "Ana/mine"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/repos/create", {"name": "a b", "organization": "team"}, 400),
        ("POST", "/api/repos/create", {"name": "x", "organization": "team", "type": "space", "sdk": "static"}, 501),
        ("POST", "/api/repos/create", {"name": "x", "organization": "team", "type": "nonsense"}, 400),
        ("POST", "/api/repos/create", {"name": "x", "organization": "team", "license": "mit"}, 501),
        ("POST", "/api/repos/create", {"name": 7}, 400),
        ("POST", "/api/repos/create", b"{", 400),
        ("POST", "/api/repos/move", {"fromRepo": MODEL, "toRepo": "team/new"}, 501),
        ("DELETE", "/api/repos/delete", {"name": "none", "organization": "team"}, 404),
        ("POST", f"/api/models/{MODEL}/super-squash/main", {}, 501),
        ("POST", f"/api/models/{MODEL}/branch/a..b", {}, 400),
        ("POST", f"/api/models/{MODEL}/branch/new", {"startingPoint": "nowhere"}, 404),
        ("POST", f"/api/models/{MODEL}/branch/new", {"emptyBranch": True}, 501),
        ("POST", f"/api/models/{MODEL}/tag/main", {}, 400),
        ("PUT", f"/api/models/{MODEL}/settings", {"visibility": "private"}, 200),
        ("PUT", f"/api/models/{MODEL}/settings", {"gated": "auto"}, 501),
        ("PUT", "/api/models/team/none/settings", {"private": True}, 404),
    ],
)
def test_what_cannot_be_changed_is_said_with_the_right_status(
    server: Server, method: str, path: str, body: object, status: int
) -> None:
    answer = server.ask(method, path, body)
    assert answer.status == status, answer.body
    assert status == 200 or error_of(answer)


def test_who_may_not_write_does_not(server: Server) -> None:
    reader, writer, author = (server.others[name] for name in ("reader", "writer", "author"))
    data = os.urandom(64)
    batch = {"operation": "upload", "objects": [{"oid": sha256(data), "size": 64}]}
    attempts: list[tuple[str, str, object]] = [
        ("POST", f"/api/models/{MODEL}/commit/main", lines()),
        ("POST", f"/api/models/{MODEL}/preupload/main", {"files": []}),
        ("POST", BATCH, batch),
        ("POST", f"/{MODEL}.git/info/lfs/objects/verify", {"oid": sha256(data), "size": 64}),
        ("PUT", f"/{MODEL}.git/info/lfs/objects/{sha256(data)}/64", data),
        ("POST", "/api/repos/create", {"name": "new", "organization": "team"}),
        ("POST", f"/api/models/{MODEL}/branch/new", {}),
        ("DELETE", f"/api/models/{MODEL}/tag/v", None),
        ("PUT", f"/api/models/{MODEL}/settings", {}),
    ]
    for method, path, body in attempts:
        said = [server.ask(method, path, body, token=token).status for token in (reader, writer, None)]
        assert said == [403, 404, 401], (method, path)
    gone = {"name": "model", "organization": "team"}
    assert server.ask("DELETE", "/api/repos/delete", gone, token=author).status == 403


def test_a_server_that_everybody_may_read_refuses_what_shall_be_private(tmp_path: Path) -> None:
    with serving(tmp_path, AccessAsked(anonymous=True)) as server:
        body = {"name": "x", "organization": "team", "visibility": "private"}
        answer = server.ask("POST", "/api/repos/create", body)
        assert (answer.status, "--anonymous" in error_of(answer)) == (501, True)
        assert server.ask("POST", "/api/repos/create", {**body, "visibility": "public"}).status == 200
