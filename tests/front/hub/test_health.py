"""What monitoring asks."""

import re
import shutil
from pathlib import Path

from holdfast.front.hub.guard import METRICS
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.serving import Served, serving, wait_until

FILE = "/org/base/resolve/main/config.json"
DOCS = Path(__file__).parents[3] / "docs"


def read_numbers(served: Served) -> dict[str, float]:
    """Samples of `/metrics` by name and labels."""
    answer = served.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    for sample in samples:
        assert re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+', sample), sample
    return {sample.rpartition(" ")[0]: float(sample.rpartition(" ")[2]) for sample in samples}


def test_it_lives_and_is_ready_as_long_as_the_vault_answers(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    with serving(place.vault, place.environ) as found:
        assert (found.ask("/healthz").status, found.ask("/healthz").body) == (200, b"ok\n")
        assert found.ask("/readyz").json == {"ready": True}
        (place.vault / "vault.json").write_text("{}")
        wait_until(lambda: found.ask("/readyz").status == 503)
        unready = found.ask("/readyz")
        assert unready.json["ready"] is False
        assert str(place.vault) not in unready.body.decode()
        assert found.ask("/healthz").status == 200


def test_requests_are_counted_by_what_they_asked_and_how_that_ended(served: Served, hub_place: Place) -> None:
    before = read_numbers(served)
    size = len(served.ask(FILE).body)
    served.ask(FILE, "HEAD")
    served.ask("/org/none1/resolve/main/x")
    served.ask("/no/such/address/at/all")
    after = read_numbers(served)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown('holdfast_requests_total{route="resolve",method="GET",status="200"}') == 1
    assert grown('holdfast_requests_total{route="resolve",method="HEAD",status="200"}') == 1
    assert grown('holdfast_requests_total{route="resolve",method="GET",status="404"}') == 1
    assert grown('holdfast_requests_total{route="other",method="GET",status="404"}') == 1
    assert grown('holdfast_downloads_total{model="org/base"}') == 1
    assert grown('holdfast_download_bytes_total{model="org/base"}') == size
    assert grown('holdfast_request_seconds_count{route="resolve"}') == 3
    assert after["holdfast_requests_open"] == 1  # the one that asks
    assert after['holdfast_copies{state="kept"}'] == 3
    assert after["holdfast_oldest_verification_seconds"] >= 0


def test_whatever_is_asked_there_are_few_series(served: Served) -> None:
    before = len(read_numbers(served))
    for number in range(30):
        served.ask(f"/made/up{number}/resolve/main/x")
        served.ask(f"/made-up-{number}")
        served.ask(f"/api/made-up-{number}", f"METHOD{number}")
    assert len(read_numbers(served)) < before + 60


def test_every_number_is_documented() -> None:
    text = (DOCS / "how-to" / "operate.md").read_text()
    assert [metric.name for metric in METRICS if metric.name not in text] == []


def test_a_vault_that_is_gone_makes_the_server_unready_and_not_dead(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    with serving(place.vault, place.environ) as found:
        shutil.move(place.vault / "packs", tmp_path / "packs")
        answer = found.ask("/org/base/resolve/main/model.safetensors")
        assert answer.status >= 500
        shutil.move(tmp_path / "packs", place.vault / "packs")
        assert found.ask("/org/base/resolve/main/model.safetensors").status == 200
