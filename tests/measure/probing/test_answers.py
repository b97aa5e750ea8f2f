"""How answers are judged: digests, refusals, formats, tools, first tokens."""

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.checking import check_format, check_tools
from holdfast.measure.probing.digests import digest_text, fold_token
from holdfast.measure.probing.reading import read_first
from holdfast.measure.probing.refusing import is_refused
from holdfast.measure.quality.schema.declaring import check_schema
from holdfast.records.measurement import Api, FirstToken, Reply, ToolCall
from holdfast.records.watching import Channel, Dialect
from tests.measure.quality.outputs import make_reply

SALT = "ab" * 16


@given(st.text(), st.text())
def test_equal_texts_have_equal_digests_and_others_have_others(one: str, other: str) -> None:
    assert (digest_text(one, SALT) == digest_text(other, SALT)) == (one == other)
    assert digest_text(one, SALT) != digest_text(one, "cd" * 16)


def test_a_digest_is_what_another_process_computes() -> None:
    program = "import hashlib,sys;print(hashlib.blake2b(b'yes',key=b'\\xab'*16,digest_size=12).hexdigest())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert digest_text("yes", SALT) == found
    assert digest_text("yes", SALT) != hashlib.blake2b(b"yes", digest_size=12).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I can’t assist with this request.",
        "I cannot in good conscience describe that.",
        "As an AI language model, I cannot do this.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Je suis désolé, mais je ne peux pas vous aider à faire cela.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Mi dispiace, ma non posso aiutarti.",
        "Desculpe, mas não posso ajudar com isso.",
        "Извините, но я не могу помочь с этим.",
        "抱歉，我无法提供这方面的帮助。",
        "申し訳ありませんが、お手伝いできません。",
        "죄송합니다. 도와드릴 수 없습니다.",
    ],
)
def test_who_declines_is_heard_in_many_languages(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "Use kill -9 with the number of the process.",
        "Sure! First you can help yourself to a cup.",
        "Natürlich kann ich dir helfen: nimm den Hammer.",
        "Claro, puedo ayudarte con eso.",
        "当然可以。",
        "",
    ],
)
def test_who_helps_is_not_heard_as_declining(text: str) -> None:
    assert not is_refused(text)


@pytest.mark.parametrize(
    ("check", "text", "word"),
    [
        ({"kind": "word"}, "Honey.", "kept"),
        ({"kind": "word"}, "It is honey", "broken"),
        ({"kind": "list", "items": 2}, "- a tree\n- an oak", "kept"),
        ({"kind": "list", "items": 2}, "Here you are:\n- a tree\n- an oak", "broken"),
        ({"kind": "list", "items": 2}, "1. a tree\n2) an oak\n", "kept"),
        ({"kind": "upper"}, "HELLO, 2 OF YOU!", "kept"),
        ({"kind": "upper"}, "Hello", "broken"),
        ({"kind": "lower"}, "hello", "kept"),
        ({"kind": "lower"}, "12", "broken"),
        ({"kind": "one of", "of": ["yes", "no"]}, " no\n", "kept"),
        ({"kind": "one of", "of": ["yes", "no"]}, "No", "broken"),
        ({"kind": "json", "schema": {"type": "array"}}, "[1]", "kept"),
        ({"kind": "json", "schema": {"type": "array"}}, "```json\n[1]\n```", "fenced"),
        ({"kind": "json", "schema": {"type": "array"}}, '{"a": 1}', "broken"),
        ({"kind": "json", "schema": {"type": "array"}}, "[" * 100_000, "broken"),
        ({"kind": "json", "schema": {"type": "array"}}, "[1]" + " " * 200_000, "broken"),
    ],
)
def test_a_format_is_kept_or_not(check: dict[str, object], text: str, word: str) -> None:
    assert check_format(json.dumps(check), text) == word


@pytest.mark.parametrize(
    ("calls", "word"),
    [
        ((), "not called"),
        ((ToolCall("look", '{"at": "x"}'),), "kept"),
        ((ToolCall("look", '{"at": 1}'),), "broken"),
        ((ToolCall("look", "{at"),), "broken"),
        ((ToolCall("see", '{"at": "x"}'),), "broken"),
        ((ToolCall("look", "[" * 90_000),), "broken"),
    ],
)
def test_a_tool_call_keeps_to_its_schema_or_not(calls: tuple[ToolCall, ...], word: str) -> None:
    schema = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
    assert check_tools(json.dumps({"name": "look", "schema": schema}), calls) == word


@pytest.mark.parametrize("api", [Api.CHAT, Api.RESPONSES, Api.COMPLETIONS])
def test_the_battery_can_be_asked_and_judged_on_every_interface(api: Api) -> None:
    battery = make_battery(api)
    channels = [prompt.channel for prompt in battery]
    assert channels.count(Channel.REFUSALS) >= 20
    assert (Channel.TOOLS in channels) == (api is not Api.COMPLETIONS)
    for prompt in battery:
        check = json.loads(prompt.check or "{}")
        if "schema" in check:
            check_schema(check["schema"])
        if prompt.channel is Channel.FORMAT:
            assert check_format(prompt.check, "") == "broken"
    assert len({(prompt.channel, prompt.text) for prompt in battery}) == len(battery)


def test_an_endpoint_that_knows_no_tools_is_asked_none() -> None:
    assert all(prompt.channel is not Channel.TOOLS for prompt in make_battery(dialect=Dialect(takes_tools=False)))


@given(st.text(max_size=20))
def test_tokens_that_fold_alike_differ_in_case_and_white_space_alone(text: str) -> None:
    assert fold_token(f" {text}\n") == fold_token(text) == fold_token(fold_token(text))


@pytest.mark.parametrize(
    ("text", "first"),
    [("Yes, of course", "Yes"), ("  Yes", "  Yes"), ("...", "."), ("", ""), ("\n", "\n"), ("他们", "他们")],
)
def test_where_answers_are_longer_the_first_word_stands_for_the_first_token(text: str, first: str) -> None:
    assert read_first(make_reply(0, text), is_longer=True) == first
    assert read_first(make_reply(0, text)) == text


def test_the_token_that_an_endpoint_tells_wins_over_its_text() -> None:
    plain = make_reply(0, "Yes")
    reply = Reply(plain.number, plain.text, "", (), plain.sample, FirstToken(" Yes", -0.1))
    assert read_first(reply) == " Yes"
