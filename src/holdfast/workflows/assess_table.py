"""`holdfast assess --table`: a hub-sized table judged in columns, and the share that each lever reaches."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from holdfast.levers.hub import Share, compute_shares, make_hub_table
from holdfast.levers.party import compose_party
from holdfast.records.errors import MalformedFile, MissingPath
from holdfast.records.model import Kind
from holdfast.workflows.check import make_settled_world
from holdfast.workflows.configuration import read_settings
from holdfast.workflows.knowledge import read_knowledge
from holdfast.workflows.models import QUESTIONS


@dataclass(frozen=True)
class TableAsked:
    """The tables' files and what the user typed."""

    models: Path
    edges: Path | None
    flags: Mapping[str, object]
    environ: Mapping[str, str]
    today: datetime.date


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """Shares by lever and act; `all` is every lever together."""

    models: int
    on: datetime.date
    party: str
    scenarios: tuple[str, ...]
    shares: tuple[Share, ...]
    horizon: datetime.date


def assess_table(asked: TableAsked) -> TableAnswer:
    """Raises MissingPath or MalformedFile for the tables, UnknownName for parties and scenarios."""
    settings = read_settings(Path(), asked.environ, asked.flags, asked.today)
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    models = read_table(asked.models)
    edges = read_table(asked.edges) if asked.edges else pl.DataFrame({"child": [], "base": []})
    world = make_settled_world(settings, knowledge)
    actor = compose_party(settings.party, knowledge.book.parties, knowledge.book.vocabulary)
    table = make_hub_table(models, edges, world.orgs)
    shares = compute_shares(world, actor, table, QUESTIONS[Kind.WEIGHTS])
    horizon = knowledge.book.vocabulary.evidence_horizon
    return TableAnswer(models.height, settings.on, actor.name, settings.scenarios, tuple(shares), horizon)


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet, CSV or JSON-lines table. Raises MissingPath or MalformedFile."""
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise MalformedFile("not a .parquet, .csv or .jsonl file", where=str(path))
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path) if path.suffix == ".csv" else pl.read_ndjson(path)
    except FileNotFoundError:
        raise MissingPath("no such file", where=str(path)) from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MalformedFile(f"cannot be read as a table: {error}", where=str(path)) from None
