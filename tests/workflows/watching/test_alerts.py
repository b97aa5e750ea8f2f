"""What is told of a change: once to each outlet, its close once, and nothing else ever."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.records.errors import OutputError, UsageError
from holdfast.records.watchbook import Alarm, Decision, Life
from holdfast.records.watching import Outcome
from holdfast.workflows.watching.alert_webhook import Sender, Webhook
from holdfast.workflows.watching.alerts import AlertKind, Outlets, Told, check_outlets, list_alerts, tell
from holdfast.workflows.watching.report import Reported
from tests.watches import (
    HOSTILE,
    TODAY,
    make_document,
    make_doubtful,
    make_judgement,
    make_monitor,
    make_new,
    make_quiet,
    make_swapped,
    make_visits,
)
from tests.workflows.watching.receiving import receiving

SENDER = Sender(lambda: 1_769_538_600.0, lambda _: None, {"HOLDFAST_WATCH_WEBHOOK_KEY": "0123456789abcdef"})
CHANGED = make_judgement(Outcome.CHANGED, why="first tokens differ", alarm_day=TODAY, start_day=TODAY - 2)


def make_changed(name: str = "host", alarms: Sequence[Alarm] = ()) -> Reported:
    """A first life that changed today."""
    visits = make_visits(range(TODAY - 20, TODAY + 1))
    return Reported((Life(make_monitor(name), 1, "2026-01-07T01:00:00Z", None, visits, tuple(alarms)),), (CHANGED,))


def accept(before: Reported) -> Reported:
    """The same after its change was accepted, on the same day."""
    decision = Decision("Ada", "announced")
    later = Life(make_monitor(before.monitor.name, 2), 9, "2026-01-27T12:00:00Z", decision, (), ())
    judgement = make_judgement(Outcome.COULD_NOT_TELL, why="the reference is not yet collected")
    return replace(before, lives=(*before.lives, later), judgements=(*before.judgements, judgement))


def add_alarms(reported: Reported, alarms: Sequence[Alarm]) -> Reported:
    """As the book gives it back when the alarms were appended."""
    life = replace(reported.life, alarms=(*reported.life.alarms, *alarms))
    return replace(reported, lives=(*reported.lives[:-1], life))


def run(reported: Reported, *webhooks: Webhook) -> tuple[Reported, Told]:
    """One run: what was told, and the monitor as it stands afterwards."""
    told = tell([reported], make_document([reported]), Outlets(webhooks=webhooks), SENDER)
    return add_alarms(reported, [alarm for _, alarm in told.alarms]), told


def test_a_change_is_told_once_however_many_runs_follow() -> None:
    with receiving() as receiver:
        reported, told = run(make_changed(), Webhook(receiver.url))
        for _ in range(5):
            reported, again = run(reported, Webhook(receiver.url))
            assert again == Told((), (), ())
    assert [alert.kind for alert in told.alerts] == [AlertKind.CHANGED]
    assert len(receiver.bodies) == 1


def test_what_is_sent_says_that_the_served_distribution_changed_and_at_which_rate() -> None:
    with receiving() as receiver:
        run(make_changed(), Webhook(receiver.url))
    sent = json.loads(receiver.bodies[0])
    assert sent["words"] == "host: the served distribution changed, probably since 2026-01-25. First tokens differ"
    assert (sent["kind"], sent["monitor"], sent["format"]) == ("changed", "host", 1)
    assert (sent["report"]["alpha"], sent["report"]["epsilon"]) == (0.0005, {"tokens": 0.05})
    assert sent["report"]["alarm"]["day"] == "2026-01-27"
    assert "weights" not in sent["words"]


def test_a_webhook_that_failed_is_told_at_the_next_run_with_the_same_id() -> None:
    with receiving(500, 500, 500, 204) as receiver:
        reported, failed = run(make_changed(), Webhook(receiver.url))
        reported, told = run(reported, Webhook(receiver.url))
        _, after = run(reported, Webhook(receiver.url))
    assert len(failed.warnings) == 1
    assert [alarm.sent_to for _, alarm in failed.alarms] == [()]
    assert (told.warnings, after.alerts) == ((), ())
    assert [alert.is_new for alert in (*failed.alerts, *told.alerts)] == [True, False]
    assert len({headers["Holdfast-Alert"] for headers in receiver.headers}) == 1


def test_a_webhook_that_failed_does_not_keep_another_from_being_told() -> None:
    with receiving(500) as down, receiving() as up:
        reported, told = run(make_changed(), Webhook(down.url), Webhook(up.url))
        _, again = run(reported, Webhook(down.url), Webhook(up.url))
    assert len(up.bodies) == 1
    assert [alarm.sent_to for _, alarm in told.alarms] == [(Webhook(up.url).outlet,)]
    assert [alert.outlets for alert in again.alerts] == [(Webhook(down.url).outlet,)]


def test_without_webhooks_a_change_is_on_record_once() -> None:
    reported, told = run(make_changed())
    assert [(name, alarm.day, alarm.sent_to) for name, alarm in told.alarms] == [("host", TODAY, ())]
    assert run(reported)[1].alarms == ()


def test_an_acceptance_is_told_once_to_who_was_told_of_the_change() -> None:
    with receiving() as receiver, receiving() as new:
        reported, _ = run(make_changed(), Webhook(receiver.url))
        reported, told = run(accept(reported), Webhook(receiver.url), Webhook(new.url))
        _, again = run(reported, Webhook(receiver.url), Webhook(new.url))
    assert [alert.kind for alert in told.alerts] == [AlertKind.ACCEPTED]
    assert "accepted by Ada: announced" in json.loads(receiver.bodies[1])["words"]
    assert len(receiver.bodies) == 2
    assert new.bodies == []
    assert again.alerts == ()


def test_a_change_that_nobody_was_told_of_is_not_closed_to_anybody() -> None:
    with receiving() as receiver:
        _, told = run(accept(make_changed()), Webhook(receiver.url))
    assert told.alerts == ()


def test_a_change_after_an_accepted_one_is_another_change() -> None:
    with receiving() as receiver:
        reported, first = run(make_changed(), Webhook(receiver.url))
        reported, _ = run(accept(reported), Webhook(receiver.url))
        changed = replace(reported, judgements=(*reported.judgements[:-1], CHANGED))
        changed, second = run(changed, Webhook(receiver.url))
        _, again = run(changed, Webhook(receiver.url))
    assert [alert.kind for alert in second.alerts] == [AlertKind.CHANGED]
    assert first.alerts[0].id != second.alerts[0].id
    assert again.alerts == ()
    assert len(receiver.bodies) == 3


def test_a_change_that_passes_is_closed_once() -> None:
    with receiving() as receiver:
        reported, _ = run(make_changed(), Webhook(receiver.url))
        calm = replace(reported, judgements=(make_judgement(Outcome.SAME),))
        calm, told = run(calm, Webhook(receiver.url))
        _, again = run(calm, Webhook(receiver.url))
    assert [alert.kind for alert in told.alerts] == [AlertKind.RESOLVED]
    assert again.alerts == ()


def test_not_being_able_to_tell_closes_nothing() -> None:
    with receiving() as receiver:
        reported, _ = run(make_changed(), Webhook(receiver.url))
        unsure = replace(reported, judgements=(make_judgement(Outcome.COULD_NOT_TELL),))
        assert run(unsure, Webhook(receiver.url))[1].alerts == ()


@pytest.mark.parametrize("make", [make_quiet, make_doubtful, make_new])
def test_what_did_not_change_is_told_to_nobody_even_when_it_is_suspected(make: Callable[[], Reported]) -> None:
    assert list(list_alerts(make(), ["webhook a"])) == []


def test_a_suspicion_on_record_is_no_alarm() -> None:
    suspicion = Alarm(1, TODAY - 3, "suspected", ("webhook a",), is_suspected=True)
    (alert,) = list_alerts(make_changed(alarms=[suspicion]), ["webhook a"])
    assert (alert.kind, alert.is_new) == (AlertKind.CHANGED, True)


def test_hostile_names_are_sent_as_text() -> None:
    with receiving() as receiver:
        _, told = run(make_changed(HOSTILE), Webhook(receiver.url))
    assert told.warnings == ()
    assert json.loads(receiver.bodies[0])["monitor"] == HOSTILE.replace("\u202e", "\ufffd").replace("\ud800", "\ufffd")


def test_an_alarm_is_recorded_before_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outlets = Outlets(markdown=tmp_path / "file" / "issue.md")
    recorded: list[tuple[str, Alarm]] = []
    reported = make_changed()
    with pytest.raises(OutputError):
        tell([reported], make_document([reported]), outlets, SENDER, record=lambda *pair: recorded.append(pair))
    assert [name for name, _ in recorded] == ["host"]


def test_files_are_written_at_every_run(tmp_path: Path) -> None:
    outlets = Outlets(markdown=tmp_path / "issue.md", prometheus=tmp_path / "deep" / "watch.prom")
    for reported in (make_swapped(), make_quiet()):
        tell([reported], make_document([reported]), outlets, SENDER)
    assert "quiet" in (tmp_path / "issue.md").read_text()
    assert "swapped" not in (tmp_path / "deep" / "watch.prom").read_text()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "issue.md", "watch.prom"]


def test_a_metrics_file_that_would_not_be_read_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match=r"end in \.prom"):
        check_outlets(Outlets(prometheus=Path("watch.txt")))
