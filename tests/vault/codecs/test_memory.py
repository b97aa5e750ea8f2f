"""kernel.c under address and undefined-behaviour sanitizers: whatever it is given, it stays inside its buffers."""

from pathlib import Path

import pytest

from tests.vault.codecs.hammering import build_hammer, run_hammer


@pytest.fixture(scope="module", params=[[], ["-DHOLDFAST_SCALAR"]], ids=["vector", "scalar"])
def hammer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = build_hammer(tmp_path_factory.mktemp("hammer") / "hammer", *request.param)
    if built is None:
        pytest.skip("no compiler with sanitizers here")
    return built


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernel_stays_inside_its_buffers(hammer: Path, seed: int) -> None:
    assert run_hammer(hammer, seed, 500) == ""
