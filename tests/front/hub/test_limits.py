"""How much one caller may ask for."""

import socket
import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from holdfast.front.hub.access import AccessAsked
from holdfast.front.hub.guarding import GuardAsked
from holdfast.front.hub.limits import WINDOW_S, Buckets, Limits, LimitsAsked
from holdfast.records.access import Scope, TooMany
from tests.front.cli.vaults import Place
from tests.front.hub.serving import Served, serving

FILE = "/org/base/resolve/main/config.json"


class Watch:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def strict(hub_place: Place) -> Generator[Served]:
    """A server with small limits."""
    limits = LimitsAsked(rate=20, failures=12, at_once=3, body_wait_s=1.0, body_bytes=1 << 20)
    with serving(hub_place.vault, hub_place.environ, GuardAsked(AccessAsked(anonymous=True), limits)) as found:
        yield found


def connect(served: Served) -> socket.socket:
    host, port = served.host.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def send_raw(served: Served, data: bytes) -> bytes:
    """What comes back until the server closes, or a second head begins."""
    with closing(connect(served)) as raw:
        raw.sendall(data)
        return raw.recv(65536)


def test_a_bucket_gives_its_quota_and_then_one_permit_after_the_other() -> None:
    watch = Watch()
    bucket = Buckets(30, "api", watch)
    for _ in range(30):
        bucket.take("ana")
    with pytest.raises(TooMany) as refused:
        bucket.take("ana")
    assert (refused.value.wait_s, refused.value.policy) == (WINDOW_S // 30, ("api", 30, WINDOW_S))
    bucket.take("ben")
    watch.now += WINDOW_S / 30
    bucket.take("ana")
    with pytest.raises(TooMany):
        bucket.take("ana")
    watch.now += WINDOW_S * 10
    for _ in range(30):
        bucket.take("ana")
    with pytest.raises(TooMany):
        bucket.take("ana")


def test_buckets_of_callers_that_come_no_more_are_forgotten() -> None:
    bucket = Buckets(5, "api", Watch())
    for number in range(50_000):
        bucket.take(str(number))
    assert len(bucket._buckets) <= 20_000


def test_without_a_rate_nobody_is_counted() -> None:
    bucket = Buckets(0, "api", Watch())
    for _ in range(10_000):
        bucket.take("ana")


def test_requests_at_once_are_counted_for_each_caller() -> None:
    limits = Limits(LimitsAsked(at_once=2))
    limits.begin("ana")
    limits.begin("ana")
    with pytest.raises(TooMany):
        limits.begin("ana")
    limits.begin("ben")
    limits.end("ana")
    limits.begin("ana")


def test_who_asks_too_often_is_told_when_to_come_back_as_the_hubs_clients_read_it(strict: Served) -> None:
    asker = strict.made(strict.create_token((Scope.READ, "*"), name="often"))
    answers = [asker.ask(FILE) for _ in range(25)]
    refused = next(answer for answer in answers if answer.status == 429)
    wait = refused.headers["retry-after"]
    assert refused.headers["ratelimit"] == f'"api";r=0;t={wait}'
    assert refused.headers["ratelimit-policy"] == f'"fixed window";"api";q=20;w={WINDOW_S}'
    assert 1 <= int(wait) <= WINDOW_S
    assert answers[0].status == 200
    other = strict.made(strict.create_token((Scope.READ, "*"), name="seldom"))
    assert other.ask(FILE).status == 200
    assert asker.ask("/healthz").status == 200


def test_guessing_tokens_ends_soon(strict: Served) -> None:
    known = strict.made(strict.create_token((Scope.READ, "*"), name="known"))
    guesses = [strict.made(f"hf_{number:040}").ask(FILE).status for number in range(20)]
    assert set(guesses[-6:]) == {429}
    assert guesses == sorted(guesses)
    assert known.ask(FILE).status == 200


def test_the_hubs_client_waits_as_long_as_it_is_told(strict: Served) -> None:
    hub = pytest.importorskip("huggingface_hub.utils._http")
    answer = strict.made("hf_" + "z" * 40)
    refused = [answer.ask(FILE) for _ in range(20)][-1]
    parsed = hub.parse_ratelimit_headers(refused.headers)
    assert (parsed.remaining, parsed.reset_in_seconds) == (0, int(refused.headers["retry-after"]))


@pytest.mark.parametrize(
    "path",
    [
        "/org/base/resolve/main/../../../etc/passwd",
        "/org/base/resolve/main/%2e%2e/%2E%2e/etc/passwd",
        "/org/base/resolve/main/..%2f..%2fetc/passwd",
        "/org/base/resolve/main/a%00b",
        "/org/base/resolve/main/a%0ab",
        "/org/base/resolve/main/a%5c..%5cb",
        "/org/base/resolve/main/./config.json",
        "/org/base/resolve/main/" + "x" * 5000,
    ],
)
def test_an_address_that_could_mean_another_is_refused(served: Served, path: str) -> None:
    answer = served.ask(path)
    assert answer.status == 400
    assert answer.headers["x-error-message"]


def test_a_revision_with_an_encoded_slash_is_one_step(served: Served) -> None:
    assert served.ask("/org/base/resolve/refs%2Fheads%2Fmain/config.json").status == 200


def test_heads_that_are_too_long_or_too_many_are_refused(served: Served) -> None:
    assert send_raw(served, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")[9:12] == b"400"
    many = b"".join(b"X-%d: a\r\n" % number for number in range(500))
    assert send_raw(served, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n")[9:12] == b"400"
    assert send_raw(served, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")[9:12] == b"400"


def test_a_body_that_is_far_too_large_is_refused_before_it_is_read(served: Served) -> None:
    head = (
        b"POST /api/models/org/base/paths-info/main HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    answer = send_raw(served, head + b"Content-Length: 99999999999\r\n\r\n{")
    assert answer[9:12] == b"413"


def test_a_body_that_comes_too_slowly_is_cut(strict: Served) -> None:
    head = (
        b"POST /api/models/org/base/paths-info/main HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    with closing(connect(strict)) as raw:
        raw.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        assert raw.recv(100) == b""


def test_a_client_that_asks_for_too_much_at_once_is_told_to_wait(strict: Served) -> None:
    head = (
        b"POST /api/models/org/base/paths-info/main HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    open_ones = [connect(strict) for _ in range(3)]
    try:
        for one in open_ones:
            one.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        statuses = {strict.ask(FILE).status for _ in range(5)}
        assert statuses <= {200, 429}
    finally:
        for one in open_ones:
            one.close()


def test_connections_of_one_address_beyond_its_share_are_cut() -> None:
    limits = Limits(LimitsAsked(connections=2))
    cut: list[int] = []

    class Transport:
        def __init__(self, number: int) -> None:
            self.number = number

        def abort(self) -> None:
            cut.append(self.number)

    class Connection:
        def __init__(self, number: int, address: str) -> None:
            self.peername, self.transport = (address, 1), Transport(number)

    held = [Connection(0, "a"), Connection(1, "b"), Connection(2, "a"), Connection(3, "a"), Connection(4, "proxy")]
    held += [Connection(5, "proxy"), Connection(6, "proxy")]
    limits.is_shared = lambda address: address == "proxy"
    limits.sweep(held)  # type: ignore[arg-type]
    assert cut == [3]


def test_many_clients_at_once_get_right_answers(served: Served, hub_place: Place) -> None:
    expected = (hub_place.folder / "base/config.json").read_bytes()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(served.ask(FILE).body)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 40
