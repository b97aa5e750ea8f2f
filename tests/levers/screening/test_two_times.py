"""Was it listed on that day, as known on that other day? From editions held; what they cannot tell is unknown."""

from holdfast.records.screening import Answer, Edition, EntryState, ListEntry
from tests.levers.screening.editions import day, edition_of, entry_of, hold, parse, party_of

SDN, DOD = "us-ofac-sdn", "us-1260h"
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
Held = dict[Edition, tuple[ListEntry, ...]]


def ask(held: Held, name: str, on: str, known_on: str) -> Answer:
    lists = hold(held)
    result = lists.screen(party_of(name), day(on), day(known_on))
    return next(answer.answer for answer in result.answers if answer.list == next(iter(held)).feed)


def zhipu(start: str = "", end: str = "") -> ListEntry:
    return entry_of("Beijing Zhipu", start=start, end=end)


def test_no_edition_published_by_the_day_of_knowing_is_unknown_and_never_no() -> None:
    held: Held = {edition_of(SDN, "2026-01-05"): (zhipu(start="2025-01-16"),)}

    assert ask(held, "Beijing Zhipu", "2025-06-01", "2026-01-04") is UNKNOWN
    assert ask(held, "Somebody Else Entirely", "2025-06-01", "2026-01-04") is UNKNOWN


def test_the_lists_own_dates_answer_for_past_days() -> None:
    held: Held = {edition_of(SDN, "2026-01-05"): (zhipu(start="2025-01-16"),)}

    assert ask(held, "Beijing Zhipu", "2025-01-15", "2026-01-05") is NO
    assert ask(held, "Beijing Zhipu", "2025-01-16", "2026-01-05") is YES


def test_an_end_date_ends_a_listing_on_that_day() -> None:
    held: Held = {edition_of(SDN, "2026-01-05"): (zhipu(start="2024-01-31", end="2025-01-07"),)}

    assert ask(held, "Beijing Zhipu", "2025-01-06", "2026-01-05") is YES
    assert ask(held, "Beijing Zhipu", "2025-01-07", "2026-01-05") is NO


def test_a_removal_seen_in_an_old_edition_does_not_say_no_for_today() -> None:
    held: Held = {edition_of(SDN, "2022-01-05"): (zhipu(start="2020-01-31", end="2021-01-07"),)}

    assert ask(held, "Beijing Zhipu", "2022-01-06", "2022-01-06") is NO
    assert ask(held, "Beijing Zhipu", "2026-01-06", "2026-01-06") is UNKNOWN


def test_an_undated_entry_needs_an_edition_on_either_side() -> None:
    before, after = edition_of(SDN, "2025-01-01"), edition_of(SDN, "2026-01-05")

    assert ask({after: (zhipu(),)}, "Beijing Zhipu", "2025-06-01", "2026-01-05") is UNKNOWN
    assert ask({before: (zhipu(),), after: (zhipu(),)}, "Beijing Zhipu", "2025-06-01", "2026-01-05") is YES
    assert ask({before: (), after: (zhipu(),)}, "Beijing Zhipu", "2025-06-01", "2026-01-05") is UNKNOWN
    assert ask({after: (zhipu(),)}, "Beijing Zhipu", "2026-01-06", "2026-01-06") is YES


def test_absence_from_a_later_edition_says_nothing_of_an_earlier_day() -> None:
    held: Held = {edition_of(SDN, "2026-01-05"): (entry_of("Somebody Else"),)}

    assert ask(held, "Beijing Zhipu", "2026-01-06", "2026-01-06") is NO
    assert ask(held, "Beijing Zhipu", "2025-06-01", "2026-01-06") is UNKNOWN


def test_an_old_edition_answers_neither_yes_nor_no_for_today() -> None:
    held: Held = {edition_of(SDN, "2021-07-01"): (zhipu(start="2020-01-01"),)}

    assert ask(held, "Beijing Zhipu", "2026-01-05", "2026-01-05") is UNKNOWN
    assert ask(held, "Somebody Else Entirely", "2026-01-05", "2026-01-05") is UNKNOWN


def test_an_edition_seen_again_later_speaks_for_that_later_day() -> None:
    held: Held = {edition_of(SDN, "2025-06-01", checked="2026-01-05"): (zhipu(start="2020-01-01"),)}

    assert ask(held, "Somebody Else Entirely", "2026-01-05", "2026-01-05") is NO
    assert ask(held, "Beijing Zhipu", "2026-01-05", "2026-01-05") is YES
    assert ask(held, "Beijing Zhipu", "2026-01-05", "2025-07-01") is UNKNOWN  # nobody knew it then


def test_a_removed_entry_is_found_in_the_edition_of_its_time() -> None:
    before, after = edition_of(SDN, "2025-01-01"), edition_of(SDN, "2026-01-05")
    held: Held = {before: (zhipu(start="2024-01-01"),), after: (entry_of("Somebody Else"),)}

    assert ask(held, "Beijing Zhipu", "2025-01-10", "2026-01-05") is YES
    assert ask(held, "Beijing Zhipu", "2025-06-01", "2026-01-05") is UNKNOWN  # removed at some day between the two
    assert ask(held, "Beijing Zhipu", "2026-01-06", "2026-01-06") is not YES


def test_the_1260h_transcription_tells_history_by_its_own_dates() -> None:
    held: Held = {edition_of(DOD, "2026-06-08", form="1260h-csv"): parse(DOD, "1260h.csv").entries}

    megvii = "Beijing Megvii Technology Co., Ltd."
    assert ask(held, megvii, "2024-06-01", "2026-06-10") is YES
    assert ask(held, megvii, "2025-01-07", "2026-06-10") is NO
    assert ask(held, "DeepSeek", "2024-06-01", "2026-06-10") is NO
    assert ask(held, "DeepSeek", "2020-06-01", "2026-06-10") is UNKNOWN  # before its first edition


def test_what_was_known_on_a_day_before_the_edition_is_retold_from_its_dates() -> None:
    held: Held = {edition_of(DOD, "2026-06-08", form="1260h-csv"): parse(DOD, "1260h.csv").entries}

    megvii = "Beijing Megvii Technology Co., Ltd."
    assert ask(held, megvii, "2024-06-01", "2024-06-01") is YES  # its removal was not yet known
    assert ask(held, "Alibaba Group Holding Limited", "2026-06-01", "2026-06-01") is NO
    assert ask(held, "Alibaba Group Holding Limited", "2026-06-08", "2026-06-08") is YES
    assert ask(held, megvii, "2021-01-01", "2021-01-01") is UNKNOWN


def test_a_version_published_then_withdrawn_is_shown_and_answers_no_yes() -> None:
    text = entry_of("Alibaba Group Holding Limited", on=DOD)
    held: Held = {
        edition_of(DOD, "2025-01-07", form="1260h-text", checked="2026-02-20"): (entry_of("Tencent", on=DOD),),
        edition_of(DOD, "2026-02-13", form="1260h-text", withdrawn="2026-02-13"): (text,),
    }

    result = hold(held).screen(party_of("Alibaba Group Holding Limited"), day("2026-02-14"), day("2026-02-14"))

    (hit,) = result.hits
    assert hit.state is EntryState.WITHDRAWN
    assert hit.listed is NO
    assert result.answer is NO
    assert "withdrawn 2026-02-13" in hit.why


def test_a_version_withdrawn_later_counts_until_then() -> None:
    edition = edition_of(DOD, "2026-02-13", form="1260h-text", withdrawn="2026-03-01")
    held: Held = {edition: (entry_of("Alibaba Group Holding Limited", on=DOD),)}

    assert ask(held, "Alibaba Group Holding Limited", "2026-02-20", "2026-02-20") is YES
    assert ask(held, "Alibaba Group Holding Limited", "2026-03-02", "2026-03-02") is not YES


def test_every_answer_names_the_editions_it_rests_on() -> None:
    before, after = edition_of(SDN, "2025-01-01"), edition_of(SDN, "2026-01-05")
    lists = hold({before: (zhipu(),), after: (zhipu(),)})

    (answer,) = lists.screen(party_of("Beijing Zhipu"), day("2025-06-01"), day("2026-01-05")).answers

    assert [use.date for use in answer.editions] == [after.date, before.date]
    assert answer.why == "Beijing Zhipu: in the editions of 2025-01-01 and 2026-01-05"
