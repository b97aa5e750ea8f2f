"""Assess 2,000,000 models against every lever for one party: seconds and peak memory, in a process of its own.

The table is made up with a realistic shape: developers and bases by power laws, lineage up to eight deep.
"""

import argparse
import datetime
import resource
import time

import numpy as np
import polars as pl

from holdfast.levers.hub import compute_shares, make_hub_table
from holdfast.levers.judging import Question
from holdfast.levers.party import compose_party
from holdfast.levers.world import make_world
from holdfast.records.lever import PartyFacts
from holdfast.workflows.knowledge import Knowledge, read_knowledge

DEPTH_MAX = 8
BASELESS_SHARE = 0.30  # models that name no base
UNKNOWN_DEVELOPER_SHARE = 0.60  # individuals of whom nothing is known
SECOND_BASE_SHARE = 0.03  # merges


def make_models(rows: int, knowledge: Knowledge, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Models and lineage edges: early rows are bases, later rows build on earlier ones, favourites more often."""
    random = np.random.default_rng(seed)
    orgs = sorted(knowledge.registry.organisations)
    families = sorted(knowledge.registry.families)
    developer = np.array(orgs, dtype=object)[np.minimum(random.zipf(1.3, rows) - 1, len(orgs) - 1)]
    developer[random.random(rows) < UNKNOWN_DEVELOPER_SHARE] = None
    family = np.array(families, dtype=object)[np.minimum(random.zipf(1.4, rows) - 1, len(families) - 1)]
    family[random.random(rows) < 0.5] = None
    models = pl.DataFrame(
        {
            "id": [f"org/model-{number}" for number in range(rows)],
            "developer": pl.Series(developer.tolist(), dtype=pl.String),
            "family": pl.Series(family.tolist(), dtype=pl.String),
            "host": ["org:huggingface"] * rows,
            "openness": ["published"] * rows,
            "kind": ["weights"] * rows,
            "downloads": np.minimum(random.zipf(1.5, rows), 10**8),
            "bytes": np.exp(random.normal(21.5, 2.0, rows)),
        }
    )
    return models, make_edges(rows, random)


def make_edges(rows: int, random: np.random.Generator) -> pl.DataFrame:
    """Each child builds on an earlier row, drawn by a power law; nobody is deeper than eight."""
    depth = np.zeros(rows, dtype=np.int8)
    bases = np.full(rows, -1, dtype=np.int64)
    start = max(rows // 1000, 1)
    while start < rows:
        stop = min(start * 2, rows)
        children = np.arange(start, stop)
        drawn = np.minimum((start * random.random(len(children)) ** 6).astype(np.int64), start - 1)
        keep = (random.random(len(children)) >= BASELESS_SHARE) & (depth[drawn] < DEPTH_MAX)
        bases[children[keep]] = drawn[keep]
        depth[children[keep]] = depth[drawn[keep]] + 1
        start = stop
    child = np.flatnonzero(bases >= 0)
    merged = child[random.random(len(child)) < SECOND_BASE_SHARE]
    second = (merged * random.random(len(merged))).astype(np.int64)
    shallow = depth[second] < depth[merged]
    return pl.DataFrame(
        {
            "child": np.concatenate([child, merged[shallow]]),
            "base": np.concatenate([bases[child], second[shallow]]),
        }
    )


def main() -> None:
    """Print seconds, peak memory and the shares that a scenario reaches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--party", default="us-business")
    parser.add_argument("--scenario", default="hosts-delist-prc")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--levers", action="store_true", help="a row for each lever, not only all together")
    asked = parser.parse_args()
    knowledge = read_knowledge()
    models, edges = make_models(asked.rows, knowledge, asked.seed)
    begun = time.perf_counter()
    table = make_hub_table(models, edges, knowledge.orgs)
    built = time.perf_counter()
    world = make_world(knowledge.book, knowledge.orgs, datetime.date(2026, 11, 22), scenarios=[asked.scenario])
    actor = compose_party(PartyFacts(like=asked.party), knowledge.book.parties, knowledge.book.vocabulary)
    questions = [Question("download", "hub-download"), Question("possess", "local-copy"), Question("use", "local-copy")]
    shares = compute_shares(world, actor, table, questions)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    levers = len(knowledge.book.levers)
    print(f"rows {asked.rows:,}  edges {edges.height:,}  levers {levers}  questions {len(questions)}")
    print(
        f"table {built - begun:.2f} s  assessment {done - built:.2f} s  total {done - begun:.2f} s  peak {peak:.2f} GiB"
    )
    for share in (share for share in shares if asked.levers or share.lever == "all"):
        print(
            f"  {share.lever:<22} {share.act:<9} {share.reach.value:<14} {share.effect.value:<9}"
            f" models {share.share_of_models:7.2%}  downloads {share.share_of_downloads:7.2%}"
            f"  bytes {share.share_of_bytes:7.2%}"
        )


if __name__ == "__main__":
    main()
