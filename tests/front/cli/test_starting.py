"""What a verb loads before it works: a scan in CI runs often, and must not pay for what only other verbs need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.front.cli.runs import HELPDESK, REPOSITORY

HEAVY = {"numpy", "polars", "lxml", "rigour", "nomenklatura", "followthemoney"}


def _loaded(tmp_path: Path, *arguments: str) -> set[str]:
    """Top-level modules that one run of the command line imports."""
    return {name.partition(".")[0] for name in _list_modules(tmp_path, *arguments)}


def _list_modules(tmp_path: Path, *arguments: str) -> set[str]:
    """All modules that one run of the command line imports, as the interpreter itself lists them."""
    places = {name: str(tmp_path / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "holdfast", *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, **places},
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["scan", str(HELPDESK), "--json"], ["lists"]], ids=lambda a: a[0])
def test_help_scan_and_lists_start_without_numpy_and_polars(arguments: list[str], tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, *arguments)
    assert "typer" in loaded  # the listing was read
    assert loaded & HEAVY == set()


def test_keep_and_restore_load_nothing_that_only_other_verbs_need(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"model_type": "bert"}')
    keeping = _list_modules(tmp_path, "keep", str(tmp_path / "model"), "--as", "acme/tiny", "--revision", "main")
    assert "holdfast.vault.packs.writing" in keeping  # the listing was read
    assert keeping & {"numpy.ma", "polars", "holdfast.vault.catalogue.postgres", "holdfast.vault.protecting"} == set()
    restoring = _list_modules(tmp_path, "restore", "acme/tiny", str(tmp_path / "out"))
    assert "holdfast.vault.restoring" in restoring
    assert {name.partition(".")[0] for name in restoring} & {"cryptography", "yaml", "polars", "ssl"} == set()
    assert not any(name.startswith("holdfast.levers") for name in restoring)


def test_check_without_lists_loads_nothing_that_only_screening_needs(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, "check", str(HELPDESK), "--json")
    assert loaded & (HEAVY - {"numpy", "polars"}) == set()
