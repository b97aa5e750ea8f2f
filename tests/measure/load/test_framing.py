"""Where an HTTP answer ends is seen however it is cut, and what breaks the protocol is told."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.load.scripted import HEAD, chunk

from holdfast.measure.load.framing import ChunkDecoder, Seen, Watch, find_head
from holdfast.measure.load.parts import Parts


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


def see_all(parts: list[bytes]) -> list[Seen]:
    watch, seen = Watch(), list[Seen]()
    for end in range(1, len(parts) + 1):
        watch.room -= len(parts[end - 1])
        seen.append(watch.see(Parts(parts[:end])))
    return seen


bodies = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8)
places = st.lists(st.integers(0, 10_000), max_size=12)


@given(bodies, places)
def test_chunks_are_taken_apart_the_same_however_they_are_cut(pieces: list[bytes], at: list[int]) -> None:
    data = b"".join(chunk(piece) for piece in pieces) + b"0\r\nX-Trailer: 1\r\n\r\n"
    decoder = ChunkDecoder()
    found = [piece for part in cut(data, at) for piece in decoder.feed(part)]
    assert b"".join(found) == b"".join(pieces)
    assert decoder.is_over
    assert not decoder.surplus


@given(bodies, places)
def test_the_end_of_a_chunked_answer_is_seen_with_its_last_byte_and_not_before(
    pieces: list[bytes], at: list[int]
) -> None:
    data = HEAD + b"".join(chunk(piece) for piece in pieces) + b"0\r\n\r\n"
    seen = see_all(cut(data, at))
    assert seen[-1] is Seen.WHOLE
    assert Seen.WHOLE not in seen[:-1]


@given(st.binary(max_size=200), places)
def test_the_end_of_an_answer_of_stated_length_is_seen_with_its_last_byte(body: bytes, at: list[int]) -> None:
    data = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    seen = see_all(cut(data, at))
    assert seen[-1] is Seen.WHOLE
    assert Seen.WHOLE not in seen[:-1]


def test_a_zero_chunk_within_the_text_is_not_the_end() -> None:
    data = [HEAD, chunk(b"data: 0\r\n\r\n"), chunk(b"0\r\n\r\n")]
    assert see_all(data) == [Seen.MORE, Seen.MORE, Seen.MORE]


def test_a_body_without_length_ends_with_the_connection() -> None:
    watch = Watch()
    assert watch.see(Parts([b"HTTP/1.0 200 OK\r\n\r\nabc"])) is Seen.MORE
    assert watch.ends_with_connection


def test_an_interim_answer_is_passed_over() -> None:
    head = find_head(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert head is not None
    assert (head.status, head.length) == (204, 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "no colon"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "more bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, "bytes of headers"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", "headers"),
        (HEAD + b"zz\r\n", "no size"),
        (HEAD + b"1\r\nabc\r\n", "no size"),
        (HEAD + b"fffffff\r\n", "a chunk of more"),
        (HEAD + b"1;" + b"x" * 5000, "no end"),
        (HEAD + b"0\r\n\r\nHTTP/1.1", "after the end"),
        (HEAD + b"0\r\n" + b"A: b\r\n" * 20_000, "no end"),
    ],
)
def test_what_breaks_the_protocol_is_told(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Watch().see(Parts([data]))


def test_a_body_without_end_is_given_up_on() -> None:
    watch = Watch()
    watch.see(Parts([HEAD]))
    watch.room = -1
    with pytest.raises(ValueError, match="bytes of body"):
        watch.see(Parts([HEAD, b"x"]))
