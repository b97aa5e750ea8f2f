"""Every request that the server's OpenAPI document allows, and those that it does not: answers are those it states.

`make soak` asks very many.
"""

import json
from collections.abc import Generator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from tests.front.hub.callers import NOBODY, READER, WRITER, Place, ask, asking, load_cases, serving_all

EXAMPLES = 250
SOAK_EXAMPLES = 10_000
CONFORMING = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
CODES = {404: {"RepoNotFound", "RevisionNotFound", "EntryNotFound"}, 451: {"GatedRepo"}}


pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with serving_all(tmp_path_factory.mktemp("contract")) as found:
        yield found


def ask_many(place: Place, caller: str, examples: int) -> None:
    cases = load_cases(place.served.made(place.tokens[WRITER]).ask("/openapi.json").json)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(asking(place, cases))
        answer = ask(place, case, caller, session, is_xet=data.draw(st.booleans()))
        case.validate_response(answer, checks=CONFORMING)
        check_error(case.method, case.path, answer)

    with requests.Session() as session:
        run()


def check_error(method: str, path: str, answer: Any) -> None:
    """No fault of ours, whatever was asked; and the code by which clients know what is missing."""
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    is_json = answer.headers.get("content-type", [""])[0].startswith("application/json")
    if answer.status_code < 400 or method == "HEAD" or not is_json:
        return
    error = json.loads(answer.content)["error"]
    assert error, path
    code = answer.headers.get("x-error-code", [""])[0]
    assert not code or code in CODES[answer.status_code]
    assert answer.status_code != 451 or code
    assert answer.status_code != 404 or code or "at this address" in error or "not offered" in error or "none" in error


@pytest.mark.parametrize("caller", [NOBODY, READER, WRITER])
def test_answers_are_those_that_the_document_states(place: Place, caller: str) -> None:
    ask_many(place, caller, EXAMPLES)


@pytest.mark.soak
@pytest.mark.parametrize("caller", [NOBODY, READER, WRITER])
def test_very_many_answers_are_those_that_the_document_states(place: Place, caller: str) -> None:
    ask_many(place, caller, SOAK_EXAMPLES)
