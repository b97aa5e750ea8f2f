"""Random frames and damaged payloads into the compiled codecs, with sanitizers; many in `make fuzz` and `make soak`."""

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
