"""What is printed stands there as it was written."""

from pathlib import Path

from tests.front.cli.runs import run_here


def test_a_word_between_colons_stays_a_word(tmp_path: Path) -> None:
    (tmp_path / ":key:").mkdir()
    done = run_here("keep", tmp_path / ":key:", home=tmp_path)
    assert done.code != 0
    assert "/:key:" in done.err
