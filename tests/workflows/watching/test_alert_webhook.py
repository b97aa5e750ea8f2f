"""Alerts as signed POSTs, to a real receiver on loopback."""

import base64
import json
import socket
import subprocess
from dataclasses import dataclass, field, replace

import pytest

from holdfast.records.errors import UsageError
from holdfast.workflows.watching.alert_webhook import Sender, Webhook, post_alert, read_webhook, sign_body
from tests.workflows.watching.receiving import receiving

KEY = "a key of more than sixteen characters"
NOW_S = 1_769_538_600.9


@dataclass
class Outside:
    """What sending sees of the world: a clock that stands, and sleep that only says how long."""

    slept: list[float] = field(default_factory=list[float])
    key: str = KEY

    def make_sender(self) -> Sender:
        return Sender(lambda: NOW_S, self.slept.append, {"HOLDFAST_WATCH_WEBHOOK_KEY": self.key})


def sign_elsewhere(text: bytes) -> str:
    """The HMAC-SHA256 as OpenSSL makes it."""
    command = ["openssl", "dgst", "-sha256", "-hmac", KEY, "-binary"]
    return subprocess.run(command, input=text, capture_output=True, check=True).stdout.hex()


def test_what_arrives_is_the_document_signed_with_its_time() -> None:
    with receiving(204) as receiver:
        assert post_alert(Webhook(receiver.url), "abc", {"words": "ü changed"}, Outside().make_sender()) == ""
    (body,), (headers,) = receiver.bodies, receiver.headers
    assert json.loads(body) == {"words": "ü changed"}
    assert headers["Holdfast-Timestamp"] == "1769538600"
    assert headers["Holdfast-Alert"] == "abc"
    assert headers["Content-Type"] == "application/json"
    assert headers["Holdfast-Signature"] == f"v1={sign_elsewhere(b'1769538600.' + body)}"
    assert receiver.methods == ["POST"]


def test_the_signature_covers_the_time_and_every_byte() -> None:
    whole = sign_body(KEY, 1, b"body")
    assert len({whole, sign_body(KEY, 2, b"body"), sign_body(KEY, 1, b"Body"), sign_body(f"{KEY}.", 1, b"body")}) == 4
    assert whole.removeprefix("v1=") == sign_elsewhere(b"1.body")


def test_a_receiver_that_is_down_for_a_moment_is_tried_again() -> None:
    outside = Outside()
    with receiving(503, 0, 200) as receiver:
        assert post_alert(Webhook(receiver.url), "abc", {}, outside.make_sender()) == ""
    assert len(receiver.bodies) == 3
    assert len(set(receiver.bodies)) == 1
    assert outside.slept == [1.0, 4.0]


def test_three_tries_are_all() -> None:
    with receiving(500) as receiver:
        warning = post_alert(Webhook(receiver.url), "abc", {}, Outside().make_sender())
    assert len(receiver.bodies) == 3
    assert "it answered 500" in warning
    assert "tried again at the next run" in warning


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with receiving(status) as receiver:
        warning = post_alert(Webhook(receiver.url), "abc", {}, Outside().make_sender())
    assert len(receiver.bodies) == 1
    assert f"it answered {status}: redirects are not followed" in warning


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_a_warning_at_once(status: int) -> None:
    outside = Outside()
    with receiving(status) as receiver:
        warning = post_alert(Webhook(receiver.url), "abc", {}, outside.make_sender())
    assert f"it answered {status}" in warning
    assert outside.slept == []


def test_nobody_listening_is_a_warning() -> None:
    with receiving() as receiver:
        pass
    warning = post_alert(Webhook(receiver.url), "abc", {}, Outside().make_sender())
    assert "no connection (ConnectionRefusedError)" in warning


def test_a_receiver_that_takes_and_says_nothing_is_a_warning() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        sender = replace(Outside().make_sender(), wait_s=0.02)
        assert "no answer in time" in post_alert(Webhook(url), "abc", {}, sender)


def test_warnings_hold_neither_the_path_nor_the_key() -> None:
    with receiving(403) as receiver:
        warning = post_alert(Webhook(receiver.url), "abc", {}, Outside().make_sender())
    assert "secret-path" not in warning
    assert KEY not in warning
    assert receiver.url.split("/")[2] in warning


@pytest.mark.parametrize(("key", "said"), [("", "is not set"), ("short", "has fewer than 16 characters")])
def test_without_a_key_nothing_is_posted(key: str, said: str) -> None:
    with receiving() as receiver:
        warning = post_alert(Webhook(receiver.url), "abc", {}, Outside(key=key).make_sender())
    assert receiver.bodies == []
    assert f"HOLDFAST_WATCH_WEBHOOK_KEY, which holds the key, {said}" in warning


def test_the_book_knows_a_webhook_by_a_digest() -> None:
    one, other = Webhook("https://one.example/secret"), Webhook("https://one.example/other")
    assert one.outlet != other.outlet
    assert "secret" not in one.outlet
    assert base64.b16decode(one.outlet.removeprefix("webhook "), casefold=True)


@pytest.mark.parametrize(
    "url",
    [
        "", "hook", "ftp://one.example/x", "https://", "https://one.example:99999/x", "https://one.example/a b",
        "https://one.example/\u00fc", f"https://{'a' * 64}.example/x", "https://one.example/\n", "file:///etc/passwd",
        "https://user:password@one.example/x",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_refused_without_being_said(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_webhook(url)
    assert refused.value.next_step
    assert "password@" not in str(refused.value)


def test_a_webhook_has_the_variable_that_was_named() -> None:
    assert read_webhook("https://one.example/x", "MY_KEY") == Webhook("https://one.example/x", "MY_KEY")
    assert read_webhook("http://127.0.0.1:8080", "").key_variable == "HOLDFAST_WATCH_WEBHOOK_KEY"
