"""Check reports made by hand, so that outputs are tested against values that no scan computed."""

from collections.abc import Sequence
from dataclasses import replace

from holdfast.records.finding import Citation, Finding
from holdfast.records.model import Pin, Revision
from holdfast.records.report import (
    Blast,
    CheckReport,
    ModelRow,
    OrgView,
    PolicyOutcome,
    Waiver,
    WhatIf,
    WhatIfRow,
)
from holdfast.records.use import (
    Artefact,
    Catalogue,
    Place,
    Skipped,
)
from tests.blasts import compute_blast
from tests.helpdesk_findings import HORIZON, ON, delisted
from tests.helpdesk_rows import make_name, make_rows
from tests.helpdesk_screening import make_screening
from tests.helpdesk_what_ifs import make_policy, make_what_ifs


def make_report() -> CheckReport:
    """Eleven rows of a help desk: every kind of row that an output must show."""
    rows = make_rows()
    waiver = Waiver(
        "pkg:huggingface/Qwen/Qwen3-8B", "host-tos", "the mirror is being built", ON.replace(month=12), "J. Doe"
    )
    what_ifs = make_what_ifs(rows)
    blast = compute_blast(rows, f"On {ON}: ")
    return CheckReport(
        holdfast="0.1.0",
        root="examples/helpdesk",
        on=ON,
        horizon=HORIZON,
        party="us-business",
        party_title="US business",
        scenarios=(),
        target="",
        headline=blast.headline,
        rows=rows,
        services=("replies", "search", "triage"),
        blast=blast,
        what_ifs=what_ifs,
        catalogues=(Catalogue(Place("search/models.py", 12), 48, ("gpt-4o", "claude-3-opus", "qwen-max")),),
        artefacts=(
            Artefact(
                Place("models/llama.gguf", 1),
                "gguf",
                make_name("pkg:huggingface/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"),
                Revision(None, Pin.UNKNOWN),
                "llama",
                4_920_734_272,
                (),
                "general.base_model.0.name",
            ),
        ),
        skipped=(Skipped("data/huge.json", "larger than 50 MB"), Skipped("notebooks/broken.ipynb", "not valid JSON")),
        files_seen=214,
        policy=make_policy(rows, waiver),
        waivers=(waiver,),
        stand_ins=tuple(row.stand_in for row in rows if row.stand_in),
        notes=(f"The evidence ends on {HORIZON}; what happened between then and {ON} is unknown.",),
        screening=make_screening(),
    )


def make_scenario_report() -> CheckReport:
    """The same help desk checked with a scenario on the command line."""
    report = make_report()
    supposed = next(what_if for what_if in report.what_ifs if what_if.id == "hosts-delist-prc")
    rows = tuple(
        replace(row, reach=new.reach, effect=new.effect, stops=new.stops, findings=_with_scenario(row, new))
        for row, new in zip(report.rows, supposed.rows, strict=True)
    )
    blast = supposed.blast
    return replace(report, rows=rows, scenarios=("hosts-delist-prc",), blast=blast, headline=blast.headline)


def _with_scenario(row: ModelRow, new: WhatIfRow) -> tuple[Finding, ...]:
    if "host-delist-hypothetical" not in new.levers:
        return row.findings
    return (*row.findings, delisted(row.model))


HOSTILE = '</script><img src=x onerror="window.hacked=1">\u2028`|*_[x](javascript:alert(1))'


def make_hostile_report() -> CheckReport:
    """Names, paths and matched text that would break out of a page, a table or a script if they could."""
    report = make_report()
    first = report.rows[0]
    use = replace(first.uses[0], text=HOSTILE, note=HOSTILE, service=HOSTILE, place=Place(f"a|b`c<b>/{HOSTILE}", 1))
    org = OrgView("org:x", HOSTILE, "CN", "developer", HOSTILE, HOSTILE)
    bad = Citation(HOSTILE, "L", "javascript:alert(1)")
    finding = replace(
        first.findings[0],
        lever_title=HOSTILE,
        grounds=(replace(first.findings[0].grounds[0], citation=bad, says=HOSTILE),),
    )
    row = replace(
        first,
        model=HOSTILE,
        label=HOSTILE,
        uses=(use,),
        services=(HOSTILE,),
        builders=(org,),
        findings=(finding,),
        note=HOSTILE,
    )
    what_ifs = tuple(replace(what_if, title=HOSTILE, asks=HOSTILE) for what_if in report.what_ifs[:1])
    return replace(
        report,
        root=HOSTILE,
        headline=HOSTILE,
        rows=(row, *report.rows[1:]),
        services=(HOSTILE,),
        notes=(HOSTILE,),
        skipped=(Skipped(HOSTILE, HOSTILE),),
        what_ifs=what_ifs,
        party_title=HOSTILE,
        screening=make_screening(HOSTILE),
    )


def make_large_report(rows: int = 500, uses_a_row: int = 10) -> CheckReport:
    """Many rows in many services, with the what-ifs that belong to them."""
    report = make_report()
    pattern = [row for row in report.rows if row.confidence != "unresolved"]
    made = tuple(_copy_of(pattern[index % len(pattern)], index, uses_a_row) for index in range(rows))
    what_ifs = tuple(
        replace(
            what_if,
            rows=tuple(
                replace(what_if.rows[pattern[index % len(pattern)].number - 1], number=index + 1)
                for index in range(rows)
            ),
        )
        for what_if in report.what_ifs
    )
    what_ifs = tuple(replace(w, blast=_blast_of(made, w)) for w in what_ifs)
    services = tuple(sorted({service for row in made for service in row.services}))
    blast = compute_blast(made, f"On {ON}: ")
    return replace(
        report,
        rows=made,
        what_ifs=what_ifs,
        services=services,
        blast=blast,
        headline=blast.headline,
        policy=PolicyOutcome(judged=False),
    )


def _copy_of(row: ModelRow, index: int, uses: int) -> ModelRow:
    service = f"service-{index % 37:02d}"
    made = tuple(
        replace(row.uses[0], service=service, place=Place(f"{service}/src/module_{use:03d}.py", 10 + use))
        for use in range(uses)
    )
    return replace(
        row,
        number=index + 1,
        model=f"{row.model}-{index}",
        label=f"{row.label}-{index}",
        uses=made,
        services=(service,),
    )


def _blast_of(rows: Sequence[ModelRow], what_if: WhatIf) -> Blast:
    changed = [
        replace(row, reach=new.reach, effect=new.effect, stops=new.stops)
        for row, new in zip(rows, what_if.rows, strict=True)
    ]
    return compute_blast(changed, f"If {what_if.asks}: ")
