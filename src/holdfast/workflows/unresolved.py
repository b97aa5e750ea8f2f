"""Uses whose model has no name in what was read: told apart from the models, and said with where the name is set."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.records.report import CheckReport, ModelRow
from holdfast.records.use import Use
from holdfast.workflows.biting import is_unresolved

PLACES_SHOWN_MAX = 2
NOT_ASSESSED = "The name is not in what was read, so nothing was assessed."


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of a report: those of models, and those that stand for an expression."""

    models: tuple[ModelRow, ...]
    unresolved: tuple[ModelRow, ...]

    @property
    def unresolved_uses(self) -> int:
        """How many uses have no name."""
        return sum(len(row.uses) for row in self.unresolved)


def split_rows(rows: Sequence[ModelRow]) -> Split:
    """Both parts in their order."""
    models = tuple(row for row in rows if not is_unresolved(row))
    return Split(models, tuple(row for row in rows if is_unresolved(row)))


def say_counts(report: CheckReport) -> str:
    """`8 models, 20 uses (1 not resolved), 4 services`: services only where there are any."""
    split = split_rows(report.rows)
    services = [say_count(len(report.services), "service")] if report.services else []
    uses = say_uses(report.use_count, split.unresolved_uses)
    return ", ".join([say_count(len(split.models), "model"), uses, *services])


def say_uses(uses: int, unresolved: int) -> str:
    """A number of uses, and how many of them have no name."""
    return say_count(uses, "use") + (f" ({unresolved} not resolved)" if unresolved else "")


def say_count(number: int, noun: str) -> str:
    """`1 use`, `2 uses`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def say_places(uses: Sequence[Use]) -> str:
    """The first places of an expression, and how many more there are."""
    places = list(dict.fromkeys(str(use.place) for use in uses))
    more = len(places) - PLACES_SHOWN_MAX
    return ", ".join(places[:PLACES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def say_why(uses: Sequence[Use]) -> str:
    """Where the name would come from, each reason once: `set in compose.yaml:16 from the environment`."""
    return "; ".join(dict.fromkeys(use.note for use in uses if use.note)) or "set from outside"
