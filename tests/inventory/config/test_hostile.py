"""Files that are wrong, huge, deep or made to hurt: each ends with a report, never with an exception."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.inventory.config import READERS
from holdfast.inventory.config.json_tree import parse_json
from holdfast.inventory.config.tree import DEPTH_MAX, Unparsable
from holdfast.inventory.config.yaml_tree import parse_yaml
from holdfast.inventory.sighting import Source
from tests.inventory.config.seeing import read, see


def test_a_deep_json_file_is_skipped_with_its_line() -> None:
    report = read("json", "\n" + "[" * (DEPTH_MAX + 1))
    assert report.skipped is not None
    assert "line 2: nested more than 200 deep" in report.skipped.reason


def test_a_deep_yaml_file_says_that_only_its_lines_were_read() -> None:
    report = read("yaml", "model: gpt-4o\nx: " + "[" * 5000)
    assert report.skipped is not None
    assert "nested more than" in report.skipped.reason
    assert [sighting.text for sighting in report.sightings] == ["gpt-4o"]


def test_aliases_are_shared_and_not_multiplied() -> None:
    bomb = 'a: &a ["gpt-4o", "gpt-4"]\n' + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert read("yaml", bomb).skipped is None
    assert len(parse_yaml(bomb)) == 1


def test_an_anchor_that_holds_itself_ends() -> None:
    assert see("yaml", "model: &m {name: gpt-4o, again: *m}\n") == {(1, "api:openai/gpt-4o")}


def test_an_unfinished_json_file_is_skipped_with_the_reason() -> None:
    report = read("json", '{"model": "gpt-4o",\n "x": [1, 2')
    assert report.skipped is not None
    assert report.skipped.reason == "not readable as JSON: line 2: ends before its brackets close"


def test_yaml_that_does_not_parse_is_read_by_its_lines() -> None:
    text = "llm:\n  provider: ollama\n  model: mistral\n bad: [\n"
    assert see("yaml", text) == {(3, "pkg:ollama/mistral")}


def test_a_tag_that_would_build_an_object_is_only_text() -> None:
    assert see("yaml", "x: !!python/object/apply:os.system ['touch /tmp/no']\nmodel: gpt-4o\n") == {
        (2, "api:openai/gpt-4o")
    }


def test_lone_surrogates_and_control_characters_do_no_harm() -> None:
    assert see("json", '{"model": "gpt-4o", "x": "\\ud800"}') == {(1, "api:openai/gpt-4o")}
    assert see("yaml", "a: \ud800\x00\x07\nmodel: gpt-4o\n") == {(2, "api:openai/gpt-4o")}


def test_json_says_on_which_line_it_stops_being_json() -> None:
    with pytest.raises(Unparsable, match="line 3"):
        parse_json('{\n"a": 1,\n"b": what\n}')


def test_a_long_line_of_everything_is_read_in_one_pass() -> None:
    text = "model=" + "a/" * 50_000 + " --model " + "$" * 10_000 + "{" * 10_000
    for name in READERS:
        read(name, text)


WORDS = st.sampled_from(
    ["model:", "gpt-4o", "- ", "{", "}", "[", "]", '"', "'", "\n", "  ", "=", "<<EOF", "$(", "`", "|", ">", "${", "{{",
     "}}", "#", "```", "&a", "*a", "::", "ollama pull "]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=60).map("".join))
def test_no_text_makes_any_reader_raise(text: str) -> None:
    for name, reader in READERS.items():
        report = reader(Source(f"x.{name}", text))
        assert all(1 <= sighting.line <= text.count("\n") + 1 for sighting in report.sightings)


@pytest.mark.parametrize(
    "text",
    [
        'echo "' + "$(a)" * 3_000,
        'echo "' + "`a`" * 3_000,
        "x=${a:-" + "${b}" * 3_000,
        "MODEL=${a:-" + "$b{" * 3_000,
        "key:" + " " * 30_000 + "x",
        "KEY=" + " \t" * 30_000 + "x",
        "::" * 20_000,
        "model: " + "your-" * 5_000 + "model",
        "url: https://huggingface.co/" + "a/" * 20_000,
        '"' + "\\" * 20_001,
        "#" * 30_000 + "\n" + "```" * 10_000,
        "FROM x\nRUN " + "\\\n" * 5_000,
        "\n".join(["- " * 150] * 20),
    ],
)
def test_texts_made_to_make_patterns_go_back_and_forth_are_read_at_once(text: str) -> None:
    for name in READERS:
        read(name, text)
