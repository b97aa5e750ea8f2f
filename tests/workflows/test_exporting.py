"""Exports: written whole or not at all, in UTF-8, with a baseline that knows everything a policy may mind."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.front.outputs import get_page_renderers
from holdfast.records.report import CheckReport
from holdfast.workflows.exporting import render_baseline, write_exports
from tests.reports import make_report

FORMS = ("html", "sarif", "cyclonedx", "markdown", "baseline")


def test_every_form_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    outputs = {form: tmp_path / f"out.{form}" for form in FORMS}
    assert write_exports(make_report(), outputs, get_page_renderers()) == list(outputs.items())
    assert all(place.read_text(encoding="utf-8").endswith("\n") for place in outputs.values())


def test_a_form_that_cannot_be_rendered_leaves_nothing_half_written(tmp_path: Path) -> None:
    def fail(_: CheckReport) -> str:
        raise RuntimeError("no page")

    with pytest.raises(RuntimeError):
        write_exports(make_report(), {"markdown": tmp_path / "a.md", "html": tmp_path / "b.html"}, {"html": fail})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_file_name_that_is_no_text_does_not_stop_an_export(tmp_path: Path, form: str) -> None:
    report = make_report()
    row = report.rows[0]
    use = replace(row.uses[0], place=replace(row.uses[0].place, path="bad-\udcff.py"), text="\udc80")
    changed = replace(report, rows=(replace(row, uses=(use,)), *report.rows[1:]))
    write_exports(changed, {form: tmp_path / "out"}, get_page_renderers())
    assert (tmp_path / "out").read_bytes().decode("utf-8")


def test_a_baseline_holds_what_bites_what_is_unpinned_and_what_is_unresolved() -> None:
    report = make_report()
    ids = set(json.loads(render_baseline(report))["findings"])
    assert set(report.policy.failures) | set(report.policy.known) <= ids
    assert {"unresolved:${RERANKER}", "unpinned:pkg:huggingface/Qwen/Qwen3-8B"} <= ids
    assert "unpinned:pkg:huggingface/mistralai/Mistral-7B-v0.3" not in ids
