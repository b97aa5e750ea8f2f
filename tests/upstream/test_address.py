"""Addresses, tokens, waits and the nearness of hosts: what is refused before any call."""

from pathlib import Path

import pytest

from holdfast.records.errors import BlockedUpstream, ConfigurationError, MissingPath
from holdfast.upstream.address import Endpoint, get_origin, parse_endpoint
from holdfast.upstream.credentials import Token, read_token
from holdfast.upstream.nearness import GuardedResolver, Nearness, measure_nearness
from holdfast.upstream.patience import Patience, find_told_wait
from holdfast.upstream.wire import find_proxy, hide_query


@pytest.mark.parametrize(
    "text",
    ["", "hub.example", "ftp://hub.example", "https://", "https://h:x", "https://h?x=1", "https://h#x", "file:///"],
)
def test_what_is_no_address_of_a_hub_is_told_with_its_place(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_endpoint(text, "HF_ENDPOINT")
    assert raised.value.where == "HF_ENDPOINT"


def test_an_address_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_endpoint("https://user:hunter2@hub.example", "HF_ENDPOINT")
    assert "hunter2" not in str(raised.value)


def test_names_and_paths_are_quoted_where_they_stand() -> None:
    hub = parse_endpoint("https://hub.example/mirror/", "")
    assert hub.model_api("a/b", "revision", "refs/pr/1").endswith("/mirror/api/models/a/b/revision/refs%2Fpr%2F1")
    assert hub.file("a/b", "c" * 40, "w #1/ü?.bin").endswith(f"/mirror/a/b/resolve/{'c' * 40}/w%20%231/%C3%BC%3F.bin")


def test_an_origin_is_scheme_host_and_port() -> None:
    assert get_origin("https://Hub.example/x") == get_origin("https://hub.example:443/y?z")
    assert len({get_origin(url) for url in ("http://h/", "https://h/", "https://h:444/", "https://g/")}) == 4


@pytest.mark.parametrize(
    ("address", "nearness"),
    [
        ("8.8.8.8", Nearness.FAR),
        ("2606:4700::1111", Nearness.FAR),
        ("10.1.2.3", Nearness.PRIVATE),
        ("192.168.0.1", Nearness.PRIVATE),
        ("172.16.9.9", Nearness.PRIVATE),
        ("100.64.0.1", Nearness.PRIVATE),
        ("fd00::1", Nearness.PRIVATE),
        ("127.0.0.1", Nearness.HERE),
        ("::1", Nearness.HERE),
        ("::ffff:127.0.0.1", Nearness.HERE),
        ("::ffff:10.0.0.1", Nearness.PRIVATE),
        ("169.254.169.254", Nearness.NOWHERE),
        ("::ffff:169.254.169.254", Nearness.NOWHERE),
        ("fe80::1%eth0", Nearness.NOWHERE),
        ("0.0.0.0", Nearness.NOWHERE),
        ("224.0.0.1", Nearness.NOWHERE),
    ],
)
def test_nearness_of_addresses(address: str, nearness: Nearness) -> None:
    assert measure_nearness(address) is nearness


@pytest.mark.parametrize(
    ("hub", "target", "allowed"),
    [
        ("8.8.8.8", "1.1.1.1", True),
        ("8.8.8.8", "10.0.0.1", False),
        ("8.8.8.8", "127.0.0.1", False),
        ("8.8.8.8", "[::1]", False),
        ("10.0.0.1", "10.0.0.2", True),
        ("10.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "169.254.169.254", False),
        ("10.0.0.1", "8.8.8.8", True),
    ],
)
def test_a_redirect_leads_no_nearer_than_the_hub(hub: str, target: str, allowed: bool) -> None:
    resolver = GuardedResolver(hub, ())
    if allowed:
        resolver.check_literal(target)
    else:
        with pytest.raises(BlockedUpstream):
            resolver.check_literal(target)


async def _resolve(host: str) -> None:
    await GuardedResolver("8.8.8.8", ()).resolve(host, 80)


def test_a_name_that_means_this_machine_is_refused_as_well() -> None:
    import asyncio

    with pytest.raises(BlockedUpstream, match="inside this network"):
        asyncio.run(_resolve("localhost"))


def test_the_token_is_found_where_the_hubs_client_leaves_it(tmp_path: Path) -> None:
    file = tmp_path / "named"
    file.write_text("hf_named\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text("hf_home")
    environ = {"HF_HOME": str(home)}
    assert read_token(environ).reveal() == "hf_home"
    assert read_token({**environ, "HF_TOKEN": " hf_said "}).reveal() == "hf_said"
    assert read_token({**environ, "HF_TOKEN": "hf_said"}, file).reveal() == "hf_named"
    assert not read_token({"HF_HOME": str(tmp_path / "none")})
    with pytest.raises(MissingPath):
        read_token({}, tmp_path / "none")


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "ü", "\x00"])
def test_what_is_no_token_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_token({"HF_TOKEN": text})
    assert text not in str(raised.value)


def test_a_token_shows_nothing_of_itself() -> None:
    token = Token("hf_secret")
    assert "hf_secret" not in f"{token} {token!r} {[token]}"


def test_waits_double_up_to_a_limit_with_chance_in_them() -> None:
    low, high = Patience(draw=lambda: 0.0), Patience(draw=lambda: 1.0)
    assert [low.compute_wait(failed, None) for failed in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 30.0]
    assert [high.compute_wait(failed, None) for failed in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 60.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "7", "RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"Retry-After": "7", "RateLimit": '"api";r=3;t=55'}, 7.0),
        ({"RateLimit": '"api";r=3;t=55'}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "-1"}, None),
        ({}, None),
    ],
)
def test_what_a_hub_says_of_waiting_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert find_told_wait(headers) == seconds


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://hub.example/x", "http://proxy:1"),
        ("http://hub.example/x", "http://other:2"),
        ("https://in.corp.example/x", None),
        ("https://corp.example/x", None),
        ("https://notcorp.example/x", "http://proxy:1"),
        ("http://127.0.0.1:8420/x", None),
        ("http://localhost/x", None),
    ],
)
def test_a_proxy_is_used_where_the_environment_says_so(url: str, proxy: str | None) -> None:
    environ = {"https_proxy": "http://proxy:1", "HTTP_PROXY": "http://other:2", "NO_PROXY": "x.test, .corp.example"}
    assert find_proxy(url, environ) == proxy


def test_a_signature_in_an_address_is_not_shown() -> None:
    assert hide_query("https://cdn.example/file?X-Amz-Signature=abc") == "https://cdn.example/file"
    assert Endpoint("https://hub.example").origin.port == 443
