"""Everything that huggingface_hub reads of a model, in any version: prints what it got as JSON.

Arguments: the model, a folder to download into.
"""

import hashlib
import json
import sys
from pathlib import Path

import huggingface_hub as hub
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

model, folder = sys.argv[1], Path(sys.argv[2])
api = hub.HfApi()
found = {"version": hub.__version__}


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def what_fails(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "nothing"


info = api.model_info(model)
found["sha"] = info.sha
found["siblings"] = sorted(one.rfilename for one in info.siblings)
found["files"] = sorted(api.list_repo_files(model))
tree = list(api.list_repo_tree(model, recursive=True, expand=True))
found["tree"] = {one.path: getattr(one, "size", None) for one in tree}
found["lfs"] = {one.path: one.lfs.sha256 for one in tree if getattr(one, "lfs", None)}
found["blobs"] = {one.path: one.blob_id for one in tree if hasattr(one, "blob_id")}
found["top"] = sorted(one.path for one in api.list_repo_tree(model))
found["paths"] = sorted(one.path for one in api.get_paths_info(model, [*found["files"], "none"]))
found["branches"] = {one.name: one.target_commit for one in api.list_repo_refs(model).branches}
found["commits"] = [one.commit_id for one in api.list_repo_commits(model)]
found["models"] = sorted(one.id for one in api.list_models(search=model.split("/")[1]))
found["exist"] = [
    api.repo_exists(model),
    api.repo_exists(model + "-none"),
    api.file_exists(model, "config.json"),
    api.file_exists(model, "none"),
    api.revision_exists(model, "main"),
    api.revision_exists(model, "none"),
]
found["auth"] = api.auth_check(model)
found["errors"] = [
    what_fails(lambda: hub.hf_hub_download(model, "none")),
    what_fails(lambda: hub.hf_hub_download(model, "config.json", revision="none")),
    what_fails(lambda: hub.hf_hub_download(model + "-none", "config.json")),
    what_fails(lambda: api.model_info(model, revision="none")),
]
one = hub.hf_hub_download(model, "config.json")
found["config"] = sha256(one)
found["cached"] = Path(one).parent.name
snapshot = hub.snapshot_download(model)
found["snapshot"] = {
    path.relative_to(snapshot).as_posix(): sha256(path) for path in Path(snapshot).rglob("*") if path.is_file()
}
hub.snapshot_download(model, revision=info.sha, local_dir=folder)
files = hub.HfFileSystem()
found["listed"] = sorted(one["name"] for one in files.ls(model))
large = max(tree, key=lambda one: getattr(one, "size", 0) or 0)
with files.open(f"{model}/{large.path}", "rb") as opened:
    opened.seek(12345)
    found["range"] = hashlib.sha256(opened.read(54321)).hexdigest()
metadata = hub.get_hf_file_metadata(hub.hf_hub_url(model, large.path))
found["etag"], found["size"], found["commit"] = metadata.etag, metadata.size, metadata.commit_hash
assert issubclass(EntryNotFoundError, Exception)
assert issubclass(RepositoryNotFoundError, Exception)
assert issubclass(RevisionNotFoundError, Exception)
print(json.dumps(found))
