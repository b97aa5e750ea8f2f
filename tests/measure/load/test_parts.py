"""Parts are the bytes that came, and reading them by the compiled functions is reading them in Python."""

import random
from array import array
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.load.scripted import chunk, token

from holdfast.measure.load.framing import ChunkWalker, stay
from holdfast.measure.load.parts import Parts
from holdfast.measure.load.parts_kernel import PartsKernel, find_parts_kernel, get_parts_kernel
from holdfast.measure.load.patterns import Pattern, Sizes, learn
from holdfast.records.measurement import Api

KERNEL = find_parts_kernel()
compiled = pytest.mark.skipif(KERNEL is None, reason="parts.c was not compiled here")
START, END = b'{"choices":[{"delta":{"content":"', b'"}}]}'


def get_kernel() -> PartsKernel:
    assert KERNEL is not None
    return KERNEL


@given(st.lists(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), max_size=6))
def test_parts_are_the_same_whether_they_come_alone_or_together(groups: list[list[bytes]]) -> None:
    alone, together = [part for group in groups for part in group], Parts()
    for group in groups:
        together.extend(b"".join(group), array("q", accumulate(map(len, group))))
    for parts in (Parts(alone), together):
        assert (len(parts), parts.size) == (len(alone), sum(map(len, alone)))
        for first in range(len(alone)):
            assert parts.join(first) == b"".join(alone[first:])
        if alone:
            assert parts.join(-1) == alone[-1] == parts[-1]
        assert list(parts) == alone
        assert parts.data == b"".join(alone)


sizes = st.sampled_from(
    [b"", b"0", b"1", b"5", b"0005", b"a", b"A", b"10", b"fffffff", b"3ffffff", b"g", b"3;x=y", b"5 ", b"123456789"]
)
pieces = st.lists(st.tuples(sizes, st.binary(max_size=20), st.sampled_from([b"\r\n", b"\n", b"\r", b""])), max_size=6)


@compiled
@given(pieces, st.lists(st.integers(0, 200), max_size=4))
def test_both_walk_over_chunks_to_the_same_place(made: list[tuple[bytes, bytes, bytes]], at: list[int]) -> None:
    data = b"".join(size + end + body + end for size, body, end in made)
    data += b"".join(chunk(body) for _, body, _ in made if body)
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    assert _walk(ChunkWalker(stay), data, edges) == _walk(ChunkWalker(get_kernel().walk), data, edges)


def _walk(walker: ChunkWalker, data: bytes, edges: list[int]) -> list[tuple[bool, bytes] | str]:
    seen: list[tuple[bool, bytes] | str] = []
    for start, end in pairwise(edges):
        try:
            walker.feed(data[start:end])
        except ValueError as error:
            return [*seen, str(error)]
        seen.append((walker.is_over, walker.surplus))
        if walker.is_over:
            break
    return seen


TEXTS = [
    *(
        b"a",
        b"two words",
        b"x" * 300,
        "ü€😀".encode(),
        b"\x7f",
        b"",
        b'"',
        b"\\n",
        b"\n",
        b"\xff",
        b"\xc3",
        b"\xc0\x80",
    ),
    *(b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf"),
    *(b"\xf5\x80\x80\x80", b"\x80", b"\xe2\x82", b"a\xf0\x9f\x98", b"\x1f", b" "),
]


def write(text: bytes, sizes: Sizes, start: bytes = START) -> bytes:
    event = b"data: " + start + text + END + b"\n\n"
    return event if not sizes else sizes.encode() % len(event) + event + b"\r\n"


@compiled
@pytest.mark.parametrize("sizes", list(Sizes))
def test_both_cut_the_same_texts_out_of_the_same_parts(sizes: Sizes) -> None:
    draw = random.Random(3)
    plain, native = Pattern(START, END, sizes), Pattern(START, END, sizes, get_kernel())
    for _ in range(300):
        parts = [write(draw.choice(TEXTS[:5]), sizes) for _ in range(draw.randint(1, 12))]
        others = [write(draw.choice(TEXTS), draw.choice(list(Sizes))), write(b"a", sizes, START[:-2]), b"", b"data: "]
        damaged = bytearray(parts[0])
        damaged[draw.randrange(len(damaged))] ^= draw.randint(0, 255)
        parts.insert(draw.randint(0, len(parts)), draw.choice([*others, bytes(damaged)]))
        came, first = Parts(parts), draw.randint(0, len(parts) - 1)
        count, text = plain.take_run(came, first, len(parts))
        assert native.take_run(came, first, len(parts)) == (count, text)
        text.decode()


@compiled
@pytest.mark.parametrize("text", TEXTS)
def test_both_take_a_text_that_is_plain_and_no_other(text: bytes) -> None:
    expected = bool(text) and not any(byte < 0x20 or byte in b'"\\' for byte in text) and _is_text(text)
    for kernel in (None, KERNEL):
        parts = Parts([write(text, Sizes.LOWER)])
        assert Pattern(START, END, Sizes.LOWER, kernel).take_run(parts, 0, 1) == (expected, text if expected else b"")


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@compiled
def test_a_part_whose_length_two_sizes_could_tell_is_taken_the_same_by_both() -> None:
    around = len(write(b"", Sizes.NONE))
    for length in range(1, 5000 - around):
        parts = Parts([write(b"x" * length, Sizes.LOWER)])
        for kernel in (None, KERNEL):
            assert Pattern(START, END, Sizes.LOWER, kernel).take_run(parts, 0, 1) == (1, b"x" * length)


def test_a_pattern_that_is_learnt_takes_the_next_event() -> None:
    data = token("first").removeprefix(b"data: ").removesuffix(b"\n\n")
    pattern = learn(Api.CHAT, data, "first", Sizes.LOWER)
    assert pattern is not None
    assert pattern.take_run(Parts([chunk(token("second")), chunk(token("third"))]), 0, 2) == (2, b"secondthird")


@compiled
def test_the_compiled_functions_are_used_unless_they_are_ruled_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for choice, is_native in (("", True), ("plain", False)):
        monkeypatch.setenv("HOLDFAST_KERNEL", choice)
        get_parts_kernel.cache_clear()
        assert (get_parts_kernel() is not None) is is_native
    get_parts_kernel.cache_clear()
    assert find_parts_kernel(tmp_path / "libparts.so") is None
