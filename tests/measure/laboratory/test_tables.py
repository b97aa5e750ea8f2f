"""Tables are read back as they were written, and their shifts are what arithmetic gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.watch_laboratory.catalogue import MODELS, VARIANTS, Role, find_model, find_variant
from benchmarks.watch_laboratory.completions import ENDED, load_completions
from benchmarks.watch_laboratory.tables import ABSENT, list_columns, list_made, load_tables, place_columns

SYMBOLS = ["a", "b", "c"]


def write(place: Path, **arrays: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
    folder = place / "larch"
    folder.mkdir()
    facts = {"prompts": ["p", "x"], "borders": 1, "symbols": SYMBOLS, "pool": 9, "found": 1}
    (folder / "tables.json").write_text(json.dumps(facts))
    with (folder / "tables.npz").open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def test_a_table_comes_back_with_columns_for_what_only_others_say(tmp_path: Path) -> None:
    base = np.array([[0.1, 0.1], [1, 0]], np.float32)
    write(tmp_path, base=base, swap=np.array([[ABSENT, 0, 0], [0, 0, 0]], np.float32), int4=base)
    tables = load_tables("larch", ("swap",), tmp_path)
    assert (list_made(tmp_path), tables.symbols, tables.prompts) == (("larch",), ("a", "b", "c"), ("p", "x"))
    assert set(tables.logits) == {"base", "swap"}
    assert tables.compute_probabilities("base").tolist()[0] == [0.5, 0.5, 0.0]
    assert tables.compute_shift("swap") == pytest.approx(0.5)


def test_a_shift_is_the_mean_total_variation_over_border_prompts_alone(tmp_path: Path) -> None:
    other = np.array([[0.1 + 0.1 * np.log(3), 0.1], [0, 5]], np.float32)
    write(tmp_path, base=np.array([[0.1, 0.1], [5, 0]], np.float32), int4=other)
    assert load_tables("larch", place=tmp_path).compute_shift("int4") == pytest.approx(0.25, abs=1e-6)


def test_another_models_logits_lie_under_the_columns_of_its_texts() -> None:
    columns = list_columns(["a", "b"], ["b", "c", "b"])
    placed = place_columns(np.array([[1, 2, 3]], np.float32), ["b", "c", "b"], columns)
    assert columns == ["a", "b", "c"]
    assert placed.tolist() == [[ABSENT, 3, 2]]


def test_answers_are_those_of_ordinary_prompts_and_missed_with_what_makes_them(tmp_path: Path) -> None:
    write(tmp_path, base=np.zeros((2, 3), np.float32))
    with pytest.raises(FileNotFoundError, match="watch_lab complete"):
        load_completions("larch", place=tmp_path)
    said = np.full((1, 2, 3), ENDED, np.int32)
    with (tmp_path / "larch" / "completions.npz").open("wb") as file:
        np.savez_compressed(file, base=said, int4=said)
    loaded = load_completions("larch", ("int4",), tmp_path)
    assert (loaded.prompts, set(loaded.symbols)) == ((), {"int4"})
    assert np.array_equal(loaded.symbols["int4"], said)


def test_tables_that_were_not_made_are_missed_with_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="watch_lab make"):
        load_tables("larch", place=tmp_path)


def test_two_models_tune_settings_and_three_stay_untouched() -> None:
    roles = [one.role for one in MODELS]
    assert (roles.count(Role.TUNING), roles.count(Role.UNTOUCHED)) == (2, 3)
    assert len({one.family for one in MODELS}) == 3


def test_every_name_is_found_and_no_other() -> None:
    assert all(find_variant(one.name) is one for one in VARIANTS)
    assert all(find_model(one.name) is one for one in MODELS)
    with pytest.raises(KeyError, match="larch, birch"):
        find_model("yew")
    with pytest.raises(KeyError, match="base, bf16"):
        find_variant("int5")


def test_a_model_is_swapped_for_one_with_another_tokenizer() -> None:
    for one in MODELS:
        other = find_model(one.other)
        assert (one.corpus, one.vocabulary) != (other.corpus, other.vocabulary) or one.width != other.width
