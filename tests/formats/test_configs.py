"""What configurations, cards and tokenizers beside weights declare."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from holdfast.formats.configs import (
    Card,
    Config,
    compute_vocabulary_sha256,
    list_card_claims,
    read_adapter_base,
    read_card,
    read_config,
    read_json_object,
)
from holdfast.formats.errors import BadConfig, HeaderTooLarge, NestedTooDeep
from holdfast.formats.pointer import Pointer, read_pointer

CARD = """---
license: other
license_name: tongyi
language: [en, zh]
base_model:
  - acme/base
  - acme/second
base_model_relation: merge
tags:
- merge
---
# Title
"""


def save(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_a_card_gives_bases_relation_and_licence(tmp_path: Path) -> None:
    card = read_card(save(tmp_path, "README.md", CARD))
    assert card == Card(("acme/base", "acme/second"), "merge", "other", "tongyi", ("en", "zh"), ("merge",))


def test_a_card_with_one_base_as_text_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    text = "---\r\nbase_model: acme/base\r\nlicense: mit\r\n---\r\nText\r\n"
    (tmp_path / "README.md").write_bytes(text.encode())
    assert read_card(tmp_path / "README.md").base_models == ("acme/base",)


@pytest.mark.parametrize("text", ["", "# No front matter\n", "---\n- a list\n---\n", "---\nunfinished: yes\n"])
def test_a_card_that_declares_nothing_is_empty(tmp_path: Path, text: str) -> None:
    assert read_card(save(tmp_path, "README.md", text)) == Card()


def test_each_base_is_a_claim_with_the_stated_relation_only(tmp_path: Path) -> None:
    card = read_card(save(tmp_path, "README.md", CARD))
    assert [(claim.base, claim.relation) for claim in list_card_claims(card, "x", "README.md")] == [
        ("acme/base", "merge"),
        ("acme/second", "merge"),
    ]
    (claim,) = list_card_claims(Card(("acme/base",), "improved"), "x", "README.md")
    assert claim.relation == "unknown"


def test_an_alias_bomb_in_a_card_is_not_expanded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(NestedTooDeep, match="aliases"):
        read_card(save(tmp_path, "README.md", "---\n" + "\n".join(lines) + "\n---\n"))


def test_front_matter_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="YAML"):
        read_card(save(tmp_path, "README.md", "---\na: [1\nb: }\n---\n"))


def test_a_card_cannot_construct_objects(tmp_path: Path) -> None:
    with pytest.raises(BadConfig):
        read_card(save(tmp_path, "README.md", "---\na: !!python/object/apply:os.getcwd []\n---\n"))


def test_a_config_gives_architecture_and_origin(tmp_path: Path) -> None:
    text = json.dumps({"architectures": ["BertModel"], "model_type": "bert", "_name_or_path": "acme/base"})
    assert read_config(save(tmp_path, "config.json", text)) == Config(("BertModel",), "bert", "acme/base")


def test_an_adapter_names_its_base(tmp_path: Path) -> None:
    path = save(tmp_path, "adapter_config.json", '{"base_model_name_or_path": "acme/base", "r": 8}')
    assert read_adapter_base(path) == "acme/base"


def test_json_that_breaks_off_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        read_json_object(save(tmp_path, "config.json", '{\n"a": 1,\n"b"'))
    assert caught.value.where.endswith("config.json:3")


def test_json_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NestedTooDeep):
        read_json_object(save(tmp_path, "config.json", '{"a":' * 100_000))


def test_a_config_beyond_the_limit_is_not_parsed(tmp_path: Path) -> None:
    with pytest.raises(HeaderTooLarge):
        read_json_object(save(tmp_path, "config.json", json.dumps({"a": "x" * 100})), bytes_max=50)


def test_the_same_vocabulary_has_the_same_hash_in_every_file_format(tmp_path: Path) -> None:
    tokens = ["[PAD]", "a", "b", "[NEW]"]
    paths = [
        save(tmp_path, "vocab.txt", "\n".join(tokens) + "\n"),
        save(tmp_path, "vocab.json", json.dumps({token: number for number, token in enumerate(tokens)})),
        save(
            tmp_path,
            "tokenizer.json",
            json.dumps(
                {"model": {"vocab": {"b": 2, "a": 1, "[PAD]": 0}}, "added_tokens": [{"id": 3, "content": "[NEW]"}]}
            ),
        ),
        save(tmp_path, "unigram.json", json.dumps({"model": {"vocab": [[token, -1.0] for token in tokens]}})),
    ]
    expected = sha256("\0".join(tokens).encode()).hexdigest()
    assert {compute_vocabulary_sha256(path) for path in paths} == {expected}


def test_a_pointer_of_large_file_storage_is_known(tmp_path: Path) -> None:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"
    assert read_pointer(save(tmp_path, "a", text)) == Pointer("ab" * 32, 12345)
    assert read_pointer(save(tmp_path, "b", "version 1\n")) is None
