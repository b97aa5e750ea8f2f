"""Tickets hold for what they were made for, and for nothing else."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.front.hub.tickets import TICKET, check_ticket, sign_ticket
from holdfast.records.access import BadTicket

KEY = bytes(range(32))
PATH = "/org/model.git/info/lfs/objects/ab"
UNTIL = 2_000_000_000
TEXT = st.text(max_size=60)


def make(method: str = "PUT", path: str = PATH, expires_at: int = UNTIL, subject: str = "ci") -> str:
    query = sign_ticket(KEY, method, path, expires_at, subject)
    assert query.startswith(f"{TICKET}=")
    return query.removeprefix(f"{TICKET}=")


@given(path=TEXT, subject=TEXT, expires_at=st.integers(1, 10**11))
def test_a_ticket_tells_its_subject_and_its_end(path: str, subject: str, expires_at: int) -> None:
    found = check_ticket(KEY, "PUT", path, make("PUT", path, expires_at, subject), expires_at - 1)
    assert (found.subject, found.expires_at) == (subject, expires_at)


def test_a_ticket_is_an_hmac_over_its_parts_with_their_lengths() -> None:
    parts = [b"holdfast ticket 1", b"PUT", b"/a", b"5", b"me"]
    text = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    stamp = hmac.new(KEY, text, hashlib.sha256).digest()
    assert make("PUT", "/a", 5, "me").split(".")[2] == base64.urlsafe_b64encode(stamp).decode().rstrip("=")


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", PATH, KEY),
        ("POST", PATH, KEY),
        ("PUT", f"{PATH}0", KEY),
        ("PUT", PATH[:-1], KEY),
        ("PUT", PATH, bytes(32)),
    ],
)
def test_a_ticket_for_something_else_or_of_another_key_is_refused(method: str, path: str, key: bytes) -> None:
    with pytest.raises(BadTicket, match="was not made here for this"):
        check_ticket(key, method, path, make(), UNTIL - 1)


def test_an_expired_ticket_is_refused_from_its_second_on() -> None:
    assert check_ticket(KEY, "PUT", PATH, make(), UNTIL - 0.001).subject == "ci"
    for now in (UNTIL, UNTIL + 1):
        with pytest.raises(BadTicket, match="has expired"):
            check_ticket(KEY, "PUT", PATH, make(), now)


def test_a_ticket_to_get_is_one_to_head() -> None:
    assert check_ticket(KEY, "HEAD", PATH, make("GET"), 0).subject == "ci"
    assert check_ticket(KEY, "GET", PATH, make("HEAD"), 0).subject == "ci"


def test_every_changed_character_spoils_a_ticket() -> None:
    ticket = make()
    for place, letter in enumerate(ticket):
        for other in ("A", "B", "1", ".", "-"):
            if other != letter:
                changed = ticket[:place] + other + ticket[place + 1 :]
                with pytest.raises(BadTicket):
                    check_ticket(KEY, "PUT", PATH, changed, 0)


@pytest.mark.parametrize(
    "ticket",
    ["", ".", "..", "...", "x.y.z", "1.2", "1e9.Y2k.AAAA", "-1.Y2k.AAAA", "²0.Y2k.AAAA", "9" * 2000, "1.Y2k.AA=="],
)
def test_what_is_no_ticket_is_refused_like_a_wrong_one(ticket: str) -> None:
    with pytest.raises(BadTicket):
        check_ticket(KEY, "PUT", PATH, ticket, 0)


@given(ticket=st.text(max_size=200))
def test_no_text_raises_anything_but_a_refusal(ticket: str) -> None:
    with pytest.raises(BadTicket):
        check_ticket(KEY, "PUT", PATH, ticket, 0)
