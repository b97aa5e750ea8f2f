"""What a hub states, as it is understood; and everything that it may say instead."""

import re

import pytest
from aiohttp import web

from holdfast.records.errors import (
    BlockedUpstream,
    HoldfastError,
    LimitExceeded,
    NetworkError,
    NotUpstream,
    RefusedUpstream,
    UsageError,
)
from holdfast.upstream.line import Line
from tests.upstream.asking import Waits, asking
from tests.upstream.hub import Hub, dump, fail, times

SMALL = {"config.json": b"{}", "w/model.safetensors": b"weights"}


def fetch(line: Line, name: str = "acme/tiny", asked: str = "") -> object:
    return line.ask(line.client.fetch_revision(name, asked))


def test_a_branch_a_tag_and_a_commit_are_told_apart(hub: Hub) -> None:
    repository = hub.add("acme/tiny", SMALL)
    first = repository.find("main") or ""
    repository.tag("v1", first)
    second = repository.commit(SMALL | {"more.txt": b"x"})
    with asking(hub) as line:
        found = [line.ask(line.client.fetch_revision("acme/tiny", asked)) for asked in ("", "main", "v1", second)]
    assert [(one.commit, one.ref) for one in found] == [
        (second, "refs/heads/main"),
        (second, "refs/heads/main"),
        (first, "refs/tags/v1"),
        (second, ""),
    ]
    assert [file.path for file in found[2].files] == ["config.json", "w/model.safetensors"]


def test_sizes_and_digests_are_those_of_the_files(hub: Hub) -> None:
    repository = hub.add("acme/tiny", SMALL)
    with asking(hub) as line:
        revision = line.ask(line.client.fetch_revision("acme/tiny"))
    small, large = revision.files
    # `sha256sum` and `git hash-object` of the same content
    assert (large.size, large.sha256) == (7, "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c")
    assert (small.git_blob, small.sha256) == (
        repository.git("hash-object", "--stdin", given=b"{}").decode().strip(),
        "",
    )


def test_a_tree_in_pages_is_read_to_its_end(hub: Hub) -> None:
    hub.add("acme/tiny", {f"f{number:03}": b"%d" % number for number in range(25)})
    hub.page = 10
    with asking(hub) as line:
        revision = line.ask(line.client.fetch_revision("acme/tiny"))
    assert [file.path for file in revision.files] == [f"f{number:03}" for number in range(25)]
    assert hub.count("/tree/") == 3


def test_a_page_that_another_server_should_have_is_asked_of_this_one(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)
    body = dump([{"type": "file", "oid": "1" * 40, "size": 1, "path": "a"}])
    following = "https://elsewhere.invalid/api/models/acme/tiny/tree/main?cursor=1"
    hub.fault = times(1, "/tree/", lambda: web.Response(body=body, headers={"Link": f'<{following}>; rel="next"'}))
    with asking(hub, token="hf_secret") as line:
        revision = line.ask(line.client.fetch_revision("acme/tiny"))
    assert "a" in [file.path for file in revision.files]
    assert hub.count("cursor=1", "hub") == 1


def test_a_page_outside_the_api_is_refused(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)
    link = {"Link": '<https://elsewhere.invalid/collect>; rel="next"'}
    hub.fault = times(1, "/tree/", lambda: web.Response(body=b"[]", headers=link))
    with asking(hub) as line, pytest.raises(BlockedUpstream, match="another server"):
        fetch(line)


def test_a_tree_whose_pages_lead_in_a_circle_ends(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)

    def again() -> web.Response:
        return web.Response(body=b"[]", headers={"Link": f'<{hub.url}/api/models/acme/tiny/tree/x>; rel="next"'})

    hub.fault = times(99, "/tree/", again)
    with asking(hub) as line, pytest.raises(LimitExceeded, match="no end"):
        fetch(line)


def test_a_hub_without_trees_is_asked_for_its_siblings(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)
    with asking(hub) as line:
        whole = line.ask(line.client.fetch_revision("acme/tiny"))
        hub.has_trees = False
        assert line.ask(line.client.fetch_revision("acme/tiny")).files == whole.files


def test_a_renamed_model_is_found_and_its_new_name_told(hub: Hub) -> None:
    hub.add("acme/new", SMALL)
    hub.renamed["acme/old"] = "acme/new"
    with asking(hub, token="hf_secret") as line:
        assert line.ask(line.client.fetch_revision("acme/old")).name == "acme/new"
    assert all(one.headers.get("Authorization") == "Bearer hf_secret" for one in hub.seen)


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        ("gone", NotUpstream, "Invalid username or password"),
        ("disabled", BlockedUpstream, "disabled"),
        ("elsewhere", BlockedUpstream, "not available in your country"),
    ],
)
def test_what_stands_in_the_way_is_told_with_the_hubs_words(
    hub: Hub, state: str, kind: type[HoldfastError], says: str
) -> None:
    hub.add("acme/tiny", SMALL).state = state
    with asking(hub) as line, pytest.raises(kind, match=says):
        fetch(line)


def test_an_unknown_revision_is_told_from_an_unknown_model(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)
    with asking(hub) as line:
        with pytest.raises(NotUpstream, match="branch, tag or commit"):
            fetch(line, asked="v9")
        with pytest.raises(NotUpstream, match="shows no such model"):
            fetch(line, "acme/other")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (fail(451, message="Withheld under an order"), BlockedUpstream, "Withheld under an order"),
        (fail(403, "GatedRepo", "Accept first"), RefusedUpstream, "Accept first"),
        (fail(403, message="No"), RefusedUpstream, "refuses, 403"),
        (fail(401, message="Invalid credentials in Authorization header"), RefusedUpstream, "does not know this token"),
        (fail(410, message="It was here"), NotUpstream, "It was here"),
        (fail(418, message="odd"), NetworkError, "answered 418"),
        (web.Response(status=206, body=b"{}"), NetworkError, "answered 206"),
    ],
)
def test_every_refusal_has_its_kind(hub: Hub, answer: web.Response, kind: type[HoldfastError], says: str) -> None:
    hub.fault = times(1, "/api/", lambda: answer)
    with asking(hub) as line, pytest.raises(kind, match=re.escape(says)) as raised:
        fetch(line)
    assert type(raised.value) is kind


def test_a_hub_that_asks_for_patience_gets_it(hub: Hub) -> None:
    hub.add("acme/tiny", SMALL)
    limit = {"RateLimit": '"api";r=0;t=55', "Retry-After": "7"}
    answers = iter([fail(429, headers=limit), fail(503, headers={"Retry-After": "3"}), fail(500)])
    hub.fault = times(3, "/revision/", lambda: next(answers))
    waits = Waits()
    with asking(hub, waits=waits) as line:
        fetch(line)
    assert waits.seconds == [56.0, 4.0, 2.0]  # what is told and a second; then half of 4, for the third failure


def test_a_hub_that_stays_broken_is_given_up(hub: Hub) -> None:
    hub.fault = times(99, "/", lambda: fail(502, message="down"))
    waits = Waits()
    with asking(hub, waits=waits) as line, pytest.raises(NetworkError, match="busy or broken, 502"):
        fetch(line)
    assert len(waits.seconds) == 3


def test_a_hub_that_asks_for_an_hour_is_not_waited_for(hub: Hub) -> None:
    hub.fault = times(99, "/", lambda: fail(429, headers={"Retry-After": "3600"}))
    waits = Waits()
    with asking(hub, waits=waits) as line, pytest.raises(NetworkError, match="429"):
        fetch(line)
    assert waits.seconds == []


def test_a_hub_that_is_not_there_is_told_without_long_waits(hub: Hub) -> None:
    hub.url = "http://127.0.0.1:9"
    waits = Waits()
    with asking(hub, waits=waits) as line, pytest.raises(NetworkError, match="cannot be reached"):
        fetch(line)
    assert len(waits.seconds) == 2


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://169.254.169.254/latest/meta-data", "inside this network"),
        ("http://[fe80::1]/", "inside this network"),
        ("file:///etc/passwd", "no http address"),
        ("http://user:pass@127.0.0.1/", "with a password"),
    ],
)
def test_a_redirect_to_a_place_that_no_hub_is_at_is_not_followed(hub: Hub, location: str, says: str) -> None:
    hub.fault = times(1, "/api/", lambda: web.Response(status=302, headers={"Location": location}))
    with asking(hub) as line, pytest.raises(BlockedUpstream, match=says):
        fetch(line)


def test_redirects_without_end_are_given_up(hub: Hub) -> None:
    hub.fault = times(99, "/api/", lambda: web.Response(status=302, headers={"Location": "/api/models/a/b"}))
    with asking(hub) as line, pytest.raises(NetworkError, match="without end"):
        fetch(line)
    assert len(hub.seen) == 6


@pytest.mark.parametrize(
    "item",
    [
        {"type": "file", "path": "../up", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "a//b", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "/etc/passwd", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "a\\b", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "a\nb", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "x" * 2000, "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "\ud800", "oid": "1" * 40, "size": 1},
        {"type": "file", "path": "a", "oid": "1" * 39, "size": 1},
        {"type": "file", "path": "a", "oid": "1" * 40, "size": -1},
        {"type": "file", "path": "a", "oid": "1" * 40, "size": 1.5},
        {"type": "file", "path": "a", "oid": "1" * 40, "size": 1 << 60},
        {"type": "file", "path": "a", "oid": "1" * 40, "size": 1, "lfs": {"oid": "short", "size": 1}},
        {"type": "file", "path": 7, "oid": "1" * 40, "size": 1},
        {"type": "link", "path": "a", "oid": "1" * 40, "size": 1},
        ["file"],
    ],
)
def test_a_tree_that_no_hub_should_have_is_refused(hub: Hub, item: object) -> None:
    hub.add("acme/tiny", SMALL)
    hub.fault = times(1, "/tree/", lambda: web.Response(body=dump([item])))
    with asking(hub) as line, pytest.raises(NetworkError):
        fetch(line)


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("x/y/z", "x/y")])
def test_two_files_in_one_place_are_refused(hub: Hub, paths: tuple[str, str]) -> None:
    hub.add("acme/tiny", SMALL)
    items = [{"type": "file", "path": path, "oid": "1" * 40, "size": 1} for path in paths]
    hub.fault = times(1, "/tree/", lambda: web.Response(body=dump(items)))
    with asking(hub) as line, pytest.raises(NetworkError, match="listed"):
        fetch(line)


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b'{"sha": "main"}', b"[" * 100_000, b'{"sha": null}', b"\xff"])
def test_information_that_states_no_commit_is_refused(hub: Hub, body: bytes) -> None:
    hub.fault = times(1, "/revision/", lambda: web.Response(body=body))
    with asking(hub) as line, pytest.raises(NetworkError):
        fetch(line)


def test_an_answer_without_end_is_cut(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.upstream.client._PAGE_BYTES_MAX", 1000)
    hub.fault = times(1, "/revision/", lambda: web.Response(body=b" " * 5000))
    with asking(hub) as line, pytest.raises(LimitExceeded, match="longer than 1000"):
        fetch(line)


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "a/..", "a b/c", "acme/tiny.git", "a/b?x=1", "-a/b", "a/b#c"])
def test_names_that_would_lead_elsewhere_are_refused_before_any_call(hub: Hub, name: str) -> None:
    with asking(hub) as line, pytest.raises(UsageError):
        fetch(line, name)
    assert hub.seen == []


@pytest.mark.parametrize("revision", ["a b", "x?y", "../main", "-x", "a\nb", "^1"])
def test_revisions_that_git_would_not_take_are_refused_before_any_call(hub: Hub, revision: str) -> None:
    with asking(hub) as line, pytest.raises(UsageError):
        fetch(line, asked=revision)
    assert hub.seen == []


def test_terms_and_licence_are_told(hub: Hub) -> None:
    card = {"license": "other", "license_name": "acme-1.0", "extra_gated_prompt": "Only for good."}
    hub.add("acme/tiny", SMALL, gated="manual", cardData=card)
    with asking(hub) as line:
        terms = line.ask(line.client.fetch_revision("acme/tiny")).terms
    assert (terms.gate, terms.gate_text, terms.licence) == ("manual", "Only for good.", "acme-1.0")
