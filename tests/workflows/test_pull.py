"""A pull takes a revision in whole or in part, once, and says what it could not have."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from holdfast.records.errors import (
    BlockedUpstream,
    ChangedUpstream,
    ForbiddenByLever,
    FrozenCopy,
    HoldfastError,
    NetworkError,
    NotUpstream,
    RefusedUpstream,
    UsageError,
)
from holdfast.upstream.spool import Spool
from holdfast.vault.refs import read_refs
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.list import run_list
from holdfast.workflows.log import run_log
from holdfast.workflows.pulling_choice import Choice, find_quant
from holdfast.workflows.vaults import open_vault
from tests.upstream.asking import Team
from tests.upstream.hub import Hub, fail, serving, times

MODEL = "acme/tiny"
CARD = b"---\nlicense: mit\nbase_model: acme/base\n---\n# Tiny\n"
WEIGHTS = random.Random(3).randbytes(1 << 20)
FILES = {"README.md": CARD, "config.json": b'{"model_type": "tiny"}', "w/model.bin": WEIGHTS}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def team(hub: Hub, tmp_path: Path) -> Team:
    return Team(hub, tmp_path / "team")


def refs(team: Team, name: str = MODEL) -> dict[str, str]:
    with open_vault(team.vault) as vault:
        return {one.ref: one.revision for one in read_refs(vault.database, name)}


def test_a_pulled_model_comes_back_byte_for_byte(hub: Hub, team: Team) -> None:
    commit = hub.add(MODEL, FILES).find("main")
    pulled = team.pull(MODEL)
    assert team.read(MODEL) == FILES
    assert (pulled.copy.revision, pulled.ref, pulled.fetched_files) == (commit, "refs/heads/main", 3)
    assert pulled.fetched_bytes == sum(map(len, FILES.values()))
    assert refs(team) == {"refs/heads/main": commit}
    assert list(team.spools.iterdir()) == []


def test_licence_base_source_and_digests_are_written_down(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES, gated="auto", cardData={"extra_gated_prompt": "Be good."})
    team.pull(MODEL)
    from holdfast.workflows.show import run_show

    manifest = run_show(team.vault, MODEL).manifest
    oid = repository.git("rev-parse", "main:config.json").decode().strip()
    assert (manifest.licence, manifest.bases) == ("mit", ("acme/base",))
    assert manifest.origin.source == f"{hub.url}/{MODEL}"
    assert manifest.origin.gate == "auto: Be good."
    assert dict(manifest.origin.upstream)["config.json"] == f"git-blob:{oid}"
    assert dict(manifest.origin.upstream)["w/model.bin"].startswith("sha256:")


def test_a_publishers_signature_is_noted(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES | {"model.sig": b"not a bundle"})
    notes = team.pull(MODEL).copy.notes
    assert notes == ("model.sig is a signature of a kind that cannot be checked here",)


def test_a_second_pull_moves_nothing(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    hub.seen.clear()
    again = team.pull(MODEL)
    assert (again.fetched_files, again.known_files, again.copy.new) == (0, 3, False)
    assert hub.count("/resolve/") == 0


def test_a_new_revision_moves_only_what_is_new(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    second = repository.commit(FILES | {"new.txt": b"new", "moved/model.bin": WEIGHTS})
    hub.seen.clear()
    pulled = team.pull(MODEL)
    assert (pulled.fetched_files, pulled.known_files) == (1, 4)
    assert hub.count("/resolve/") == 1
    assert refs(team) == {"refs/heads/main": second}
    assert len(run_list(team.vault).copies) == 2


def test_a_tag_a_branch_and_a_commit_have_the_refs_that_were_asked(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    first = repository.find("main") or ""
    repository.tag("v1", first)
    other = repository.commit(FILES | {"b": b"b"}, "beta")
    third = repository.commit(FILES | {"c": b"c"})
    for revision in ("v1", "beta", third):
        team.pull(f"{MODEL}@{revision}")
    assert refs(team) == {"refs/tags/v1": first, "refs/heads/beta": other}


def test_it_is_kept_under_the_name_that_was_asked(hub: Hub, team: Team) -> None:
    hub.add("acme/new", FILES)
    hub.renamed["acme/old"] = "acme/new"
    pulled = team.pull("pkg:huggingface/acme/old")
    assert (pulled.copy.model, pulled.upstream.partition("@")[0]) == ("acme/old", "acme/new")
    assert any("acme/new now" in note for note in pulled.copy.notes)
    assert team.pull("acme/new", name="ours/copy").copy.model == "ours/copy"


# --- parts ------------------------------------------------------------------------------------------------------------

GGUFS = {f"m-{quant}.gguf": quant.encode() * 9 for quant in ("Q4_K_M", "q8_0", "IQ2_XS")} | {"README.md": CARD}


def test_one_quantisation_is_pulled_and_the_rest_is_named_as_missing(hub: Hub, team: Team) -> None:
    hub.add(MODEL, GGUFS | {"mmproj-F16.gguf": b"eyes"})
    pulled = team.pull(MODEL, Choice(quants=("q4_k_m",)))
    assert set(team.read(MODEL)) == {"README.md", "m-Q4_K_M.gguf", "mmproj-F16.gguf"}
    assert pulled.missing == ("m-IQ2_XS.gguf", "m-q8_0.gguf")


def test_another_part_of_the_same_revision_is_added_to_the_first(hub: Hub, team: Team) -> None:
    commit = hub.add(MODEL, GGUFS).find("main")
    team.pull(MODEL, Choice(quants=("Q4_K_M",)))
    pulled = team.pull(f"{MODEL}@{commit}", Choice(quants=("Q8_0",)))
    assert set(team.read(MODEL)) == {"README.md", "m-Q4_K_M.gguf", "m-q8_0.gguf"}
    assert (pulled.fetched_files, pulled.missing) == (1, ("m-IQ2_XS.gguf",))
    assert refs(team) == {"refs/heads/main": commit}
    assert len(run_list(team.vault).copies) == 1
    assert team.pull(MODEL).missing == ()


def test_patterns_choose_files(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES | {"w/other.bin": b"x", "onnx/a.onnx": b"y"})
    team.pull(MODEL, Choice(include=("*.json", "w/*"), exclude=("*other*",)))
    assert set(team.read(MODEL)) == {"config.json", "w/model.bin"}


def test_what_is_not_there_is_told_with_what_is(hub: Hub, team: Team) -> None:
    hub.add(MODEL, GGUFS)
    with pytest.raises(NotUpstream, match=r"no file of Q6_K\n.*IQ2_XS, Q4_K_M, Q8_0"):
        team.pull(MODEL, Choice(quants=("Q6_K",)))
    with pytest.raises(NotUpstream, match="none of its files is wanted"):
        team.pull(MODEL, Choice(include=("*.onnx",)))


@pytest.mark.parametrize(
    ("path", "quant"),
    [
        ("Qwen3-8B-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen.q5_0.gguf", "Q5_0"),
        ("Q8_0/model-00001-of-00002.gguf", "Q8_0"),
        ("m-UD-Q4_K_XL-00001-of-00003.gguf", "Q4_K_XL"),
        ("m-BF16.gguf", "BF16"),
        ("model.gguf", ""),
        ("mmproj-model-f16.gguf", ""),
    ],
)
def test_a_quantisation_is_read_from_a_name(path: str, quant: str) -> None:
    assert find_quant(path) == quant


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_a_gated_model_is_pulled_with_the_users_token_only(hub: Hub, team: Team, tmp_path: Path) -> None:
    hub.add(MODEL, FILES).state = "gated"
    hub.token = "hf_right"
    with pytest.raises(RefusedUpstream, match=r"accepted its terms.*Accept its terms"):
        team.pull(MODEL)
    team.environ["HF_TOKEN"] = "hf_right"
    assert team.pull(MODEL).copy.files == 3
    assert {one.headers.get("Authorization") for one in hub.seen if one.origin == "cdn"} == {None}


@pytest.mark.parametrize(
    ("state", "kind"), [("gone", NotUpstream), ("disabled", BlockedUpstream), ("elsewhere", BlockedUpstream)]
)
def test_nothing_is_made_where_nothing_can_be_had(hub: Hub, team: Team, state: str, kind: type[HoldfastError]) -> None:
    hub.add(MODEL, FILES).state = state
    with pytest.raises(kind):
        team.pull(MODEL)
    assert not (team.folder / "vault").exists()


def test_a_frozen_model_is_not_pulled_anew(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    team.pull(MODEL)
    run_freeze(DecideAsked(team.vault, MODEL, "A. Counsel", "LEGAL-7"))
    repository.commit(FILES | {"new": b"new"})
    hub.seen.clear()
    with pytest.raises(FrozenCopy, match=r"A\. Counsel.*LEGAL-7.*not pulled anew"):
        team.pull(MODEL)
    assert hub.count("/resolve/") == 0


def test_a_model_that_a_lever_forbids_is_not_asked_for(hub: Hub, team: Team) -> None:
    hub.add("deepseek-ai/DeepSeek-V3", FILES)
    with pytest.raises(ForbiddenByLever, match=r"deepseek.*Source: .*evidence to"):
        team.pull("deepseek-ai/DeepSeek-V3", party="kansas-state-agency")
    assert hub.seen == []


def test_a_model_whose_base_a_lever_forbids_is_not_fetched_and_the_log_remembers(hub: Hub, team: Team) -> None:
    hub.add("acme/other", FILES)
    team.pull("acme/other")
    hub.add(MODEL, FILES, cardData={"base_model": ["deepseek-ai/DeepSeek-V3"]})
    hub.seen.clear()
    with pytest.raises(ForbiddenByLever, match="st-ks"):
        team.pull(MODEL, party="kansas-state-agency")
    assert hub.count("/resolve/") == 0
    assert [one.verb for one in run_log(team.vault, MODEL).events] == ["refuse"]


def test_a_waiver_lets_it_through(hub: Hub, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("deepseek-ai/DeepSeek-V3", FILES)
    folder = tmp_path / "here"
    folder.mkdir()
    words = (
        'model = "deepseek-ai/DeepSeek-V3"\nlever = "st-ks"\nreason = "T"\nexpires = 2999-01-01\nby = "A. Counsel"\n'
    )
    (folder / "holdfast.toml").write_text(f'party = "kansas-state-agency"\n[[waivers]]\n{words}')
    monkeypatch.chdir(folder)
    assert team.pull("deepseek-ai/DeepSeek-V3").copy.files == 3


def test_names_that_no_hub_has_are_refused(team: Team) -> None:
    for name in ("https://hub.example/acme/tiny", "acme/tiny@", "a/b/c", "acme/../x"):
        with pytest.raises(UsageError):
            team.pull(name)


def test_a_hub_that_sends_other_bytes_than_it_states_keeps_nothing(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.lies["w/model.bin"] = bytes(len(WEIGHTS))
    with pytest.raises(ChangedUpstream, match=r"what arrives of w/model\.bin is not what the hub states"):
        team.pull(MODEL)
    assert run_list(team.vault).copies == ()
    hub.lies.clear()
    assert team.pull(MODEL).known_files == 2
    assert team.read(MODEL) == FILES


def test_a_small_file_that_arrives_wrong_once_is_fetched_again(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.fault = times(1, "config.json", lambda: web.Response(body=b'{"model_type": "evil"}'))
    pulled = team.pull(MODEL)
    assert any("fetched again" in note for note in pulled.copy.notes)
    assert team.read(MODEL) == FILES


def test_a_file_that_breaks_its_format_is_kept_as_it_is(hub: Hub, team: Team) -> None:
    broken = (1000).to_bytes(8, "little") + b'{"x": 1' + bytes(100)
    hub.add(MODEL, {"model.safetensors": broken})
    pulled = team.pull(MODEL)
    assert any("kept as bytes" in warning for warning in pulled.copy.warnings)
    assert team.read(MODEL) == {"model.safetensors": broken}


def test_a_pull_that_failed_goes_on_where_it_ended(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.cdn = False
    calls = 0

    async def break_down(request: web.Request) -> web.StreamResponse | None:
        nonlocal calls
        if "w/model.bin" not in request.path:
            return None
        calls += 1
        hub.cuts = [700_000]
        return fail(500) if calls > 1 else None

    hub.fault = break_down
    with pytest.raises(NetworkError):
        team.pull(MODEL)
    hub.fault = None
    pulled = team.pull(MODEL)
    assert pulled.fetched_bytes < len(WEIGHTS)
    assert team.read(MODEL) == FILES


def test_a_file_of_no_bytes_and_one_that_is_there_twice(hub: Hub, team: Team) -> None:
    files = {"empty": b"", "one.bin": WEIGHTS, "two/one.bin": WEIGHTS}
    hub.add(MODEL, files)
    assert team.pull(MODEL).fetched_bytes == len(WEIGHTS)
    assert team.read(MODEL) == files


def test_a_branch_whose_name_the_vault_cannot_have_is_noted(hub: Hub, team: Team) -> None:
    repository = hub.add(MODEL, FILES)
    commit = repository.commit(FILES, "at@home")
    pulled = team.pull(f"{MODEL}@at@home")
    assert (pulled.copy.revision, pulled.ref) == (commit, "")
    assert any("cannot be the name of a branch" in note for note in pulled.copy.notes)


def test_what_a_dead_pull_left_is_swept(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    team.pull(MODEL)
    digest = f"sha256-{hashlib.sha256(WEIGHTS).hexdigest()}"
    with Spool(team.spools, digest, len(WEIGHTS)) as spool:
        spool.write(0, WEIGHTS[:1000])
    for folder in (digest, "gone"):
        (team.spools / f"{folder}.named").mkdir()
        (team.spools / f"{folder}.named" / "model.bin").write_bytes(b"x")
    team.pull(MODEL)
    assert list(team.spools.iterdir()) == []


def test_two_models_with_a_file_in_common_are_pulled_at_once(hub: Hub, team: Team) -> None:
    for number in range(3):
        hub.add(f"acme/m{number}", FILES | {"own": b"%d" % number})
    hub.wait_s = 0.02
    with ThreadPoolExecutor(3) as threads:
        pulled = list(threads.map(lambda number: team.pull(f"acme/m{number}"), range(3)))
    assert [one.copy.files for one in pulled] == [4, 4, 4]
    assert hub.sent["w/model.bin"] == len(WEIGHTS)
    assert team.read("acme/m2") == FILES | {"own": b"2"}


def test_one_model_that_is_pulled_twice_at_once_is_fetched_once(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    hub.wait_s = 0.01
    with ThreadPoolExecutor(2) as threads:
        pulled = list(threads.map(lambda _: team.pull(MODEL), range(2)))
    assert sorted(one.fetched_files for one in pulled) == [0, 3]


def test_the_log_remembers_where_it_came_from(hub: Hub, team: Team) -> None:
    hub.add(MODEL, FILES)
    pulled = team.pull(MODEL)
    events = run_log(team.vault).events
    assert any(
        one.verb == "keep" and one.subject == f"{MODEL}@{pulled.copy.revision}" and hub.url in one.outcome
        for one in events
    )


def test_a_pull_that_is_killed_again_and_again_ends_with_the_right_bytes(hub: Hub, team: Team) -> None:
    files = {f"w/{number}.bin": random.Random(number).randbytes(6 << 20) for number in range(3)}
    hub.add(MODEL, files)
    hub.wait_s = 0.004
    command = [
        sys.executable,
        "-m",
        "holdfast",
        "pull",
        MODEL,
        "--endpoint",
        hub.url,
        "--vault",
        str(team.vault.location),
    ]
    for _ in range(4):
        process = subprocess.Popen(command, env={**os.environ, **team.vault.environ}, stderr=subprocess.DEVNULL)
        begun = sum(hub.sent.values())
        while process.poll() is None and sum(hub.sent.values()) < begun + (3 << 20):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    hub.wait_s = 0
    hub.sent.clear()
    pulled = team.pull(MODEL)
    assert team.read(MODEL) == files
    assert pulled.fetched_bytes < 18 << 20
    assert list(team.spools.iterdir()) == []
