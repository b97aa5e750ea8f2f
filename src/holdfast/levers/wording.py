"""Tests in words, for one row: what was asked, of whom, and who answers it. Adds no judgement."""

from holdfast.levers.conditions import Frame, evaluate
from holdfast.levers.organisations import OrgRow
from holdfast.levers.rulebook import leaves
from holdfast.levers.truth import word
from holdfast.levers.vocabulary import as_words
from holdfast.records.finding import Reason
from holdfast.records.lever import Condition, FactTest, OrgTest, TargetTest

_ROLE_WORDS = {
    "builder": "who built the weights",
    "developer": "the developer",
    "endpoint": "who runs the endpoint",
    "host": "the host of the files",
    "counterparty": "the other side",
    "party": "the party",
}


def describe(condition: Condition | None, frame: Frame, row: int) -> tuple[Reason, ...]:
    """Every test of a condition as a sentence with its answer for the row."""
    reasons: list[Reason] = []
    for leaf in leaves(condition):
        answers = evaluate(leaf, frame)
        truth = word(answers[row if len(answers) > 1 else 0])
        reasons.append(Reason(_leaf_text(leaf, frame, row), truth))
    return tuple(dict.fromkeys(reasons))


def _leaf_text(leaf: Condition, frame: Frame, row: int) -> str:
    if isinstance(leaf, FactTest):
        return _fact_text(leaf, frame)
    if isinstance(leaf, OrgTest):
        return _org_text(leaf, frame, row)
    if isinstance(leaf, TargetTest):
        aimed = frame.target.name if frame.target else "nothing"
        return f"{_ROLE_WORDS.get(leaf.target, 'the ' + leaf.target)} is what the scenario is aimed at ({aimed})"
    raise AssertionError("leaves() yields tests only")


def _fact_text(test: FactTest, frame: Frame) -> str:
    name = (frame.vocabulary.facts[test.fact].about or test.fact).split(";")[0].split(",")[0]
    label = f"{test.fact} ({name})" if name != test.fact else test.fact
    parts: list[str] = []
    if test.is_ is not None:
        parts.append(f"is {' or '.join(as_words(test.is_))}")
    if test.at_least is not None:
        parts.append(f"is at least {test.at_least:g}")
    if test.more_than is not None:
        parts.append(f"is more than {test.more_than:g}")
    if test.before is not None:
        parts.append(f"is before {test.before}")
    if test.from_ is not None:
        parts.append(f"is {test.from_} or later")
    return f"{label} {' and '.join(parts)}"


def _org_text(test: OrgTest, frame: Frame, row: int) -> str:
    names = ", ".join(_holders(test.org, frame, row))
    role = f"{_ROLE_WORDS[test.org]} ({names})" if names else f"{_ROLE_WORDS[test.org]} (nobody)"
    return f"{role} {' and '.join(_org_tests(test))}"


def _org_tests(test: OrgTest) -> list[str]:
    parts: list[str] = []
    if test.is_ is not None:
        parts.append(f"is {' or '.join(as_words(test.is_))}")
    if test.on_list is not None:
        parts.append(f"is on the list {' or '.join(as_words(test.on_list))}")
    if test.controlled_from is not None:
        parts.append(f"is controlled from {' or '.join(as_words(test.controlled_from))}")
    if test.incorporated is not None:
        parts.append(f"is incorporated in {' or '.join(as_words(test.incorporated))}")
    if test.located is not None:
        parts.append(f"is incorporated, headquartered or controlled in {' or '.join(as_words(test.located))}")
    return parts + _owner_tests(test)


def _owner_tests(test: OrgTest) -> list[str]:
    parts: list[str] = []
    if test.owned_by is not None:
        parts.append(f"is owned at least {test.owned_by.at_least:g} % by {test.owned_by.org}")
    if test.owned_by_listed is not None:
        lists = " or ".join(test.owned_by_listed.lists)
        parts.append(f"is owned at least {test.owned_by_listed.at_least:g} % in the aggregate by parties on {lists}")
    if test.owned_from is not None:
        owned = test.owned_from
        share = f"more than {owned.more_than:g}" if owned.more_than is not None else f"at least {owned.at_least:g}"
        parts.append(f"is owned {share} % from {' or '.join(owned.countries)}")
    return parts


def _holders(role: str, frame: Frame, row: int) -> list[str]:
    if role == "party":
        return [frame.actor.name]
    column = frame.subjects.roles.get(role)
    if column is None:
        return []
    if column.starts is None:
        codes = column.holders[row : row + 1]
    else:
        end = column.starts[row + 1] if row + 1 < len(column.starts) else len(column.holders)
        codes = column.holders[column.starts[row] : end]
    return [_org_name(int(code), frame.orgs.rows) for code in codes if code != -2]


def _org_name(code: int, rows: tuple[OrgRow, ...]) -> str:
    return rows[code].name if code >= 0 else "somebody unknown"
