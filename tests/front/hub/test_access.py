"""Who may ask for what, as a client meets it."""

import base64
import ipaddress
import json
import time
from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.front.hub.access import AccessAsked, is_local_host, parse_network, read_credentials
from holdfast.front.hub.guarding import GuardAsked
from holdfast.front.hub.tickets import sign_ticket
from holdfast.records.access import BadCredentials, Scope
from holdfast.records.errors import ConfigurationError
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.access import read_ticket_key
from holdfast.workflows.token import run_token_revoke
from tests.front.cli.vaults import Place
from tests.front.hub.serving import Served, basic, serving, wait_until

INVALID = "Invalid credentials in Authorization header"
FILE = "/org/base/resolve/main/config.json"
NOWHERE = "hf_" + "A" * 42


@pytest.fixture(scope="module")
def closed(hub_place: Place) -> Generator[Served]:
    """A server as others reach it: nobody reads without a token."""
    guard = GuardAsked(AccessAsked(is_local=False))
    with serving(hub_place.vault, hub_place.environ) as helper:
        token = helper.create_token((Scope.READ, "org/base"), name="base alone")
    with serving(hub_place.vault, hub_place.environ, guard, host="0.0.0.0") as found:
        found.token = token
        yield found


def anonymous(served: Served) -> Served:
    return served.made("")


def test_on_this_machine_everybody_reads(served: Served, hub_place: Place) -> None:
    answer = served.ask(FILE)
    assert (answer.status, answer.body) == (200, (hub_place.folder / "base/config.json").read_bytes())


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Host": "models.example.org"},
        {"Host": "127.0.0.1.example.org:8420"},
    ],
)
def test_what_comes_through_another_machine_needs_a_token_also_here(served: Served, headers: dict[str, str]) -> None:
    assert served.ask(FILE, **headers).status == 401
    token = served.create_token((Scope.READ, "*"))
    assert served.made(token).ask(FILE, **headers).status == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:8420", "127.0.0.1", "[::1]:8420"])
def test_this_machine_may_be_called_by_all_its_names(served: Served, host: str) -> None:
    assert served.ask(FILE, Host=host).status == 200


def test_without_a_token_others_are_told_to_bring_one(closed: Served) -> None:
    answer = anonymous(closed).ask(FILE)
    assert answer.status == 401
    assert "HF_TOKEN" in answer.headers["x-error-message"]
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert anonymous(closed).ask("/api/models").status == 401


@pytest.mark.parametrize("token", [NOWHERE, "hf_short", "x" * 50, "hf_" + "ü" * 40, "hf_" + "A" * 5000])
def test_a_wrong_token_is_told_in_the_words_that_clients_know(served: Served, token: str) -> None:
    answer = served.ask(FILE, Authorization=f"Bearer {token}".encode().decode("latin-1"))
    assert answer.status == 401
    assert answer.headers["x-error-message"] == INVALID


@pytest.mark.parametrize("value", ["Digest x", "Basic !!!", "Basic", "hf_x", "Bearer", ""])
def test_credentials_of_another_kind_are_no_credentials(served: Served, value: str) -> None:
    assert served.ask(FILE, Authorization=value).headers["x-error-message"] == INVALID


def test_two_sets_of_credentials_are_refused(served: Served) -> None:
    import socket

    with socket.create_connection((served.host.split(":")[0], int(served.host.split(":")[1]))) as raw:
        twice = "Authorization: Bearer a\r\n" * 2
        raw.sendall(f"GET {FILE} HTTP/1.1\r\nHost: localhost\r\n{twice}\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_what_a_token_may_not_read_is_answered_as_if_it_were_not_there(closed: Served) -> None:
    assert closed.ask(FILE).status == 200
    for path in ("/{}/resolve/main/config.json", "/api/models/{}", "/api/models/{}/tree/main", "/api/models/{}/refs"):
        hidden, unknown = closed.ask(path.format("org/other")), closed.ask(path.format("org/none1"))
        assert (hidden.status, hidden.headers["x-error-code"]) == (404, "RepoNotFound")
        assert hidden.body.replace(b"org/other", b"org/none1") == unknown.body
        assert hidden.headers.keys() == unknown.headers.keys()


def test_lists_and_the_page_show_what_the_token_may_read_alone(closed: Served) -> None:
    assert [one["id"] for one in closed.ask("/api/models").json] == ["org/base"]
    page = closed.ask("/").body.decode()
    assert "org/base" in page
    assert "org/other" not in page


def test_who_may_read_and_not_write_is_told_so(closed: Served) -> None:
    assert closed.ask("/api/models/org/base/auth-check").status == 200
    answer = closed.ask("/api/models/org/base/auth-check/write")
    assert answer.status == 403
    assert "may not write org/base" in answer.headers["x-error-message"]
    assert closed.ask("/api/models/org/other/auth-check/write").status == 404


def test_who_somebody_is_and_may_is_told_to_their_client(closed: Served) -> None:
    token = closed.create_token((Scope.READ, "*"), (Scope.WRITE, "acme/*"), name="Ana's laptop")
    said = closed.made(token).ask("/api/whoami-v2").json
    assert (said["name"], said["type"]) == ("Ana's laptop", "user")
    assert [one["name"] for one in said["orgs"]] == ["acme"]
    assert said["auth"]["accessToken"] == {"displayName": "Ana's laptop", "role": "write"}
    assert closed.ask("/api/whoami-v2").json["auth"]["accessToken"]["role"] == "read"
    assert anonymous(closed).ask("/api/whoami-v2").status == 401


def test_a_token_counts_at_once_and_ends_within_a_second_of_being_revoked(closed: Served) -> None:
    token = closed.create_token((Scope.READ, "*"), name="short-lived")
    somebody = closed.made(token)
    assert somebody.ask(FILE).status == 200
    run_token_revoke(closed.vault, "short-lived")
    wait_until(lambda: somebody.ask(FILE).headers.get("x-error-message") == INVALID)


def test_git_and_browsers_send_the_token_as_a_password_and_only_read_with_it(closed: Served) -> None:
    token = closed.create_token((Scope.ADMIN, "*"), name="everything")
    assert closed.made("").ask(FILE, Authorization=basic(token)).status == 200
    assert closed.made(token).ask("/api/models/org/base/auth-check/write").status == 200
    assert closed.made("").ask("/api/models/org/base/auth-check/write", Authorization=basic(token)).status == 403
    assert closed.made("").ask("/", Authorization=basic(token)).status == 200


def test_a_ticket_opens_one_address_for_a_time(closed: Served, hub_place: Place) -> None:
    vault = open_local_vault(hub_place.vault)
    key = read_ticket_key(vault)
    vault.close()
    nobody, later = anonymous(closed), int(time.time()) + 60
    ticket = sign_ticket(key, "GET", FILE, later, "ci")
    assert nobody.ask(f"{FILE}?{ticket}").status == 200
    assert nobody.ask(f"{FILE}?{ticket}", "HEAD").status == 200
    other = FILE.replace("org/base", "org/other")
    for path, method in ((f"{other}?{ticket}", "GET"), (f"{FILE}?{ticket}", "DELETE"), (f"{FILE}?{ticket}x", "GET")):
        assert nobody.ask(path, method).status == 403
    expired = sign_ticket(key, "GET", FILE, int(time.time()) - 1, "ci")
    answer = nobody.ask(f"{FILE}?{expired}")
    assert (answer.status, "expired" in answer.json["error"]) == (403, True)
    foreign = sign_ticket(bytes(32), "GET", FILE, later, "ci")
    assert nobody.ask(f"{FILE}?{foreign}").status == 403


def test_monitoring_needs_no_token_but_for_numbers_about_models(closed: Served) -> None:
    nobody = anonymous(closed)
    assert [nobody.ask(path).status for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 401]
    assert closed.ask("/metrics").status == 403
    assert closed.made(closed.create_token()).ask("/healthz").status == 200


def test_others_cannot_reach_a_server_that_nobody_may_use(
    hub_template: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.front.cli.vaults import copy_place

    place = copy_place(hub_template, tmp_path_factory.mktemp("none") / "place")
    far = GuardAsked(AccessAsked(is_local=False))
    with pytest.raises(ConfigurationError, match="neither a token nor leave"), serving(place.vault, place.environ, far):
        pass
    done = place.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.code == 5
    assert "holdfast token create" in done.err
    everybody = GuardAsked(AccessAsked(anonymous=True, is_local=False))
    with serving(place.vault, place.environ, everybody) as found:
        assert found.ask(FILE, Host="models.example.org", X_Forwarded_For="203.0.113.9").status == 200


def test_a_trusted_proxy_says_where_requests_come_from(hub_place: Place) -> None:
    networks = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.0.0.0/8"))
    guard = GuardAsked(AccessAsked(anonymous=True, proxies=networks, is_local=False))
    with serving(hub_place.vault, hub_place.environ, guard) as found:
        found.ask(FILE, X_Forwarded_For="198.51.100.7, 203.0.113.9, 10.1.2.3")
        found.ask(FILE, X_Forwarded_For="nonsense")
    who = {event["by"] for event in hub_place.get("log")["events"] if event["verb"] == "serve"}
    assert "anonymous at 203.0.113.9" in who
    assert not any("198.51.100.7" in one or "nonsense" in one for one in who)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("::ffff:127.0.0.1", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches_is_known(host: str, is_local: bool) -> None:
    assert is_local_host(host) is is_local


@given(
    value=st.one_of(
        st.text(max_size=80),
        st.text(max_size=40).map(lambda text: f"Basic {text}"),
        st.binary(max_size=40).map(lambda data: f"basic {base64.b64encode(data).decode()}"),
    )
)
def test_credentials_are_a_text_or_none_at_all(value: str) -> None:
    try:
        found = read_credentials({"Authorization": value})
    except BadCredentials:
        return
    assert isinstance(found, str)


def test_a_network_of_proxies_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no address and no network"):
        parse_network("proxy.internal")
    assert json.dumps(str(parse_network("10.0.0.9/24"))) == '"10.0.0.0/24"'
