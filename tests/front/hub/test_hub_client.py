"""The hub's own client against tokens, tickets, limits and freezes: what it does, and what it tells its user."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from holdfast.front.hub.access import AccessAsked
from holdfast.front.hub.guarding import GuardAsked
from holdfast.front.hub.limits import LimitsAsked
from holdfast.records.access import Scope
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.serving import Served, serving

SCRIPT = """
import json, sys
from pathlib import Path
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
api = HfApi()
def do(work, *arguments):
    if work == "whoami":
        return api.whoami()
    if work == "models":
        return sorted(model.id for model in api.list_models())
    if work == "download":
        return open(hf_hub_download(arguments[0], "config.json")).read()
    if work == "snapshot":
        return sorted(path.name for path in Path(snapshot_download(arguments[0])).iterdir())
    if work == "check":
        return api.auth_check(arguments[0], write=len(arguments) > 1)
found = []
for words in json.loads(sys.argv[1]):
    try:
        found.append({"told": do(*words)})
    except Exception as error:
        found.append({"error": type(error).__name__, "text": str(error)})
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def place(hub_template: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = copy_place(hub_template, tmp_path_factory.mktemp("client") / "place")
    made.run("freeze", "org/other", "--by", "A. Counsel", "--why", "LEGAL-212")
    return made


@pytest.fixture(scope="module")
def closed(place: Place) -> Generator[Served]:
    with serving(place.vault, place.environ) as helper:
        token = helper.create_token((Scope.READ, "org/*"), name="ci")
    with serving(place.vault, place.environ, GuardAsked(AccessAsked(is_local=False))) as found:
        found.token = token
        yield found


def ask(served: Served, home: Path, *work: str) -> dict[str, Any]:
    """What the client gets, or how it fails."""
    (found,) = ask_all(served, home, work)
    return found


def ask_all(served: Served, home: Path, *works: Sequence[str]) -> list[dict[str, Any]]:
    """The same for one thing after the other."""
    environ = {
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": served.address,
        "PATH": os.environ["PATH"],
    }
    environ |= {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0",
    }
    if served.token:
        environ["HF_TOKEN"] = served.token
    command = [sys.executable, "-c", SCRIPT, json.dumps(works)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_a_token_lets_the_client_in(closed: Served, place: Place, tmp_path: Path) -> None:
    works = ("whoami",), ("models",), ("download", "org/base"), ("snapshot", "org/tuned"), ("check", "org/base")
    person, *told = (found["told"] for found in ask_all(closed, tmp_path, *works))
    assert person["name"] == "ci"
    expected = (place.folder / "base/config.json").read_text()
    assert told == [["org/base", "org/other", "org/tuned"], expected, ["config.json", "model.safetensors"], None]


def test_without_a_token_the_client_says_that_one_is_needed(closed: Served, tmp_path: Path) -> None:
    found = ask(closed.made(""), tmp_path, "download", "org/base")
    assert "401" in str(found["text"])
    assert "Set HF_TOKEN" in str(found["text"])


def test_a_wrong_token_is_told_as_such(closed: Served, tmp_path: Path) -> None:
    found = ask(closed.made("hf_" + "x" * 40), tmp_path, "models")
    assert "Invalid credentials in Authorization header" in str(found["text"])


def test_what_may_not_be_written_is_told_with_its_reason(closed: Served, tmp_path: Path) -> None:
    found = ask(closed, tmp_path, "check", "org/base", "write")
    assert "may not write org/base" in str(found["text"])


def test_a_frozen_copy_is_told_with_who_froze_it_and_why(closed: Served, tmp_path: Path) -> None:
    for found in ask_all(closed, tmp_path, ("download", "org/other"), ("snapshot", "org/other")):
        text = str(found["text"])
        assert "451" in text
        assert "was frozen by A. Counsel" in text
        assert "LEGAL-212" in text


def test_a_client_that_asks_too_often_waits_and_then_has_everything(place: Place, tmp_path: Path) -> None:
    guard = GuardAsked(AccessAsked(anonymous=True), LimitsAsked(rate=150))  # one more every two seconds
    with serving(place.vault, place.environ, guard) as found:
        while found.ask("/api/models").status != 429:
            pass
        told = ask(found, tmp_path, "download", "org/base")
        assert told == {"told": (place.folder / "base/config.json").read_text()}
