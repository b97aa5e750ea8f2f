"""What the page on alerts shows works: its receiver reads what is posted, its markers and metrics are those written."""

import configparser
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from tests.watches import make_document
from tests.workflows.watching.receiving import Receiver, receiving

from holdfast.workflows.watching.alert_issue import CLOSED, MARKER, OPEN, render_issue
from holdfast.workflows.watching.alert_metrics import render_metrics
from holdfast.workflows.watching.alert_webhook import Sender, Webhook, post_alert

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs/how-to/watch-alerts.md").read_text(encoding="utf-8")
KEY = "a key of more than sixteen characters"
Read = Callable[[dict[str, str], bytes, str, set[str]], Any]


@pytest.fixture(scope="module")
def read_alert() -> Read:
    """The receiver as the page shows it."""
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    scope: dict[str, object] = {}
    exec(block, scope)
    return cast("Read", scope["read_alert"])


def post(now_s: float) -> Receiver:
    """What is posted at a time."""
    with receiving() as receiver:
        sender = Sender(lambda: now_s, lambda _: None, {"HOLDFAST_WATCH_WEBHOOK_KEY": KEY})
        assert post_alert(Webhook(receiver.url), "abc", {"words": "ü"}, sender) == ""
    return receiver


def test_the_receiver_of_the_page_reads_what_is_posted_and_once(
    read_alert: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_769_538_601.0)
    posted, seen = post(1_769_538_600.0), set[str]()
    assert read_alert(posted.headers[0], posted.bodies[0], KEY, seen) == {"words": "ü"}
    assert read_alert(posted.headers[0], posted.bodies[0], KEY, seen) is None


@pytest.mark.parametrize(
    ("now_s", "key", "more"), [(1e9, KEY, b""), (1_769_538_600.0, f"{KEY}!", b""), (1_769_538_600.0, KEY, b" ")]
)
def test_the_receiver_of_the_page_refuses_what_is_old_forged_or_altered(
    read_alert: Read, monkeypatch: pytest.MonkeyPatch, now_s: float, key: str, more: bytes
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_769_538_601.0)
    posted = post(now_s)
    with pytest.raises(PermissionError):
        read_alert(posted.headers[0], posted.bodies[0] + more, key, set())


def test_the_page_and_the_samples_name_the_markers_that_are_written() -> None:
    github, gitlab = ((REPOSITORY / f"examples/ci/watch-{name}.yml").read_text() for name in ("github", "gitlab"))
    assert f"{MARKER}\n{OPEN}\n" in PAGE
    assert render_issue(make_document()).startswith(f"{MARKER}\n{OPEN}\n")
    assert f'startswith("{MARKER}")' in github
    assert "holdfast-watch:open" in github
    assert "holdfast-watch:open" in gitlab
    assert "holdfast-watch:open" not in CLOSED


def test_every_metric_that_is_written_is_on_the_page() -> None:
    named = set(re.findall(r"^# TYPE (\S+)", render_metrics(make_document()), re.MULTILINE))
    told = {re.sub(r"^_", "holdfast_watch_", name) for name in re.findall(r"`((?:holdfast_watch)?_[a-z_]+)", PAGE)}
    assert named - told == set()


def test_the_python_in_the_gitlab_sample_compiles() -> None:
    sample = cast(
        "dict[str, dict[str, list[str]]]", yaml.safe_load((REPOSITORY / "examples/ci/watch-gitlab.yml").read_text())
    )
    (script,) = [line for line in sample["watch"]["script"] if "<<'END'" in line]
    compile(script.split("<<'END'\n", 1)[1].rsplit("END", 1)[0], "watch-gitlab.yml", "exec")


def test_the_timer_starts_a_unit_that_runs_the_watch(tmp_path: Path) -> None:
    texts = {
        name: (REPOSITORY / "deploy" / name).read_text() for name in ("holdfast-watch.service", "holdfast-watch.timer")
    }
    for text in texts.values():
        configparser.ConfigParser(strict=False, interpolation=None).read_string(text)
    assert "holdfast watch run " in texts["holdfast-watch.service"]
    assert "SuccessExitStatus=3 10" in texts["holdfast-watch.service"]
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    for name, text in texts.items():
        (tmp_path / name).write_text(
            text.replace("/opt/holdfast/bin/holdfast", "/bin/true").replace("User=holdfast", "")
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", *(tmp_path / name for name in texts)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
