"""Random frames and damaged payloads into the compiled codecs, with sanitizers; many in `make fuzz` and `make soak`."""

from pathlib import Path

import pytest
from hypothesis import settings
from tests.vault.codecs.hammering import build_hammer, run_hammer


@pytest.fixture(scope="module")
def hammer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = build_hammer(tmp_path_factory.mktemp("hammer") / "hammer")
    if built is None:
        pytest.skip("no compiler with sanitizers here")
    return built


@pytest.mark.parametrize("seed", range(100, 104))
def test_whatever_it_is_given_the_kernel_stays_inside_its_buffers(hammer: Path, seed: int) -> None:
    assert run_hammer(hammer, seed, settings().max_examples) == ""
