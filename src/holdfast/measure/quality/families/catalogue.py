"""All families, and suites made of them. The same seed gives the same tasks, on every machine; a new one, new tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from holdfast.measure.quality.families.arithmetic import ARITHMETIC
from holdfast.measure.quality.families.choice import CHOICE
from holdfast.measure.quality.families.copying import COPYING
from holdfast.measure.quality.families.counting import COUNTING
from holdfast.measure.quality.families.dates import DATES
from holdfast.measure.quality.families.extraction import EXTRACTION
from holdfast.measure.quality.families.family import Family, Level
from holdfast.measure.quality.families.formats import FORMATS
from holdfast.measure.quality.families.knights import KNIGHTS
from holdfast.measure.quality.families.lookup import LOOKUP
from holdfast.measure.quality.families.ordering import ORDERING
from holdfast.measure.quality.families.patterns import PATTERNS
from holdfast.measure.quality.families.programs import PROGRAMS
from holdfast.measure.quality.families.state import STATE
from holdfast.measure.quality.families.strings import STRINGS
from holdfast.measure.quality.families.tables import TABLES
from holdfast.measure.quality.families.tools import TOOLS
from holdfast.measure.quality.families.translation import TRANSLATION
from holdfast.measure.quality.families.units import UNITS
from holdfast.measure.quality.tasks import Suite, Task
from holdfast.records.errors import UnknownName
from holdfast.records.measurement import Message

VERSION: Final = 1
"""Changes whenever the same seed would give other tasks."""
FAMILIES: Final = (
    CHOICE, COPYING, PATTERNS, ARITHMETIC, COUNTING, DATES, UNITS, STRINGS, STATE, TABLES, LOOKUP, EXTRACTION, FORMATS,
    TOOLS, PROGRAMS, KNIGHTS, ORDERING, TRANSLATION,
)  # fmt: skip
_TOKENS_MAX: Final = {Level.EASY: 512, Level.MEDIUM: 2048, Level.HARD: 4096}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tasks to make: `count` of each of `families` (none named: all) at each of `levels`, with this seed."""

    seed: int
    families: tuple[str, ...] = ()
    levels: tuple[Level, ...] = (Level.EASY, Level.MEDIUM, Level.HARD)
    count: int = 10
    use: str = ""


def make_suite(wanted: Wanted) -> Suite:
    """The tasks, family by family and level by level. Raises UnknownName for a family that does not exist."""
    tasks = tuple(
        make_task(family, level, wanted.seed, number, wanted.use)
        for family in find_families(wanted.families)
        for level in wanted.levels
        for number in range(wanted.count)
    )
    return Suite(f"families-{VERSION}", tasks, f"made with seed {wanted.seed}")


def find_families(names: Sequence[str]) -> tuple[Family, ...]:
    """The families of these names, in the order of the catalogue; all when none is named."""
    known = [family.name for family in FAMILIES]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise UnknownName(f"there is no family {unknown}", next_step=f"These exist: {', '.join(known)}.")
    return tuple(family for family in FAMILIES if not names or family.name in names)


def make_task(family: Family, level: Level, seed: int, number: int, use: str = "") -> Task:
    """One task: a function of these arguments alone. Tasks that happen to be the same are of one cluster."""
    random = Random(f"{VERSION}/{seed}/{family.name}/{level}/{number}")  # noqa: S311 - tasks, not secrets
    problem = family.make(random, level)
    task = Task(
        id=f"{family.name}-{level}-{seed}-{number}",
        messages=(Message("user", problem.prompt),),
        checks=problem.checks,
        use=use,
        family=f"{family.name}/{level}",
        tokens_max=_TOKENS_MAX[level],
        tools=problem.tools,
        solution=problem.solution,
    )
    return replace(task, cluster=task.prompt_sha256[:16])
