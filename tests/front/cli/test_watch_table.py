"""Monitors on a terminal: a line for each, and everything of one."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import cast

import pytest
from rich.console import Console
from tests.watches import HOSTILE, LINE, make_document, make_new, make_quiet, make_swapped, make_watches

from holdfast.front.cli.watch_table import draw_bar, print_standing
from holdfast.workflows.watching.report import Reported


def show(watches: Sequence[Reported]) -> str:
    """What is printed on a wide terminal without colours."""
    out = StringIO()
    print_standing(Console(file=out, width=300, highlight=False, emoji=False), make_document(watches))
    return out.getvalue()


def test_several_monitors_are_a_line_each_with_alpha_and_epsilon_below() -> None:
    lines = show(make_watches()).splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["monitor", "quiet", "swapped", "doubtful", "new"]
    assert "the served distribution changed" in lines[2]
    assert "##########" in lines[2]
    assert "$0.32 of $1.00 in 2026-01" in lines[1]
    assert "2026-01-28T01:00:00Z" in lines[1]
    assert sum("alpha 0.000" in line and "(epsilon): tokens 0.05" in line for line in lines) == 4


def test_one_monitor_is_told_whole() -> None:
    text = show([make_swapped()])
    for said in (
        "swapped: the served distribution changed",
        "alarm on 2026-01-26 after 2,200 answers; probably since 2026-01-23 (between 2026-01-21 and 2026-01-24)",
        "it looks like: another model",
        "0.42 [0.36, 0.48] of 180 answers",
        "model: large-2025 (2025-11-08 to 2026-01-22), then large-2026 (2026-01-23 to 2026-01-27)",
        "accepted  2025-12-08 by Ada: the vendor announced",
        "blind     int8 and finer by tokens alone",
    ):
        assert said in text
    (strip,) = [line for line in text.splitlines() if line.startswith("days")]
    assert strip.split()[1].endswith("|^XX")


def test_nothing_watched_says_how_to_begin() -> None:
    assert "holdfast watch add" in show([])


@pytest.mark.parametrize(
    ("log_wealth", "bar"),
    [(-3.0, "." * 10), (0.0, "." * 10), (LINE / 2, "#####....."), (LINE, "#" * 10), (1e9, "#" * 10), (None, "unknown")],
)
def test_the_bar_is_the_way_to_the_alarm(log_wealth: float | None, bar: str) -> None:
    assert draw_bar({"log_wealth": log_wealth, "log_threshold": LINE}) == bar


def test_hostile_names_neither_style_nor_steer_the_terminal() -> None:
    text = show([make_swapped(f"[red]{HOSTILE}\x1b[2J"), make_new("[/]"), make_quiet()])
    assert "\x1b" not in text
    assert "[red]" in text
    assert "[/]" in text


def test_what_is_not_known_is_said_so() -> None:
    monitor = cast("list[Mapping[str, object]]", make_document([make_new()])["monitors"])[0]
    text = show([make_new()])
    assert "could not tell" in text
    assert "last none, next not planned here" in text
    assert monitor["shift_found"] is None
