"""What deploy/ starts exists, and is allowed what it needs."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from holdfast.front.cli.main import app

REPOSITORY = Path(__file__).parents[2]
UNIT = REPOSITORY / "deploy" / "holdfast.service"
IMAGE = REPOSITORY / "deploy" / "Containerfile"


def get_serve_options() -> set[str]:
    root = typer.main.get_command(app)
    return {option for parameter in root.commands["serve"].params for option in parameter.opts}  # type: ignore[attr-defined]


def read_unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_starts_serve_with_options_that_exist() -> None:
    words = read_unit()["ExecStart"][0].split()
    assert words[1] == "serve"
    assert {word for word in words if word.startswith("--")} <= get_serve_options()


def test_the_unit_lets_transfers_end_and_writes_where_its_vault_is() -> None:
    unit = read_unit()
    serve = next(
        parameter
        for parameter in typer.main.get_command(app).commands["serve"].params  # type: ignore[attr-defined]
        if parameter.name == "grace"
    )
    assert int(unit["TimeoutStopSec"][0]) > float(serve.default)
    places = " ".join(unit["Environment"])
    vault = re.search(r"HOLDFAST_VAULT=(\S+)", places)
    assert vault is not None
    assert vault[1].startswith(f"/var/lib/{unit['StateDirectory'][0]}/")
    configparser.ConfigParser(strict=False, interpolation=None).read_string(UNIT.read_text())


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/holdfast/bin/holdfast", "/bin/true").replace("User=holdfast", ""))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_starts_serve_and_copies_what_the_repository_has() -> None:
    text = IMAGE.read_text()
    command = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert command is not None
    words = json.loads(command[1])
    assert words[:2] == ["holdfast", "serve"]
    assert {word for word in words if word.startswith("--")} <= get_serve_options()
    for name in re.findall(r"-r (\S+\.lock)", text):
        assert (REPOSITORY / name).exists()
    extras = re.search(r"'\.\[(.*)\]'", text)
    assert extras is not None
    known = re.findall(r"^(\w+) = \[", (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(extras[1].split(",")) <= set(known)
