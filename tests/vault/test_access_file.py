"""The file of tokens comes back as it was written; anything else in its place lets nobody in."""

import json
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.access import Grant, Scope, Token
from holdfast.records.errors import DamagedVault, NewerVault
from holdfast.vault.access_file import TOKENS_KEY, read_tokens, write_tokens
from holdfast.vault.log.growing import sweep_staging
from holdfast.vault.storage.local import LocalStorage

CI = Token("Zk3v9QpA", "ci", "a" * 64, (Grant(Scope.READ, "org/*"),), "2026-01-02T03:04:05Z", "Ana")
OPS = Token(
    "00000000", "ops", "b" * 64, (Grant(Scope.ADMIN, "*"),), "2026-01-02T03:04:05Z", "Ana", "2027-01-01T00:00:00Z"
)
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=100)


def make_storage(folder: Path) -> LocalStorage:
    storage = LocalStorage(folder)
    write_tokens(storage, [CI, OPS])
    return storage


def alter(storage: LocalStorage, change: Any) -> None:
    """Change the document, and make its check fit again, as somebody would who knows the format."""
    path = storage.root / TOKENS_KEY
    said = json.loads(path.read_text())
    del said["check"]
    change(said)
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    said["check"] = blake3(text.encode()).hexdigest()
    path.write_text(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def test_tokens_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert set(read_tokens(make_storage(tmp_path))) == {CI, OPS}


@given(name=NAMES)
def test_a_token_may_have_any_name_that_can_be_shown(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    storage = LocalStorage(tmp_path_factory.getbasetemp() / "names")
    token = Token(CI.id, name, CI.digest, CI.grants, CI.created_at, name)
    write_tokens(storage, [token])
    assert read_tokens(storage) == (token,)


def test_before_the_first_token_there_is_none(tmp_path: Path) -> None:
    assert read_tokens(LocalStorage(tmp_path)) == ()


def test_the_file_is_canonical_json_whose_check_is_over_the_rest(tmp_path: Path) -> None:
    storage = make_storage(tmp_path)
    before = (storage.root / TOKENS_KEY).read_text()
    alter(storage, lambda said: said.update(format=1))
    assert (storage.root / TOKENS_KEY).read_text() == before


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = make_storage(tmp_path).root / TOKENS_KEY
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises((DamagedVault, NewerVault)):
            read_tokens(LocalStorage(tmp_path))


def test_a_file_cut_anywhere_is_noticed(tmp_path: Path) -> None:
    path = make_storage(tmp_path).root / TOKENS_KEY
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(DamagedVault):
            read_tokens(LocalStorage(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(document="journal"),
        lambda said: said.update(format=0),
        lambda said: said.update(format="1"),
        lambda said: said.update(format=True),
        lambda said: said.update(more=1),
        lambda said: said.update(tokens=None),
        lambda said: said.update(tokens=[1]),
        lambda said: said["tokens"].append(said["tokens"][0]),
        lambda said: said["tokens"][0].update(more=1),
        lambda said: said["tokens"][0].update(id="short"),
        lambda said: said["tokens"][0].update(name=""),
        lambda said: said["tokens"][0].update(name="two\nlines"),
        lambda said: said["tokens"][0].update(name=7),
        lambda said: said["tokens"][0].update(digest="A" * 64),
        lambda said: said["tokens"][0].update(created_at="2026-02-30T00:00:00Z"),
        lambda said: said["tokens"][0].update(created_at=None),
        lambda said: said["tokens"][0].update(expires_at="soon"),
        lambda said: said["tokens"][0].update(grants=[]),
        lambda said: said["tokens"][0].update(grants=[{"scope": "read"}]),
        lambda said: said["tokens"][0].update(grants=[{"scope": "root", "over": "*"}]),
        lambda said: said["tokens"][0].update(grants=[{"scope": "read", "over": "org/**"}]),
        lambda said: said["tokens"][0].update(grants=[{"scope": "read", "over": "*/name"}]),
        lambda said: said["tokens"][0].update(grants=[{"scope": "read", "over": "*"}] * 101),
    ],
)
def test_what_is_not_written_as_the_format_says_is_damage(tmp_path: Path, change: Any) -> None:
    storage = make_storage(tmp_path)
    alter(storage, change)
    with pytest.raises(DamagedVault, match="not as they were written"):
        read_tokens(storage)


def test_tokens_of_a_later_format_are_left_to_a_later_version(tmp_path: Path) -> None:
    storage = make_storage(tmp_path)
    alter(storage, lambda said: said.update(format=2))
    with pytest.raises(NewerVault):
        read_tokens(storage)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"check":1}', "[" * 100_000, '"x"'])
def test_what_is_no_such_document_is_damage(tmp_path: Path, text: str) -> None:
    path = make_storage(tmp_path).root / TOKENS_KEY
    path.write_text(text)
    with pytest.raises(DamagedVault):
        read_tokens(LocalStorage(tmp_path))


def test_who_writes_the_log_leaves_tokens_alone_that_are_being_written(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    with storage.create_staging("access-1-1") as tokens, storage.create_staging("log-1-1") as entry:
        sweep_staging(storage)
        assert (tokens.path.exists(), entry.path.exists()) == (True, False)


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    with storage.create_staging("access-1-1") as left, storage.create_staging("log-1-1") as entry:
        write_tokens(storage, [CI])
        assert (left.path.exists(), entry.path.exists()) == (False, True)
