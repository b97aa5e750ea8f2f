"""Requests are what each interface takes, byte by byte, and what is secret in them is shown nowhere."""

import hashlib
import json
import pickle
from pathlib import Path

import pytest
from tests.measure.load.scripted import make_ask

from holdfast.measure.load.address import hide_credentials, parse_address
from holdfast.measure.load.bodies import build_body
from holdfast.measure.load.keys import Key, read_key
from holdfast.measure.load.templates import Wiring, build_template, make_nonce
from holdfast.records.errors import ConfigurationError, LimitExceeded, MalformedFile
from holdfast.records.measurement import Api, Ask, Endpoint, Message

TALK = Ask(
    3,
    (Message("system", "Be brief."), Message("user", "Hi")),
    9,
    0.5,
    1,
    ("x",),
    '[{"type":"function"}]',
    '{"type":"json_object"}',
)


def make_endpoint(api: Api = Api.CHAT, url: str = "http://127.0.0.1:8000/v1", **more: object) -> Endpoint:
    return Endpoint("it", url, "a-model", api, **more)  # type: ignore[arg-type]


def render(wiring: Wiring, ask: Ask, number: int = 12) -> tuple[str, dict[str, object]]:
    head, _, body = build_template(wiring, ask).render(number, "salt").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert f"Content-Length: {len(body)}" in lines
    return head.decode(), json.loads(body)


def wire(endpoint: Endpoint, key: Key | None = None, *, is_ours: bool = False, has_nonce: bool = False) -> Wiring:
    return Wiring(endpoint, parse_address(endpoint), key or Key(), is_ours, has_nonce)


def test_a_chat_request_says_what_the_ask_says() -> None:
    assert build_body(make_endpoint(), TALK) == {
        "model": "a-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 1,
        "stop": ["x"],
        "tools": [{"type": "function"}],
        "response_format": {"type": "json_object"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_each_interface_has_its_own_names() -> None:
    plain = make_ask(text="a")
    assert build_body(make_endpoint(Api.COMPLETIONS, is_streaming=False), TALK)["prompt"] == "Be brief.\nHi"
    assert build_body(make_endpoint(Api.EMBEDDINGS), plain) == {"model": "a-model", "input": "a"}
    body = build_body(make_endpoint(Api.RESPONSES), TALK)
    assert (body["max_output_tokens"], body["text"], body["store"]) == (9, {"format": {"type": "json_object"}}, False)
    assert "stream_options" not in body
    assert "max_tokens" not in body


def test_what_is_extra_goes_in_and_null_takes_out() -> None:
    ask = make_ask(extra='{"ignore_eos": true, "stream_options": null, "max_tokens": 1}')
    body = build_body(make_endpoint(), ask)
    assert (body["ignore_eos"], body["max_tokens"]) == (True, 1)
    assert "stream_options" not in body


@pytest.mark.parametrize("field", ["tools", "response_format", "extra"])
@pytest.mark.parametrize("text", ["{", "[" * 100_000, "x" * 2_000_000])
def test_settings_that_are_no_json_are_refused_with_the_prompt_that_has_them(field: str, text: str) -> None:
    with pytest.raises(MalformedFile, match=f"prompt 4: `{field}`"):
        build_template(wire(make_endpoint()), make_ask(4, **{field: text}))


def test_a_prompt_without_end_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="prompt 0"):
        build_template(wire(make_endpoint()), make_ask(text="é" * (12 << 20)))


@pytest.mark.parametrize("is_ours", [True, False])
@pytest.mark.parametrize("has_nonce", [True, False])
def test_a_number_and_a_nonce_are_put_in_at_the_moment_of_sending(is_ours: bool, has_nonce: bool) -> None:
    wiring = wire(make_endpoint(), is_ours=is_ours, has_nonce=has_nonce)
    head, body = render(wiring, make_ask(text="0000000000000000 é"), 12)
    assert ("x-holdfast-sample: 0000000012" in head) is is_ours
    said = body["messages"][0]["content"]  # type: ignore[index]
    nonce = hashlib.blake2b(b"salt/12", digest_size=8).hexdigest()
    assert said == (f"[{nonce}] " if has_nonce else "") + "0000000000000000 é"


def test_nonces_differ_and_follow_from_salt_and_number() -> None:
    assert len({make_nonce("a", number) for number in range(100)} | {make_nonce("b", 0)}) == 101
    assert make_nonce("a", 5) == make_nonce("a", 5)


def test_a_prompt_has_one_digest_whoever_is_asked() -> None:
    templates = [
        build_template(wire(make_endpoint(api), has_nonce=has_nonce), TALK)
        for api in Api
        for has_nonce in (True, False)
    ]
    expected = hashlib.sha256(b'[["system","Be brief."],["user","Hi"]]').hexdigest()
    assert {template.prompt_sha256 for template in templates} == {expected}


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8000/v1", "127.0.0.1", 8000, "/v1/chat/completions"),
        ("https://api.example/v1/", "api.example", 443, "/v1/chat/completions"),
        ("http://[::1]:9/v1/chat/completions", "::1", 9, "/v1/chat/completions"),
        ("https://x.example/openai/d?api-version=1", "x.example", 443, "/openai/d/chat/completions?api-version=1"),
    ],
)
def test_an_address_is_read_from_the_url(url: str, host: str, port: int, path: str) -> None:
    address = parse_address(make_endpoint(url=url))
    assert (address.host, address.port, address.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:80/v1",
        "ftp://x/v1",
        "http:///v1",
        "http://x:99999/v1",
        "http://[::1/v1",
        "http://a b/v1",
        "http://x/\r\nA: b",
        "http://" + "x" * 5000,
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint it: the URL") as caught:
        parse_address(make_endpoint(url=url))
    assert not url or url not in str(caught.value)


def test_the_key_is_read_from_the_environment_and_goes_into_one_header() -> None:
    endpoint = make_endpoint(key_variable="A_KEY")
    key = read_key(endpoint, {"A_KEY": " sk-secret \n"})
    wiring = wire(endpoint, key)
    head, body = render(wiring, make_ask())
    assert "Authorization: Bearer sk-secret" in head.split("\r\n")
    assert "secret" not in json.dumps(body)
    assert "secret" not in repr((wiring, key, build_template(wiring, make_ask())))
    with pytest.raises(TypeError, match="stays in the process"):
        pickle.dumps(key)


@pytest.mark.parametrize("value", [None, "", "sk-se\ncret", "sk-sécret", "sk-secret" * 1000])
def test_a_key_that_is_of_no_use_is_refused_without_showing_it(value: str | None) -> None:
    environ = {} if value is None else {"A_KEY": value}
    with pytest.raises(ConfigurationError, match="environment variable A_KEY") as caught:
        read_key(make_endpoint(key_variable="A_KEY"), environ)
    assert "sk-s" not in str(caught.value)


def test_a_password_in_the_url_is_shown_nowhere() -> None:
    endpoint = make_endpoint(url="http://me:hunter%402@127.0.0.1:8000/v1")
    wiring = wire(endpoint)
    head, _ = render(wiring, make_ask())
    assert "Authorization: Basic bWU6aHVudGVyQDI=" in head
    assert "hunter" not in wiring.address.shown + repr(wiring.address) + hide_credentials(endpoint).url
    assert wiring.address.credentials.hide("wrong password hunter@2") == "wrong password …"


def test_a_key_may_be_in_a_file_and_is_told_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-secret\n")
    endpoint = make_endpoint(key_variable=f"@{file}")
    key = read_key(endpoint, {})
    assert key.reveal() == "sk-secret"
    assert "secret" not in repr(key)
    assert "secret" not in repr(endpoint)


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "ä", "x" * 9000])
def test_a_file_without_a_key_says_so_and_not_what_it_holds(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match="no key") as told:
        read_key(make_endpoint(key_variable=f"@{file}"), {})
    assert not content.strip() or content.strip() not in str(told.value)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_key(make_endpoint(key_variable=f"@{tmp_path / 'none'}"), {})
