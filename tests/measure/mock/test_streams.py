"""What a mock streams, read from a socket as it stands, and what its log says of it."""

import http.client
import json
from typing import Any

import pytest

from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.starting import Mock, start_mock


def ask(mock: Mock, path: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(mock.url.split("/")[2], timeout=30)
    connection.request(
        "POST", f"/v1{path}", json.dumps(body), {f"x-holdfast-{name}": headers[name] for name in headers}
    )
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize("prefer_plain", [False, True])
def test_each_token_that_is_asked_for_is_sent_and_logged(*, prefer_plain: bool) -> None:
    spec = MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(mean=0.001))
    with start_mock(spec, prefer_plain=prefer_plain) as mock:
        status, body = ask(mock, "/chat/completions", {"stream": True, "max_tokens": 5, "messages": []}, sample="7")
    log = mock.read_log()
    assert status == 200
    assert body.count(b'"content":"') == 6  # that of the role is empty
    assert log.tokens["index"].tolist() == [0, 1, 2, 3, 4]
    assert log.requests["sample"].tolist() == [7]
    first = log.requests["read_ns"][0] + 20_000_000
    assert log.tokens["deadline_ns"].tolist() == [first + 1_000_000 * number for number in range(5)]
    assert (log.compute_lateness_ns() >= 0).all()
