"""Requests as OpenAI's clients send them: understood, or refused with what is wrong."""

import pytest

from holdfast.front.openai.asking import BadAsk, read_chat, read_completion, read_embedding

HELLO = [{"role": "user", "content": "hello"}]


def test_what_is_not_said_is_left_to_the_copy_itself() -> None:
    asked = read_chat({"messages": HELLO})
    unsaid = ("max_tokens", "temperature", "top_p", "seed")
    assert [asked.ask[name] for name in unsaid] == [None, None, None, None]
    assert (asked.ask["messages"], asked.ask["stop"], asked.is_streamed) == (HELLO, [], False)


def test_a_completion_has_sixteen_tokens_unless_more_are_asked_for() -> None:
    assert read_completion({"prompt": "a"}).ask["max_tokens"] == 16
    assert read_completion({"prompt": ["a"], "max_tokens": 3}).ask["max_tokens"] == 3


def test_the_newer_name_of_the_limit_goes_before_the_older() -> None:
    asked = read_chat({"messages": HELLO, "max_completion_tokens": 5, "max_tokens": 9})
    assert asked.ask["max_tokens"] == 5


def test_a_content_of_parts_is_their_text() -> None:
    parts = [{"type": "text", "text": "good "}, {"type": "text", "text": "day"}]
    said = read_chat({"messages": [{"role": "user", "content": parts}]}).ask["messages"]
    assert said == [{"role": "user", "content": "good day"}]


def test_one_stop_word_and_several_are_the_same() -> None:
    assert read_completion({"prompt": "a", "stop": "\n"}).ask["stop"] == ["\n"]
    assert read_completion({"prompt": "a", "stop": ["x", "y"]}).ask["stop"] == ["x", "y"]


def test_options_that_change_nothing_are_no_obstacle() -> None:
    more = {
        "n": 1,
        "frequency_penalty": 0,
        "logprobs": False,
        "tools": [],
        "user": "u",
        "response_format": {"type": "text"},
    }
    assert read_chat({"messages": HELLO, **more}).ask["messages"] == HELLO


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages"),
        ({"messages": ["x"]}, "messages"),
        ({"messages": HELLO, "n": 2}, "n"),
        ({"messages": HELLO, "tools": [{"type": "function"}]}, "tools"),
        ({"messages": HELLO, "response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": HELLO, "logprobs": True}, "logprobs"),
        ({"messages": HELLO, "presence_penalty": 0.5}, "presence_penalty"),
        ({"messages": HELLO, "temperature": 3}, "temperature"),
        ({"messages": HELLO, "temperature": True}, "temperature"),
        ({"messages": HELLO, "temperature": "hot"}, "temperature"),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": HELLO, "stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"messages": HELLO, "stop": [""]}, "stop"),
    ],
)
def test_a_chat_that_cannot_be_answered_is_refused_by_what_is_wrong(body: dict[str, object], parameter: str) -> None:
    with pytest.raises(BadAsk) as caught:
        read_chat(body)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("prompt", ["", ["a", "b"], [1, 2], None, {"a": 1}])
def test_a_completion_has_one_prompt_of_text(prompt: object) -> None:
    with pytest.raises(BadAsk):
        read_completion({"prompt": prompt})


@pytest.mark.parametrize("more", [{"input": []}, {"input": ""}, {"input": [1]}, {"input": ["x"] * 257}, {}])
def test_embeddings_are_of_one_to_256_texts(more: dict[str, object]) -> None:
    with pytest.raises(BadAsk):
        read_embedding(more)


def test_the_size_of_an_embedding_is_the_copys_own() -> None:
    with pytest.raises(BadAsk):
        read_embedding({"input": "x", "dimensions": 8})
    assert read_embedding({"input": "x", "encoding_format": "base64"}).as_base64
