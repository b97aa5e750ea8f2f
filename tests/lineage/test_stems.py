"""Names cut into words, and stems found in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.lineage.stems import Hit, StemIndex, parse_stem, split_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Qwen2_5-Coder-7B", ("qwen", "2.5", "coder", "7b")),
        ("qwen2p5 coder", ("qwen", "2.5", "coder")),
        ("meta.llama3-1-8b-instruct-v1:0", ("meta", "llama", "3.1", "8b", "instruct", "1", "0")),
        ("claude-3-5-sonnet-20241022", ("claude", "3.5", "sonnet", "20241022")),
        ("claude-sonnet-4-20250514", ("claude", "sonnet", "4", "20250514")),
        ("gpt-4-0613", ("gpt", "4", "0613")),
        ("gemma-2-9b-it", ("gemma", "2", "9b", "it")),
        ("Meta-Llama-3.1-8B-bnb-4bit", ("meta", "llama", "3.1", "8b", "bnb", "4bit")),
        ("mixtral-8x7b", ("mixtral", "8", "x", "7b")),
        ("DeepSeek-V3", ("deepseek", "3")),
        ("", ()),
    ],
)
def test_spelling_does_not_matter_and_versions_and_sizes_stay_whole(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


def test_the_longest_stem_at_the_leftmost_place_wins() -> None:
    index = StemIndex([parse_stem("qwen3", "a"), parse_stem("qwen3-coder", "b"), parse_stem("coder", "c")])
    assert index.find(split_words("Qwen3-Coder-480B")) == [Hit(0, 3, "b")]


def test_a_number_is_matched_whole() -> None:
    index = StemIndex([parse_stem("qwen3", "a"), parse_stem("llama-3", "b")])
    assert index.find(split_words("qwen3.5-9b")) == []
    assert index.find(split_words("qwen30")) == []
    assert index.find(split_words("open_llama_3b")) == []


def test_a_stem_with_a_caret_is_found_at_the_beginning_only() -> None:
    index = StemIndex([parse_stem("^o1", "a")])
    assert index.find(split_words("o1-mini")) == [Hit(0, 2, "a")]
    assert index.find(split_words("marco-o1")) == []


def test_a_stem_with_a_tilde_is_marked_as_an_everyday_word() -> None:
    index = StemIndex([parse_stem("~command", "a")])
    assert index.find(split_words("command-r")) == [Hit(0, 1, "a", weak=True)]


@given(st.text(max_size=2000))
def test_any_text_is_cut_into_lower_case_words_without_fault(text: str) -> None:
    for word in split_words(text):
        assert word
        assert word == word.lower()
