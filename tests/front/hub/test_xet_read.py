"""Xet's clients read: true hashes, plans for any range, stretches of xorbs that are what their hash says."""

import http.client
import random
from collections.abc import Generator
from pathlib import Path
from time import time
from urllib.parse import parse_qs, urlsplit

import hf_xet  # type: ignore[import-untyped]
import pytest

from holdfast.formats.xet.xorb import parse_xorb, unpack_chunk
from holdfast.front.hub.site import SiteAsked
from holdfast.front.hub.xet_tokens import XetGrant, make_token
from holdfast.records.access import Scope
from tests.front.cli.vaults import Place, copy_place, flip
from tests.front.hub.serving import Served, serving, wait_until
from tests.front.hub.xet_client import Store, fetch, fetch_stretch, open_store
from tests.vault.models import make_bf16, write_safetensors

MODEL, OTHER = "acme/large", "acme/other"
UNKNOWN = "ab" * 32


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, hub_template: Place) -> Place:
    place = copy_place(hub_template, tmp_path_factory.mktemp("xet") / "place")
    write_safetensors(place.folder / "large" / "model.safetensors", {"w": ("BF16", make_bf16(900_000, 7))})
    (place.folder / "large" / "notes.txt").write_text("a small text\n")
    place.keep(MODEL, "large")
    write_safetensors(place.folder / "different" / "model.safetensors", {"w": ("BF16", make_bf16(9_000, 8))})
    place.keep(OTHER, "different")
    return place


@pytest.fixture(scope="module")
def served(place: Place) -> Generator[Served]:
    with serving(place.vault, place.environ, site=SiteAsked(xet_from_bytes=0)) as found:
        wait_until(lambda: bool(find_hash(found)) and bool(find_hash(found, OTHER)))
        yield found


def find_hash(served: Served, name: str = MODEL) -> str:
    return served.ask(f"/{name}/resolve/main/model.safetensors", "HEAD").headers.get("x-xet-hash", "")


def get_path(place: Place) -> Path:
    return place.folder / "large" / "model.safetensors"


def open_reading(served: Served, name: str = MODEL) -> Store:
    return open_store(served, f"/api/models/{name}/xet-read-token/main")


def test_a_large_file_is_marked_with_its_true_hash(served: Served, place: Place) -> None:
    truth = hf_xet.hash_files([str(get_path(place))])[0].hash
    for method in ("HEAD", "GET"):
        headers = served.ask(f"/{MODEL}/resolve/main/model.safetensors", method).headers
        assert headers["x-xet-hash"] == truth
        commit = headers["x-repo-commit"]
        auth, plan = headers["link"].split(", ")
        assert auth == f'<{served.address}/api/models/{MODEL}/xet-read-token/{commit}>; rel="xet-auth"'
        assert plan == f'<{served.address}/xet/v1/reconstructions/{truth}>; rel="xet-reconstruction-info"'
    tree = {one["path"]: one for one in served.ask(f"/api/models/{MODEL}/tree/main").json}
    assert tree["model.safetensors"]["xetHash"] == truth
    told = served.ask(f"/api/models/{MODEL}/paths-info/main", "POST", b"paths=model.safetensors").json
    assert told[0]["xetHash"] == truth


def test_a_small_file_is_not_marked(served: Served) -> None:
    headers = served.ask(f"/{MODEL}/resolve/main/notes.txt", "HEAD").headers
    assert not {"x-xet-hash", "link"} & headers.keys()
    tree = {one["path"]: one for one in served.ask(f"/api/models/{MODEL}/tree/main").json}
    assert "xetHash" not in tree["notes.txt"]


def test_a_file_below_the_limit_is_not_marked_and_has_no_plan(place: Place) -> None:
    with serving(place.vault, place.environ, site=SiteAsked(xet_from_bytes=1 << 30)) as server:
        assert find_hash(server) == ""
        digest = hf_xet.hash_files([str(get_path(place))])[0].hash
        assert open_reading(server).ask(f"/v1/reconstructions/{digest}").status == 404


def test_a_whole_file_is_put_together_from_its_plan(served: Served, place: Place) -> None:
    assert fetch(open_reading(served), find_hash(served)) == get_path(place).read_bytes()


@pytest.mark.parametrize("seed", range(8))
def test_any_range_of_a_file_is_put_together_from_its_plan(served: Served, place: Place, seed: int) -> None:
    data = get_path(place).read_bytes()
    begin, end = sorted(random.Random(seed).sample(range(len(data)), 2))
    assert fetch(open_reading(served), find_hash(served), begin, end) == data[begin : end + 1]


def test_a_range_that_ends_past_the_file_gives_what_there_is(served: Served, place: Place) -> None:
    data = get_path(place).read_bytes()
    assert fetch(open_reading(served), find_hash(served), len(data) - 5, len(data) + 10_000) == data[-5:]


def test_a_range_that_begins_past_the_file_is_answered_416(served: Served, place: Place) -> None:
    size = get_path(place).stat().st_size
    answer = open_reading(served).ask(f"/v1/reconstructions/{find_hash(served)}", Range=f"bytes={size}-{size + 10}")
    assert answer.status == 416


def test_version_2_of_a_plan_and_what_is_unknown_are_answered_404(served: Served) -> None:
    store = open_reading(served)
    assert store.ask(f"/v2/reconstructions/{find_hash(served)}").status == 404
    assert store.ask(f"/v1/reconstructions/{UNKNOWN}").status == 404
    assert store.ask("/v1/reconstructions/nothing").status == 404
    assert store.ask("/v7/whatever").status == 404


def test_a_plan_is_made_for_files_of_the_tokens_own_model_alone(served: Served) -> None:
    assert open_reading(served, OTHER).ask(f"/v1/reconstructions/{find_hash(served)}").status == 404


def test_a_plan_needs_a_token_of_xets_own_that_has_not_expired(served: Served) -> None:
    path = f"/xet/v1/reconstructions/{find_hash(served)}"
    assert served.ask(path).status == 401
    assert served.made(served.create_token((Scope.READ, "*"))).ask(path).status == 401
    right = open_reading(served).token
    assert served.made(right).ask(path).status == 200
    assert served.made(right[:-1] + ("A" if right[-1] != "A" else "B")).ask(path).status == 401
    assert served.made(f"x{right}").ask(path).status == 401
    assert served.made("A" * 5000).ask(path).status == 401
    other_key = make_token(bytes(32), XetGrant(Scope.READ, MODEL, "0" * 40, ""), int(time()) + 60)
    assert served.made(other_key).ask(path).status == 401


def test_a_stretch_of_a_xorb_is_given_under_its_signed_address_alone(served: Served) -> None:
    plan = open_reading(served).ask(f"/v1/reconstructions/{find_hash(served)}").json
    told = next(iter(plan["fetch_info"].values()))[0]
    url = urlsplit(told["url"])
    assert fetch_stretch(served, told).status == 206
    assert served.ask(url.path).status == 403
    assert served.ask(f"{url.path}?{url.query}x").status == 403
    elsewhere = url.path.replace("/0/", "/1/")
    assert served.ask(f"{elsewhere}?{url.query}").status == 403
    assert parse_qs(url.query).keys() == {"ticket"}


def test_a_stretch_may_be_asked_for_in_any_range(served: Served) -> None:
    plan = open_reading(served).ask(f"/v1/reconstructions/{find_hash(served)}").json
    told = next(iter(plan["fetch_info"].values()))[0]
    whole = fetch_stretch(served, told).body
    url = urlsplit(told["url"])
    all_of_it = served.ask(f"{url.path}?{url.query}")
    assert (all_of_it.status, all_of_it.body) == (200, whole)
    for begin, end in ((0, 0), (3, 9), (100_000, 400_000), (len(whole) - 1, len(whole) + 5)):
        answer = fetch_stretch(served, told, f"bytes={begin}-{end}")
        assert (answer.status, answer.body) == (206, whole[begin : end + 1])
        assert answer.headers["content-range"] == f"bytes {begin}-{min(end, len(whole) - 1)}/{len(whole)}"
    assert fetch_stretch(served, told, f"bytes={len(whole)}-").status == 416


def test_a_frozen_copy_is_held_back_from_xets_clients_too(place: Place, served: Served) -> None:
    store = open_reading(served)
    digest = find_hash(served)
    told = next(iter(store.ask(f"/v1/reconstructions/{digest}").json["fetch_info"].values()))[0]
    place.get("freeze", MODEL, "--by", "Ana", "--why", "a test")
    try:
        wait_until(lambda: store.ask(f"/v1/reconstructions/{digest}").status == 451)
        assert fetch_stretch(served, told).status == 451
        assert served.ask(f"/api/models/{MODEL}/xet-read-token/main").status == 451
    finally:
        place.get("thaw", MODEL, "--by", "Ana", "--why", "it is over")
    wait_until(lambda: store.ask(f"/v1/reconstructions/{digest}").status == 200)


def test_telemetry_is_answered_and_nothing_of_it_kept(served: Served) -> None:
    for path in ("/v1/telemetry", "/xet/v1/telemetry"):
        answer = served.ask(path, "POST", b'{"client": "hf_xet", "size": 1}', Content_Type="application/json")
        assert (answer.status, answer.json) == (200, {})


def test_who_may_not_read_a_model_gets_no_token_for_it(served: Served) -> None:
    stranger = served.made(served.create_token((Scope.READ, "elsewhere/*")))
    assert stranger.ask(f"/api/models/{MODEL}/xet-read-token/main").status == 404


def test_hashes_are_remembered_across_servers_and_computed_anew_when_they_are_damaged(place: Place) -> None:
    folder = Path(place.environ["XDG_CACHE_HOME"]) / "holdfast" / "xet"
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) >= 2
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    truth = hf_xet.hash_files([str(get_path(place))])[0].hash
    with serving(place.vault, place.environ, site=SiteAsked(xet_from_bytes=0)) as server:
        wait_until(lambda: find_hash(server) == truth)
        assert fetch(open_reading(server), truth) == get_path(place).read_bytes()


def test_damage_ends_an_answer_and_is_never_sent(place: Place, tmp_path: Path) -> None:
    hurt = copy_place(place, tmp_path / "place")
    data = get_path(place).read_bytes()
    with serving(hurt.vault, place.environ, site=SiteAsked(xet_from_bytes=0)) as server:
        wait_until(lambda: bool(find_hash(server)))  # from what was remembered: nothing was read yet
        plan = open_reading(server).ask(f"/v1/reconstructions/{find_hash(server)}").json
        (told,) = (one for many in plan["fetch_info"].values() for one in many)
        pack = max(hurt.vault.rglob("*.pack"), key=lambda path: path.stat().st_size)
        for at in range(pack.stat().st_size // 20, pack.stat().st_size, pack.stat().st_size // 10):
            flip(pack, at)
        try:
            answer = fetch_stretch(server, told)
            assert answer.status == 500
            got = b""
        except http.client.IncompleteRead as error:
            got = error.partial
    stored = b"".join(unpack(parse_whole(got)))
    assert data.startswith(stored)
    assert len(stored) < len(data)


def parse_whole(body: bytes) -> bytes:
    """As many whole chunks as there are."""
    at = 0
    while at + 8 <= len(body) and (end := at + 8 + int.from_bytes(body[at + 1 : at + 4], "little")) <= len(body):
        at = end
    return body[:at]


def unpack(body: bytes) -> list[bytes]:
    return [unpack_chunk(body, chunk) for chunk in parse_xorb(body).chunks] if body else []


def test_a_size_that_is_none_is_told(place: Place) -> None:
    done = place.run("serve", "--port", "0", "--xet-from", "lots")
    assert done.code == 2
    assert "--xet-from" in done.err
