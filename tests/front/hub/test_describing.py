"""The server's own description: it has every route, and no others; the docs have it; whoever may read may have it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.front.hub.access import AccessAsked
from holdfast.front.hub.describing import render_document
from holdfast.front.hub.description.document import TABLE, list_routes
from holdfast.front.hub.description.operations import OTHER_KINDS
from holdfast.front.hub.guarding import GuardAsked
from holdfast.front.hub.unanswered import FAMILIES, WORDS
from holdfast.records.access import Scope
from tests.front.cli.vaults import Place
from tests.front.hub.serving import Served, serving
from tests.front.hub.sites import read_site

PAGE = Path(__file__).parents[3] / "docs/reference/hub-openapi.json"
METHODS = ("get", "head", "post", "put", "delete")


@pytest.fixture(scope="module")
def document(served: Served) -> Any:
    return served.ask("/openapi.json").json


def test_every_route_is_described_and_nothing_else() -> None:
    assert read_site(list_routes).keys() == TABLE.keys()


def test_the_docs_have_what_is_served() -> None:
    assert PAGE.read_bytes() == read_site(render_document), "write it anew: make docs"


def test_it_is_the_same_on_every_server(served: Served) -> None:
    assert served.ask("/openapi.json").body == PAGE.read_bytes()


def test_what_is_not_answered_is_described_too(document: Any) -> None:
    summaries = " ".join(one["get"]["summary"] for one in document["paths"].values() if "get" in one)
    assert [why for why in (*WORDS.values(), *FAMILIES.values()) if why not in summaries] == []
    assert "501" in document["paths"]["/api/{kind}/{org}/{name}/super-squash/{revision}"]["post"]["responses"]


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: Any) -> None:
    told = [one[method] for one in document["paths"].values() for method in METHODS if method in one]
    assert len({one["operationId"] for one in told}) == len(told)
    assert [one["operationId"] for one in told if not one.get("summary")] == []


def test_no_two_addresses_differ_by_the_names_of_their_steps_alone(document: Any) -> None:
    plain = [re.sub(r"{\w+}", "{}", path) for path in document["paths"]]
    assert sorted(set(plain)) == sorted(plain)


def test_every_reference_leads_somewhere(document: Any) -> None:
    def follow(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                place = document
                for step in value["$ref"].removeprefix("#/").split("/"):
                    place = place[step]
            value = list(value.values())
        for one in value if isinstance(value, list) else ():
            follow(one)

    follow(document)
    used = json.dumps(document)
    shapes = [name for name in document["components"]["schemas"] if f'schemas/{name}"' not in used]
    assert shapes == []


def test_kinds_beside_models_are_named(document: Any) -> None:
    assert document["components"]["parameters"]["datatype"]["schema"]["enum"] == list(OTHER_KINDS)


def test_who_has_it_already_is_not_sent_it_again(served: Served) -> None:
    first = served.ask("/openapi.json")
    assert first.headers["content-type"].startswith("application/json")
    assert served.ask("/openapi.json", If_None_Match=first.headers["etag"]).status == 304
    assert served.ask("/openapi.json", If_None_Match='"another"').status == 200
    assert served.ask("/openapi.json", "HEAD").body == b""


def test_it_is_for_whoever_may_read_anything(hub_place: Place) -> None:
    with serving(hub_place.vault, hub_place.environ) as helper:
        token = helper.create_token((Scope.READ, "org/other"), name="one alone")
    with serving(hub_place.vault, hub_place.environ, GuardAsked(AccessAsked(is_local=False))) as closed:
        assert closed.ask("/openapi.json").status == 401
        assert closed.made(token).ask("/openapi.json").status == 200
