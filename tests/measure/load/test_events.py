"""Events are the same however their lines end and however their bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.load.test_framing import cut, places

from holdfast.measure.load.events import EVENT_BYTES_MAX, EventDecoder

texts = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=20)
events = st.lists(st.lists(texts, min_size=1, max_size=3), max_size=6)
endings = st.sampled_from(["\n", "\r\n", "\r"])
noise = st.sampled_from(["", ": a comment{e}", "event: x{e}", "id: 3{e}retry: 10{e}", "{e}", "data-x: 1{e}"])


def decode(parts: list[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    return [data for part in parts for data in decoder.feed(part)] + decoder.flush()


@given(events, endings, noise, st.booleans(), places)
def test_events_are_found_whatever_their_framing(
    wanted: list[list[str]], ending: str, between: str, has_space: bool, at: list[int]
) -> None:
    before = "data: " if has_space else "data:"
    lines = [
        "".join(before + (text if has_space or not text.startswith(" ") else " " + text) + ending for text in event)
        for event in wanted
    ]
    data = "".join(between.format(e=ending) + event + ending for event in lines).encode()
    assert decode(cut(data, at)) == ["\n".join(event).encode() for event in wanted]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode([b"\xef\xbb\xbfdata: a\n\n"]) == [b"a"]


def test_an_event_that_the_end_of_the_body_ends_counts() -> None:
    assert decode([b"data: a\n\ndata: b"]) == [b"a", b"b"]


def test_an_event_without_end_is_given_up_on() -> None:
    parts = [b"data: " + b"x" * 100_000] * (EVENT_BYTES_MAX // 100_000 + 1)
    with pytest.raises(ValueError, match="an event of more than"):
        decode(parts)
