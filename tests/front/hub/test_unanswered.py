"""What hubs answer and a vault does not: said as such, and told in the documentation."""

from pathlib import Path

import pytest

from holdfast.front.hub.unanswered import FAMILIES, WORDS
from tests.front.hub.serving import Served

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "hub-api.md"


@pytest.mark.parametrize("word", WORDS)
def test_a_question_about_a_repository_is_refused_with_a_reason(served: Served, word: str) -> None:
    prefix = "/org/base" if word == "user-access-report" else "/api/models/org/base"
    answer = served.ask(f"{prefix}/{word}/main")
    assert (answer.status, WORDS[word] in answer.json["error"]) == (501, True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_question_about_none_is_refused_with_a_reason(served: Served, family: str) -> None:
    answer = served.ask(f"/api/{family}/some/thing")
    assert (answer.status, FAMILIES[family] in answer.json["error"]) == (501, True)


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/org/base", "/api", "/api/models/", "/robots.txt"])
def test_what_no_hub_answers_is_not_there(served: Served, path: str) -> None:
    assert served.ask(path).status == 404


def test_the_documentation_names_each_of_them() -> None:
    text = PAGE.read_text()
    assert [word for word in (*WORDS, *FAMILIES) if f"`{word}`" not in text] == []
