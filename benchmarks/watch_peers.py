"""What other methods see in the same sittings, at equal tokens: model equality testing (MMD with a Hamming kernel),
the border-input distance, log probability tracking and a z-test, written from their papers. The AUC of each for every
change of weights, with two standard errors of ours; a peer that is better by more than those is named.
"""

import argparse
import sys
from collections.abc import Mapping

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.tables import list_made
from benchmarks.watch_power import SEED, SITTINGS, TINY, Sittings, choose_cold, draw_sittings, list_subjects
from benchmarks.watch_streams import Array, Subject

from holdfast.measure.drift.one_shot import measure_auc, score_logprobs, score_tokens

TOKENS = ("ours", "MMD", "border distance", "z-test")
LOGPROBS = ("ours with log probabilities", "log probability tracking")


def main() -> None:
    """The tables; exits with 1 where a peer is better than ours beyond chance on some row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=14)
    given = parser.parse_args()
    print(describe_machine())
    subjects = [*list_subjects(None, given.prompts), *(choose_cold(name) for name in list_made())]
    print(f"\nseed {SEED}; 60 tokens a sitting, with log probabilities 48; AUC")
    print(f"\n| model, temperature | change | {' | '.join((*TOKENS, *LOGPROBS))} | better |")
    print("|---|---|" + "---|" * (len(TOKENS) + len(LOGPROBS) + 1))
    is_best = [compare(subject) for subject in subjects]
    sys.exit(0 if all(is_best) else 1)


def compare(subject: Subject) -> bool:
    """A model's rows and their mean."""
    generator = np.random.default_rng(SEED)
    usual = score_all(draw_sittings(subject, "base", generator))
    sums, is_best = dict.fromkeys(usual, 0.0), True
    names = [variant for variant in subject.logits if variant in TINY]
    for name in names:
        changed = score_all(draw_sittings(subject, name, generator))
        found = {method: measure_auc(usual[method], changed[method]) for method in usual}
        better = list_better(found)
        is_best &= not better
        sums = {method: sums[method] + found[method] / len(names) for method in found}
        print_row(subject, name, found, ", ".join(better))
    print_row(subject, "**mean**", sums, "")
    return is_best


def score_all(sittings: Sittings) -> dict[str, Array]:
    """Each method's statistic of every sitting."""
    return {
        "ours": score_tokens(sittings.shares, sittings.counts),
        "MMD": score_mmd(sittings.shares * 200, sittings.counts),
        "border distance": score_border(sittings.shares, sittings.counts),
        "z-test": score_z(sittings.shares, sittings.counts),
        "ours with log probabilities": score_logprobs(sittings.reference, sittings.logprobs),
        "log probability tracking": score_tracking(sittings.reference, sittings.logprobs),
    }


def score_mmd(reference: Array, counts: Array) -> Array:
    """The unbiased squared maximum mean discrepancy; of one-token answers the Hamming kernel says whether prompt and
    token are equal (Gao, Liang and Guestrin 2025)."""
    first, second = reference.sum(axis=-1), counts.sum(axis=-1)
    own = ((reference**2).sum(axis=-1) - first) / (first * (first - 1))
    other = ((counts**2).sum(axis=-1) - second) / (second * (second - 1))
    score: Array = (own + other - 2 * (reference * counts).sum(axis=-1) / (first * second)).sum(axis=-1)
    return score


def score_border(shares: Array, counts: Array) -> Array:
    """The mean total variation distance over prompts."""
    score: Array = np.abs(counts / counts.sum(axis=-1, keepdims=True) - shares).sum(axis=-1).mean(axis=-1) / 2
    return score


def score_z(shares: Array, counts: Array) -> Array:
    """How far the share of usual answers lies from that of the reference."""
    top = shares.argmax(axis=-1)[..., None]
    usual, seen = (np.take_along_axis(table, top, axis=-1)[..., 0].sum(axis=-1) for table in (shares, counts))
    score: Array = np.abs(seen / counts.sum(axis=(-1, -2)) - usual / shares.shape[-2])
    return score


def score_tracking(reference: Array, sitting: Array) -> Array:
    """The mean over tokens of the absolute difference of mean log probabilities."""
    tables = (table - np.log(np.exp(table).sum(axis=-1, keepdims=True)) for table in (reference, sitting))
    one, other = (table.mean(axis=-3) for table in tables)
    score: Array = np.abs(one - other).mean(axis=(-1, -2))
    return score


def list_better(found: Mapping[str, float]) -> list[str]:
    """Peers above ours by more than two standard errors (Hanley and McNeil 1982)."""
    better = [peer for peer in TOKENS[1:] if found[peer] - found["ours"] > 2 * find_error(found["ours"])]
    ours = found[LOGPROBS[0]]
    return better + [peer for peer in LOGPROBS[1:] if found[peer] - ours > 2 * find_error(ours)]


def find_error(auc: float) -> float:
    """The standard error of an AUC of as many sittings on either side."""
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (SITTINGS - 1) * (first + second - 2 * auc**2)
    return float(np.sqrt(max(spread, 0.0))) / SITTINGS


def print_row(subject: Subject, name: str, found: Mapping[str, float], better: str) -> None:
    """All methods of one change."""
    told = " | ".join(f"{found[method]:.2f}" for method in (*TOKENS, *LOGPROBS))
    error = f" ± {2 * find_error(found['ours']):.2f}"
    print(f"| {subject.name}, {subject.temperature:g} | {name}{error} | {told} | {better} |", flush=True)


if __name__ == "__main__":
    main()
