"""What refusals mean for a model: the words of the interfaces that teams use, as they send them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.notices.refusals import judge_refusal
from holdfast.records.notices import Availability


def openai_error(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code}}).encode()


WITHDRAWN = [
    (404, openai_error("The model `big-1` does not exist or you do not have access to it.", "model_not_found")),
    (404, openai_error("The model `big-1` has been deprecated, learn more here: https://docs.example/d", None)),
    (
        400,
        openai_error("The model `big-1` has been decommissioned and is no longer supported.", "model_decommissioned"),
    ),
    (404, b'{"object":"error","message":"The model `big-1` does not exist.","type":"NotFoundError","code":404}'),
    (404, b'{"type":"error","error":{"type":"not_found_error","message":"model: big-1"}}'),
    (404, b'{"error":"model \'big-1\' not found, try pulling it first"}'),
    (404, b'{"error":{"message":"No endpoints found for acme/big-1.","code":404}}'),
    (404, b'{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}'),
    (404, b'{"message":"This model version has reached the end of its life."}'),
    (400, b'[{"error":{"code":400,"message":"big-1 is no longer available."}}]'),
    (404, b""),
    (410, b"Gone"),
]
BLOCKED = [
    (403, openai_error("Country, region, or territory not supported", "unsupported_country_region_territory")),
    (403, b"This model is not available in your country."),
    (400, b'{"error":{"code":400,"message":"User location is not supported for the API use."}}'),
    (403, b'{"detail":"Access restricted due to export control regulations."}'),
    (451, b""),
]
OUTAGE = [
    (None, b""),
    (500, b"Internal Server Error"),
    (502, b"<html>Bad Gateway</html>"),
    (503, b'{"error":"The model big-1 is currently loading; unknown wait"}'),
    (503, b'{"error":{"message":"The service is not available in this region right now."}}'),
    (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    (
        429,
        openai_error("You exceeded your current quota for this model, which was not found free.", "insufficient_quota"),
    ),
    (408, b""),
]
UNKNOWN = [
    (401, openai_error("Incorrect API key provided.", "invalid_api_key")),
    (402, b""),
    (403, b'{"error":{"type":"forbidden","message":"Request not allowed"}}'),
    (404, b"<html><h1>404 Not Found</h1><hr>nginx</html>"),
    (400, openai_error("The parameter 'functions' is deprecated for this model.")),
    (
        400,
        openai_error("Unsupported parameter: 'max_tokens' is not supported with this model.", "unsupported_parameter"),
    ),
    (400, openai_error("The field 'user' was removed. The model big-1 needs another.")),
    (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}'),
    (301, b"moved"),
    (200, b"{}"),
]
CASES = [
    *((Availability.WITHDRAWN, *one) for one in WITHDRAWN),
    *((Availability.BLOCKED, *one) for one in BLOCKED),
    *((Availability.OUTAGE, *one) for one in OUTAGE),
    *((Availability.UNKNOWN, *one) for one in UNKNOWN),
]


@pytest.mark.parametrize(("availability", "status", "body"), CASES)
def test_a_refusal_means_what_its_words_and_status_say(
    availability: Availability, status: int | None, body: bytes
) -> None:
    refused = judge_refusal(status, body, "acme/big-1")
    assert refused.availability is availability, refused
    assert refused.why


def test_a_model_that_may_be_hidden_from_the_key_is_told_so() -> None:
    assert "not for this key" in judge_refusal(*WITHDRAWN[0], "big-1").why


def test_the_words_are_one_line_without_control_characters_and_short() -> None:
    words = judge_refusal(404, json.dumps({"error": "a\n\x1b[31mb\u202e" + "c" * 9999}).encode()).words
    assert words.startswith("a [31mb c")
    assert len(words) <= 300


@given(
    st.integers(100, 599) | st.none(),
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.text(max_size=9),
)
def test_no_body_breaks_the_judge(status: int | None, body: bytes, model: str) -> None:
    assert judge_refusal(status, body, model).availability in Availability


def test_a_body_of_endless_nesting_is_no_harm() -> None:
    assert judge_refusal(500, b"[" * 200_000).availability is Availability.OUTAGE
