"""What is asked for and not held comes from the hub behind the vault, verified, once; what is held is served whatever
that hub does.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.front.hub.site import SiteAsked
from holdfast.upstream.patience import Patience
from holdfast.workflows.deciding import DecideAsked
from holdfast.workflows.freeze import run_freeze
from holdfast.workflows.list import run_list
from holdfast.workflows.pull_through import ThroughAsked
from holdfast.workflows.pulling import HubAsked
from tests.front.hub.serving import Served, serving, wait_until
from tests.upstream.hub import Hub, fail, times
from tests.upstream.hub import serving as serving_hub

MODEL = "acme/tiny"
WEIGHTS = random.Random(3).randbytes(1 << 20)
FILES = {"README.md": b"# Tiny\n", "config.json": b'{"model_type": "tiny"}', "w/model.bin": WEIGHTS}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def serve(hub: Hub, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    opened = []
    environ = {name: str(tmp_path / name.lower()) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")}

    def start(only: tuple[str, ...] = (), refresh_s: float = 600, wait_s: float = 30) -> Served:
        asked = HubAsked({"endpoint": hub.url}, patience=Patience(tries=2, base_s=0.01))
        through = ThroughAsked(asked, only, refresh_s, wait_s)
        manager = serving(tmp_path / "vault", environ, site=SiteAsked(through=through))
        opened.append(manager)
        return manager.__enter__()

    yield start
    for manager in opened:
        manager.__exit__(None, None, None)


def test_what_is_not_held_is_pulled_verified_kept_and_served(hub: Hub, serve: Callable[..., Served]) -> None:
    commit = hub.add(MODEL, FILES).find("main")
    served = serve()
    answer = served.ask(f"/{MODEL}/resolve/main/w/model.bin")
    assert (answer.status, answer.body, answer.headers["x-repo-commit"]) == (200, WEIGHTS, commit)
    (copy,) = run_list(served.vault).copies
    assert (copy.model, copy.revision, copy.state) == (MODEL, commit, "kept")
    asked_before = len(hub.seen)
    assert served.ask(f"/api/models/{MODEL}").json["sha"] == commit
    assert served.ask(f"/{MODEL}/resolve/main/config.json").body == FILES["config.json"]
    assert len(hub.seen) == asked_before  # held, and compared just now


def test_what_the_hub_has_not_either_is_unknown_and_is_not_asked_for_each_time(
    hub: Hub, serve: Callable[..., Served]
) -> None:
    hub.add(MODEL, FILES)
    served = serve()
    for _ in range(5):
        answer = served.ask("/acme/none/resolve/main/config.json")
        assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")
    assert hub.count("acme/none") <= 2
    answer = served.ask(f"/{MODEL}/resolve/none/config.json")
    assert (answer.status, answer.headers["x-error-code"]) in ((404, "RevisionNotFound"), (404, "RepoNotFound"))


def test_a_branch_that_moved_on_is_served_as_it_was_until_the_new_one_is_kept(
    hub: Hub, serve: Callable[..., Served]
) -> None:
    repository = hub.add(MODEL, FILES)
    old = repository.find("main")
    served = serve(refresh_s=0)
    assert served.ask(f"/{MODEL}/resolve/main/config.json").headers["x-repo-commit"] == old
    repository.commit({**FILES, "config.json": b"{}"})
    new = repository.find("main")
    assert new != old
    served.ask(f"/{MODEL}/resolve/main/config.json")
    wait_until(lambda: served.ask(f"/{MODEL}/resolve/main/config.json").headers["x-repo-commit"] == new)
    assert served.ask(f"/{MODEL}/resolve/main/config.json").body == b"{}"
    assert served.ask(f"/{MODEL}/resolve/{old}/config.json").body == FILES["config.json"]


def test_a_hub_that_is_gone_or_talks_nonsense_is_named_in_a_header_and_what_is_held_is_served(
    hub: Hub, serve: Callable[..., Served]
) -> None:
    hub.add(MODEL, FILES)
    served = serve(refresh_s=0)
    served.ask(f"/{MODEL}/resolve/main/config.json")
    hub.fault = times(10_000, "", lambda: fail(500, message="out of order"))
    wait_until(lambda: "x-holdfast-upstream" in served.ask(f"/{MODEL}/resolve/main/config.json").headers)
    answer = served.ask(f"/{MODEL}/resolve/main/w/model.bin")
    assert (answer.status, answer.body) == (200, WEIGHTS)
    assert MODEL in answer.headers["x-holdfast-upstream"]
    answer = served.ask("/acme/other/resolve/main/config.json")
    assert answer.status in (502, 503)  # not known is not a no
    assert "x-error-code" not in answer.headers


def test_what_arrives_wrong_is_not_served(hub: Hub, serve: Callable[..., Served]) -> None:
    hub.add(MODEL, FILES)
    hub.lies["w/model.bin"] = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    served = serve()
    answer = served.ask(f"/{MODEL}/resolve/main/w/model.bin")
    assert answer.status == 502
    assert run_list(served.vault).copies == ()


def test_who_asks_while_it_is_pulled_is_told_to_ask_again_and_gets_it_then(
    hub: Hub, serve: Callable[..., Served]
) -> None:
    hub.add(MODEL, FILES)
    hub.wait_s = 0.05
    served = serve(wait_s=0.2)
    answer = served.ask(f"/{MODEL}/resolve/main/w/model.bin")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "is being pulled" in answer.json["error"]
    wait_until(lambda: served.ask(f"/{MODEL}/resolve/main/w/model.bin").body == WEIGHTS)
    assert hub.sent["w/model.bin"] == len(WEIGHTS)


def test_only_names_that_fit_are_pulled_and_a_frozen_model_is_not(hub: Hub, serve: Callable[..., Served]) -> None:
    repository = hub.add(MODEL, FILES)
    hub.add("other/tiny", FILES)
    served = serve(only=("acme/*",), refresh_s=0)
    assert served.ask("/other/tiny/resolve/main/config.json").status == 404
    assert hub.count("other/tiny") == 0
    assert served.ask(f"/{MODEL}/resolve/main/config.json").status == 200
    run_freeze(DecideAsked(served.vault, MODEL, "Ana", "an order"))
    repository.commit({"config.json": b"{}"})
    wait_until(lambda: served.ask(f"/{MODEL}/resolve/main/config.json").status == 451)
    assert served.ask(f"/api/models/{MODEL}/revision/{repository.find('main')}").status in (404, 451)
    assert len(run_list(served.vault).copies) == 1
