"""Notices from files and feeds of every form, and what is done with those that are no such thing."""

import contextlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.notices.reading import CONTENT_BYTES_MAX, read_notices
from holdfast.records.errors import InputError, LimitExceeded, MalformedFile
from holdfast.records.evidence import Sureness
from holdfast.records.notices import Notice, NoticeKind

SAID, ENDS = date(2026, 1, 5), date(2026, 7, 31)
EXPECTED = ("acme-7b-v1", NoticeKind.RETIRED, SAID, ENDS, "acme-9b-v2")

MARKDOWN = """# Deprecations

| Model | Deprecated on | Shut down on | Replacement |
|:------|:--|---|---|
| [`acme-7b-v1`](https://docs.example/a) | January 5, 2026 | 31 July 2026 | **`acme-9b-v2`** |
| acme-1b | n/a | Not sooner than 2027-01-01 | |
"""
HEADED = """## 2026-01-05: the first models

| Shutdown date | Model / system | Recommended replacement |
|---|---|---|
| 2026-07-31 | `acme-7b-v1` | `acme-9b-v2` |
"""
HTML = """<!doctype html><html><head><title>Retired: acme-0b on 2020-01-01</title>
<script>document.write("acme-0b retired on 2020-01-01")</script></head><body><!-- <table><tr><th>Model</table> -->
<h2>Deprecated</h2><table><thead><tr><th>Model ID<th>Announcement date<th>Retirement date<th>Successor</thead>
<tr><td><code>acme-7b-v1</code></td><td>Jan. 5, 2026<td>July 31st, 2026<td><a href="/b">acme-9b-v2</a></tr></table>"""
CSV = "model;deprecated on;shut down on;replacement\nacme-7b-v1;2026-01-05;2026-07-31;acme-9b-v2\n"
LISTED = json.dumps(
    {
        "data": [
            {
                "id": "acme-7b-v1",
                "deprecation": "2026-01-05T12:00:00Z",
                "shutdownDate": 1785456000,
                "deprecation_replacement_model": "acme-9b-v2",
            },
            {"id": "acme-9b-v2", "deprecation": None},
        ]
    }
)
MAPPED = json.dumps(
    {
        "models": {
            "acme-7b-v1": {
                "deprecated": {"date": "2026-01-05"},
                "retired_on": "2026-07-31",
                "replacement": "acme-9b-v2",
            }
        }
    }
)
SENTENCE = "acme-7b-v1 will be retired on July 31, 2026 and replaced by acme-9b-v2."
RSS = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>News of models</title>
<pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate><description>&lt;p&gt;{SENTENCE}&lt;/p&gt;</description>
</item></channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><updated>2026-09-09T00:00:00Z</updated><entry><title>News</title>
<published>2026-01-05T10:00:00Z</published><content type="text">{SENTENCE}</content></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {"title": "News", "content_html": f"<p>{SENTENCE}</p>", "date_published": "2026-01-05T10:00:00+02:00"}
        ],
    }
)
DOCUMENTS = {
    "markdown": MARKDOWN,
    "headed": HEADED,
    "html": HTML,
    "csv": CSV,
    "listed": LISTED,
    "mapped": MAPPED,
    "rss": RSS,
    "atom": ATOM,
    "json feed": JSON_FEED,
}


def brief(notice: Notice) -> tuple[object, ...]:
    return notice.model, notice.kind, notice.announced, notice.effective, notice.replacement


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_same_notice_is_read_from_every_form(form: str) -> None:
    reading = read_notices(DOCUMENTS[form].encode(), form)
    assert [brief(one) for one in reading.notices] == [EXPECTED]
    assert (reading.notices[0].source, reading.remarks) == (form, ())


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_line_that_was_read_is_kept(form: str) -> None:
    [notice] = read_notices(DOCUMENTS[form].encode("utf-16" if form == "csv" else "utf-8"), form).notices
    assert "acme-7b-v1" in notice.line
    assert notice.sureness is (Sureness.MEDIUM if form in ("rss", "atom", "json feed") else Sureness.HIGH)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("Retired", NoticeKind.RETIRED),
        ("Deprecated", NoticeKind.DEPRECATED),
        ("Redirected", NoticeKind.MOVED),
        ("Relicensed", NoticeKind.RELICENSED),
    ],
)
def test_a_status_tells_the_kind_where_no_date_is_told(status: str, kind: NoticeKind) -> None:
    [notice] = read_notices(
        f"| Model | Status |\n|--|--|\n| a-1 | {status} |\n| b-1 | Active |\n".encode(), "x"
    ).notices
    assert (notice.model, notice.kind, notice.effective, notice.sureness) == ("a-1", kind, None, Sureness.MEDIUM)


@pytest.mark.parametrize("when", ["TBD", "Q3 2026", "March 2026"])
def test_an_end_without_a_day_is_a_notice_with_an_unknown_date(when: str) -> None:
    [notice] = read_notices(f"| Model | Shut down on |\n|--|--|\n| a-1 | {when} |\n".encode(), "x").notices
    assert (notice.model, notice.kind, notice.effective) == ("a-1", NoticeKind.DEPRECATED, None)


def test_a_cell_of_several_models_is_a_notice_for_each() -> None:
    page = "| Models | Retired |\n|--|--|\n| `a-1`, `a-2` and `a-3` | 2026-07-31 |\n| b-1<br>b-2 | 2026-07-31 |\n"
    models = [one.model for one in read_notices(page.encode(), "x").notices]
    assert models == ["a-1", "a-2", "a-3", "b-1", "b-2"]


def test_a_version_beside_a_model_is_part_of_its_name() -> None:
    page = "| Model | Version | Retirement date |\n|--|--|--|\n| gpt-x | 0613 | 2026-07-31 |\n"
    [notice] = read_notices(page.encode(), "x").notices
    assert (notice.model, notice.sureness) == ("gpt-x-0613", Sureness.MEDIUM)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "The license of acme/big-7b changes on 1 May 2026.",
            ("acme/big-7b", NoticeKind.RELICENSED, date(2026, 5, 1), ""),
        ),
        ("Requests to `big-1` are redirected to `big-2`.", ("big-1", NoticeKind.MOVED, None, "big-2")),
        (
            "We're sunsetting big-1 on 2026-05-01; please use big-2.",
            ("big-1", NoticeKind.RETIRED, date(2026, 5, 1), "big-2"),
        ),
        ("Big One will be shut down soon.", ("Big One", NoticeKind.DEPRECATED, None, "")),
    ],
)
def test_a_sentence_tells_model_kind_day_and_replacement(sentence: str, expected: tuple[object, ...]) -> None:
    [notice] = read_notices(sentence.encode(), "x", ["Big One"]).notices
    assert (notice.model, notice.kind, notice.effective, notice.replacement) == expected
    assert notice.line == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "Big One is not being retired.",
        "We have no plans to retire big-1.",
        "big-1 is our fastest model since 2026-01-01.",
        "The retired engineer wrote to https://docs.example/big-1.html about it.",
        "We don't deprecate big-1.",
    ],
)
def test_a_sentence_that_announces_no_end_is_no_notice(sentence: str) -> None:
    reading = read_notices(sentence.encode(), "x", ["Big One"])
    assert reading.notices == ()
    assert "no notice was found" in reading.remarks[0]


def test_a_sentence_about_several_models_or_days_is_less_sure() -> None:
    text = "We will retire big-1 and big-2 on 2026-05-01 and 2026-06-01."
    assert {(one.effective, one.sureness) for one in read_notices(text.encode(), "x").notices} == {(None, Sureness.LOW)}


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><channel>&b;</channel></rss>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><rss/>'


@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE])
def test_a_feed_with_a_document_type_or_entities_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedFile, match="document type or entities"):
        read_notices(content, "feed")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<rss><channel>", "no XML"),
        (b"<?xml version='1.0'?><other/>", "no RSS and no Atom"),
        (b'{"a": ', "begins as JSON"),
        (b"[" * 100_000, "begins as JSON"),
        (b"abc \xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_malformed_says_how_and_where(content: bytes, what: str) -> None:
    with pytest.raises(MalformedFile, match=what) as caught:
        read_notices(content, "the feed")
    assert caught.value.where.startswith("the feed")
    assert caught.value.next_step


@pytest.mark.parametrize(
    "content", [b"x" * (CONTENT_BYTES_MAX + 1), b"<rss>" + b"<a>" * 100, b"<p>" + b"<" * 310_000 + b">"]
)
def test_what_is_too_long_too_deep_or_too_many_is_refused(content: bytes) -> None:
    with pytest.raises(LimitExceeded):
        read_notices(content, "x")


@pytest.mark.parametrize(
    "content", [b"", b"   ", b"{}", b"[]", b"null", b"<", b"<!--", b"<script>", b"|", b"|-|", b"\xef\xbb\xbf"]
)
def test_what_says_nothing_gives_no_notice_and_a_remark(content: bytes) -> None:
    reading = read_notices(content, "x")
    assert (reading.notices, len(reading.remarks)) == ((), 1)


UNITS = [
    "<!--",
    "<![CDATA[",
    "<a ",
    "<",
    "</",
    "<?",
    '<a b="',
    "<table><td>",
    "[a](",
    "`a",
    "a-",
    '"a,',
    "| ",
    "|-",
    '{"a":',
]


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_repeated_without_end_is_read_or_refused(unit: str) -> None:
    with contextlib.suppress(InputError):
        assert read_notices((unit * 20_000).encode(), "x", ["gpt 4"]).notices == ()


@given(st.text(alphabet="<>/!-[]|`abhrltdgp 1.\n&;\"'{}:,", max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(InputError):
        read_notices(text.encode(), "x", ["a b"])
