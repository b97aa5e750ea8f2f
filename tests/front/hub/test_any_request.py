"""Whatever is asked, in whatever words: an answer that blames nobody wrongly, and a server that goes on."""

import http.client

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.front.hub.serving import Served

PARTS = """
api models datasets spaces org base resolve raw tree revision main refs heads commits paths-info treesize lfs-files
safetensors-metadata resolve-cache config.json model.safetensors discussions auth-check %2e%2e %2F %00 %ff %C3%BC
refs%2Fpr%2F1 org%2Fbase base.git info v2 HEAD .. . ' \\ ; ~
"""
KEYS = "recursive expand limit cursor blobs search author filter sort skip p"
VALUES = "true True -1 0 1 99999999999999999999 x %00 a/b \u0661"
NAMES = "Range If-Range If-Match If-None-Match Accept X-Request-Id Content-Type Expect"
WORDS = (*PARTS.split(), "", "a b", "\u00fc", "a" * 300, "0" * 40)
PATHS = st.lists(st.sampled_from(WORDS), max_size=8).map("/".join)
QUERIES = st.dictionaries(st.sampled_from(KEYS.split()), st.sampled_from(VALUES.split()), max_size=3).map(
    lambda said: "&".join(f"{key}={value}" for key, value in said.items())
)
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
HEADERS = st.dictionaries(st.sampled_from(NAMES.split()), LINES | st.sampled_from(["bytes=0-", "*", '"x"']), max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, query=QUERIES, headers=HEADERS, method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "TRACE"]))
def test_no_request_makes_the_server_fail(
    served: Served, path: str, query: str, headers: dict[str, str], method: str
) -> None:
    connection = http.client.HTTPConnection(served.host, timeout=30)
    try:
        target = f"/{path}?{query}".encode().decode("latin-1").replace(" ", "+")
        connection.putrequest(method, target, skip_accept_encoding=True)
    except (http.client.InvalidURL, UnicodeEncodeError):  # not even a client sends that
        return
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status < 500 or answer.status == 501, (path, query, headers, body)
    assert answer.status not in (401, 403) or method in ("POST", "OPTIONS", "TRACE")
    is_json = answer.getheader("Content-Type", "").startswith("application/json")
    if answer.status >= 400 and method != "HEAD" and is_json:
        assert b'"error"' in body
    connection.close()
