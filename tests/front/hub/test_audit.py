"""What was given out and refused is in the vault's log, joined, soon, and whatever happens meanwhile."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.front.hub.access import AccessAsked
from holdfast.front.hub.audit import REFUSALS_MAX, WAITING_MAX, Auditor
from holdfast.front.hub.guarding import GuardAsked
from holdfast.records.access import Scope
from holdfast.records.errors import NoSpace
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.auditing import Deed, Tally
from holdfast.workflows.vaults import VaultAsked
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.serving import Served, serving, wait_until

AT = "2026-11-26T12:00:00Z"


def make_deed(what: str = "config.json", verb: LogVerb = LogVerb.SERVE, size: int = 10, **more: Any) -> Deed:
    return Deed(verb, "org/base@abc", "ci (token x)", what, AT, 200 if verb is LogVerb.SERVE else 404, size, **more)


def run_auditor(deeds: Sequence[Deed], failures: int = 0) -> tuple[list[LogEvent], Auditor]:
    """What an auditor appends of the deeds, when the first few tries to append fail."""
    written: list[LogEvent] = []
    tries = iter(range(failures))

    def append(events: Sequence[LogEvent]) -> None:
        if next(tries, None) is not None:
            raise NoSpace("the disk is full", where="log/checkpoint")
        written.extend(events)

    async def run() -> Auditor:
        auditor = Auditor(append)
        for deed in deeds:
            auditor.note(deed)
        for _ in range(failures):
            assert not await auditor.flush()
        await auditor.stop()
        return auditor

    return written, asyncio.run(run())


def get_serves(place: Place) -> list[dict[str, Any]]:
    """Entries about downloads, the oldest first."""
    return [one for one in reversed(place.get("log")["events"]) if one["verb"] == "serve"]


def get_refusals(place: Place) -> list[dict[str, Any]]:
    return [one for one in reversed(place.get("log")["events"]) if one["verb"] == "refuse"]


def test_requests_for_one_file_by_one_caller_become_one_entry() -> None:
    written, auditor = run_auditor([make_deed(size=10), make_deed(size=20), make_deed("model.safetensors", size=5)])
    assert [(one.why, one.outcome) for one in written] == [
        ("config.json", "sent 30 bytes in 2 requests"),
        ("model.safetensors", "sent 5 bytes"),
    ]
    assert (auditor.written, auditor.waiting) == (2, 0)


def test_what_cannot_be_appended_is_kept_and_appended_later_in_order() -> None:
    written, auditor = run_auditor([make_deed("a"), make_deed("b")], failures=3)
    assert [one.why for one in written] == ["a", "b"]
    assert (auditor.failures, auditor.lost) == (3, 0)


def test_what_is_left_when_the_log_stays_unwritable_is_counted() -> None:
    def append(_events: Sequence[LogEvent]) -> None:
        raise NoSpace("the disk is full", where="log")

    async def run() -> Auditor:
        auditor = Auditor(append)
        auditor.note(make_deed())
        await auditor.stop()
        return auditor

    assert asyncio.run(run()).waiting == 1


def test_a_flood_of_refusals_is_told_together() -> None:
    flood = [make_deed(f"reason {number}", LogVerb.REFUSE) for number in range(10 * REFUSALS_MAX)]
    written, _ = run_auditor(flood)
    assert len(written) == REFUSALS_MAX + 1
    assert written[-1].outcome == f"refused with 404 in {9 * REFUSALS_MAX} requests"


def test_no_more_entries_wait_than_memory_should_hold() -> None:
    async def run() -> Auditor:
        auditor = Auditor(lambda _events: None)
        for number in range(WAITING_MAX + 5):
            auditor.note(make_deed(str(number)))
        found = auditor
        assert found.waiting == WAITING_MAX
        return found

    assert asyncio.run(run()).lost == 5


def test_words_that_no_entry_can_hold_are_replaced() -> None:
    written, _ = run_auditor([make_deed("half \ud800 a letter" + "x" * 100_000)])
    assert written[0].why.startswith("half ? a letter")
    assert len(written[0].why) == 2000


def test_every_download_is_in_the_log_with_who_had_how_much_of_what(served: Served, hub_place: Place) -> None:
    token = served.create_token((Scope.READ, "*"), name="ci")
    somebody = served.made(token)
    size = (hub_place.folder / "tuned/model.safetensors").stat().st_size
    commit = somebody.ask("/org/tuned/resolve/main/model.safetensors").headers["x-repo-commit"]
    somebody.ask("/org/tuned/resolve/main/config.json", Range="bytes=0-9")
    somebody.ask("/org/tuned/resolve/main/config.json", "HEAD")
    somebody.ask("/api/models/org/tuned/tree/main")
    wait_until(lambda: len([one for one in get_serves(hub_place) if "tuned" in one["subject"]]) >= 2)
    found = {one["why"]: one for one in get_serves(hub_place) if "tuned" in one["subject"]}
    assert set(found) == {"model.safetensors", "config.json"}
    assert found["model.safetensors"]["subject"] == f"org/tuned@{commit}"
    assert found["model.safetensors"]["outcome"] == f"sent {size} bytes"
    assert found["config.json"]["outcome"] == "sent 10 bytes"
    assert found["config.json"]["by"] == f"ci (token {token[3:11]})"
    assert hub_place.run("log", "verify").code == 0


def test_refusals_are_in_the_log_with_what_was_asked_and_why_not(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    place.run("freeze", "org/other", "--by", "A. Counsel", "--why", "LEGAL-212")
    guard = GuardAsked(AccessAsked(is_local=False))
    with serving(place.vault, place.environ) as helper:
        helper.create_token((Scope.READ, "org/other"), name="other alone")
    with serving(place.vault, place.environ, guard) as closed:
        token = closed.create_token((Scope.READ, "org/other"), name="other again")
        closed.made(token).ask("/org/other/resolve/main/config.json")
        closed.made(token).ask("/org/base/resolve/main/config.json")
        closed.made(token).ask("/api/models/org/other/auth-check/write")
        closed.made("").ask("/org/base/resolve/main/config.json")
        closed.made("hf_" + "A" * 40).ask("/org/base/resolve/main/config.json")
        closed.ask("/org/base/resolve/main/..%2f..%2fx")
    said = [(one["outcome"], one["subject"], one["why"]) for one in get_refusals(place)]
    assert any(
        outcome == "refused with 451" and "org/other" in about and "LEGAL-212" in why for outcome, about, why in said
    )
    assert ("refused with 404", "org/base", "read org/base") in said
    assert ("refused with 403", "org/other", "write org/other") in said
    assert ("refused with 401", "org/base", "read org/base") in said
    assert any(outcome == "refused with 401" and "unknown, expired or revoked" in why for outcome, _, why in said)
    assert any(outcome == "refused with 400" for outcome, _, _ in said)
    assert not any("A" * 40 in json.dumps(one) for one in get_refusals(place))


def test_bytes_that_are_damaged_are_refused_and_that_is_in_the_log(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    for key in place.packs["other"]:
        path = place.vault / key
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
    with serving(place.vault, place.environ) as found:
        answer = found.ask("/org/other/resolve/main/model.safetensors")
        assert answer.status == 500
        numbers = found.ask("/metrics").body.decode()
    assert "holdfast_damaged_answers_total 1" in numbers
    assert [one["outcome"] for one in get_refusals(place)] == ["refused with 500"]


def test_a_download_that_was_broken_off_is_told_with_the_bytes_that_went_out(
    hub_template: Place, tmp_path: Path
) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    (place.folder / "large").mkdir()
    weights = np.random.default_rng(5).bytes(64 << 20)
    (place.folder / "large/weights.bin").write_bytes(weights)
    place.keep("org/large", "large")
    with serving(place.vault, place.environ) as found:
        connection = http.client.HTTPConnection(found.host, timeout=60)
        connection.request("GET", "/org/large/resolve/main/weights.bin")
        assert connection.getresponse().read(1 << 20) == weights[: 1 << 20]
        connection.close()
        wait_until(lambda: any("large" in one["subject"] for one in get_serves(place)))
    outcome = next(one["outcome"] for one in get_serves(place) if "large" in one["subject"])
    said, _, rest = outcome.partition("after ")
    assert said == "broken off "
    assert 1 << 20 <= int(rest.split()[0]) < 64 << 20


def test_what_was_served_last_is_in_the_log_when_the_server_is_ended(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "serve", "--port", "0"],
        env={**os.environ, **place.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().partition("=")[2].strip()
    found = Served(VaultAsked(str(place.vault), place.environ), address)
    assert found.ask("/org/base/resolve/main/config.json").status == 200
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "GET /org/base/resolve/main/config.json 200" in err
    assert [one["why"] for one in get_serves(place)] == ["config.json"]


def test_the_tally_counts_what_the_log_says_and_reads_on_from_where_it_was(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    vault, tally = open_local_vault(place.vault), Tally()
    try:
        assert tally.read(vault) == {}
        for expected in (2, 4):
            with serving(place.vault, place.environ) as found:
                for _ in range(2):
                    size = len(found.ask("/org/base/resolve/main/config.json").body)
            counted = tally.read(vault)
            assert set(counted) == {"org/base"}
            assert (counted["org/base"].requests, counted["org/base"].bytes) == (expected, expected * size)
    finally:
        vault.close()
