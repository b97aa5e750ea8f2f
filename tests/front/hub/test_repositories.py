"""What a repository is, what lies in it, and which repositories there are."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from holdfast.formats.layout import read_layout
from holdfast.records.vault import Origin, RevisionManifest
from holdfast.vault.catalogue.revisions import iterate_revisions
from holdfast.vault.keeping.revisions import Keeping, SourceEntry, keep_revision
from holdfast.vault.opening import open_local_vault
from holdfast.vault.refs import point
from tests.front.hub.hubs import MODEL, keep, list_files, url, write_model
from tests.front.hub.serving import Served, serving
from tests.vault.models import say_nothing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("repositories") / "model")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Generator[Served]:
    home = tmp_path_factory.mktemp("home")
    keep(home / "vault", folder)
    (home / "small").mkdir()
    (home / "small/config.json").write_text("{}")
    others = (("org/small", "v1"), ("other/Small-GGUF", "v1"), ("gpt2", "x"), ("datasets/org/data", "main"))
    for name, revision in others:
        keep(home / "vault", home / "small", name, revision)
    (home / "small/config.json").write_text('{"newer": 1}')
    keep(home / "vault", home / "small", "org/small", "v2")
    opened = open_local_vault(home / "vault")
    older = next(row for row in iterate_revisions(opened.database, "org/small") if row.revision == "v1")
    point(opened, "org/small", "refs/tags/stable", older.manifest, "a test")
    point(opened, "org/small", "refs/heads/feature/x", older.manifest, "a test")
    opened.close()
    with serving(home / "vault", {"HOME": str(home)}) as found:
        yield found


def get(hub: Served, path: str) -> Any:
    answer = hub.ask(path)
    assert answer.status == 200, answer.body
    return answer.json


def test_a_repository_tells_its_files_and_what_its_card_says(hub: Served, folder: Path) -> None:
    told = get(hub, f"/api/models/{MODEL}")
    assert (told["id"], told["modelId"], told["author"]) == (MODEL, MODEL, "org")
    assert sorted(one["rfilename"] for one in told["siblings"]) == sorted(list_files(folder))
    assert told["usedStorage"] == sum(map(len, list_files(folder).values()))
    assert (told["pipeline_tag"], told["library_name"]) == ("text-generation", "transformers")
    assert {"tiny", "en", "de", "safetensors", "license:apache-2.0", "base_model:org/other"} <= set(told["tags"])
    assert told["cardData"]["released"] == "2026-01-02"
    assert told["config"] == {"model_type": "tiny", "architectures": ["Tiny"]}
    assert told["gated"] is told["private"] is told["disabled"] is False


def test_with_blobs_files_have_their_sizes_and_digests(hub: Served, folder: Path) -> None:
    for query in ("blobs=true", "blobs=True"):
        told = {one["rfilename"]: one for one in get(hub, f"/api/models/{MODEL}?{query}")["siblings"]}
        assert {path: one["size"] for path, one in told.items()} == {k: len(v) for k, v in list_files(folder).items()}
        assert told["model.safetensors"]["lfs"]["size"] == told["model.safetensors"]["size"]
        assert "lfs" not in told["config.json"]


@pytest.mark.parametrize("query", ["expand=sha", "expand[]=likes", "securityStatus=true", "full=1&config=1&cardData=1"])
def test_what_is_not_supported_is_passed_over(hub: Served, query: str) -> None:
    assert get(hub, f"/api/models/{MODEL}/revision/HEAD?{query}")["sha"] == get(hub, f"/api/models/{MODEL}")["sha"]


def test_a_tree_is_what_lies_in_a_folder(hub: Served, folder: Path) -> None:
    told = {one["path"]: one for one in get(hub, f"/api/models/{MODEL}/tree/main")}
    assert sorted(told) == sorted(path.name for path in folder.iterdir())
    assert (told["sub"]["type"], told["sub"]["size"], len(told["sub"]["oid"])) == ("directory", 0, 40)
    assert told["model.safetensors"]["lfs"]["pointerSize"] == len(hub.ask(url("model.safetensors", word="raw")).body)
    below = get(hub, f"/api/models/{MODEL}/tree/main/sub")
    assert [(one["type"], one["path"]) for one in below] == [("file", "sub/b.txt"), ("directory", "sub/deep")]


@pytest.mark.parametrize("said", ["true", "True", "1"])
def test_a_recursive_tree_is_everything_in_one_answer(hub: Served, folder: Path, said: str) -> None:
    answer = hub.ask(f"/api/models/{MODEL}/tree/main?recursive={said}&limit=2")
    assert "link" not in answer.headers
    assert {one["path"] for one in answer.json if one["type"] == "file"} == set(list_files(folder))
    assert {one["path"] for one in answer.json if one["type"] == "directory"} == {"sub", "sub/deep"}


def test_pages_of_a_tree_follow_each_other(hub: Served, folder: Path) -> None:
    found: list[str] = []
    path = f"/api/models/{MODEL}/tree/main?limit=4&expand=false"
    while path:
        answer = hub.ask(path)
        assert len(answer.json) <= 4
        found += [one["path"] for one in answer.json]
        link = answer.headers.get("link", "")
        assert not link or link.endswith('; rel="next"')
        path = link[1:].partition(">")[0].removeprefix(hub.address)
    assert found == sorted(path.name for path in folder.iterdir())


def test_an_expanded_tree_has_the_commit_of_every_path(hub: Served) -> None:
    commit = get(hub, f"/api/models/{MODEL}")["sha"]
    for one in get(hub, f"/api/models/{MODEL}/tree/main?expand=true"):
        assert one["lastCommit"]["id"] == commit
        assert one["lastCommit"]["date"].endswith("Z")


@pytest.mark.parametrize("path", ["nothing", "sub/nothing", "config.json", "su"])
def test_a_folder_that_is_not_there_is_told(hub: Served, path: str) -> None:
    answer = hub.ask(f"/api/models/{MODEL}/tree/main/{path}")
    assert (answer.status, answer.headers["x-error-code"]) == (404, "EntryNotFound")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"paths=sub&paths=config.json&paths=nothing&expand=False", "application/x-www-form-urlencoded"),
        (json.dumps({"paths": ["sub", "config.json", "nothing"], "expand": True}).encode(), "application/json"),
    ],
)
def test_paths_are_told_from_a_form_and_from_json(hub: Served, body: bytes, kind: str) -> None:
    answer = hub.ask(f"/api/models/{MODEL}/paths-info/main", "POST", body, Content_Type=kind)
    assert [(one["path"], one["type"]) for one in answer.json] == [("sub", "directory"), ("config.json", "file")]
    assert all(("lastCommit" in one) == (kind == "application/json") for one in answer.json)


UNREADABLE = (b"{", b"[]", b'{"paths": [1]}', b'{"paths": {}}', b"\xff", b'{"paths":' + b"[" * 99_999)


@pytest.mark.parametrize("body", UNREADABLE)
def test_paths_that_cannot_be_read_are_refused(hub: Served, body: bytes) -> None:
    answer = hub.ask(f"/api/models/{MODEL}/paths-info/main", "POST", body, Content_Type="application/json")
    assert answer.status == 400


def test_refs_are_branches_and_tags_and_every_name_leads_to_its_commit(hub: Served) -> None:
    told = get(hub, "/api/models/org/small/refs?include_prs=1")
    assert told["converts"] == told["pullRequests"] == []
    branches = {one["name"]: (one["ref"], one["targetCommit"]) for one in told["branches"]}
    assert {name: ref for name, (ref, _) in branches.items()} == {
        name: f"refs/heads/{name}" for name in ("main", "v1", "v2", "feature/x")
    }
    assert [one["name"] for one in told["tags"]] == ["stable"]
    assert branches["main"][1] == branches["v2"][1]
    assert branches["v1"][1] == branches["feature/x"][1] == told["tags"][0]["targetCommit"]
    for name, (ref, commit) in branches.items():
        for asked in (name, ref, commit, commit[:8]):
            answer = hub.ask(url("config.json", "org/small", asked), "HEAD")
            assert answer.headers["x-repo-commit"] == commit
    assert hub.ask(url("config.json", "org/small", "stable")).body == b"{}"
    assert hub.ask(url("config.json", "org/small", "main")).body == b'{"newer": 1}'


def test_the_beginning_of_a_commit_is_enough_when_it_is_long_enough(hub: Served) -> None:
    commit = get(hub, "/api/models/org/small")["sha"]
    for length, status in ((40, 200), (7, 200), (6, 404)):
        assert hub.ask(f"/api/models/org/small/revision/{commit[:length]}").status == status
    assert hub.ask(f"/api/models/org/small/revision/{'0' * 40}").status == 404


def test_commits_are_the_copy_s_own(hub: Served) -> None:
    commit = get(hub, "/api/models/org/small")["sha"]
    (told,) = get(hub, "/api/models/org/small/commits/main")
    assert (told["id"], told["authors"][0]["user"]) == (commit, "holdfast")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["gpt2", MODEL, "org/small", "other/Small-GGUF"]),
        ("search=small", ["org/small", "other/Small-GGUF"]),
        ("search=SMALL&author=org", ["org/small"]),
        ("author=ORG", [MODEL, "org/small"]),
        ("filter=tiny", [MODEL]),
        ("filter=tiny&filter=safetensors&pipeline_tag=text-generation", [MODEL]),
        ("filter=nothing", []),
        ("search=nothing", []),
        ("limit=1", ["gpt2"]),
        ("limit=x&sort=nothing", ["gpt2", MODEL, "org/small", "other/Small-GGUF"]),
    ],
)
def test_models_are_found(hub: Served, query: str, found: list[str]) -> None:
    assert [one["id"] for one in get(hub, f"/api/models?{query}")] == found


def test_pages_of_models_follow_each_other(hub: Served) -> None:
    first = hub.ask("/api/models?limit=3&search=")
    assert first.headers["x-total-count"] == "4"
    following = first.headers["link"][1:].partition(">")[0].removeprefix(hub.address)
    second = hub.ask(following)
    assert [one["id"] for one in (*first.json, *second.json)] == ["gpt2", MODEL, "org/small", "other/Small-GGUF"]
    assert "link" not in second.headers


def test_a_full_list_has_files_and_tags(hub: Served) -> None:
    told = get(hub, "/api/models?full=true&search=files")[0]
    assert (told["pipeline_tag"], len(told["sha"])) == ("text-generation", 40)
    assert told["siblings"]


def test_datasets_are_kept_apart_from_models(hub: Served) -> None:
    assert [one["id"] for one in get(hub, "/api/datasets")] == ["org/data"]
    assert get(hub, "/api/datasets/org/data")["id"] == "org/data"
    assert hub.ask("/datasets/org/data/resolve/main/config.json").body == b"{}"
    for path in ("/api/models/org/data", "/api/spaces/org/data", "/api/kernels/org/data", "/api/datasets/org/small"):
        assert hub.ask(path).headers["x-error-code"] == "RepoNotFound"
    assert get(hub, "/api/spaces") == []


def test_sizes_and_large_files_and_headers_are_told(hub: Served, folder: Path) -> None:
    files = list_files(folder)
    assert get(hub, f"/api/models/{MODEL}/treesize/main")["size"] == sum(map(len, files.values()))
    assert get(hub, f"/api/models/{MODEL}/treesize/main/sub") == {"path": "sub", "size": len("deep") + len("less deep")}
    assert hub.ask(f"/api/models/{MODEL}/treesize/main/nothing").status == 404
    large = get(hub, f"/api/models/{MODEL}/lfs-files")
    assert [one["filename"] for one in large] == ["1048576.bin", "model.safetensors", "tuned.safetensors"]
    assert "link" in hub.ask(f"/api/models/{MODEL}/lfs-files?limit=2").headers
    data = files["model.safetensors"]
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    told = get(hub, f"/api/models/{MODEL}/safetensors-metadata/model.safetensors")
    assert told["headers"] == {"model.safetensors": header}
    for path, status in (("config.json", 422), ("sub/b.txt", 422), ("nothing.json", 404), ("empty.txt", 422)):
        assert hub.ask(f"/api/models/{MODEL}/safetensors-metadata/{path}").status == status


def test_nobody_discusses_here_and_there_are_no_harnesses(hub: Served) -> None:
    assert get(hub, f"/api/models/{MODEL}/discussions")["discussions"] == []
    assert hub.ask("/api/models/org/nothing/discussions").status == 404
    assert hub.ask("/api/agent-harnesses").status == 404
    assert get(hub, "/api/models-tags-by-type") == {}
    assert hub.ask(f"/api/models/{MODEL}/auth-check").status == 200


def test_a_branch_that_may_have_moved_on_is_served_with_a_note_that_clients_print(tmp_path: Path) -> None:
    vault = open_local_vault(tmp_path / "vault")
    (tmp_path / "config.json").write_text("{}")
    origin = Origin("https://hub.example.org/org/mirrored", vault.timestamp)
    manifest = RevisionManifest("org/mirrored", "1" * 40, origin, ())
    entries = (SourceEntry("config.json", tmp_path / "config.json"),)
    keep_revision(vault, Keeping(manifest, entries, read_layout, "a test"), say_nothing)
    vault.close()
    with serving(tmp_path / "vault", {"HOME": str(tmp_path)}) as hub:
        by_branch = hub.ask("/org/mirrored/resolve/main/config.json", "HEAD").headers
        topic, _, note = by_branch["x-hf-warning"].partition("; ")
        assert topic == "holdfast org/mirrored"
        assert note.startswith("org/mirrored@main is served from the copy")
        assert by_branch["x-holdfast-verified"] in note
        by_commit = hub.ask(f"/org/mirrored/resolve/{'1' * 40}/config.json", "HEAD").headers
        assert "x-hf-warning" not in by_commit
        assert "x-holdfast-verified" in by_commit


def test_another_address_of_the_same_files(hub: Served) -> None:
    commit = get(hub, f"/api/models/{MODEL}")["sha"]
    answer = hub.ask(f"/api/resolve-cache/models/{MODEL}/{commit}/sub/b.txt")
    assert (answer.status, answer.body) == (200, b"less deep")
