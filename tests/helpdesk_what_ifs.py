"""What-ifs and the policy outcome of the help desk, made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.records.lever import Effect, Reach
from holdfast.records.report import (
    ModelRow,
    PolicyOutcome,
    Waiver,
    WhatIf,
    WhatIfRow,
)
from tests.blasts import compute_blast


@dataclass(frozen=True)
class Supposed:
    """What a scenario does to the rows it meets."""

    id: str
    target: str
    title: str
    asks: str
    meets: tuple[int, ...]
    reach: Reach
    effect: Effect
    lever: str
    says: str


_SUPPOSED = (
    Supposed(
        "hosts-delist-prc",
        "",
        "US hosts delist PRC-origin repositories",
        "US hosts drop PRC-origin repositories",
        (1, 2, 4),
        Reach.OPEN,
        Effect.CLOSED,
        "host-delist-hypothetical",
        "US hosts drop repositories whose builders are controlled from the PRC.",
    ),
    Supposed(
        "letter-us-hosted",
        "org:anthropic",
        "A company letter on a US hosted model",
        "a letter suspends a US hosted model (Anthropic)",
        (7,),
        Reach.LICENCE_NEEDED,
        Effect.CLOSED,
        "is-informed-letter",
        "The provider switches the model off for everyone.",
    ),
    Supposed(
        "letter-us-hosted",
        "org:openai",
        "A company letter on a US hosted model",
        "a letter suspends a US hosted model (OpenAI)",
        (9,),
        Reach.LICENCE_NEEDED,
        Effect.CLOSED,
        "is-informed-letter",
        "The provider switches the model off for everyone.",
    ),
    Supposed(
        "sdn-lab",
        "org:alibaba",
        "SDN listing of a laboratory",
        "OFAC lists the laboratory (Alibaba)",
        (1, 2),
        Reach.CONTESTED,
        Effect.AT_RISK,
        "ofac-sdn",
        "A US person may not deal in property of a listed person.",
    ),
    Supposed(
        "sdn-lab",
        "org:deepseek",
        "SDN listing of a laboratory",
        "OFAC lists the laboratory (DeepSeek)",
        (8,),
        Reach.FORBIDDEN,
        Effect.CLOSED,
        "ofac-sdn",
        "A US person may not deal in property of a listed person.",
    ),
    Supposed(
        "hub-outage",
        "",
        "The hub is down",
        "the hub is down",
        (1, 2, 3, 4, 5, 6),
        Reach.OPEN,
        Effect.DEGRADED,
        "hub-outage-hypothetical",
        "Downloads fail; what is on disk keeps running.",
    ),
    Supposed(
        "eu-gpai",
        "",
        "The EU restricts a GPAI model",
        "the EU restricts a general-purpose model",
        (),
        Reach.OPEN,
        Effect.OPEN,
        "eu-gpai-hypothetical",
        "",
    ),
)


def make_what_ifs(rows: Sequence[ModelRow]) -> tuple[WhatIf, ...]:
    return tuple(_what_if(supposed, rows) for supposed in _SUPPOSED)


def _what_if(supposed: Supposed, rows: Sequence[ModelRow]) -> WhatIf:
    changed = tuple(_what_if_row(supposed, row) for row in rows)
    applied = [replace(r, reach=c.reach, effect=c.effect, stops=c.stops) for r, c in zip(rows, changed, strict=True)]
    return WhatIf(
        id=f"{supposed.id}@{supposed.target}" if supposed.target else supposed.id,
        scenario=supposed.id,
        target=supposed.target,
        title=supposed.title,
        asks=supposed.asks,
        blast=compute_blast(applied, f"If {supposed.asks}: "),
        rows=changed,
    )


def _what_if_row(supposed: Supposed, row: ModelRow) -> WhatIfRow:
    levers = tuple(f.lever for f in row.findings if f.bites)
    says = tuple(g.says for f in row.findings if f.bites for g in f.grounds)
    if row.number not in supposed.meets:
        return WhatIfRow(row.number, row.reach, row.effect, row.stops, levers, says)
    reach = min(row.reach, supposed.reach, key=list(Reach).index)
    effect = min(row.effect, supposed.effect, key=list(Effect).index)
    stops = row.stops or supposed.effect is Effect.CLOSED or supposed.reach is Reach.FORBIDDEN
    return WhatIfRow(row.number, reach, effect, stops, (*levers, supposed.lever), (*says, supposed.says))


def make_policy(rows: Sequence[ModelRow], waiver: Waiver) -> PolicyOutcome:
    qwen, closed = rows[0].findings[0], rows[7].findings[0]
    bge = rows[3].findings[0]
    return PolicyOutcome(
        judged=True,
        failures=(closed.id, f"unpinned:{rows[3].model}"),
        waived=((qwen.id, waiver),),
        known=(bge.id,),
        reasons={
            closed.id: f"{rows[7].model}: pol-retire for use: reach open, effect closed",
            f"unpinned:{rows[3].model}": f"{rows[3].model}: not pinned to a revision",
            qwen.id: f"{rows[0].model}: host-tos for download: reach open, effect at-risk",
            bge.id: f"{rows[3].model}: host-tos for download: reach open, effect at-risk",
        },
    )
