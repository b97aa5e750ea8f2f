"""Text in pieces ends where the whole text would have been cut."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.workflows.engines.child.stopping import StopWords

letters = st.text("abc", max_size=12)


def cut(text: str, words: list[str]) -> str:
    """The whole text before the first stop word."""
    places = [text.index(word) for word in words if word in text]
    return text[: min(places)] if places else text


@given(pieces=st.lists(letters, max_size=8), word=st.text("abc", min_size=1, max_size=4))
def test_pieces_give_the_text_before_the_stop_word(pieces: list[str], word: str) -> None:
    stop = StopWords([word])
    given_out = "".join([*(stop.feed(piece) for piece in pieces), stop.end()])
    assert given_out == cut("".join(pieces), [word])
    assert stop.found == (word in "".join(pieces))


@given(pieces=st.lists(letters, max_size=8), word=st.text("abc", min_size=1, max_size=4))
def test_what_was_given_out_is_never_taken_back(pieces: list[str], word: str) -> None:
    stop, given_out, whole = StopWords([word]), "", cut("".join(pieces), [word])
    for piece in pieces:
        given_out += stop.feed(piece)
        assert whole.startswith(given_out)


def test_a_beginning_of_a_stop_word_is_held_back_until_it_is_none() -> None:
    stop = StopWords(["STOP"])
    assert [stop.feed("go ST"), stop.feed("AY"), stop.end()] == ["go ", "STAY", ""]


def test_without_stop_words_everything_passes() -> None:
    stop = StopWords([])
    assert (stop.feed("all of it"), stop.found) == ("all of it", False)
