"""Xet's clients push: what arrives is checked to its last chunk, and nobody gets anything by a hash alone."""

import http.client
import json
import os
import socket
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import sleep

import pytest

from holdfast.formats.xet.codings import Coding
from holdfast.formats.xet.shard import FileRecord, Shard, write_shard
from holdfast.formats.xet.xorb import parse_xorb, write_footer, write_xorb
from holdfast.front.hub import xet_write
from holdfast.front.hub.site import SiteAsked
from holdfast.records.access import Scope
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.xet_arriving import XetArriving
from tests.formats.xet.plainly import cut, hash_file, make_stream, spell, split
from tests.front.hub.serving import Answer, Served, serving, wait_until
from tests.front.hub.xet_client import (
    Store,
    fetch,
    make_file,
    make_record,
    make_term,
    open_store,
    prepare,
    send,
    send_xorbs,
)

MODEL, OTHER = "team/model", "team/other"
DATA = make_stream(300_000)
SENT = prepare(DATA)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    folder = tmp_path_factory.mktemp("xet")
    open_local_vault(folder / "vault").close()
    environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    with serving(folder / "vault", environ, site=SiteAsked(xet_from_bytes=0)) as server:
        found = server.made(server.create_token((Scope.ADMIN, "*")))
        for name in (MODEL, OTHER):
            organization, _, short = name.partition("/")
            made = json.dumps({"organization": organization, "name": short}).encode()
            assert found.ask("/api/repos/create", "POST", made).status == 200
        yield found


def open_writing(served: Served, name: str = MODEL) -> Store:
    return open_store(served, f"/api/models/{name}/xet-write-token/main")


def commit(served: Served, path: str, digest: str, size: int, name: str = MODEL) -> Answer:
    lines = [
        {"key": "header", "value": {"summary": "A push"}},
        {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": digest, "size": size}},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    return served.ask(f"/api/models/{name}/commit/main", "POST", body, Content_Type="application/x-ndjson")


def test_a_file_that_was_sent_is_committed_and_read_back_both_ways(served: Served) -> None:
    answer = send(open_writing(served), SENT)
    assert (answer.status, answer.json) == (200, {"result": 1})
    assert commit(served, "model.bin", SENT.sha256, len(DATA)).status == 200
    assert served.ask(f"/{MODEL}/resolve/main/model.bin").body == DATA
    headers = served.ask(f"/{MODEL}/resolve/main/model.bin", "HEAD").headers
    assert headers["x-xet-hash"] == SENT.hash
    assert fetch(open_store(served, f"/api/models/{MODEL}/xet-read-token/main"), SENT.hash) == DATA


def test_a_shard_that_was_taken_before_has_nothing_new(served: Served) -> None:
    store = open_writing(served)
    sent = prepare(make_stream(300_001)[1:])
    assert send(store, sent).json == {"result": 1}
    assert send(store, sent).json == {"result": 0}


def test_a_xorb_that_is_held_already_is_not_inserted_again(served: Served) -> None:
    store = open_writing(served)
    body = write_xorb([b"once"])
    assert [answer.json for answer in send_xorbs(store, [body, body])] == [
        {"was_inserted": True},
        {"was_inserted": False},
    ]


@pytest.mark.parametrize("coding", Coding)
def test_xorbs_are_taken_in_every_coding_with_and_without_a_footer(served: Served, coding: Coding) -> None:
    store = open_writing(served)
    data = b"%d " % coding + b"abcdabcd" * 20_000 + os.urandom(50_000)
    parts = split(data, cut(data))
    body = write_xorb(parts, coding)
    xorb = parse_xorb(body)
    assert send_xorbs(store, [body + write_footer(xorb)])[0].status == 200
    file = FileRecord(hash_file(data), (make_term(xorb, 0, len(parts)),), sha256(data).digest())
    answer = store.ask("/v1/shards", "POST", write_shard(Shard((file,), (make_record(xorb),))))
    assert answer.json == {"result": 1}
    assert commit(served, f"{coding.name}.bin", sha256(data).hexdigest(), len(data)).status == 200
    assert served.ask(f"/{MODEL}/resolve/main/{coding.name}.bin").body == data


def test_a_later_file_may_be_made_of_xorbs_that_came_before_for_another_model(served: Served) -> None:
    assert send(open_writing(served), SENT).status == 200
    tail = os.urandom(9000)
    first, last = parse_xorb(SENT.xorbs[0]), parse_xorb(write_xorb([tail]))
    data = b"".join(split(DATA, cut(DATA))[:2]) + tail
    store = open_writing(served, OTHER)
    assert send_xorbs(store, [write_xorb([tail])])[0].status == 200
    shard = Shard((make_file(data, (first, 0, 2), (last, 0, 1)),), ())
    assert store.ask("/v1/shards", "POST", write_shard(shard)).json == {"result": 1}
    assert commit(served, "tuned.bin", sha256(data).hexdigest(), len(data), OTHER).status == 200
    answer = served.ask(f"/{OTHER}/resolve/main/tuned.bin")
    assert answer.body == data


def test_a_file_that_was_cut_in_another_way_is_told_under_its_true_hash(served: Served) -> None:
    parts = [os.urandom(5000), os.urandom(7000), os.urandom(20_000)]
    data, body = b"".join(parts), write_xorb(parts)
    file = make_file(data, (parse_xorb(body), 0, 3))
    store = open_writing(served)
    assert send_xorbs(store, [body])[0].status == 200
    assert store.ask("/v1/shards", "POST", write_shard(Shard((file,), ()))).status == 200
    assert commit(served, "cut.bin", sha256(data).hexdigest(), len(data)).status == 200
    assert file.hash != hash_file(data)
    wait_until(lambda: served.ask(f"/{MODEL}/resolve/main/cut.bin", "HEAD").headers.get("x-xet-hash", "") != "")
    assert served.ask(f"/{MODEL}/resolve/main/cut.bin", "HEAD").headers["x-xet-hash"] == spell(hash_file(data))


def test_what_is_not_offered_is_answered_404(served: Served) -> None:
    store = open_writing(served)
    digest = "ab" * 32
    assert store.ask(f"/v1/chunks/default/{digest}").status == 404
    assert store.ask(f"/v1/chunks/default-merkledb/{digest}").status == 404
    grant = b'{"length":8,"checksum":{"algo":"crc64nvme","value":"1"}}'
    assert store.ask(f"/v1/xorb-grants/default/{digest}", "POST", grant).status == 404
    assert store.ask("/v2/shards", "POST", SENT.body).status == 404
    assert store.ask(f"/v1/xorbs/elsewhere/{digest}", "POST", b"").status == 404


@pytest.mark.parametrize(
    ("digest", "body"),
    [
        ("ab" * 32, SENT.xorbs[0]),
        (spell(parse_xorb(SENT.xorbs[0]).hash), SENT.xorbs[0][:-1]),
        (spell(parse_xorb(SENT.xorbs[0]).hash), SENT.xorbs[0] + b"X"),
        (spell(parse_xorb(SENT.xorbs[0]).hash), b""),
        ("ab" * 32, os.urandom(5000)),
    ],
    ids=["another hash", "cut off", "bad footer", "empty", "random"],
)
def test_a_xorb_that_is_not_what_it_is_called_is_refused_with_400(served: Served, digest: str, body: bytes) -> None:
    store = open_writing(served)
    answer = store.ask(f"/v1/xorbs/default/{digest}", "POST", body)
    assert answer.status == 400
    assert "xorb" in answer.json["error"]
    assert list_parts(served) == []


def list_parts(served: Served) -> list[str]:
    """Files that are no whole xorb, and none of what is known of one."""
    uploads = Path(served.vault.location) / "staging" / "uploads"
    names = [path.name for path in uploads.rglob("*") if path.is_file() and "arrived." not in str(path)]
    return [name for name in names if len(name.removesuffix(".chunks")) != 64]


def test_a_xorb_above_64_mib_is_refused(served: Served) -> None:
    answer = open_writing(served).ask(f"/v1/xorbs/default/{'ab' * 32}", "POST", bytes((64 << 20) + 1))
    assert answer.status == 413


def test_a_shard_of_xorbs_that_never_arrived_is_refused(served: Served) -> None:
    sent = prepare(os.urandom(100_000))
    answer = open_writing(served).ask("/v1/shards", "POST", sent.body)
    assert answer.status == 400
    assert "has not arrived" in answer.json["error"]
    assert commit(served, "nothing.bin", sent.sha256, len(sent.data)).status == 422


def test_a_xorb_that_came_to_another_days_address_is_not_found(served: Served) -> None:
    sent = prepare(os.urandom(100_000))
    store = open_writing(served)
    send_xorbs(store, sent.xorbs)
    tomorrow = replace(store, place="/xet/20990101")
    assert tomorrow.ask("/v1/shards", "POST", sent.body).status == 400
    assert store.ask("/v1/shards", "POST", sent.body).status == 200


def test_a_file_of_another_sha256_than_its_shard_says_is_not_taken(served: Served) -> None:
    sent = prepare(os.urandom(100_000))
    secret = sha256(os.urandom(10)).digest()
    (file,) = sent.shard.files
    store = open_writing(served)
    send_xorbs(store, sent.xorbs)
    answer = store.ask("/v1/shards", "POST", write_shard(Shard((replace(file, sha256=secret),), ())))
    assert answer.status == 400
    assert commit(served, "x.bin", secret.hex(), len(sent.data)).status == 422
    assert commit(served, "x.bin", sent.sha256, len(sent.data)).status == 422
    assert list_parts(served) == []


def test_who_knows_the_sha256_of_anothers_file_cannot_claim_it_with_other_bytes(served: Served) -> None:
    assert send(open_writing(served), SENT).status == 200
    assert commit(served, "model.bin", SENT.sha256, len(DATA)).status == 200
    sent = prepare(os.urandom(len(DATA)))
    (file,) = sent.shard.files
    thief = served.made(served.create_token((Scope.WRITE, OTHER)))
    store = open_store(thief, f"/api/models/{OTHER}/xet-write-token/main")
    send_xorbs(store, sent.xorbs)
    claimed = Shard((replace(file, sha256=bytes.fromhex(SENT.sha256)),), ())
    assert store.ask("/v1/shards", "POST", write_shard(claimed)).status == 400
    assert commit(thief, "stolen.bin", SENT.sha256, len(DATA), OTHER).status == 422


def test_who_knows_the_hash_of_anothers_xorb_but_not_its_chunks_gets_nothing(served: Served) -> None:
    assert send(open_writing(served), SENT).status == 200
    (file,) = SENT.shard.files
    guessed = replace(file.terms[0], verification=sha256(b"a guess").digest())
    shard = Shard((replace(file, terms=(guessed, *file.terms[1:]), sha256=None),), ())
    answer = open_writing(served, OTHER).ask("/v1/shards", "POST", write_shard(shard))
    assert answer.status == 400
    assert "verification" in answer.json["error"]


def test_a_file_whose_sha256_is_unsaid_is_known_by_its_own(served: Served) -> None:
    sent = prepare(os.urandom(100_000))
    (file,) = sent.shard.files
    store = open_writing(served)
    send_xorbs(store, sent.xorbs)
    assert store.ask("/v1/shards", "POST", write_shard(Shard((replace(file, sha256=None),), ()))).status == 200
    assert commit(served, "unsaid.bin", sent.sha256, len(sent.data)).status == 200


@pytest.mark.parametrize("body", [b"", b"HFRepoMetaData\0", SENT.body[:-1], SENT.body + bytes(48), os.urandom(960)])
def test_a_malformed_shard_is_refused_with_400(served: Served, body: bytes) -> None:
    answer = open_writing(served).ask("/v1/shards", "POST", body)
    assert answer.status == 400
    assert "shard" in answer.json["error"]


def test_who_may_only_read_can_send_nothing(served: Served) -> None:
    assert send(open_writing(served), SENT).status == 200
    commit(served, "model.bin", SENT.sha256, len(DATA))
    reading = open_store(served, f"/api/models/{MODEL}/xet-read-token/main")
    store = replace(open_writing(served), token=reading.token)
    assert store.ask("/v1/shards", "POST", SENT.body).status == 403
    assert send_xorbs(store, SENT.xorbs[:1])[0].status == 403
    nobody = replace(store, token="")
    assert nobody.ask("/v1/shards", "POST", SENT.body).status == 401
    reader = served.made(served.create_token((Scope.READ, "*")))
    assert reader.ask(f"/api/models/{MODEL}/xet-write-token/main").status == 403
    stranger = served.made(served.create_token((Scope.WRITE, "elsewhere/*")))
    assert stranger.ask(f"/api/models/{MODEL}/xet-write-token/main").status == 404


def test_a_token_to_write_is_given_for_a_model_that_there_is(served: Served) -> None:
    assert served.ask("/api/models/team/none/xet-write-token/main").status == 404


def test_a_pull_request_is_said_not_to_be_offered(served: Served) -> None:
    answer = served.ask(f"/api/models/{MODEL}/xet-write-token/None?create_pr=1")
    assert answer.status == 501
    assert "pull request" in answer.json["error"]


def test_a_client_that_waits_long_is_told_with_spaces_that_somebody_is_at_work(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = XetArriving.take_shard

    def take_slowly(self: XetArriving, name: str, day: str, body: bytes) -> bool:
        Event().wait(0.3)
        return taking(self, name, day, body)

    monkeypatch.setattr(XetArriving, "take_shard", take_slowly)
    monkeypatch.setattr(xet_write, "QUIET_S", 0.05)
    sent = prepare(os.urandom(50_000))
    answer = send(open_writing(served), sent)
    assert answer.body.strip() == b'{"result":1}'
    assert answer.body.startswith(b"  ")
    assert commit(served, "slow.bin", sent.sha256, len(sent.data)).status == 200


def test_a_shard_that_fails_after_its_answer_began_ends_short_and_is_told_wrong_when_it_comes_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = prepare(os.urandom(50_000))
    taking = XetArriving.take_shard

    def take_slowly(self: XetArriving, name: str, day: str, body: bytes) -> bool:
        Event().wait(0.3)
        return taking(self, name, day, body)

    monkeypatch.setattr(XetArriving, "take_shard", take_slowly)
    monkeypatch.setattr(xet_write, "QUIET_S", 0.05)
    store = open_writing(served)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        store.ask("/v1/shards", "POST", sent.body)
    monkeypatch.undo()
    assert store.ask("/v1/shards", "POST", sent.body).status == 400


def test_a_client_that_vanishes_leaves_nothing_half(served: Served) -> None:
    store = open_writing(served)
    head = f"POST {store.place}/v1/xorbs/default/{'ab' * 32} HTTP/1.1\r\nHost: {served.host}\r\n"
    head += f"Authorization: Bearer {store.token}\r\nContent-Length: 30000000\r\n\r\n"
    name, _, port = served.host.partition(":")
    with socket.create_connection((name, int(port)), 30) as connection:
        connection.sendall(head.encode() + bytes(5_000_000))
        wait_until(lambda: list_parts(served) != [])
    wait_until(lambda: list_parts(served) == [])


def test_what_is_asked_for_twice_at_once_is_done_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    taking = XetArriving.take_shard
    begun: list[str] = []
    may_end = Event()

    def take_slowly(self: XetArriving, name: str, day: str, body: bytes) -> bool:
        begun.append(name)
        may_end.wait(60)
        return taking(self, name, day, body)

    monkeypatch.setattr(XetArriving, "take_shard", take_slowly)
    sent = prepare(os.urandom(50_000))
    store = open_writing(served)
    send_xorbs(store, sent.xorbs)
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(store.ask, "/v1/shards", "POST", sent.body) for _ in range(3)]
        wait_until(lambda: begun != [])
        sleep(0.3)
        may_end.set()
        assert [answer.result().json for answer in answers] == [{"result": 1}] * 3
    assert begun == [MODEL]
