"""Everything that huggingface_hub writes, in any version: prints what came of it as JSON.

Arguments: the model to create, the folder to push, a folder to download into.
"""

import hashlib
import io
import json
import sys
from pathlib import Path

import huggingface_hub as hub
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import HfHubHTTPError

model, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
api = hub.HfApi()
found = {"version": hub.__version__}


def fail(call):
    try:
        call()
    except HfHubHTTPError as error:
        return [error.response.status_code, type(error).__name__, str(error)]
    return [0, "nothing", ""]


def hash_files(place):
    files = (path for path in Path(place).rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


found["url"] = str(api.create_repo(model, private=True))
found["again"] = str(api.create_repo(model, exist_ok=True))
found["exists"] = fail(lambda: api.create_repo(model))[0]
first = api.model_info(model).sha

pushed = api.upload_folder(repo_id=model, folder_path=folder, commit_message="Push it", commit_description="All of it")
found["pushed"] = pushed.oid
found["head"] = api.model_info(model).sha
found["down"] = hash_files(api.snapshot_download(model, local_dir=out / "first"))
unchanged = api.upload_folder(repo_id=model, folder_path=folder)
found["unchanged"] = unchanged.oid

api.create_branch(model, branch="dev")
api.create_branch(model, branch="dev", exist_ok=True)
found["branch_exists"] = fail(lambda: api.create_branch(model, branch="dev"))[0]
one = api.upload_file(
    repo_id=model, path_or_fileobj=b"from bytes", path_in_repo="notes/a.txt", revision="dev", commit_message="one"
)
large = next(item.path for item in api.list_repo_tree(model, recursive=True) if getattr(item, "lfs", None))
api.create_commit(
    model,
    [
        CommitOperationAdd("notes/b.bin", io.BytesIO(bytes(range(256)) * 9000)),
        CommitOperationCopy(large, "copies/of it"),
        CommitOperationCopy("config.json", "copies/config.json"),
        CommitOperationDelete("README.md"),
    ],
    commit_message="many things",
    revision="dev",
    parent_commit=one.oid,
)
found["stale"] = fail(
    lambda: api.create_commit(
        model,
        [CommitOperationAdd("late.txt", b"late")],
        commit_message="late",
        revision="dev",
        parent_commit=pushed.oid,
    )
)
api.delete_file("notes/a.txt", model, revision="dev", commit_message="gone")
api.create_tag(model, tag="v1", revision="dev", tag_message="the first")
found["tag_exists"] = fail(lambda: api.create_tag(model, tag="v1", revision="dev"))[0]
found["commits"] = [[commit.title, commit.commit_id] for commit in api.list_repo_commits(model, revision="dev")]
found["dev"] = hash_files(api.snapshot_download(model, revision="v1", local_dir=out / "second"))
api.delete_folder("copies", model, revision="dev")
found["left"] = sorted(api.list_repo_files(model, revision="dev"))
refs = api.list_repo_refs(model)
found["refs"] = [sorted(ref.name for ref in refs.branches), [ref.name for ref in refs.tags]]
api.delete_tag(model, tag="v1")
api.delete_branch(model, branch="dev")
refs = api.list_repo_refs(model)
found["refs_after"] = [sorted(ref.name for ref in refs.branches), [ref.name for ref in refs.tags]]

found["pull_request"] = fail(
    lambda: api.upload_file(repo_id=model, path_or_fileobj=b"x", path_in_repo="x", create_pr=True)
)
found["missing_file"] = fail(lambda: api.delete_file("missing", model))
found["move"] = fail(lambda: api.move_repo(model, f"{model}-2"))
found["squash"] = fail(lambda: api.super_squash_history(model))
found["main"] = hash_files(api.snapshot_download(model, local_dir=out / "third"))
found["first"] = first
found["kept"] = sorted(api.list_repo_files(model, revision=first))
print(json.dumps(found))
