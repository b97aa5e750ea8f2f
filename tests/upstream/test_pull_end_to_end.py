"""A pull of a small repository, from the hub's API to a copy that gives back the same bytes."""

import os
from pathlib import Path

from holdfast.workflows.pull import PullAsked, run_pull
from holdfast.workflows.pulling import HubAsked
from holdfast.workflows.restore import RestoreAsked, run_restore
from holdfast.workflows.vaults import VaultAsked
from tests.upstream.hub import Hub


def test_a_pulled_model_comes_back_byte_for_byte(hub: Hub, tmp_path: Path) -> None:
    files = {"config.json": b"{}", "README.md": b"---\nlicense: mit\n---\n# T\n", "w/model.bin": os.urandom(3_000_000)}
    hub.add("acme/tiny", files)
    vault = VaultAsked(str(tmp_path / "vault"))
    pulled = run_pull(PullAsked(vault, "acme/tiny", HubAsked({"endpoint": hub.url})), lambda *_: None)
    print(pulled)
    run_restore(RestoreAsked(vault, "acme/tiny", tmp_path / "out"), lambda *_: None)
    for path, content in files.items():
        assert (tmp_path / "out" / path).read_bytes() == content
