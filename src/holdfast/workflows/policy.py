"""The team's policy applied to findings: new failures, those already known, and those waived, which stay visible."""

from collections.abc import Iterator, Sequence

from holdfast.records.finding import Finding
from holdfast.records.model import Pin
from holdfast.records.report import ModelRow, PolicyOutcome, Waiver
from holdfast.records.settings import Policy, Settings
from holdfast.records.use import Confidence


def judge_policy(rows: Sequence[ModelRow], settings: Settings, baseline: frozenset[str]) -> PolicyOutcome:
    """Without a policy nothing is judged. Findings in the baseline, and waived ones, do not fail."""
    if settings.policy is None:
        return PolicyOutcome(judged=False)
    reasons = {key: (model, lever, why) for key, model, lever, why in _broken(rows, settings.policy)}
    waived = {key: waiver for key, (model, lever, _) in reasons.items() if (waiver := _waiver(model, lever, settings))}
    open_keys = [key for key in reasons if key not in waived]
    return PolicyOutcome(
        judged=True,
        failures=tuple(key for key in open_keys if key not in baseline),
        waived=tuple(waived.items()),
        known=tuple(key for key in open_keys if key in baseline),
        reasons={key: f"{model}: {why}" for key, (model, _, why) in reasons.items()},
    )


def _broken(rows: Sequence[ModelRow], policy: Policy) -> Iterator[tuple[str, str, str, str]]:
    for row in rows:
        if policy.environments and not set(row.environments) & {env.value for env in policy.environments}:
            continue
        yield from ((f.id, row.model, f.lever, _why(f)) for f in row.findings if _breaks(f, policy))
        if policy.unpinned and row.pin is Pin.MOVING and row.uses[0].confidence is not Confidence.UNRESOLVED:
            yield f"unpinned:{row.model}", row.model, "unpinned", "not pinned to a revision"
        if policy.unresolved and row.uses[0].confidence is Confidence.UNRESOLVED:
            yield f"unresolved:{row.model}", row.model, "unresolved", "the model's name is set from outside"


def _breaks(finding: Finding, policy: Policy) -> bool:
    return finding.bites and (finding.reach in policy.reach or finding.effect in policy.effect)


def _why(finding: Finding) -> str:
    return f"{finding.lever} for {finding.act}: reach {finding.reach.value}, effect {finding.effect.value}"


def _waiver(model: str, lever: str, settings: Settings) -> Waiver | None:
    names = (model, model.split("/", 1)[-1], "*")
    return next((w for w in settings.waivers if w.model in names and w.lever in (lever, "*")), None)
