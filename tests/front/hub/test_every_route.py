"""No address of the server answers somebody who may not ask, whoever added it."""

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest

from holdfast.front.hub.access import OPEN, AccessAsked
from holdfast.front.hub.app import make_site
from holdfast.front.hub.guarding import GuardAsked, guarding
from holdfast.front.hub.pushing import open_desk
from holdfast.front.hub.site import SiteAsked
from holdfast.front.hub.xet_opening import XetAsked, open_xet
from holdfast.records.access import Scope
from holdfast.workflows.hub_writing.writer import WriteAsked
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.vaults import VaultAsked
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.serving import Served, serving

NAME = "org/base"
RESTS = {"": "", "git": "", "refs": "", "auth-check": ""}
GUARDED = (401, 403, 404)
KNOWN = {
    ("GET", "/v2/"): 200,  # that a registry is here; registries are asked so before anything else
    ("HEAD", "/v2/"): 200,
    ("GET", "/v2/x/x/blobs/x"): 400,  # no digest
    ("HEAD", "/v2/x/x/blobs/x"): 400,
    ("POST", "/xet/v1/telemetry"): 200,  # kept by nobody
}
"""What is open to all, and why that tells nothing."""


def list_addresses(place: Place) -> list[tuple[str, str]]:
    """Method and path of every route, as a client would ask for the model of the tests."""

    async def build() -> list[tuple[str, str]]:
        asked = VaultAsked(str(place.vault), place.environ)
        service = open_service(ServeAsked(asked))
        async with guarding(asked, GuardAsked(), "127.0.0.1") as guard:
            site = make_site(service, SiteAsked(), guard)
            desk = open_desk(site, guard, WriteAsked(asked))
            open_xet(site, guard, XetAsked(environ=place.environ), desk)
            found = [(method, path) for path, methods in site.places.items() for method in methods]
            found += [(method, tell_path(is_api, word)) for method, is_api, word in site.routes]
            found += [
                ("GET" if route.method == "*" else route.method, tell_pattern(route.resource.canonical))
                for route in site.app.router.routes()
                if route.resource is not None
            ]
            desk.close()
            site.close()
        service.close()
        return sorted(set(found))

    return asyncio.run(build())


def tell_path(is_api: bool, word: str) -> str:
    begin = f"/api/models/{NAME}" if is_api else f"/{NAME}"
    if word == "git":
        return f"/{NAME}.git/info/lfs/objects/batch"
    return f"{begin}/{word}/main/config.json" if word else begin


def tell_pattern(canonical: str) -> str:
    """A path that a pattern of aiohttp's takes."""
    parts = canonical.split("/")
    return "/".join("x" if part.startswith("{") else part for part in parts)


@pytest.fixture(scope="module")
def place(hub_template: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return copy_place(hub_template, tmp_path_factory.mktemp("routes") / "place")


@pytest.fixture(scope="module")
def addresses(place: Place) -> list[tuple[str, str]]:
    return list_addresses(place)


@pytest.fixture(scope="module")
def closed(place: Place) -> Generator[Served]:
    with serving(place.vault, place.environ) as helper:
        other = helper.create_token((Scope.READ, "org/other"), name="other alone")
        reader = helper.create_token((Scope.READ, "*"), name="reader")
    guard = GuardAsked(AccessAsked(is_local=False))
    with serving(place.vault, place.environ, guard) as found:
        found.headers["X-Test-Other"], found.headers["X-Test-Reader"] = other, reader
        yield found


def test_there_are_many_routes(addresses: list[tuple[str, str]]) -> None:
    assert len(addresses) > 40
    assert ("GET", f"/{NAME}/resolve/main/config.json") in addresses
    assert ("POST", f"/api/models/{NAME}/commit/main/config.json") in addresses


def test_without_a_token_nothing_is_answered_but_what_is_open_to_all(
    closed: Served, addresses: list[tuple[str, str]]
) -> None:
    nobody = Served(closed.vault, closed.address)
    answered = {
        (method, path): answer.status
        for method, path in addresses
        if path not in OPEN
        and (answer := nobody.ask(path, method, b"{}" if method != "GET" else None)).status not in GUARDED
    }
    assert {key: status for key, status in answered.items() if KNOWN.get(key) != status} == {}


def test_of_a_model_that_a_token_may_not_read_nothing_is_answered(
    closed: Served, addresses: list[tuple[str, str]]
) -> None:
    other = closed.made(closed.headers["X-Test-Other"])
    digest = "sha256:" + "0" * 64
    about = [(method, path) for method, path in addresses if NAME in path]
    about += [("GET", f"/v2/{NAME}/manifests/main"), ("GET", f"/v2/{NAME}/blobs/{digest}")]
    answered = {
        (method, path): answer.status
        for method, path in about
        if (answer := other.ask(path, method, b"{}" if method != "GET" else None)).status not in GUARDED
    }
    assert answered == {}


def test_who_may_only_read_changes_nothing(closed: Served, addresses: list[tuple[str, str]], place: Place) -> None:
    reader = closed.made(closed.headers["X-Test-Reader"])
    before = place.get("list")
    about = [(method, path) for method, path in addresses if method not in ("GET", "HEAD") and NAME in path]
    statuses = {(method, path): reader.ask(path, method, b"{}").status for method, path in about}
    writing = {key: status for key, status in statuses.items() if "paths-info" not in key[1] and ".git/" not in key[1]}
    assert {key: status for key, status in writing.items() if status not in GUARDED} == {}
    assert place.get("list") == before
    assert Path(place.vault).exists()
