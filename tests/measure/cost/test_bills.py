"""Every export, written by hand after its documentation, is read into the rows that a person would write down."""

import contextlib
import datetime
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.measure.cost.bills.bill import Bill, BillFormat, BillRow, join_bills
from holdfast.measure.cost.bills.layouts import LAYOUTS
from holdfast.measure.cost.bills.reading import read_bill
from holdfast.records.errors import HoldfastError, LimitExceeded, MalformedFile, MissingPath, UnreadableFile

BILLS = Path(__file__).parent / "bills"
FIRST, SECOND = datetime.date(2025, 11, 1), datetime.date(2025, 11, 2)
GPT = BillRow(
    *(FIRST, None, "openai", "gpt-5-2025-08-07", "", 500, 1_000_000, 400_000, None, 200_000, None),
    usd=None,
)
GPT_BATCH = BillRow(
    *(FIRST, None, "openai", "gpt-5-2025-08-07", "batch", 100, 2_000_000, 0, None, 100_000, None),
    usd=None,
)
SONNET = BillRow(
    *(FIRST, None, "anthropic", "claude-sonnet-4-5-20250929", "", None, 1_000_000, 600_000, 100_000, 50_000, None),
    usd=None,
)
HAIKU = BillRow(
    *(SECOND, None, "anthropic", "claude-haiku-4-5-20251001", "batch", None, 100_000, 0, 0, 20_000, None),
    usd=None,
)


def read(name: str) -> Bill:
    return read_bill(BILLS / name)


@pytest.mark.parametrize("name", ["openai_usage.json", "openai_usage.csv"])
def test_openai_usage_says_requests_and_tokens_with_cached_ones_among_the_input(name: str) -> None:
    bill = read(name)
    assert bill.formats == (BillFormat.OPENAI_USAGE,)
    assert bill.rows == (GPT, GPT_BATCH)
    assert bill.ignored == ()
    assert bill.paid_usd is None


def test_a_day_without_use_is_passed_over_and_told() -> None:
    assert read("openai_usage.csv").notes == ("1 rows say nothing of use or money and are passed over",)


def test_openai_costs_say_money_by_line_item_and_what_is_not_tokens() -> None:
    bill = read("openai_costs.csv")
    assert [(row.model, row.usd, row.item) for row in bill.rows] == [
        ("gpt-5-2025-08-07", pytest.approx(4.55), ""),
        ("", 0.3, "web search tool calls"),
    ]
    assert bill.paid_usd == pytest.approx(4.85)
    assert bill.usage == ()


def test_a_page_that_is_not_the_last_is_told() -> None:
    bill = read("openai_costs.json")
    assert bill.paid_usd == 4.85
    assert bill.notes == ("a page says that there is more: what follows it must be given too",)


@pytest.mark.parametrize("name", ["anthropic_usage.csv", "anthropic_usage.json"])
def test_anthropics_parts_of_the_input_are_added_up_and_its_requests_are_unknown(name: str) -> None:
    bill = read(name)
    assert bill.formats == (BillFormat.ANTHROPIC_USAGE,)
    assert bill.rows == (SONNET, HAIKU)
    assert bill.ignored == ()


@pytest.mark.parametrize("name", ["anthropic_costs.csv", "anthropic_costs.json"])
def test_anthropics_costs_are_dollars_in_the_csv_and_cents_in_the_json(name: str) -> None:
    bill = read(name)
    assert bill.paid_usd == pytest.approx(1.67)
    assert [row.item for row in bill.rows if row.item] in (["web_search"], ["Web Search Usage"])


@pytest.mark.parametrize("name", ["openrouter_activity.csv", "openrouter_activity.json"])
def test_openrouters_reasoning_is_among_the_completion_and_own_keys_cost_too(name: str) -> None:
    bill = read(name)
    first = BillRow(*(FIRST, None, "openrouter", "openai/gpt-5", "", 40, 200_000, None, None, 60_000, 30_000), usd=1.5)
    assert bill.rows[0] == first
    assert (bill.rows[1].usd, bill.paid_usd, bill.days) == (0.75, 2.25, 2)


def test_openrouters_requests_are_added_up_by_the_hour_in_utc_and_each_is_counted_once() -> None:
    bill = read("openrouter_requests.csv")
    model = "openai/gpt-5-2025-08-07"
    assert bill.rows == (
        BillRow(*(FIRST, 9, "openrouter", model, "", 2, 3000, 400, None, 500, 100), usd=0.008),
        BillRow(*(SECOND, 1, "openrouter", model, "", 1, 500, 0, None, 50, 0), usd=0.001),
    )
    assert bill.notes == ("1 rows are of requests that were there before and are passed over",)


def test_litellms_requests_take_cached_tokens_from_the_providers_own_counts() -> None:
    bill = read("litellm_requests.json")
    assert bill.rows == (
        BillRow(*(FIRST, 10, "openai", "gpt-5", "", 1, 1000, 400, None, 250, 90), usd=0.0101),
        BillRow(*(FIRST, 10, "anthropic", "claude-sonnet-4-5", "", 1, 31 + 1253, 0, 1253, 467, None), usd=0.02),
    )
    assert bill.notes == ("2 rows say nothing of use or money and are passed over",)


def test_what_only_some_rows_say_is_not_known_of_their_sum_and_unknown_columns_are_told() -> None:
    bill = read("litellm_requests.csv")
    (row,) = bill.rows
    assert (row.requests, row.input, row.cached) == (2, 2000, None)
    assert row.usd == pytest.approx(0.0202)
    assert bill.ignored == ("new_column",)


def test_litellms_days_count_requests_that_succeeded() -> None:
    (row,) = read("litellm_daily.csv").rows
    assert row == BillRow(*(FIRST, None, "openai", "gpt-5", "", 11, 5000, 1000, 0, 700, None), usd=0.02)


def test_use_and_money_of_one_provider_make_one_bill() -> None:
    bill = join_bills((read("openai_usage.csv"), read("openai_costs.csv"), read("openrouter_activity.csv")))
    assert bill.paid_usd == pytest.approx(4.85 + 2.25)
    assert len(bill.usage) == 4
    assert bill.formats == (BillFormat.OPENAI_USAGE, BillFormat.OPENAI_COSTS, BillFormat.OPENROUTER_ACTIVITY)


def test_json_lines_a_list_of_pages_and_tabs_are_read_too(tmp_path: Path) -> None:
    page = json.loads((BILLS / "openai_usage.json").read_text())
    (tmp_path / "pages.jsonl").write_text(json.dumps(page) + "\n")
    (tmp_path / "pages.json").write_text(json.dumps([page]))
    (tmp_path / "tabs.tsv").write_text((BILLS / "openai_usage.csv").read_text().replace(",", "\t"))
    for name in ("pages.jsonl", "pages.json", "tabs.tsv"):
        assert read_bill(tmp_path / name).rows == (GPT, GPT_BATCH)


def test_every_layout_has_an_export_among_these() -> None:
    seen = {read(path.name).formats[0] for path in BILLS.iterdir()}
    assert seen == {layout.format for layout in LAYOUTS} == set(BillFormat)


USAGE = "usage_date_utc,usage_input_tokens_no_cache,usage_output_tokens\n"


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        (USAGE + "2025-11-01,5,6\n2025-11-02,5.5,6\n", "row 3", "`usage_input_tokens_no_cache` is not a count"),
        (USAGE + "2025-11-01,-5,6\n", "row 2", "is not a count"),
        (USAGE + "2025-11-01,1e99,6\n", "row 2", "is not a count"),
        (USAGE + "2025-11-01,many,6\n", "row 2", "is not a number: 'many'"),
        (USAGE + "2025-11-01,nan,6\n", "row 2", "is not a number"),
        (USAGE + "2025-11-01,,6\n", "row 2", "is missing"),
        (USAGE + "yesterday,5,6\n", "row 2", "is not a moment: 'yesterday'"),
        (USAGE + ",5,6\n", "row 2", "`usage_date_utc` is missing"),
        (USAGE + "2025-11-01,5\n", "row 2", "2 cells under 3 columns"),
        (USAGE + '2025-11-01,5,"6\n', "row", "not CSV"),
        ("a,b,a\n1,2,3\n", "row 1", "columns that are there twice: a"),
        ("model,tokens\nx,1\n", "bill.csv", "no known format; its columns: model, tokens"),
        (USAGE, "bill.csv", "holds no rows"),
        ("", "bill.csv", "names no columns"),
        ("\n\n", "bill.csv", "names no columns"),
        ('{"data": [', "line 1", "not JSON"),
        ("[]", "bill.csv", "holds no rows"),
        ("[1]", "bill.csv", "a row is not an object"),
        (
            '[{"object":"b","start_time":1,"amount":{"value":1,"currency":"eur"},"line_item":null}]',
            "row 1",
            "only US dollars",
        ),
        (
            '[{"start_time":1e30,"num_model_requests":1,"input_tokens":1,"output_tokens":1}]',
            "row 1",
            "is not a moment",
        ),
        (
            '[{"start_time":1,"num_model_requests":1,"input_tokens":1,"input_cached_tokens":2,"output_tokens":1}]',
            "row 1",
            "2 cached tokens and 1 of input",
        ),
        (
            '[{"startTime":1,"spend":0,"prompt_tokens":1,"completion_tokens":1,"metadata":"{broken"}]',
            "row 1",
            "`metadata` is not valid JSON",
        ),
    ],
)
def test_a_wrong_row_is_refused_with_its_number(tmp_path: Path, text: str, where: str, says: str) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(text)
    with pytest.raises(MalformedFile) as caught:
        read_bill(path)
    assert says in caught.value.what
    assert where in caught.value.where


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_bill(tmp_path / "none.csv")
    with pytest.raises(UnreadableFile):
        read_bill(tmp_path)
    latin = tmp_path / "latin.csv"
    latin.write_bytes(USAGE.encode() + b"\xe9\n")
    with pytest.raises(MalformedFile, match="not UTF-8 at byte"):
        read_bill(latin)
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    with pytest.raises(LimitExceeded):
        read_bill(deep)


def test_more_rows_than_agreed_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="more than 2 rows"):
        read_bill(BILLS / "openrouter_requests.csv", rows_max=2)


def test_a_header_of_a_million_columns_is_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("x," * 1_000_000 + "\n1\n")
    with pytest.raises(MalformedFile, match="columns that are there twice"):
        read_bill(path)


def test_a_cell_of_text_that_is_too_long_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("startTime,spend,prompt_tokens,completion_tokens,messages\n1,0,1,1," + "x" * 200_000 + "\n")
    with pytest.raises(MalformedFile, match="Leave out columns of text"):
        read_bill(path)


ODD = (b"NaN", b"1e400", b'"', b"{", b"[[", b"null", b"-1", b"\0")


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_exports_are_read_or_refused_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(sorted(BILLS.iterdir())))
    whole = source.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    put = data.draw(
        st.binary(max_size=12) | st.sampled_from([b"NaN", b"1e400", b'"', b"{", b"[[", b"null", b"-1", b"\0"])
    )
    path = tmp_path / f"damaged{source.suffix}"
    path.write_bytes(whole[:start] + put + whole[end:])
    with contextlib.suppress(HoldfastError):
        assert all((row.input or 0) >= 0 for row in read_bill(path).rows)
