"""Writes the reference of the probe's families: an example of each at each level. Called by cog, see `make docs`."""

from collections.abc import Iterator

from holdfast.measure.quality.families.catalogue import FAMILIES, make_task
from holdfast.measure.quality.families.family import Family, Level

SHOWN_WORDS = 120
SEED = 1


def render_families() -> str:
    """Every family with an example of each level: the first task of seed 1."""
    return "\n".join(line for family in FAMILIES for line in _family_lines(family))


def _family_lines(family: Family) -> Iterator[str]:
    yield f"### {family.name}\n"
    yield f"{family.about[0].upper()}{family.about[1:]}.\n"
    for level in Level:
        task = make_task(family, level, SEED, 0)
        chance = f"; chance {family.chance[level]:.0%}" if level in family.chance else ""
        yield f"*{level}* (judged by {task.check_names}{chance})\n"
        yield f"```text\n{_shorten(task.messages[0].content)}\n```\n"


def _shorten(prompt: str) -> str:
    """The prompt, without the middle of a long one."""
    words = prompt.split(" ")
    if len(words) <= 2 * SHOWN_WORDS:
        return prompt
    left_out = len(words) - 80
    return " ".join([*words[:40], f"[… {left_out} words …]", *words[-40:]])
