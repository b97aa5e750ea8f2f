"""Findings of the help desk, made by hand: grounds, exceptions, standings, sources."""

import datetime
from dataclasses import replace

from holdfast.records.finding import Citation, Finding, Ground, Objection, Reason, Standing
from holdfast.records.lever import Effect, Reach, Status, Strength, Truth

ON = datetime.date(2026, 11, 22)
HORIZON = datetime.date(2026, 10, 6)
SHA = "9c925d64d72725edaf899c6cb9c377fd0709d9c5"


STATUTE = Citation("50 USC 1702(b)(3)", "P", "https://www.law.cornell.edu/uscode/text/50/1702")
LETTER = Citation("Letter of 2026-06-12, as published", "S", None)
POLICY = Citation(
    "Provider policy on ownership, 2025-09-05", "P", "https://www.anthropic.com/news/updating-restrictions"
)
TERMS = Citation("Hub terms and content policy", "S", "https://huggingface.co/content-policy")


def _finding(model: str, lever: str, title: str, act: str, ground: Ground, standing: Standing) -> Finding:
    channel = {"download": "hub-download", "use": "hosted-api" if model.startswith("api:") else "local-copy"}[act]
    return Finding(
        id=f"{abs(_sum(f'{lever}|{act}|{model}')):08x}",
        party="us-business",
        act=act,
        channel=channel,
        model=model,
        lever=lever,
        lever_title=title,
        on=ON,
        reach=ground.reach,
        effect=ground.effect,
        standing=standing,
        grounds=(ground,),
        horizon=HORIZON,
    )


def _sum(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % (1 << 32)
    return value


def _standing(status: Status, since: str, citation: Citation | None, **more: object) -> Standing:
    base = Standing(status, datetime.date.fromisoformat(since), None, False, False, "high", citation)
    return replace(base, **more)  # type: ignore[arg-type]


def _ground(rule: str, says: str, reach: Reach, effect: Effect, citation: Citation, **more: object) -> Ground:
    return replace(
        Ground(rule, says, Truth.YES, reach, effect, reach, effect, "medium", citation),
        **more,  # type: ignore[arg-type]
    )


def host_terms(model: str) -> Finding:
    ground = _ground(
        "remove-at-discretion",
        "The host may remove any repository at its sole discretion.",
        Reach.OPEN,
        Effect.AT_RISK,
        TERMS,
        reasons=(Reason("the files are fetched from huggingface.co", Truth.YES),),
    )
    return _finding(
        model,
        "host-tos",
        "Hub terms: removal at the host's discretion",
        "download",
        ground,
        _standing(Status.IN_FORCE, "2025-04-10", TERMS),
    )


def power(model: str) -> Finding:
    ground = _ground(
        "block-dealings",
        "Under a declared emergency dealings with a named foreign person may be blocked.",
        Reach.OPEN,
        Effect.OPEN,
        STATUTE,
        would_be=Reach.FORBIDDEN,
        would_effect=Effect.CLOSED,
        reasons=(
            Reason("the builder is controlled from the PRC", Truth.YES),
            Reason("an order names the builder", Truth.NO),
        ),
        objections=(
            Objection(
                "informational-material",
                "Existing informational material may not be regulated under IEEPA.",
                Strength.SETTLED,
                Truth.UNKNOWN,
                STATUTE,
                (Reason("the weights are informational material", Truth.UNKNOWN),),
            ),
        ),
    )
    return _finding(
        model,
        "ieepa-block",
        "IEEPA: blocking by executive order",
        "use",
        ground,
        _standing(Status.HYPOTHETICAL, "1977-12-28", STATUTE, note="A power; nothing has been done under it."),
    )


def proposed(model: str) -> Finding:
    ground = _ground(
        "import-ban",
        "Importing AI technology from the PRC would be unlawful.",
        Reach.OPEN,
        Effect.OPEN,
        LETTER,
        would_be=Reach.FORBIDDEN,
        would_effect=Effect.CLOSED,
    )
    return _finding(
        model, "s321", "S.321: decoupling bill", "download", ground, _standing(Status.PROPOSED, "2025-01-29", LETTER)
    )


def listed(model: str) -> Finding:
    ground = _ground(
        "supply-to-listed",
        "A licence is needed to send items subject to the EAR to a listed entity.",
        Reach.CONTESTED,
        Effect.AT_RISK,
        LETTER,
        would_be=Reach.LICENCE_NEEDED,
        objections=(
            Objection(
                "published", "Published software is not subject to the EAR.", Strength.ARGUED, Truth.YES, STATUTE
            ),
        ),
    )
    standing = _standing(
        Status.IN_FORCE,
        "2025-03-25",
        LETTER,
        confidence="medium",
        unverified=True,
        conflicts=("Another summary dates the listing 2025-03-28.",),
    )
    return _finding(model, "entity-list", "EAR: Entity List", "use", ground, standing)


def licence(model: str) -> Finding:
    ground = _ground(
        "llama-mau",
        "Above 700 million monthly users a separate licence is needed.",
        Reach.CONDITIONAL,
        Effect.OPEN,
        Citation("Llama 3.1 Community License", "P", "https://www.llama.com/llama3_1/license/"),
        reasons=(Reason("the party has more than 700 million monthly users", Truth.NO),),
    )
    return _finding(
        model,
        "lic-llama-3.1",
        "Llama 3.1 Community License",
        "use",
        ground,
        _standing(Status.IN_FORCE, "2024-07-23", None),
    )


def undecided(model: str) -> Finding:
    ground = _ground(
        "prc-built",
        "Models built in the PRC need a transaction review.",
        Reach.UNKNOWN,
        Effect.UNKNOWN,
        LETTER,
        truth=Truth.UNKNOWN,
        would_be=Reach.CONDITIONAL,
        reasons=(Reason("someone who built it is controlled from the PRC", Truth.UNKNOWN),),
    )
    return _finding(
        model,
        "icts-791",
        "ICTS: review of transactions",
        "use",
        ground,
        _standing(Status.IN_FORCE, "2021-03-22", LETTER),
    )


def provider(model: str) -> Finding:
    ground = _ground(
        "owners-prc",
        "Service is refused to companies owned for more than half from unsupported regions.",
        Reach.OPEN,
        Effect.OPEN,
        POLICY,
        would_be=Reach.FORBIDDEN,
        would_effect=Effect.CLOSED,
        reasons=(Reason("the party is owned > 50 % from the PRC", Truth.NO),),
    )
    return _finding(
        model,
        "pol-ownership",
        "Provider policy: owners > 50 % PRC",
        "use",
        ground,
        _standing(Status.IN_FORCE, "2025-09-05", POLICY),
    )


def provider_closed(model: str) -> Finding:
    ground = _ground(
        "retired",
        "The provider has announced that this name stops answering.",
        Reach.OPEN,
        Effect.CLOSED,
        Citation("Provider's notice", "S", "https://api-docs.deepseek.com/news"),
    )
    return _finding(
        model, "pol-retire", "Provider retires the name", "use", ground, _standing(Status.IN_FORCE, "2026-11-01", None)
    )


def delisted(model: str) -> Finding:
    ground = _ground(
        "delist",
        "US hosts drop repositories whose builders are controlled from the PRC.",
        Reach.OPEN,
        Effect.CLOSED,
        TERMS,
    )
    standing = _standing(Status.HYPOTHETICAL, "2026-11-22", None, from_scenario=True)
    return _finding(
        model, "host-delist-hypothetical", "US hosts drop PRC-origin repositories", "download", ground, standing
    )
