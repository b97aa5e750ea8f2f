"""Every open-weight model of an application is held, or it is said why not; one fault ends nothing."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.records.errors import MalformedFile, MissingPath
from holdfast.vault.refs import read_refs
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.secure import SecureAsked, SecuredModel, run_keep_all, run_secure, run_secure_check
from holdfast.workflows.vaults import open_vault
from tests.upstream.asking import Team
from tests.upstream.hub import Hub, serving

WEIGHTS = random.Random(6).randbytes(150_000)
FILES = {"README.md": b"# T\n", "config.json": b"{}", "model.bin": WEIGHTS}
APP = """
from transformers import AutoModel
one = AutoModel.from_pretrained("nordwind/base")
two = AutoModel.from_pretrained("nordwind/ledger", revision="{pinned}")
other = AutoModel.from_pretrained(name_from_outside)
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def team(hub: Hub, tmp_path: Path) -> Team:
    return Team(hub, tmp_path / "team")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def write(app: Path, text: str) -> None:
    (app / "main.py").write_text(f"from transformers import AutoModel\n{text}\n")


def use(app: Path, *names: str) -> None:
    write(app, "\n".join(f"m{number} = AutoModel.from_pretrained({name!r})" for number, name in enumerate(names)))


def secure(team: Team, app: Path, *, smoke: bool = False, **asked: object) -> dict[str, SecuredModel]:
    asking = SecureAsked(app, team.vault, team.ask(), smoke=smoke, **asked)  # type: ignore[arg-type]
    checked = run_secure_check(asking, lambda _done, _total: None)
    answer = run_secure(asking, checked, lambda _phase, _done, _total: None)
    return {one.model.removeprefix("pkg:huggingface/"): one for one in answer.models}


def cache(team: Team, name: str, commit: str, files: dict[str, bytes], ref: str = "main") -> None:
    """A snapshot in the hub's cache, as its client makes it."""
    folder = Path(team.vault.environ["HF_HOME"]) / "hub" / f"models--{name.replace('/', '--')}"
    for path, content in files.items():
        blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        link = folder / "snapshots" / commit / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / ref).write_text(commit)


def test_everything_that_the_hub_has_is_held_at_the_revision_that_is_used(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base", FILES)
    repository = hub.add("nordwind/ledger", FILES)
    pinned = repository.find("main") or ""
    repository.commit(FILES | {"new": b"n"})
    (app / "main.py").write_text(APP.format(pinned=pinned))
    found = secure(team, app)
    assert [one.outcome for one in found.values()] == ["kept now", "kept now", "not held"]
    assert found["nordwind/ledger"].copy == f"nordwind/ledger@{pinned}"
    assert found["nordwind/base"].place == hub.url
    unresolved = found["name_from_outside"]
    assert unresolved.why == "its name is not in what was read"
    again = secure(team, app)
    assert [one.outcome for one in again.values()] == ["held", "held", "not held"]


def test_what_lies_in_the_cache_is_taken_from_there(hub: Hub, team: Team, app: Path) -> None:
    commit = "ab" * 20
    cache(team, "nordwind/base", commit, FILES)
    use(app, "nordwind/base")
    found = secure(team, app, offline=True)["nordwind/base"]
    assert (found.outcome, found.place, found.copy) == ("kept now", "the Hugging Face cache", f"nordwind/base@{commit}")
    assert team.read("nordwind/base") == FILES
    with open_vault(team.vault) as vault:
        assert [(one.ref, one.revision) for one in read_refs(vault.database, "nordwind/base")] == [
            ("refs/heads/main", commit)
        ]


def test_another_revision_in_the_cache_is_not_the_one_that_is_pinned(hub: Hub, team: Team, app: Path) -> None:
    cache(team, "nordwind/base", "ab" * 20, FILES)
    write(app, f'm = AutoModel.from_pretrained("nordwind/base", revision="{"cd" * 20}")')
    found = secure(team, app, offline=True)["nordwind/base"]
    assert (found.outcome, found.why) == ("not held", "--offline: no hub was asked")


def test_a_cache_of_small_files_alone_is_no_model(hub: Hub, team: Team, app: Path) -> None:
    commit = hub.add("nordwind/base", FILES).find("main") or ""
    cache(team, "nordwind/base", commit, {"config.json": b"{}"})
    use(app, "nordwind/base")
    assert secure(team, app, offline=True)["nordwind/base"].outcome == "not held"
    found = secure(team, app)["nordwind/base"]
    assert (found.outcome, found.place) == ("kept now", hub.url)


def test_an_ollama_tag_is_taken_from_its_store(team: Team, app: Path, tmp_path: Path) -> None:
    store = tmp_path / "ollama"
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    (store / "blobs").mkdir(parents=True)
    (store / "blobs" / f"sha256-{digest}").write_bytes(WEIGHTS)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": len(WEIGHTS)}
    manifest = store / "manifests" / "registry.ollama.ai" / "library" / "tiny" / "1b"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"schemaVersion": 2, "config": {}, "layers": [layer]}))
    (app / "compose.yaml").write_text("services:\n  m:\n    image: ollama/ollama\n    command: run tiny:1b\n")
    (app / "run.sh").write_text("#!/bin/sh\nollama run tiny:1b\nollama run other:2b\n")
    team.environ["OLLAMA_MODELS"] = str(store)
    found = secure(team, app, offline=True)
    assert found["pkg:ollama/tiny:1b"].outcome == "kept now"
    assert found["pkg:ollama/tiny:1b"].copy.startswith("ollama/tiny:1b@")
    assert "no Ollama store" in found["pkg:ollama/other:2b"].why
    assert secure(team, app, offline=True)["pkg:ollama/tiny:1b"].outcome == "held"


def test_a_folder_of_the_application_with_the_whole_name_is_taken(team: Team, app: Path) -> None:
    folder = app / "weights" / "nordwind" / "base"
    folder.mkdir(parents=True)
    shutil.copy("examples/helpdesk/models/ticket-language/model.safetensors", folder)
    use(app, "nordwind/base")
    found = secure(team, app, offline=True)["nordwind/base"]
    assert (found.outcome, found.place, found.notes) == ("kept now", "weights/nordwind/base of the application", ())


def test_a_folder_of_half_the_name_is_a_guess_and_said_to_be_one(hub: Hub, team: Team, app: Path) -> None:
    folder = app / "models" / "base"
    folder.mkdir(parents=True)
    shutil.copy("examples/helpdesk/models/ticket-language/model.safetensors", folder)
    use(app, "nordwind/base")
    found = secure(team, app)["nordwind/base"]
    assert found.outcome == "kept now"
    assert found.notes[0] == "its folder's name alone says that it is this model"
    assert hub.count("nordwind/base") > 0  # the hub was asked first


def test_a_hub_that_is_away_is_said_for_each_and_asked_once(hub: Hub, team: Team, app: Path) -> None:
    hub.url = "http://127.0.0.1:9"
    cache(team, "nordwind/ledger", "ab" * 20, FILES)
    use(app, "nordwind/base", "nordwind/ledger", "nordwind/third")
    found = secure(team, app)
    assert found["nordwind/ledger"].outcome == "kept now"
    assert all("cannot be reached" in found[name].why for name in ("nordwind/base", "nordwind/third"))
    assert len(team.waits.seconds) == 2


def test_what_a_hub_refuses_is_the_reason_and_the_next_one_is_kept(hub: Hub, team: Team, app: Path) -> None:
    for name, state in (("nordwind/tiny-a", "gated"), ("nordwind/tiny-b", "elsewhere"), ("nordwind/tiny-c", "")):
        hub.add(name, FILES).state = state
    use(app, "nordwind/tiny-a", "nordwind/tiny-b", "nordwind/tiny-c", "nordwind/absent")
    found = secure(team, app)
    assert "accepted its terms" in found["nordwind/tiny-a"].why
    assert "not available in your country" in found["nordwind/tiny-b"].why
    assert "shows no such model" in found["nordwind/absent"].why
    assert found["nordwind/tiny-c"].outcome == "kept now"


def test_a_large_model_is_left_out_and_named(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base", FILES)
    use(app, "nordwind/base")
    found = secure(team, app, bytes_max=1000)["nordwind/base"]
    assert (found.outcome, "no more than 1000 are wanted" in found.why) == ("not held", True)


def test_one_quantisation_of_several_is_taken(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base-GGUF", {f"m-{quant}.gguf": quant.encode() for quant in ("Q2_K", "Q4_K_M", "Q8_0")})
    use(app, "nordwind/base-GGUF")
    found = secure(team, app)["nordwind/base-GGUF"]
    assert found.notes[0] == "2 files of the revision left out"
    assert set(team.read("nordwind/base-GGUF")) == {"m-Q4_K_M.gguf"}


def test_a_frozen_copy_is_left_as_it_is(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base", FILES)
    team.pull("nordwind/base")
    run_freeze(DecideAsked(team.vault, "nordwind/base", "A. Counsel", "LEGAL-7"))
    use(app, "nordwind/base")
    found = secure(team, app)["nordwind/base"]
    assert found.outcome == "frozen"
    assert "A. Counsel" in found.why


def test_what_a_lever_forbids_is_taken_from_nowhere(hub: Hub, team: Team, app: Path) -> None:
    name = "deepseek-ai/DeepSeek-V3"
    cache(team, name, "ab" * 20, FILES)
    hub.add(name, FILES)
    (app / "holdfast.toml").write_text('party = "kansas-state-agency"\n')
    use(app, name)
    asking = SecureAsked(app, team.vault, team.ask(party="kansas-state-agency"), smoke=False)
    answer = run_secure(asking, run_secure_check(asking, lambda *_: None), lambda *_: None)
    assert answer.models[0].outcome == "not held"
    assert "st-ks" in answer.models[0].why
    assert hub.seen == []


def test_the_check_knows_the_copies_that_were_kept(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base", FILES)
    use(app, "nordwind/base")
    asking = SecureAsked(app, team.vault, team.ask(), smoke=False)
    answer = run_secure(asking, run_secure_check(asking, lambda *_: None), lambda *_: None)
    assert [row.copy for row in answer.check.rows] == ["kept"]


def test_a_copy_that_nothing_here_can_run_stays_kept_and_untested(hub: Hub, team: Team, app: Path) -> None:
    hub.add("nordwind/base", {"notes.txt": b"no weights"})
    use(app, "nordwind/base")
    found = secure(team, app, smoke=True)["nordwind/base"]
    assert found.outcome == "kept now"
    assert found.ready.startswith("not tested: ")


def test_all_of_a_saved_inventory_is_kept(hub: Hub, team: Team, app: Path, tmp_path: Path) -> None:
    hub.add("nordwind/base", FILES)
    use(app, "nordwind/base")
    saved = tmp_path / "inventory.json"
    scanned = subprocess.run([sys.executable, "-m", "holdfast", "scan", app, "--json"], capture_output=True, check=True)
    saved.write_bytes(scanned.stdout)
    (app / "main.py").unlink()
    asking = SecureAsked(saved, team.vault, team.ask(), smoke=False)
    (found,) = run_keep_all(asking, lambda *_: None, lambda *_: None)
    assert (found.outcome, found.copy.partition("@")[0]) == ("kept now", "nordwind/base")
    assert [one.outcome for one in run_keep_all(asking, lambda *_: None, lambda *_: None)] == ["held"]


def test_what_is_no_inventory_and_what_is_not_there_is_told(team: Team, tmp_path: Path) -> None:
    for text in ("", "[]", '{"uses": 1}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(MalformedFile, match="no inventory"):
            run_keep_all(SecureAsked(tmp_path / "x.json", team.vault, team.ask()), lambda *_: None, lambda *_: None)
    with pytest.raises(MissingPath):
        run_keep_all(SecureAsked(tmp_path / "none", team.vault, team.ask()), lambda *_: None, lambda *_: None)
