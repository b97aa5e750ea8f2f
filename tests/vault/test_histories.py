"""Whatever happens to the disk and the catalogue, a vault keeps what it says it keeps: random histories, by seed."""

import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from tests.vault.histories import live_in_memory

REPOSITORY = Path(__file__).parents[2]
HISTORIES = 100  # `make soak` lives many more
PORTION = 25
SOAK_HISTORIES = 20_000
BEGIN = int(os.environ.get("HOLDFAST_HISTORIES_FROM", "0"))


def live_some(seeds: range) -> str:
    """The first seed of these that does not hold, and what does not; empty when all do."""
    for seed in seeds:
        try:
            live_in_memory(seed)
        except BaseException as error:
            return f"seed {seed}: {type(error).__name__}: {error} (python -m tests.vault.histories {seed})"
    return ""


def live_all(seeds: range) -> None:
    portions = [seeds[at : at + PORTION] for at in range(0, len(seeds), PORTION)]
    began = monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, wrong in enumerate(pool.map(live_some, portions), 1):
            assert not wrong, wrong
            sys.stderr.write(f"\r{done * PORTION:,} of {len(seeds):,} histories, {monotonic() - began:.0f} s ")


def replay(seed: int, hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.vault.histories", str(seed)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"staging/[0-9a-f]+", "staging/a-file", done.stdout)  # these names are drawn anew


@pytest.mark.parametrize("seed", [37, 266, 332])
def test_a_history_replays_from_its_seed(seed: int) -> None:
    assert replay(seed, "1") == replay(seed, "2") != ""


@pytest.mark.parametrize("first", range(BEGIN, BEGIN + HISTORIES, PORTION))
def test_random_histories_lose_nothing(first: int) -> None:
    wrong = live_some(range(first, first + PORTION))
    assert not wrong, wrong


@pytest.mark.soak
def test_very_many_random_histories_lose_nothing() -> None:
    live_all(range(BEGIN, BEGIN + SOAK_HISTORIES))
