"""SARIF: held against the structure of the standard, and against the report it was made from."""

import json
from dataclasses import replace
from typing import cast

from holdfast.records.lever import Effect, Reach
from holdfast.records.report import HeldCopy, PolicyOutcome
from holdfast.workflows.sarif import render_sarif
from tests.reports import make_hostile_report, make_large_report, make_report, make_scenario_report

Json = dict[str, object]


def _run(text: str) -> Json:
    log = cast("Json", json.loads(text))
    return cast("list[Json]", log["runs"])[0]


def _results(text: str) -> list[Json]:
    return cast("list[Json]", _run(text)["results"])


def _rules(text: str) -> list[Json]:
    driver = cast("Json", cast("Json", _run(text)["tool"])["driver"])
    return cast("list[Json]", driver["rules"])


def _place(result: Json) -> tuple[str, int]:
    physical = cast("Json", cast("list[Json]", result["locations"])[0]["physicalLocation"])
    artifact, region = cast("Json", physical["artifactLocation"]), cast("Json", physical["region"])
    return str(artifact["uri"]), cast("int", region["startLine"])


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_sarif(make_report()) == render_sarif(make_report())


def test_the_log_has_what_the_standard_requires() -> None:
    for report in (make_report(), make_hostile_report(), make_scenario_report(), make_large_report(20)):
        log = json.loads(render_sarif(report))
        assert log["version"] == "2.1.0"
        assert log["$schema"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
        run = log["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules))
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            assert result["message"]["text"]
            assert result["level"] in {"error", "warning", "note", "none"}
            assert result.get("baselineState", "new") in {"new", "unchanged", "updated", "absent"}
            for location in result["locations"]:
                assert location["physicalLocation"]["region"]["startLine"] >= 1
                uri = location["physicalLocation"]["artifactLocation"]["uri"]
                assert uri.isascii()
                assert not set(' <>"|`') & set(uri)


def test_every_lever_that_bites_has_one_rule_and_a_result_at_every_use() -> None:
    report = make_report()
    text = render_sarif(report)
    expected = sorted(
        (finding.lever, use.place.path, use.place.line)
        for row in report.rows
        for finding in row.findings
        if finding.reach is not Reach.OPEN or finding.effect is not Effect.OPEN
        for use in row.uses
    )
    levers = {lever for lever, _, _ in expected}
    results = [r for r in _results(text) if r["ruleId"] in levers]
    assert sorted((str(r["ruleId"]), *_place(r)) for r in results) == expected
    assert {rule["id"] for rule in _rules(text)} == levers | {"unpinned", "unresolved"}


def test_unpinned_and_unresolved_uses_are_notes() -> None:
    report = make_report()
    results = _results(render_sarif(report))
    unresolved = [_place(r) for r in results if r["ruleId"] == "unresolved"]
    assert unresolved == [("search/rerank.py", 17), ("replies/summary.ts", 9)]
    assert {r["level"] for r in results if r["ruleId"] in ("unpinned", "unresolved")} == {"note"}


def test_the_level_follows_from_what_happens() -> None:
    levels = {str(r["ruleId"]): r["level"] for r in _results(render_sarif(make_report()))}
    assert levels["pol-retire"] == "error"  # closed
    assert levels["host-tos"] == "warning"  # at risk
    assert levels["lic-llama-3.1"] == "warning"  # conditional
    assert levels["icts-791"] == "note"  # unknown


def test_a_message_says_when_it_is_not_known_whether_the_rule_applies() -> None:
    results = _results(render_sarif(make_report()))
    doubtful = {r["ruleId"] for r in results if "not known. To" in str(cast("Json", r["message"])["text"])}
    assert doubtful == {"icts-791"}


def test_what_the_scenario_supposes_is_said_to_be_supposed() -> None:
    results = [r for r in _results(render_sarif(make_scenario_report())) if r["ruleId"] == "host-delist-hypothetical"]
    assert results
    for result in results:
        assert "supposed by the scenario" in str(cast("Json", result["message"])["text"])
        assert cast("Json", result["properties"])["supposed"] is True


def test_a_result_tells_what_the_vault_holds_of_its_model() -> None:
    report = make_report()
    held = HeldCopy("a" * 40, "frozen")
    rows = (
        replace(report.rows[1], copy="frozen", copies=(held,), copy_says="frozen at aaaaaaaaaaaa"),
        *report.rows[2:],
    )
    text = render_sarif(replace(report, rows=(report.rows[0], *rows)))
    told = [r for r in _results(text) if cast("Json", r["properties"])["model"] == report.rows[1].model]
    assert told
    for result in told:
        properties = cast("Json", result["properties"])
        assert (properties["copy"], properties["copySays"]) == ("frozen", "frozen at aaaaaaaaaaaa")
        assert properties["copies"] == [{"revision": "a" * 40, "state": "frozen"}]
        if result["ruleId"] not in ("unpinned", "unresolved"):
            assert str(cast("Json", result["message"])["text"]).endswith(" Copy: frozen at aaaaaaaaaaaa.")
    assert _prints(text) == _prints(render_sarif(report))  # what is held changes, and no alert becomes another


def test_a_result_says_that_no_copy_is_held_or_that_a_hosted_model_has_none() -> None:
    report = make_report()
    said = {cast("Json", r["properties"])["copy"] for r in _results(render_sarif(report))}
    assert said == {row.copy for row in report.rows}
    assert "Copy:" not in render_sarif(report)


def test_a_waived_finding_is_suppressed_with_its_reason_and_stays() -> None:
    results = [r for r in _results(render_sarif(make_report())) if "suppressions" in r]
    assert {_place(r)[0] for r in results} == {use.place.path for use in make_report().rows[0].uses}
    suppression = cast("list[Json]", results[0]["suppressions"])[0]
    assert suppression["justification"] == "the mirror is being built"
    assert suppression["kind"] == "external"


def test_a_waiver_hides_no_other_finding_of_the_same_lever() -> None:
    report = make_report()
    row = report.rows[0]
    other = replace(row.findings[0], id="other000", act="use")
    waiver = report.policy.waived[0][1]
    policy = PolicyOutcome(True, ("other000",), ((row.findings[0].id, waiver),))
    changed = replace(report, rows=(replace(row, findings=(*row.findings, other)), *report.rows[1:]), policy=policy)
    assert not [r for r in _results(render_sarif(changed)) if "suppressions" in r]


def test_a_baseline_tells_new_from_known_and_without_one_nothing_is_told() -> None:
    report = make_report()
    states = {(str(r["ruleId"]), _place(r)[0]): r.get("baselineState") for r in _results(render_sarif(report))}
    assert states["pol-retire", "search/answer.py"] == "new"
    assert states["host-tos", "search/index.py"] == "unchanged"
    assert states["host-tos", "triage/summarise.py"] is None
    bare = replace(report, policy=PolicyOutcome(judged=False))
    assert not any("baselineState" in r for r in _results(render_sarif(bare)))


def test_a_fingerprint_survives_lines_that_move_and_differs_between_places() -> None:
    report = make_report()
    row = report.rows[1]
    use = row.uses[0]
    moved = replace(row, uses=(replace(use, place=replace(use.place, line=use.place.line + 30)),))
    rows = (report.rows[0], moved, *report.rows[2:])
    prints = [_prints(render_sarif(report)), _prints(render_sarif(replace(report, rows=rows)))]
    assert prints[0] == prints[1]
    assert len(prints[0]) == len(set(prints[0]))


def _prints(text: str) -> list[str]:
    return [str(cast("Json", r["partialFingerprints"])["findingAndPlace/v1"]) for r in _results(text)]


def test_a_rule_links_to_a_source_only_when_one_has_a_web_address() -> None:
    rules = {str(rule["id"]): rule for rule in _rules(render_sarif(make_report()))}
    assert rules["host-tos"]["helpUri"] == "https://huggingface.co/content-policy"
    assert "helpUri" not in rules["icts-791"]
    hostile = {str(rule["id"]): rule for rule in _rules(render_sarif(make_hostile_report()))}
    assert all(str(rule.get("helpUri", "https:")).startswith("http") for rule in hostile.values())


def test_skipped_files_are_notifications() -> None:
    invocation = cast("list[Json]", _run(render_sarif(make_report()))["invocations"])[0]
    notes = cast("list[Json]", invocation["toolExecutionNotifications"])
    assert [str(cast("Json", note["message"])["text"]) for note in notes] == [
        "Not read to its end: larger than 50 MB.",
        "Not read to its end: not valid JSON.",
    ]


def test_the_horizon_and_the_disclaimer_go_with_the_run() -> None:
    properties = cast("Json", _run(render_sarif(make_report()))["properties"])
    assert properties["evidenceTo"] == "2026-10-06"
    assert properties["disclaimer"] == "Evidence, not legal advice."


def test_official_lists_are_told_in_the_run_and_break_no_rule() -> None:
    report = make_report()
    told = cast("Json", cast("Json", _run(render_sarif(report))["properties"])["officialLists"])
    hits = cast("list[Json]", told["hits"])
    assert [(hit["name"], hit["rows"]) for hit in hits] == [("Alibaba", [1, 2])]
    assert told["listedOn"] == "2026-11-22"
    silent = render_sarif(replace(report, screening=None))
    assert _results(silent) == _results(render_sarif(report))
