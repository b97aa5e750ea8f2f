"""Whether a check says what the vault really holds, revision by revision."""

from pathlib import Path

import pytest

from tests.front.cli.models import COMMIT, OTHER_COMMIT, Home, make_home, write_model

MODEL = "Qwen/Qwen3-8B"
PINNED = f'AutoModel.from_pretrained("{MODEL}", revision="{COMMIT}")\n'
MOVING = f'AutoModel.from_pretrained("{MODEL}")\n'


def write_app(folder: Path, call: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(f"from transformers import AutoModel\n{call}")
    return folder


def check(home: Home, call: str) -> dict[str, object]:
    (row,) = home.get("check", write_app(home.folder / "app", call))["rows"]
    return {name: row[name] for name in ("copy", "copies", "copy_says")}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("template"))
    found.keep(write_model(found.folder / "model"), MODEL, COMMIT)
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def test_without_a_vault_nothing_is_held_and_none_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert check(home, PINNED) == {"copy": "none", "copies": [], "copy_says": ""}
    assert not home.vault.exists()


def test_a_pinned_revision_that_is_held_is_kept(home: Home) -> None:
    found = check(home, PINNED)
    assert found["copy"] == "kept"
    assert found["copies"] == [{"revision": COMMIT, "state": "kept"}]
    assert found["copy_says"] == f"kept at {COMMIT[:12]}"


def test_another_revision_than_the_pinned_one_is_said_to_be_another(home: Home) -> None:
    found = check(home, PINNED.replace(COMMIT, OTHER_COMMIT))
    assert found["copy"] == "other revision"
    assert f"{OTHER_COMMIT[:12]}, which is pinned, is not held" in str(found["copy_says"])
    assert f"kept at {COMMIT[:12]}" in str(found["copy_says"])


def test_two_pins_are_held_only_when_both_are(home: Home) -> None:
    assert check(home, PINNED + PINNED.replace(COMMIT, OTHER_COMMIT))["copy"] == "other revision"


def test_a_moving_name_says_which_revision_is_held(home: Home) -> None:
    found = check(home, MOVING)
    assert found["copy"] == "kept"
    assert "a name that may move is used" in str(found["copy_says"])


def test_a_frozen_copy_is_said_to_be_frozen_in_the_table_the_page_and_every_export(home: Home) -> None:
    home.run("freeze", MODEL, "--by", "Ana", "--why", "LEGAL-212")
    app = write_app(home.folder / "app", PINNED)
    done = home.run("check", app, "--markdown", "a.md", "--html", "a.html", "--cyclonedx", "a.cdx.json")
    assert f"frozen at {COMMIT[:12]}" in done.out
    for name in ("a.md", "a.html"):
        assert f"frozen at {COMMIT[:12]}" in (home.folder / name).read_text(), name
    assert f"{COMMIT} frozen" in (home.folder / "a.cdx.json").read_text()


def test_a_copy_that_verify_found_damaged_is_damaged(home: Home) -> None:
    pack = max(home.vault.rglob("*.pack"), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[5000] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    assert home.run("verify").code == 12
    assert check(home, PINNED)["copy"] == "damaged"


def test_a_dropped_copy_is_none(home: Home) -> None:
    home.run("drop", MODEL, "--by", "Ana", "--why", "old")
    assert check(home, PINNED)["copy"] == "none"


def test_a_vault_that_cannot_be_read_is_unknown_and_the_check_goes_on(home: Home) -> None:
    (home.vault / "vault.json").write_text('{"format": 99, "id": "later"}')
    found = check(home, PINNED)
    assert found["copy"] == "unknown"
    assert "format 99" in str(found["copy_says"])


def test_an_ollama_tag_is_known_by_its_own_name(home: Home) -> None:
    home.keep(write_model(home.folder / "tag", "tag"), "ollama/qwen3:8b", "sha256-0123")
    app = home.folder / "app"
    app.mkdir()
    (app / "app.py").write_text('import ollama\nollama.chat(model="qwen3:8b")\n')
    (row,) = home.get("check", app)["rows"]
    assert (row["model"], row["copy"]) == ("pkg:ollama/qwen3:8b", "kept")


def test_assess_says_it_too(home: Home) -> None:
    (row,) = home.get("assess", MODEL)["rows"]
    assert row["copy"] == "kept"
