"""Prompts are read strictly, with the line that is wrong, and made with the lengths that were asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from holdfast.measure.load.prompts import Lengths, Made, Shape, make_prompts, parse_lengths, read_prompts, read_words
from holdfast.measure.load.tokens import load_counter
from holdfast.records.errors import ConfigurationError, HoldfastError, LimitExceeded, MalformedFile, MissingPath
from holdfast.records.measurement import Ask, Message


def write(folder: Path, *lines: str) -> Path:
    file = folder / "prompts.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_prompts_of_both_kinds_are_read(tmp_path: Path) -> None:
    talk = {
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "max_tokens": 7,
        "temperature": 0,
        "seed": 3,
        "stop": "x",
        "tools": [{"type": "function"}],
        "response_format": {"type": "json_object"},
        "extra": {"ignore_eos": True},
    }
    file = write(tmp_path, '{"prompt": "p"}', "", json.dumps(talk))
    assert read_prompts(file, 99) == (
        Ask(0, (Message("user", "p"),), 99),
        Ask(
            1, (Message("system", "s"), Message("user", "u")), 7, 0.0, 3, ("x",),
            '[{"type":"function"}]', '{"type":"json_object"}', '{"ignore_eos":true}',
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "either `messages` or `prompt`"),
        ('{"prompt": "a", "messages": []}', "either `messages` or `prompt`"),
        ('{"prompt": 1}', "`prompt` is not text"),
        ('{"messages": []}', "not a list of messages"),
        ('{"messages": [{"role": "user"}]}', "needs a `role` and a `content`"),
        ('{"prompt": "a", "maxtokens": 1}', "no prompt has a field `maxtokens`"),
        ('{"prompt": "a", "max_tokens": -1}', "`max_tokens` is not a whole number"),
        ('{"prompt": "a", "max_tokens": true}', "`max_tokens` is not a whole number"),
        ('{"prompt": "a", "temperature": "hot"}', "`temperature` is not a number"),
        ('{"prompt": "a", "stop": [1]}', "`stop` is neither"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_number(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(MalformedFile, match=words) as caught:
        read_prompts(write(tmp_path, '{"prompt": "good"}', line))
    assert caught.value.where.endswith("prompts.jsonl:2")


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_prompts(tmp_path / "none.jsonl")
    with pytest.raises(MalformedFile, match="no prompt"):
        read_prompts(write(tmp_path, "", ""))
    with pytest.raises(HoldfastError, match="cannot be read"):
        read_prompts(tmp_path)
    with (tmp_path / "long.jsonl").open("wb") as file:
        file.truncate(33 << 20)
    with pytest.raises(LimitExceeded, match="a line of more"):
        read_prompts(tmp_path / "long.jsonl")


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("128", Lengths(Shape.CONSTANT, 128)),
        ("uniform:64-256", Lengths(Shape.UNIFORM, 64, 256)),
        ("lognormal:128:0.5", Lengths(Shape.LOGNORMAL, 128, 0.5)),
    ],
)
def test_lengths_are_read(text: str, lengths: Lengths) -> None:
    assert parse_lengths(text) == lengths


@pytest.mark.parametrize(
    "text", ["", "many", "0", "nan", "uniform:9-3", "uniform:5", "normal:3:1", "lognormal:1e9:1", "1:2"]
)
def test_lengths_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no length in tokens"):
        parse_lengths(text)


def test_lengths_are_drawn_as_their_names_say() -> None:
    random = np.random.default_rng(5)
    assert Lengths(Shape.CONSTANT, 9).draw(3, random) == [9, 9, 9]
    uniform = np.array(Lengths(Shape.UNIFORM, 10, 20).draw(4000, random))
    assert (uniform.min(), uniform.max()) == (10, 20)
    assert abs(uniform.mean() - 15) < 4 * np.sqrt(10 / 4000)
    lognormal = np.array(Lengths(Shape.LOGNORMAL, 200, 0.5).draw(4000, random))
    assert abs(lognormal.mean() - 200) < 4 * 100 / np.sqrt(4000)
    assert lognormal.std() == pytest.approx(100, rel=0.15)


def test_made_prompts_follow_from_their_seed() -> None:
    made = Made(20, Lengths(Shape.UNIFORM, 3, 9), Lengths(Shape.CONSTANT, 7), seed=1, ignores_end=True)
    asks = make_prompts(made)
    assert asks == make_prompts(made)
    assert asks != make_prompts(Made(20, made.prompt, made.answer, seed=2))
    assert {ask.tokens_max for ask in asks} == {7}
    assert all(3 <= len(ask.messages[0].content.split()) <= 9 for ask in asks)
    assert {ask.extra for ask in asks} == {'{"ignore_eos": true}'}
    with pytest.raises(ConfigurationError):
        make_prompts(Made(0, made.prompt, made.answer, 0))


def make_tokenizer(folder: Path) -> Path:
    """One token for each letter."""
    letters = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz ")}
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token=" "))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    file = folder / "tokenizer.json"
    tokenizer.save(str(file))
    return file


def test_with_a_tokenizer_made_prompts_have_almost_the_tokens_that_were_asked_for(tmp_path: Path) -> None:
    count = load_counter(make_tokenizer(tmp_path))
    assert count("abc d") == 5
    for ask in make_prompts(Made(10, Lengths(Shape.CONSTANT, 200), Lengths(Shape.CONSTANT, 1), 0), count):
        assert abs(len(ask.messages[0].content) - 200) <= 12  # no word is longer


def test_a_tokenizer_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        load_counter(tmp_path / "tokenizer.json")
    with pytest.raises(MalformedFile, match="not a tokenizer"):
        load_counter(write(tmp_path, "{}"))


def test_the_words_are_many_and_plain() -> None:
    words = read_words()
    assert len(set(words)) == len(words) > 700
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_the_prompts_in_the_docs_are_prompts(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "measure-load.md").read_text(encoding="utf-8")
    lines = page.partition("```json\n")[2].partition("```")[0].splitlines()
    assert len(read_prompts(write(tmp_path, *lines))) == 3
