"""Which notices concern which models, and how readings differ."""

import dataclasses
from datetime import date

import pytest

from holdfast.measure.notices.matching import compare_notices, match_notices
from holdfast.records.evidence import Sureness
from holdfast.records.notices import Notice, NoticeKind


def make_notice(model: str, effective: date | None = date(2026, 7, 31)) -> Notice:
    return Notice(model, NoticeKind.RETIRED, None, effective, "", "a page", "a line")


@pytest.mark.parametrize(
    ("ours", "theirs", "sureness"),
    [
        ("gpt-x", "GPT-X", Sureness.HIGH),
        ("claude opus 3", "Claude Opus 3", Sureness.HIGH),
        ("pkg:huggingface/acme/big-7b@1234567", "acme/Big-7B", Sureness.HIGH),
        ("openai/gpt-x", "gpt-x", Sureness.MEDIUM),
        ("us.anthropic.claude-x-20240229-v1:0", "claude-x-20240229", Sureness.HIGH),
        ("models/gemini-x", "gemini-x", Sureness.HIGH),
        ("gpt-x-2024-08-06", "gpt-x", Sureness.MEDIUM),
        ("gpt-x-0613", "gpt-x", Sureness.MEDIUM),
        ("gpt-x", "gpt-x-0613", Sureness.LOW),
        ("other/big-7b", "acme/big-7b", Sureness.LOW),
    ],
)
def test_names_of_the_same_model_match_as_surely_as_they_agree(ours: str, theirs: str, sureness: Sureness) -> None:
    [match] = match_notices([make_notice(theirs)], [ours])
    assert (match.name, match.notice.model, match.sureness) == (ours, theirs, sureness)
    assert match.why


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("gpt-4", "gpt-4-32k"), ("gpt-4", "gpt-4o"), ("llama3:8b", "llama3:70b"), ("big-7b", "big-7b-chat")],
)
def test_names_of_other_models_do_not_match(ours: str, theirs: str) -> None:
    assert match_notices([make_notice(theirs)], [ours]) == ()


def test_the_surest_match_of_each_name_comes_first() -> None:
    notices = [make_notice("gpt-x-0613"), make_notice("gpt-x")]
    assert [one.notice.model for one in match_notices(notices, ["other", "gpt-x"])] == ["gpt-x", "gpt-x-0613"]


def test_a_later_reading_differs_by_what_is_new_changed_and_gone() -> None:
    before = [make_notice("same"), make_notice("moved up"), make_notice("withdrawn")]
    sooner = make_notice("moved up", date(2026, 3, 1))
    reworded = dataclasses.replace(before[0], line="the same in other words")
    changes = compare_notices(before, [reworded, sooner, make_notice("fresh")])
    assert [one.model for one in changes.new] == ["fresh"]
    assert changes.changed == ((before[1], sooner),)
    assert changes.gone == (before[2],)
