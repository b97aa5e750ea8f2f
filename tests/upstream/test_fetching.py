"""Files arrive whole over connections that break, from servers that lie, change their minds or know no ranges."""

import random
from pathlib import Path

import pytest
from aiohttp import web

from holdfast.records.errors import ChangedUpstream, NetworkError
from holdfast.records.hub import HubFile
from holdfast.upstream.carrying import Wanted
from holdfast.upstream.spool import RECORD_BYTES
from tests.upstream.asking import Waits, asking
from tests.upstream.hub import Hub, fail, times

MODEL = "acme/tiny"
CONTENT = random.Random(2).randbytes(5 << 20)


@pytest.fixture(autouse=True)
def pieces_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.upstream.fetching.PIECE_BYTES", 1 << 20)


def fetch(hub: Hub, folder: Path, waits: Waits | None = None) -> dict[str, bytes]:
    """All files of a model, by path, as they arrive."""
    found: dict[str, bytes] = {}
    with asking(hub, waits=waits) as line:
        revision = line.ask(line.client.fetch_revision(MODEL))
        wanted = [
            Wanted(file, line.endpoint.file(MODEL, revision.commit, file.path), file.stated.replace(":", "-"))
            for file in revision.files
        ]
        with line.fetching(wanted, folder, lambda _count: None) as arriving:
            for some in arriving:
                for one in some:
                    found[one.wanted.file.path] = one.spool.path.read_bytes()
                    one.spool.discard()
                    one.done()
    return found


def break_down_after(hub: Hub, count: int, pattern: str) -> None:
    """From then on such requests fail."""
    calls = 0

    async def break_down(request: web.Request) -> web.StreamResponse | None:
        nonlocal calls
        calls += pattern in request.path_qs
        return fail(500) if calls > count and pattern in request.path_qs else None

    hub.fault = break_down


def test_a_large_file_comes_in_ranges_from_where_the_hub_sends_it(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT, "config.json": b"{}"})
    assert fetch(hub, tmp_path) == {"w.bin": CONTENT, "config.json": b"{}"}
    ranges = [one.headers["Range"] for one in hub.seen if one.origin == "cdn"]
    assert len(ranges) == 5
    assert hub.sent["w.bin"] == len(CONTENT)


def test_the_hub_is_asked_once_where_a_file_is(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    with asking(hub, connections=1) as line:
        revision = line.ask(line.client.fetch_revision(MODEL))
        (file,) = revision.files
        wanted = Wanted(file, line.endpoint.file(MODEL, revision.commit, file.path), "one")
        with line.fetching([wanted], tmp_path, lambda _count: None) as arriving:
            list(arriving)
    assert hub.count("/resolve/") == 1


def test_a_signed_address_that_expired_is_asked_for_again(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    calls = 0

    async def expire(request: web.Request) -> web.StreamResponse | None:
        nonlocal calls
        if "Signature" in request.path_qs:
            calls += 1
            if calls == 3:
                hub.tickets.clear()
        return None

    hub.fault = expire
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT


def test_a_connection_that_breaks_off_goes_on_from_there(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cuts = [700_000, 64 << 10, 900_000, 0, 300_000]
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT
    assert hub.sent["w.bin"] - len(CONTENT) <= 5 * RECORD_BYTES


def test_what_arrived_is_not_fetched_by_the_next_try(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    break_down_after(hub, 3, "Signature")
    with pytest.raises(NetworkError, match="busy or broken, 500"):
        fetch(hub, tmp_path)
    hub.fault = None
    first = hub.sent["w.bin"]
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT
    assert 0 < first < len(CONTENT)
    assert hub.sent["w.bin"] - len(CONTENT) <= 3 * RECORD_BYTES


def test_progress_resets_the_count_of_failures(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cuts = [RECORD_BYTES + 70_000] * 40
    waits = Waits()
    assert fetch(hub, tmp_path, waits)["w.bin"] == CONTENT
    assert len(waits.seconds) >= 4


def test_a_server_that_asks_for_patience_in_the_middle_gets_it(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.fault = times(2, "Signature", lambda: fail(429, headers={"Retry-After": "30"}))
    waits = Waits()
    assert fetch(hub, tmp_path, waits)["w.bin"] == CONTENT
    assert waits.seconds == [31.0, 31.0]


def test_a_server_without_ranges_sends_the_whole_file(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.ranges = False
    hub.cuts = [2_000_000, 3_000_000]
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT


def test_a_file_that_changes_on_its_way_is_begun_anew(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cdn = False
    other = bytes(len(CONTENT))
    calls = 0

    async def change(request: web.Request) -> web.StreamResponse | None:
        nonlocal calls
        if "/resolve/" in request.path:
            calls += 1
            hub.lies["w.bin"], hub.etags["w.bin"] = (other, "before") if calls < 3 else (CONTENT, "after")
        return None

    hub.fault = change
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT


def test_a_file_that_changed_between_two_tries_is_begun_anew(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cdn = False
    hub.lies["w.bin"], hub.etags["w.bin"] = bytes(len(CONTENT)), "before"
    break_down_after(hub, 3, "/resolve/")
    with pytest.raises(NetworkError):
        fetch(hub, tmp_path)
    assert hub.sent["w.bin"] >= 1 << 20
    hub.fault = None
    hub.lies["w.bin"], hub.etags["w.bin"] = CONTENT, "after"
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT


def test_a_file_that_never_settles_is_given_up(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cdn = False
    calls = 0

    async def change(request: web.Request) -> web.StreamResponse | None:
        nonlocal calls
        calls += 1
        hub.etags["w.bin"] = str(calls)
        return None

    hub.fault = change
    with pytest.raises(ChangedUpstream, match="changes while it is fetched"):
        fetch(hub, tmp_path)


@pytest.mark.parametrize("cdn", [True, False])
@pytest.mark.parametrize("longer", [True, False])
def test_a_size_that_is_not_what_the_hub_lists_is_told(hub: Hub, tmp_path: Path, cdn: bool, longer: bool) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cdn = cdn
    hub.lies["w.bin"] = CONTENT + b"more" if longer else CONTENT[:-7]
    with pytest.raises(ChangedUpstream, match="where the hub lists 5242880"):
        fetch(hub, tmp_path)


def test_a_file_that_ends_before_the_range_is_told(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.fault = times(9, "Signature", lambda: web.Response(status=416))
    with pytest.raises(ChangedUpstream, match="shorter than"):
        fetch(hub, tmp_path)


def test_a_digest_that_is_not_what_the_hub_lists_is_told_at_once(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.etags["w.bin"] = "ab" * 32
    with pytest.raises(ChangedUpstream, match="lists sha256"):
        fetch(hub, tmp_path)


@pytest.mark.parametrize("said", ["", "bytes 5-9/100", "bytes x-y/z", "bytes 0-99999999/5242880", "items 0-1/2"])
def test_another_range_than_was_asked_is_refused(hub: Hub, tmp_path: Path, said: str) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    headers = {"Content-Range": said} if said else {}
    hub.fault = times(99, "Signature", lambda: web.Response(status=206, body=b"x" * 99, headers=headers))
    with pytest.raises(NetworkError):
        fetch(hub, tmp_path)


def test_a_coded_body_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    coded = {"Content-Encoding": "gzip", "Content-Range": "bytes 0-1048575/5242880"}
    hub.fault = times(9, "Signature", lambda: web.Response(status=206, body=b"x" * (1 << 20), headers=coded))
    with pytest.raises(NetworkError, match="'gzip'-coded"):
        fetch(hub, tmp_path)


def test_the_token_goes_to_the_hub_and_to_no_other_server(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    with asking(hub, token="hf_secret") as line:
        revision = line.ask(line.client.fetch_revision(MODEL))
        (file,) = revision.files
        wanted = Wanted(file, line.endpoint.file(MODEL, revision.commit, file.path), "one")
        with line.fetching([wanted], tmp_path, lambda _count: None) as arriving:
            list(arriving)
    sent = {(one.origin, one.headers.get("Authorization", "")) for one in hub.seen}
    assert sent == {("hub", "Bearer hf_secret"), ("cdn", "")}


def test_many_files_arrive_small_ones_first(hub: Hub, tmp_path: Path) -> None:
    files = {f"f{number}": random.Random(number).randbytes(number * 1000) for number in range(60)}
    hub.add(MODEL, files)
    assert fetch(hub, tmp_path) == files
    asked = [one.path.rpartition("/f")[2] for one in hub.seen if "/resolve/" in one.path]
    assert len(asked) == 59  # the empty one is not asked for
    assert max(map(int, asked[:10])) <= 42  # at most 32 are on their way at once


def test_leaving_early_ends_what_is_on_its_way(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"a": b"1", "w.bin": CONTENT})
    hub.wait_s = 0.02
    with asking(hub) as line:
        revision = line.ask(line.client.fetch_revision(MODEL))
        wanted = [
            Wanted(file, line.endpoint.file(MODEL, revision.commit, file.path), file.path) for file in revision.files
        ]
        with line.fetching(wanted, tmp_path, lambda _count: None) as arriving:
            assert [one.wanted.file.path for one in next(iter(arriving))] == ["a"]
    hub.wait_s = 0
    assert fetch(hub, tmp_path)["w.bin"] == CONTENT


def test_progress_counts_every_byte_once(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    hub.cuts = [700_000]
    counted = 0

    def count(some: int) -> None:
        nonlocal counted
        counted += some

    with asking(hub) as line:
        revision = line.ask(line.client.fetch_revision(MODEL))
        (file,) = revision.files
        wanted = Wanted(file, line.endpoint.file(MODEL, revision.commit, file.path), "one")
        with line.fetching([wanted], tmp_path, count) as arriving:
            list(arriving)
    assert counted == len(CONTENT)


def test_a_file_without_a_digest_is_fetched_all_the_same(hub: Hub, tmp_path: Path) -> None:
    hub.add(MODEL, {"w.bin": CONTENT})
    with asking(hub) as line:
        commit = line.ask(line.client.fetch_revision(MODEL)).commit
        wanted = Wanted(HubFile("w.bin", len(CONTENT)), line.endpoint.file(MODEL, commit, "w.bin"), "unstated-1")
        with line.fetching([wanted], tmp_path, lambda _count: None) as arriving:
            assert [one.spool.path.read_bytes() for some in arriving for one in some] == [CONTENT]
