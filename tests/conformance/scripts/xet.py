"""What huggingface_hub does by Xet: pushes a folder, pushes it again with something more, fetches it. Prints JSON.

Arguments: the model to create, the folder to push, a folder to download into, the largest size for plain HTTP.
"""

import hashlib
import json
import sys
from pathlib import Path

import huggingface_hub as hub
from huggingface_hub import constants

model, folder, out, limit = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
# As if what is pushed here were files above 50 GB: the client refuses those from a plain address.
constants.MAX_HTTP_DOWNLOAD_SIZE = limit
if "file_download" in dir(hub) and hasattr(hub.file_download, "MAX_HTTP_DOWNLOAD_SIZE"):
    hub.file_download.MAX_HTTP_DOWNLOAD_SIZE = limit
api = hub.HfApi()


def hash_files(place):
    files = (path for path in Path(place).rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


api.create_repo(model)
found = {"pushed": api.upload_folder(repo_id=model, folder_path=folder).oid}
large = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
more = out / "more.bin"
out.mkdir(parents=True, exist_ok=True)
more.write_bytes(large.read_bytes() + bytes(range(256)) * 4096)
found["more"] = hashlib.sha256(more.read_bytes()).hexdigest()
api.upload_file(repo_id=model, path_or_fileobj=more, path_in_repo="more.bin")
found["down"] = hash_files(api.snapshot_download(model, local_dir=out / "down"))
found["cached"] = hash_files(api.snapshot_download(model, cache_dir=out / "cache"))
found["hashes"] = {
    item.path: item.xet_hash for item in api.list_repo_tree(model, recursive=True) if getattr(item, "xet_hash", None)
}
print(json.dumps(found))
