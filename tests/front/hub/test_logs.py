"""The server's own log: a line a request, readable by machines, and nothing secret in it."""

import json
import logging
from collections.abc import Generator
from pathlib import Path

import pytest

from holdfast.front.hub.logs import close_log, open_log, parse_form
from holdfast.records.access import Scope
from holdfast.records.errors import OutputError, UsageError
from tests.front.hub.serving import Served, basic, wait_until

FILE = "/org/base/resolve/main/config.json"


@pytest.fixture
def json_log(tmp_path: Path) -> Generator[Path]:
    path = tmp_path / "server.log"
    handler = open_log("json", path)
    yield path
    close_log(handler)


@pytest.fixture
def text_log(tmp_path: Path) -> Generator[Path]:
    path = tmp_path / "server.log"
    handler = open_log("text", path)
    yield path
    close_log(handler)


def read(path: Path, lines: int = 1) -> list[str]:
    wait_until(lambda: len(path.read_text().splitlines()) >= lines)
    return path.read_text().splitlines()


def find(path: Path, name: str) -> dict[str, object]:
    """The line of a request, which is written after it was answered."""
    wait_until(lambda: name in path.read_text())
    return next(said for line in path.read_text().splitlines() if (said := json.loads(line))["id"] == name)


def test_a_request_is_one_object_with_who_asked_for_what_and_what_came_of_it(served: Served, json_log: Path) -> None:
    token = served.create_token((Scope.READ, "*"), name="ci")
    answer = served.made(token).ask(FILE, User_Agent="hf/9")
    said = find(json_log, answer.headers["x-request-id"])
    assert {key: said[key] for key in ("level", "log", "caller", "method", "path", "status", "bytes", "agent")} == {
        "level": "info",
        "log": "access",
        "caller": f"ci (token {token[3:11]})",
        "method": "GET",
        "path": FILE,
        "status": 200,
        "bytes": len(answer.body),
        "agent": "hf/9",
    }
    assert said["address"] == "127.0.0.1"


def test_an_id_that_a_client_gives_begins_the_requests_own(served: Served, json_log: Path) -> None:
    answer = served.ask(FILE, X_Request_Id="build-4711")
    assert answer.headers["x-request-id"].startswith("build-4711.")
    assert find(json_log, answer.headers["x-request-id"])["path"] == FILE
    assert "<" not in served.ask(FILE, X_Request_Id="<script>alert</script>").headers["x-request-id"]


def test_neither_tokens_nor_tickets_nor_queries_are_in_the_log(served: Served, json_log: Path) -> None:
    token = served.create_token((Scope.READ, "*"), name="secretive")
    somebody = served.made(token)
    somebody.ask(f"/{token}/resolve/main/x?token={token}")
    somebody.ask(f"{FILE}?ticket=1.abc.def")
    somebody.ask(FILE, User_Agent=f"curl {token}", Authorization=basic(token))
    somebody.ask(FILE, Authorization=f"Bearer {token[:-1]}")
    text = "\n".join(read(json_log, 5))
    assert token[11:] not in text
    assert "ticket=" not in text
    assert "1.abc.def" not in text
    assert basic(token)[6:] not in text


def test_a_line_of_text_stays_one_line_whatever_a_client_sends(served: Served, text_log: Path) -> None:
    served.ask("/org/base/resolve/main/%1b%5b2J%0aforged", User_Agent="a\tb ü")
    lines = read(text_log)
    assert len(lines) == 1
    assert lines[0].isascii()
    assert lines[0].isprintable()
    assert " 400 " in lines[0]


def test_faults_are_in_the_same_form(json_log: Path) -> None:
    try:
        raise ValueError("hf_" + "A" * 40)
    except ValueError:
        logging.getLogger("holdfast.hub").exception("it failed")
    said = json.loads(read(json_log)[-1])
    assert (said["level"], said["log"], said["message"]) == ("error", "hub", "it failed")
    assert "ValueError" in said["trace"]
    assert "AAAA" not in said["trace"]


def test_a_log_that_was_moved_away_goes_on_in_a_new_file(served: Served, json_log: Path) -> None:
    served.ask(FILE)
    read(json_log)
    json_log.rename(json_log.with_suffix(".1"))
    served.ask("/healthz")
    wait_until(json_log.exists)
    assert [json.loads(line)["path"] for line in read(json_log)] == ["/healthz"]


def test_a_log_that_cannot_be_written_or_has_no_such_form_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        open_log("json", tmp_path / "no" / "such.log")
    with pytest.raises(UsageError, match="no form of a log"):
        parse_form("xml")
