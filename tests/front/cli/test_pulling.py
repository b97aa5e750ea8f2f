"""pull, follow, update, secure and show --proof as they are typed: what they print, and how they end."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.front.cli.runs import REPOSITORY, Ran, compose, run_here
from tests.upstream.hub import Hub, serving

MODEL = "acme/tiny"
FILES = {"README.md": b"---\nlicense: mit\n---\n", "config.json": b"{}", "w.bin": bytes(range(256)) * 1000}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def ask(hub: Hub, home: Path, *words: str) -> Ran:
    return run_here(*words, home=home, HF_ENDPOINT=hub.url, HF_HOME=str(home), HOLDFAST_VAULT=str(home / "vault"))


def ask_json(hub: Hub, home: Path, *words: str) -> Any:
    ran = ask(hub, home, *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_a_pull_says_what_it_fetched_and_what_is_kept(hub: Hub, home: Path) -> None:
    commit = hub.add(MODEL, FILES).find("main")
    ran = ask(hub, home, "pull", MODEL)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert f"kept  {MODEL}@{commit}  as refs/heads/main" in lines
    assert "      3 files, 256 kB: 3 files fetched, 256 kB this time" in lines
    assert "      every file is what the hub states, and was read back from the medium" in lines
    again = ask(hub, home, "pull", MODEL).out
    assert "0 files fetched, 0 bytes this time, 3 files known already" in again


def test_the_same_as_json(hub: Hub, home: Path) -> None:
    commit = hub.add(MODEL, FILES).find("main")
    hub.add("acme/other", {"a": b"a"})
    first, second = ask_json(hub, home, "pull", MODEL, "acme/other", "--exclude", "w.bin")["copies"]
    assert (first["copy"]["revision"], first["ref"], first["missing"]) == (commit, "refs/heads/main", ["w.bin"])
    assert (second["copy"]["model"], second["fetched_files"]) == ("acme/other", 1)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("pull", "acme/none"), 9, "the hub shows no such model"),
        (("pull", f"{MODEL}@v9"), 9, "branch, tag or commit"),
        (("pull", "a/b/c"), 2, "is no name of a model on a hub"),
        (("pull", MODEL, "--quant", "Q4_K_M"), 9, "no file of Q4_K_M"),
        (("pull", MODEL, "acme/b", "--as", "x/y"), 2, "--as names one model"),
        (("pull", MODEL, "--endpoint", "nowhere"), 5, "is no address of a hub"),
        (("pull", MODEL, "--endpoint", "http://127.0.0.1:9"), 9, "cannot be reached"),
        (("pull", MODEL, "--token-file", "/none"), 3, "there is no such file"),
        (("pull", "deepseek-ai/DeepSeek-V3", "--party", "kansas-state-agency"), 13, "is not fetched for"),
        (("update",), 3, "there is no vault here"),
        (("follow", "--stop"), 2, "no model was named"),
        (("secure", "/none"), 3, "no such file or folder"),
        (("keep", "--all-from", "/none"), 3, "no such file or folder"),
        (("keep", "--all-from", ".", "--as", "x/y"), 2, "--all-from names all"),
    ],
)
def test_every_fault_has_its_code_and_its_words(
    hub: Hub, home: Path, words: tuple[str, ...], code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncio.sleep", _no_sleep)
    hub.add(MODEL, FILES)
    ran = ask(hub, home, *words)
    assert (ran.code, says in ran.err) == (code, True), ran.err
    told = ask(hub, home, *words, "--json")
    assert json.loads(told.err)["exit_code"] == code


async def _no_sleep(_seconds: float) -> None: ...


def test_no_token_is_in_what_is_printed(hub: Hub, home: Path, tmp_path: Path) -> None:
    hub.add(MODEL, FILES).state = "gated"
    file = tmp_path / "token"
    file.write_text("hf_verysecret")
    for words in (("pull", MODEL), ("pull", MODEL, "--json"), ("follow", MODEL), ("update",)):
        ran = ask(hub, home, *words, "--token-file", str(file))
        assert "verysecret" not in ran.out + ran.err
    vault = [path.read_bytes() for path in (home / "vault").rglob("*") if path.is_file()]
    assert not any(b"verysecret" in data for data in vault)


def test_the_proof_is_printed_from_the_commit_to_each_file(hub: Hub, home: Path) -> None:
    repository = hub.add(MODEL, FILES)
    ask(hub, home, "pull", MODEL)
    out = ask(hub, home, "show", MODEL, "--proof").out
    commit, tree = (repository.git("rev-parse", name).decode().strip() for name in ("main", "main^{tree}"))
    assert f"{MODEL}@{commit}  proved: all 3 files are those of the commit" in out
    assert f"  tree    {tree}  of the whole" in out
    oid = repository.git("rev-parse", "main:w.bin").decode().strip()
    assert f"  proved    w.bin: pointer {oid} → sha256 " in out
    assert ask_json(hub, home, "show", MODEL, "--proof")["answer"] == "proved"


def test_followed_models_are_told_of(hub: Hub, home: Path) -> None:
    repository = hub.add(MODEL, FILES)
    ask(hub, home, "pull", MODEL)
    assert "same when last asked" in ask(hub, home, "follow", MODEL).out
    assert ask(hub, home, "update").out.startswith(f"same  {MODEL}@main")
    repository.commit(FILES | {"new": b"n"})
    changed = ask(hub, home, "update")
    assert (changed.code, "new-commit, since " in changed.out) == (0, True)
    assert "new-commit, since " in ask(hub, home, "follow").out
    pulled = ask(hub, home, "update", "--pull")
    assert "1 file fetched, 1 bytes this time" in pulled.out
    assert ask_json(hub, home, "update")["models"][0]["outcome"] == "same"
    assert f"not followed any more: {MODEL}" in ask(hub, home, "follow", "--stop", MODEL).out
    assert "no model is followed" in ask(hub, home, "follow").out


def test_an_update_that_cannot_tell_ends_with_9(hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add(MODEL, FILES)
    ask(hub, home, "follow", MODEL)
    monkeypatch.setattr("asyncio.sleep", _no_sleep)
    path = home / "vault" / "follow.json"
    path.write_text(path.read_text().replace(hub.url, "http://127.0.0.1:9"))
    ran = ask(hub, home, "update")
    assert (ran.code, "could not tell" in ran.out) == (9, True)


def test_securing_says_for_every_model_what_became_of_it(hub: Hub, home: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    names = ("nordwind/base", "nordwind/absent")
    loads = "\n".join(f"m = AutoModel.from_pretrained({name!r})" for name in names)
    (app / "main.py").write_text(f"from transformers import AutoModel\n{loads}\n")
    hub.add("nordwind/base", FILES)
    page = tmp_path / "page.html"
    ran = ask(hub, home, "secure", str(app), "--no-smoke", "--html", str(page))
    assert ran.code == 0, ran.err
    assert "Held: 1 of 2, 256 kB" in ran.out
    assert f"  kept now  nordwind/base  256 kB, from {hub.url}" in ran.out
    assert "  not held  nordwind/absent\n            why   the hub shows no such model" in ran.out
    assert page.read_text().count("nordwind/base") > 0
    kept = ask_json(hub, home, "keep", "--all-from", str(app), "--offline")["models"]
    assert {one["model"]: one["outcome"] for one in kept} == {
        "pkg:huggingface/nordwind/base": "held",
        "pkg:huggingface/nordwind/absent": "not held",
    }


def test_a_disk_without_room_is_told_and_the_pull_goes_on_later(hub: Hub, home: Path) -> None:
    hub.add(MODEL, FILES | {"large.bin": bytes(3_000_000)})
    words = [sys.executable, "-m", "holdfast", "pull", MODEL, "--endpoint", hub.url, "--vault", str(home / "vault")]
    environ = compose(home, {"HF_HOME": str(home)})
    limit = 2_000_000  # of the size of any file, which the operating system keeps to
    ran = subprocess.run(
        words,
        env=environ,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (ran.returncode, "Free some space" in ran.stderr) == (14, True), ran.stderr
    later = subprocess.run(words, env=environ, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "      4 files, 3.26 MB: " in later.stdout
