"""A hub's worth of models judged in columns: what share of models, downloads and bytes each lever reaches.

No Python loop runs per model. Rows are judged for one party; names are read, never resolved over a network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from holdfast.levers.judging import EFFECT_ORDER, REACH_ORDER, Grades, Question, judge, strictest
from holdfast.levers.organisations import OrgTable
from holdfast.levers.party import Actor
from holdfast.levers.standing import REACH_UNDER, find_standing
from holdfast.levers.subjects import (
    NOBODY,
    SOMEBODY_UNKNOWN,
    Codes,
    FactColumn,
    Lineage,
    NumberColumn,
    RoleColumn,
    SubjectTable,
    WordColumn,
    make_lineage,
)
from holdfast.levers.world import World
from holdfast.records.errors import MalformedFile
from holdfast.records.lever import Effect, Lever, Reach

WORD_FACTS: Final = {
    "family": "model.family",
    "licence": "model.licence",
    "openness": "model.openness",
    "modality": "model.modality",
    "kind": "model.kind",
}
NUMBER_FACTS: Final = {"training_flop": "model.training_flop"}
MEASURES: Final = ("models", "downloads", "bytes")


@dataclass(frozen=True)
class HubTable:
    """Models in columns, with what each counts for: one, its downloads, its bytes."""

    subjects: SubjectTable
    measures: dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the table has this reach and effect under one lever (`all`: under any) for one act."""

    lever: str
    act: str
    reach: Reach
    effect: Effect
    models: int
    share_of_models: float
    share_of_downloads: float
    share_of_bytes: float


def make_hub_table(models: pl.DataFrame, edges: pl.DataFrame, orgs: OrgTable) -> HubTable:
    """Columns from a table of models and a table of lineage edges.

    `models`: `id`, `developer` (organisation id; null: unknown); optional `host`, `family`, `licence`, `openness`,
    `modality`, `kind`, `training_flop`, `downloads`, `bytes`. `edges`: `child`, `base` (row numbers).
    Raises MalformedFile when a column is missing or an edge points outside the table.
    """
    _check_columns(models, ("id", "developer"), "models")
    _check_columns(edges, ("child", "base"), "edges")
    developers = _org_codes(models["developer"], orgs, SOMEBODY_UNKNOWN)
    host = _org_codes(models["host"], orgs, SOMEBODY_UNKNOWN) if "host" in models.columns else _nobody(models.height)
    roles = {
        "builder": RoleColumn(developers),
        "developer": RoleColumn(developers),
        "host": RoleColumn(host),
        "endpoint": RoleColumn(_nobody(models.height)),
        "counterparty": RoleColumn(_nobody(models.height)),
    }
    subjects = SubjectTable(models["id"], roles, _facts(models), _lineage(edges, models.height))
    return HubTable(subjects, _measures(models))


def _check_columns(table: pl.DataFrame, names: Iterable[str], what: str) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise MalformedFile(f"the table of {what} has no column {', '.join(missing)}", where=what)


def _nobody(rows: int) -> Codes:
    return np.full(rows, NOBODY, dtype=np.int32)


def _org_codes(column: pl.Series, orgs: OrgTable, missing: int) -> Codes:
    words, codes = _factorise(column)
    table = np.array([*(orgs.get_code(word) for word in words), missing], dtype=np.int32)
    return table[codes]


def _factorise(column: pl.Series) -> tuple[list[str], Codes]:
    """Distinct words and a code a row; null has code -1."""
    words = [str(word) for word in column.drop_nulls().unique().sort().to_list()]
    codes = column.cast(pl.Enum(words)).to_physical().cast(pl.Int32).fill_null(-1)
    return words, codes.to_numpy()


def _facts(models: pl.DataFrame) -> dict[str, FactColumn]:
    facts: dict[str, FactColumn] = {}
    for name, fact in WORD_FACTS.items():
        if name in models.columns:
            words, codes = _factorise(models[name])
            facts[fact] = WordColumn(codes, tuple(frozenset((word,)) for word in words))
    for name, fact in NUMBER_FACTS.items():
        if name in models.columns:
            facts[fact] = NumberColumn(models[name].cast(pl.Float64).fill_null(float("nan")).to_numpy())
    return facts


def _lineage(edges: pl.DataFrame, rows: int) -> Lineage:
    children = edges["child"].cast(pl.Int32).to_numpy()
    bases = edges["base"].cast(pl.Int32).to_numpy()
    if len(children) and (max(children.max(), bases.max()) >= rows or min(children.min(), bases.min()) < 0):
        raise MalformedFile("an edge points outside the table of models", where="edges")
    return make_lineage(children, bases, rows)


def _measures(models: pl.DataFrame) -> dict[str, npt.NDArray[np.float64]]:
    ones = np.ones(models.height, dtype=np.float64)
    named = {name: models[name].cast(pl.Float64).fill_null(0).to_numpy() for name in MEASURES if name in models.columns}
    return {"models": ones, **{name: named.get(name, np.zeros(models.height)) for name in MEASURES[1:]}}


def compute_shares(
    world: World, actor: Actor, table: HubTable, questions: Sequence[Question], levers: Iterable[Lever] | None = None
) -> list[Share]:
    """Shares for each lever and act, then for all levers together (`all`); what stays open is not listed."""
    frame = world.frame(actor, table.subjects)
    shares: list[Share] = []
    totals: dict[str, list[tuple[Grades, Grades]]] = {}
    for lever in (one for one in (world.levers if levers is None else levers) if _may_bite(one, world)):
        for question in questions:
            judgement = judge(lever, frame, question, world.supposed.get(lever.id))
            if judgement is None:
                continue
            shares.extend(_shares(lever.id, question.act, judgement.reach, judgement.effect, table))
            totals.setdefault(question.act, []).append((judgement.reach, judgement.effect))
    for act, grades in totals.items():
        reach, effect = strictest(pair[0] for pair in grades), strictest(pair[1] for pair in grades)
        shares.extend(_shares("all", act, reach, effect, table))
    return shares


def _may_bite(lever: Lever, world: World) -> bool:
    """Whether the lever's status lets a rule bite on the day; the others are open for every row."""
    supposed = world.supposed.get(lever.id)
    if supposed is not None:
        return supposed in REACH_UNDER
    standings = [find_standing(lever, world.on, rule.id) for rule in lever.rules]
    return bool(lever.consequences) or any(one is not None and one.status in REACH_UNDER for one in standings)


def _shares(lever: str, act: str, reach: Grades, effect: Grades, table: HubTable) -> list[Share]:
    rows = len(table.subjects)
    cells = np.broadcast_to(reach.astype(np.int64) * len(EFFECT_ORDER) + effect, (rows,))
    size = len(REACH_ORDER) * len(EFFECT_ORDER)
    sums = {name: np.bincount(cells, weights, size) for name, weights in table.measures.items()}
    wholes = {name: float(weights.sum()) or 1.0 for name, weights in table.measures.items()}
    return [
        Share(
            lever=lever,
            act=act,
            reach=REACH_ORDER[cell // len(EFFECT_ORDER)],
            effect=EFFECT_ORDER[cell % len(EFFECT_ORDER)],
            models=int(sums["models"][cell]),
            share_of_models=float(sums["models"][cell]) / wholes["models"],
            share_of_downloads=float(sums["downloads"][cell]) / wholes["downloads"],
            share_of_bytes=float(sums["bytes"][cell]) / wholes["bytes"],
        )
        for cell in range(1, size)
        if sums["models"][cell]
    ]
