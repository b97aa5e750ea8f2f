"""Which answer a request asks for, as RFC 9110 has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from holdfast.front.hub.conditions import Wanted, choose

ETAG, SIZE = "abc", 100
WHOLE = Wanted(200, 0, SIZE)
RANGES = {
    "bytes=0-9": Wanted(206, 0, 10),
    "bytes=0-0": Wanted(206, 0, 1),
    "bytes=90-": Wanted(206, 90, 100),
    "bytes=90-1000": Wanted(206, 90, 100),
    "bytes=99-99": Wanted(206, 99, 100),
    "bytes=-1": Wanted(206, 99, 100),
    "bytes=-100": Wanted(206, 0, 100),
    "bytes=-1000": Wanted(206, 0, 100),
    "Bytes = 5 - 6": Wanted(206, 5, 7),
    "bytes=100-": Wanted(416),
    "bytes=100-200": Wanted(416),
    "bytes=9999999999999999999-": Wanted(416),
    "bytes=-0": Wanted(416),
    "bytes=0-9,20-29": WHOLE,
    "bytes=9-5": WHOLE,
    "bytes=": WHOLE,
    "bytes=-": WHOLE,
    "bytes=a-b": WHOLE,
    "bytes=--5": WHOLE,
    "bytes=99999999999999999999999999-": WHOLE,
    "lines=0-9": WHOLE,
    "": WHOLE,
}


def ask(method: str = "GET", size: int = SIZE, **headers: str) -> Wanted:
    """A request with these headers; `X_Y` stands for X-Y."""
    return choose(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}), method, ETAG, size)


@pytest.mark.parametrize(("said", "wanted"), RANGES.items())
def test_a_range_is_a_part_or_nothing_or_everything(said: str, wanted: Wanted) -> None:
    assert ask(Range=said) == wanted


def test_a_head_is_about_everything() -> None:
    assert ask("HEAD", Range="bytes=0-9") == WHOLE


def test_nothing_of_an_empty_file_can_be_ranged() -> None:
    assert ask(size=0, Range="bytes=0-0").status == 416
    assert ask(size=0) == Wanted(200, 0, 0)


@pytest.mark.parametrize(
    ("said", "status"), [('"abc"', 206), ('"other"', 200), ('W/"abc"', 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)]
)
def test_a_range_of_another_version_is_answered_with_everything(said: str, status: int) -> None:
    assert ask(Range="bytes=0-9", If_Range=said).status == status


@pytest.mark.parametrize(
    ("said", "status"), [('"abc"', 304), ('W/"abc"', 304), ('"x", "abc"', 304), ("*", 304), ('"x"', 200), ("abc", 200)]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_client_has_is_not_sent_again(said: str, status: int, method: str) -> None:
    assert ask(method, If_None_Match=said).status == status


@pytest.mark.parametrize(
    ("said", "status"), [('"abc"', 200), ('"x", "abc"', 200), ("*", 200), ('"x"', 412), ('W/"abc"', 412)]
)
def test_another_version_than_the_one_asked_for_is_not_sent(said: str, status: int) -> None:
    assert ask(If_Match=said).status == status


@given(st.text(max_size=40), st.integers(0, 50))
def test_every_answer_lies_inside_the_file(said: str, size: int) -> None:
    wanted = ask(size=size, Range=said)
    if wanted.status == 206:
        assert 0 <= wanted.begin < wanted.end <= size
    else:
        assert wanted in (Wanted(416), Wanted(200, 0, size))
