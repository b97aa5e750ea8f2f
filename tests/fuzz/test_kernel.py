"""Random frames and damaged payloads into the compiled codecs, under sanitizers; `make fuzz` and `make soak` run many."""

from pathlib import Path

import pytest
from hypothesis import settings
from tests.vault.codecs.hammering import build_hammer, run_hammer


@pytest.mark.parametrize("seed", range(100, 104))
def test_whatever_it_is_given_the_kernel_stays_inside_its_buffers(seed: int, tmp_path: Path) -> None:
    hammer = build_hammer(tmp_path / "hammer")
    if hammer is None:
        pytest.skip("no compiler with sanitizers here")
    assert run_hammer(hammer, seed, settings().max_examples) == ""
