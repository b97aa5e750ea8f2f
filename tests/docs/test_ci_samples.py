"""The CI samples: every command in them is one that holdfast understands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest
import typer
import yaml

from holdfast.front.cli.main import app

ROOT = Path(__file__).parents[2]
SAMPLES = [
    *sorted((ROOT / "examples/ci").glob("*.y*ml")),
    ROOT / ".pre-commit-hooks.yaml",
    ROOT / "docs/how-to/ci.md",
    ROOT / "docs/how-to/html.md",
]


def _commands(path: Path) -> Iterator[list[str]]:
    text = re.sub(r"\n\s+(?=--)", " ", path.read_text(encoding="utf-8"))
    for match in re.finditer(r"^[^#`|]*?\b(holdfast check [^\n#]*)", text, re.MULTILINE):
        yield shlex.split(match[1])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_option_in_a_sample_exists(path: Path) -> None:
    group = cast("click.Group", typer.main.get_command(app))
    known = {name for option in group.commands["check"].params for name in option.opts}
    used = {word for command in _commands(path) for word in command if word.startswith("--")}
    assert used <= known


def test_the_samples_hold_commands() -> None:
    assert sum(1 for path in SAMPLES for _ in _commands(path)) >= 6


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix != ".md"], ids=lambda path: path.name)
def test_every_sample_is_valid_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_sample_for_pre_commit_names_a_hook_that_exists() -> None:
    hooks = cast("list[dict[str, object]]", yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")))
    sample = (ROOT / "examples/ci/pre-commit-config.yaml").read_text("utf-8")
    assert any(f"id: {hook['id']}" in sample for hook in hooks)
