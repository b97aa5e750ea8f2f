"""Markdown: rendered by a real CommonMark parser, so that what a reviewer sees is what is tested."""

from dataclasses import replace

from markdown_it import MarkdownIt

from holdfast.records.report import PolicyOutcome
from holdfast.workflows.markdown import render_markdown
from tests.reports import make_hostile_report, make_large_report, make_report


def _html(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_the_headline_comes_first_and_the_horizon_last() -> None:
    report = make_report()
    lines = render_markdown(report).strip().splitlines()
    assert lines[0] == f"**{report.headline}**"
    assert lines[-1].startswith("Evidence to 2026-10-06")
    assert "not legal advice" in lines[-1]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_markdown(make_report()) == render_markdown(make_report())


def test_the_table_has_a_row_for_every_model() -> None:
    report = make_report()
    html = _html(render_markdown(report))
    assert html.count("<tr>") == 9 + 1  # nine models of eleven rows, and the heading
    for row in report.rows:
        assert f"<code>{row.label}</code>" in html


def test_the_uses_are_folded_away_with_path_and_line() -> None:
    report = make_report()
    folded = render_markdown(report).split("<details>", 1)[1].split("</details>", 1)[0]
    assert f"{report.use_count} uses" in folded
    for row in report.rows:
        for use in row.uses:
            assert f"`{use.place}`" in folded


def test_hostile_names_break_neither_table_nor_page() -> None:
    report = make_hostile_report()
    html = _html(render_markdown(report))
    assert "<img" not in html
    assert "</script>" not in html
    assert "<a href" not in html
    rows = html.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")
    assert {row.count("<td>") for row in rows if "<td>" in row} == {7}


def test_addresses_and_at_signs_make_no_links_or_mentions() -> None:
    report = replace(make_report(), notes=("ask @someone at https://example.org about it",))
    text = render_markdown(report)
    assert "`@someone`" in text
    assert "`https://example.org`" in text


def test_what_was_not_found_is_not_called_lawful() -> None:
    text = render_markdown(make_report())
    assert "no lever found" in text
    assert "✅" not in text


def test_what_is_not_resolved_has_a_list_of_its_own_after_the_models() -> None:
    before, after = render_markdown(make_report()).split("**Not resolved.**")
    assert "RERANKER" not in before
    assert "9 models, 19 uses (2 not resolved), 3 services" in before
    listed = [line for line in after.split("**Hits")[0].splitlines() if line.startswith("- ")]
    assert listed == [
        "- 10 `${RERANKER}` in `search/rerank.py:17`: set in deploy/values.yaml:41 from the environment"
        " · search · prod · 1 use",
        "- 11 `process.env.SUMMARY_MODEL` in `replies/summary.ts:9`: no default is written · replies · prod · 1 use",
    ]


def test_hits_on_official_lists_name_the_models_and_are_no_verdict() -> None:
    text = render_markdown(make_report())
    assert "**Hits on official lists.** A hit is not a verdict." in text
    assert "- Alibaba: developer, base; models 1, 2\n  - us-1260h, listed: Alibaba Group Holding" in text
    assert "No hit is not clearance" in text.split("**Hits on official lists.**")[1]
    assert "Hits on" not in render_markdown(replace(make_report(), screening=None))


def test_policy_waivers_and_known_findings_are_shown() -> None:
    report = make_report()
    text = render_markdown(report)
    assert "**fails** api:deepseek/deepseek-chat" in text
    assert "waived until 2026-12-22, by J. Doe" in text
    assert "the mirror is being built" in text
    assert "- known pkg:huggingface/BAAI/bge-m3" in text
    assert "Policy" not in render_markdown(replace(report, policy=PolicyOutcome(judged=False)))


def test_a_large_report_fits_a_comment_and_says_what_it_left_out() -> None:
    text = render_markdown(make_large_report(500, 10))
    assert len(text) < 65_536
    assert "and 400 more rows" in text
    assert "more lines: see the page or --json" in text


def test_an_empty_report_says_so() -> None:
    report = replace(make_report(), rows=(), services=())
    assert "No use of a named model was found." in render_markdown(report)
