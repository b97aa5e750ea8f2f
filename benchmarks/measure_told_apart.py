"""Whether the families tell the two models of measure_models.py apart: the share right of each, on llama-server.

The tasks have another seed than those that were learnt from. Easy ones are few, though: how many of the prompts were
seen in training stands beside. Exits 1 when the models cannot be told apart, or answer all or nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measure_engine_starting import HOST, start_llama
from benchmarks.measure_models import EVALUATION_SEED, FAMILIES, PLACE, Models, list_tasks, make_models
from benchmarks.vault_running import describe_machine

from holdfast.measure.load.asking import ask_all
from holdfast.measure.quality.asking import Examination, run_suite
from holdfast.measure.quality.families.catalogue import Wanted, find_families, make_suite
from holdfast.measure.quality.families.family import Level
from holdfast.measure.quality.tasks import Suite
from holdfast.measure.statistics.answers import PairedComparison, compare_by_use, estimate_right
from holdfast.records.measurement import Answer, Endpoint, Estimate

SLOTS = 4
BETTER_MIN = 2  # families


@dataclass(frozen=True, slots=True)
class Row:
    """One family: the shares of both models, and the large one's against the small one's."""

    family: str
    chance: float
    seen: float
    small: Estimate
    large: Estimate
    compared: PairedComparison

    @property
    def is_better(self) -> bool:
        """Whether the large model is better beyond chance, all families looked at."""
        adjusted, difference = self.compared.p_adjusted, self.compared.difference.value
        return adjusted is not None and difference is not None and adjusted <= 0.05 and difference > 0

    @property
    def is_known(self) -> bool:
        """Whether both models know more of it than guessing would give."""
        return all(one.low is not None and one.low > self.chance for one in (self.small, self.large))


def main() -> None:
    """The table; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=PLACE)
    parser.add_argument("--count", type=int, default=100, help="tasks a family")
    asked = parser.parse_args()
    models = make_models(asked.models)
    suite = make_suite(Wanted(seed=EVALUATION_SEED, families=FAMILIES, levels=(Level.EASY,), count=asked.count))
    print(describe_machine())
    print("\n| family | by chance | prompts seen in training | small | large | large - small | p, Holm's |")
    print("|---|---|---|---|---|---|---|")
    small, large = (answer(models, name, suite) for name in models.names)
    rows = [*compare(suite, small, large)]
    for row in rows:
        print(describe(row))
    sys.exit(0 if check(rows) else 1)


def answer(models: Models, name: str, suite: Suite) -> list[Answer]:
    """What one model answers, always with its likeliest token: tasks with the same prompt are not independent."""
    with tempfile.TemporaryDirectory() as scratch, start_llama(models.find_gguf(name), Path(scratch), SLOTS) as engine:
        endpoint = Endpoint(name, f"http://{HOST}:{engine.port}/v1", engine.model)
        answers = run_suite(suite, endpoint, lambda asks: ask_all(endpoint, asks, SLOTS), Examination(temperature=0.0))
    return [replace(one, use=one.family, cluster=one.prompt_sha256) for one in answers]


def compare(suite: Suite, small: Sequence[Answer], large: Sequence[Answer]) -> Iterator[Row]:
    """A row for each family."""
    learnt = {task["prompt"] for task in list_tasks()}
    compared = {one.use: one for one in compare_by_use(large, small, seed=0)}
    for family in find_families(FAMILIES):
        name = f"{family.name}/{Level.EASY}"
        prompts = [task.messages[0].content for task in suite.tasks if task.family == name]
        yield Row(
            family=family.name,
            chance=family.chance.get(Level.EASY, 0.0),
            seen=sum(prompt in learnt for prompt in prompts) / len(prompts),
            small=estimate_right([one for one in small if one.use == name]),
            large=estimate_right([one for one in large if one.use == name]),
            compared=compared[name],
        )


def describe(row: Row) -> str:
    """A line of the table."""
    shares = " | ".join(map(write, (row.small, row.large, row.compared.difference)))
    return f"| {row.family} | {row.chance:.0%} | {row.seen:.0%} | {shares} | {row.compared.p_adjusted:.2g} |"


def write(estimate: Estimate) -> str:
    """`0.91 [0.84, 0.95]`"""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "unknown"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def check(rows: Sequence[Row]) -> bool:
    """Print the goals and whether they are met."""
    perfect = all(row.small.value == 1 for row in rows) or all(row.large.value == 1 for row in rows)
    goals = {
        f"the large model is better in {BETTER_MIN} families or more": sum(row.is_better for row in rows) >= BETTER_MIN,
        "both know more than chance in one family or more": any(row.is_known for row in rows),
        "neither is right in all": not perfect,
    }
    for goal, is_met in goals.items():
        print(f"{goal}: {'met' if is_met else 'MISSED'}")
    return all(goals.values())


if __name__ == "__main__":
    main()
