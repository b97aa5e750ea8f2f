"""A vault in a bucket, or with its catalogue in PostgreSQL, is served like any other."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.records.errors import FrozenCopy
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.vaults import VaultAsked
from tests.vault.models import make_bf16, write_safetensors
from tests.vault.places.keepers import MODEL, Keeper


def test_files_come_out_right_and_freezes_count(keeper: Keeper) -> None:
    path = write_safetensors(keeper.home / "model/model.safetensors", {"w": ("BF16", make_bf16(2_500_000, 1))})
    (keeper.home / "model/config.json").write_text("{}")
    keeper.get("keep", keeper.home / "model", "--as", MODEL, "--revision", "main")
    environ = {"HOME": str(keeper.home), "XDG_CACHE_HOME": str(keeper.home / "cache"), **keeper.environ}
    service = open_service(ServeAsked(VaultAsked(keeper.location, environ)))
    try:
        file = service.find_revision(MODEL, "main").tree.files["model.safetensors"]
        data = path.read_bytes()
        with ThreadPoolExecutor(6) as pool:
            spans = [(0, len(data)), (1 << 20, 3 << 20), (len(data) - 5, len(data)), (7, 8), (0, len(data))]
            bodies = pool.map(lambda span: service.read_range(file, *span), spans)
            for (begin, end), body in zip(spans, bodies, strict=True):
                assert body == data[begin:end]
        keeper.get("freeze", MODEL, "--why", "because")
        service.notice()
        with pytest.raises(FrozenCopy):
            service.find_revision(MODEL, "main")
    finally:
        service.close()
