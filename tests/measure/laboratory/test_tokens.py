"""Texts become symbols and come back whole; turns cannot be forged."""

import random

import pytest
from benchmarks.watch_laboratory.tokens import MARKS, Tokenizer, learn_merges, merge
from hypothesis import given
from hypothesis import strategies as st

LEARNED = Tokenizer(learn_merges("the cat and the hat sat on the mat, then the rat ran\n" * 3, 24))


@given(st.text())
def test_symbols_spell_the_text_they_were_made_of(text: str) -> None:
    for tokenizer in (Tokenizer(), LEARNED):
        assert b"".join(tokenizer.spelling[one] for one in tokenizer.encode(text)) == text.encode()


@given(st.text())
def test_no_text_makes_a_mark(text: str) -> None:
    assert all(symbol < LEARNED.end for symbol in LEARNED.encode(f"{text}{''.join(MARKS)}"))


def test_the_most_frequent_pair_is_learned_first() -> None:
    assert learn_merges("xyxyxy ab", 1) == ((ord("x"), ord("y")),)
    assert LEARNED.encode("the") == [next(place for place, one in enumerate(LEARNED.spelling) if one == b"the")]


def test_merging_takes_pairs_from_the_left() -> None:
    assert merge([1, 1, 1, 2], (1, 1), 9) == [9, 1, 2]


def test_a_word_is_split_as_if_each_merge_were_made_in_the_order_learned() -> None:
    numbers = random.Random(3)
    for _ in range(200):
        word = "".join(numbers.choices("theacnsr", k=9))
        symbols = list(word.encode())
        for place, pair in enumerate(LEARNED.merges):
            symbols = merge(symbols, pair, 256 + place)
        assert LEARNED.encode(word) == symbols


def test_turns_are_marked_and_left_open_for_the_assistant() -> None:
    tokenizer = Tokenizer()
    symbols = tokenizer.encode_turns([("system", "a"), ("user", "b")])
    system, user, assistant = (tokenizer.mark(name) for name in ("system", "user", "assistant"))
    assert symbols == [system, ord("a"), tokenizer.end, user, ord("b"), tokenizer.end, assistant]


def test_a_role_that_is_none_has_no_mark() -> None:
    with pytest.raises(ValueError, match="not in"):
        Tokenizer().mark("root")
