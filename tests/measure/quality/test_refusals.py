"""Refusals are told by their words, near the beginning."""

import pytest

from holdfast.measure.quality.refusals import find_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with this request.",
        "I'm unable to provide that information.",
        "I am not able to answer this.",
        "I must decline.",
        "I’m sorry, I can’t do that.",
        "I simply can't help you there.",
        "That would be against my guidelines.",
    ],
)
def test_an_answer_that_declines_is_marked(text: str) -> None:
    assert find_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "Paris",
        "The knave says he cannot help.",
        "You can't use this key twice.",
        "I can help with that.",
        "Sorry for the delay! The answer is 4.",
        "x " * 400 + "I cannot help with that.",
        "",
    ],
)
def test_an_answer_that_speaks_of_other_things_is_not(text: str) -> None:
    assert not find_refusal(text)
