"""The text of the one issue: found by its first line, open or closed by its second, and harmless whatever names say."""

import re
from typing import cast

from holdfast.workflows.watching.alert_issue import CLOSED, MARKER, OPEN, render_issue
from holdfast.workflows.watching.marking import mark_code, mark_text
from tests.watches import HOSTILE, make_document, make_doubtful, make_new, make_quiet, make_swapped


def test_a_job_finds_the_issue_by_its_first_line_and_its_state_by_the_second() -> None:
    assert render_issue(make_document()).split("\n")[:2] == [MARKER, OPEN]
    for quiet in ([make_quiet()], [make_doubtful(), make_new()], []):
        assert render_issue(make_document(quiet)).split("\n")[:2] == [MARKER, CLOSED]


def test_the_same_report_gives_the_same_text() -> None:
    assert render_issue(make_document()) == render_issue(make_document())


def test_every_outcome_stands_with_alpha_and_epsilon() -> None:
    rows = [line for line in render_issue(make_document()).split("\n") if line.startswith("| `")]
    assert len(rows) == 4
    assert all(re.search(r"alpha 0\.000\d+ for this life.*epsilon\): tokens 0\.05", row) for row in rows)


def test_a_change_is_said_with_its_days_its_channels_and_what_cannot_be_seen() -> None:
    text = render_issue(make_document([make_swapped()]))
    assert "**1 of 1 endpoint: the served distribution changed (swapped)**" in text
    assert "alarm on 2026-01-26 after 2,200 answers; probably since 2026-01-23" in text
    assert "it looks like: another model (another model 86%" in text
    assert "tokens (distance of first tokens): shift 0.42 \\[0.36, 0.48\\] of 180 answers" in text
    assert "cannot see: int8 and finer by tokens alone" in text


def test_what_could_not_be_told_is_counted_apart() -> None:
    assert "**No endpoint changed: 1 could not be told**" in render_issue(make_document([make_new()]))
    two = render_issue(make_document([make_quiet(), make_doubtful()]))
    assert "**No endpoint changed: 1 of 2 the same, 1 could not be told**" in two


def test_notices_stand_in_the_issue_and_do_not_open_it() -> None:
    text = render_issue(make_document([make_doubtful(), make_new()]))
    assert "**Notices**\n\n- `doubtful`: its host retires it on 2026-06-01\n" in text
    assert text.split("\n")[1] == CLOSED


def test_hostile_names_are_neither_markup_nor_mentions_nor_comments() -> None:
    text = render_issue(make_document([make_swapped(HOSTILE)]))
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text.split("\n", 2)[2], flags=re.DOTALL)
    assert "@everyone" not in outside
    assert not re.search(r"(?<!\\)[<>]", outside)
    assert "\ud800" not in text
    assert text.encode()


def test_a_code_span_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert mark_code("a``b|c") == "```a``b\\|c```"
    assert mark_code("") == "`  `"
    assert mark_text("see www.one.example\nand *this*") == "see `www.one.example` and \\*this\\*"


def test_many_monitors_fit_an_issue() -> None:
    (one,) = cast("list[object]", make_document([make_swapped()])["monitors"])
    text = render_issue({"monitors": [one] * 200})
    assert len(text) < 65_000
    assert "and 140 more" in text
